//! Secret keys where secret keys must not be: what counts as one's exposure, and what follows from it.
//!
//! A refusal tells the caller. An [`Incident`] tells the operator, and where the policy says so takes the key out of use; only what is
//! certain may do that, since a key that works is worth more than a suspicion.

mod report;

use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    ApiKey, Denial, Kind, Lookup, Mode, Policy, RequestUrl, credential::might_show_credential,
    policy::is_origin, scan,
};

pub use crate::policy::ExposureAction;
pub use report::{ExposureReport, ReportError};

/// How a secret key became public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// Straight from a web page, where every visitor can read it.
    Browser,
    /// Over plain HTTP, where everybody on the way can.
    Http,
    /// In a URL's query, which logs and histories keep.
    Query,
    /// In a repository, as GitHub's secret scanning reports it.
    Github,
    /// Somebody who holds it reported it.
    Presented,
}

impl Channel {
    /// The word for it, as in records and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Http => "http",
            Self::Query => "query",
            Self::Github => "github",
            Self::Presented => "presented",
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A secret key that was seen where it must not be.
///
/// ```
/// use keyguard::{Channel, Denial, Incident};
///
/// let page = Some("https://shop.example");
/// let incident = Incident::of(Denial::SecretKeyInBrowser, page, Some("cross-site"), false).unwrap();
/// assert_eq!((incident.channel(), incident.place()), (Channel::Browser, page));
/// assert!(incident.is_certain());
/// // What sends an `Origin` alone may be somebody's proxy.
/// assert!(!Incident::of(Denial::SecretKeyInBrowser, page, None, false).unwrap().is_certain());
/// assert!(Incident::of(Denial::Revoked, page, Some("cross-site"), false).is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    channel: Channel,
    place: Option<String>,
    is_certain: bool,
}

impl Incident {
    /// The incident that a refusal is, if its request carried a secret key.
    ///
    /// From a page it is certain where `Sec-Fetch-Site` says `cross-site` or `same-site`, which no page script can set (Fetch
    /// Metadata §2.4), beside an `Origin`: a script puts `Authorization` on CORS requests alone, which have one, while a link or an
    /// image on any page that leads to a merchant's proxy, which adds its own key, has none. Nor is it certain where a server is known to
    /// have passed the request on ([`is_relayed`]): a page may ask its own shop's server under another name. Anything else is refused
    /// all the same, but must not cost the proxy's owner the key.
    pub fn of(
        denial: Denial,
        origin: Option<&str>,
        fetch_site: Option<&str>,
        is_relayed: bool,
    ) -> Option<Self> {
        match denial {
            Denial::HttpsRequired => Some(Self::certain(Channel::Http, None)),
            Denial::KeyInQuery => Some(Self::certain(Channel::Query, None)),
            Denial::SecretKeyInBrowser => Some(Self {
                channel: Channel::Browser,
                place: origin.and_then(page),
                is_certain: !is_relayed
                    && origin.is_some()
                    && matches!(fetch_site, Some("cross-site" | "same-site")),
            }),
            Denial::UnreadableTarget
            | Denial::UnforwardableMethod
            | Denial::Unauthorized
            | Denial::MalformedAuthorization
            | Denial::NotAKey(_)
            | Denial::UnknownKey
            | Denial::Revoked
            | Denial::Expired
            | Denial::Exposed
            | Denial::OriginNotAllowed
            | Denial::InsufficientScope
            | Denial::ModeNotServed
            | Denial::RateLimited(_) => None,
        }
    }

    /// A key that GitHub's secret scanning found, at the URL that it gives.
    pub fn on_github(url: Option<&str>) -> Self {
        Self::certain(Channel::Github, url.and_then(document))
    }

    /// A key that its holder reported.
    pub fn presented() -> Self {
        Self::certain(Channel::Presented, None)
    }

    /// How the key became public.
    pub fn channel(&self) -> Channel {
        self.channel
    }

    /// Where: a page's origin or a document's URL, without a query and never with a key in it.
    pub fn place(&self) -> Option<&str> {
        self.place.as_deref()
    }

    /// Whether nothing but an exposure explains it.
    pub fn is_certain(&self) -> bool {
        self.is_certain
    }

    /// What becomes of a key of this mode.
    ///
    /// What is not certain is reported and no more; so is what a policy that only reports let pass, and a page that this policy's CORS
    /// doesn't list: no browser sends its `Authorization` here, since the preflight is refused, so its request came by way of a
    /// server.
    ///
    /// A page takes no key away for good: the browser's word is a header, and a program can send it, too, by way of a merchant's own
    /// server that passes headers on and adds its key. The merchant did nothing wrong, so what follows must be what an operator can
    /// lift. In the other channels the key itself was sent, which only who holds it can do.
    ///
    /// Whoever presents a key asks for its end, so there the mildest is to revoke it.
    pub fn action(&self, mode: Mode, policy: &Policy) -> ExposureAction {
        let is_page = self.channel == Channel::Browser;
        let may_call = self
            .place()
            .zip(policy.cors())
            .is_some_and(|(page, cors)| cors.allow_origin(page).is_some());
        match (policy.exposure(mode), self.channel) {
            _ if !self.is_certain => ExposureAction::Refuse,
            _ if is_page && (policy.report_only() || !may_call) => ExposureAction::Refuse,
            (ExposureAction::Revoke, Channel::Browser) => ExposureAction::Quarantine,
            (ExposureAction::Refuse, Channel::Presented) => ExposureAction::Revoke,
            (action, _) => action,
        }
    }

    fn certain(channel: Channel, place: Option<String>) -> Self {
        Self { channel, place, is_certain: true }
    }
}

/// Whether a server passed a request on, as far as it shows: what browsers say of themselves is passed on with it.
///
/// `protocol` is what the platform says the caller spoke. Over TLS browsers speak HTTP/2 and 3 to a platform that does, and proxies
/// mostly HTTP/1 to the servers behind them. Where that isn't known, or doesn't tell, a gateway gives itself away by what it adds: RFC 9110
/// §7.6.3 asks it for `Via`, and `Forwarded` (RFC 7239) and its older kin are as common. `forwarded_for` counts with two addresses
/// alone, since the platform adds one itself. `names` are those of all headers.
///
/// ```
/// use keyguard::{RequestUrl, exposure::is_relayed};
///
/// let url = RequestUrl::cut("https://api.example.com/", None).unwrap();
/// assert!(is_relayed(&url, Some("HTTP/1.1"), None, ["accept"]));
/// assert!(is_relayed(&url, Some("HTTP/2"), None, ["accept", "via"]));
/// assert!(is_relayed(&url, None, Some("192.0.2.1, 192.0.2.2"), []));
/// assert!(!is_relayed(&url, Some("HTTP/3"), Some("192.0.2.1"), ["accept", "x-forwarded-for", "x-forwarded-proto"]));
/// ```
pub fn is_relayed<'a>(
    url: &RequestUrl<'_>,
    protocol: Option<&str>,
    forwarded_for: Option<&str>,
    names: impl IntoIterator<Item = &'a str>,
) -> bool {
    (url.is_https() && protocol.is_some_and(|protocol| protocol.starts_with("HTTP/1")))
        || forwarded_for.is_some_and(|addresses| addresses.contains(','))
        || names.into_iter().any(|name| RELAYS.iter().any(|one| one.eq_ignore_ascii_case(name)))
}

/// What gateways add, and neither a browser nor the platform does. `CF-Worker` is on what another Worker sends.
const RELAYS: [&str; 6] =
    ["via", "forwarded", "x-forwarded-host", "x-forwarded-server", "x-forwarded-port", "cf-worker"];

/// What a refusal before any look-up is for the key in the request's query, if there is one: a preflight of a page that may not call and a method that is
/// never forwarded are refused for another reason, and everybody on the way reads the query all the same.
pub fn or_key_in_query(denial: Denial, url: &RequestUrl<'_>) -> Denial {
    let is_for_another = matches!(denial, Denial::OriginNotAllowed | Denial::UnforwardableMethod);
    if is_for_another && url.query_holds_key() { Denial::KeyInQuery } else { denial }
}

/// The secret keys that a request gave away before any key was looked up: over plain HTTP (step 1) or in its query (step 3).
///
/// All that comes out of the texts is what finds the keys' records. Each key counts that may be looked up under the policy, so that
/// one that nobody has hides no other, up to [`MOST_GIVEN_AWAY`]: each costs a read. A key in another spelling than its own
/// (upper-cased, broken up) can't be found by its digest.
///
/// ```
/// use keyguard::{Denial, IssuedKey, Kind, Mode, Policy, RequestUrl, exposure::given_away};
///
/// let policy = Policy::from_json(r#"{ "upstream": { "live": "https://api.example.com" } }"#)?;
/// let key = IssuedKey::issue(Kind::Secret, Mode::Live, &[42; 32]);
/// let digest = key.digest();
/// let url = format!("https://api.example.com/pay?next=%3Fkey%3D{}", *key.into_text());
/// let url = RequestUrl::cut(&url, None).unwrap();
/// let found = given_away(Denial::KeyInQuery, &url, None, &policy);
/// assert_eq!(found[0].digest(), &digest);
/// assert!(given_away(Denial::UnknownKey, &url, None, &policy).is_empty());
/// # Ok::<(), keyguard::PolicyError>(())
/// ```
pub fn given_away(
    denial: Denial,
    url: &RequestUrl<'_>,
    authorization: Option<&str>,
    policy: &Policy,
) -> Vec<Lookup> {
    let texts = match denial {
        Denial::HttpsRequired => [authorization, url.query()],
        Denial::KeyInQuery => [None, url.query()],
        _ => return Vec::new(),
    };
    let mut found: Vec<Lookup> = Vec::new();
    let mut take = |key: ApiKey| {
        if key.kind() == Kind::Secret
            && let Ok(lookup) = Lookup::of(key, policy)
            && found.iter().all(|one| one.digest() != lookup.digest())
        {
            found.push(lookup);
        }
        (found.len() >= MOST_GIVEN_AWAY).then_some(())
    };
    for text in texts.into_iter().flatten() {
        if scan::find_key(text.as_bytes(), &mut take).is_some() {
            break;
        }
    }
    found
}

/// How many keys of one request are looked after.
pub const MOST_GIVEN_AWAY: usize = 8;

/// A page's origin, if it is one and could show no key: a host's name is the page's own choice.
fn page(origin: &str) -> Option<String> {
    (is_origin(origin) && may_be_shown(origin)).then(|| origin.to_string())
}

/// A document's URL up to its query, if it is an https one and could show no key.
fn document(url: &str) -> Option<String> {
    let place = url.split(['?', '#']).next().unwrap_or_default();
    let is_plain = place.starts_with("https://") && place.bytes().all(|b| b.is_ascii_graphic());
    (is_plain && !place.contains('@') && may_be_shown(place)).then(|| place.to_string())
}

fn may_be_shown(place: &str) -> bool {
    place.len() <= MAX_PLACE_LENGTH
        && !scan::might_show_secret_key(place)
        && !might_show_credential(place)
}

/// Longer than any host's name, and than GitHub's URLs of files as people name them.
const MAX_PLACE_LENGTH: usize = 512;

#[cfg(test)]
mod tests;
