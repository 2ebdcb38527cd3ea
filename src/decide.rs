//! May this request pass? Pure: the same values always give the same answer.
//!
//! A face calls the steps in the order of [`admit`] → [`bearer`] → [`api_key`] → [`Lookup::of`] → its store → [`decide`]. Whatever is
//! not allowed here is refused: there is no default that lets a request through.

mod denial;

use core::fmt;

use crate::{
    ApiKey, BearerError, BearerToken, CanonicalPath, Form, KeyDigest, KeyRecord, Kind, Mode,
    Policy, Redacted, RequestUrl, UnixTime,
    policy::{Preflight, Route, Tier, Upstream, is_preflight},
};

pub use denial::Denial;

/// Steps 1 and 2, before any credential is looked at: the scheme, and the preflight of a browser.
///
/// 1. The URL is `https`, or plain HTTP to this very machine where the policy allows that. The URL alone
///    tells: `X-Forwarded-Proto` is whatever the caller wrote. → [`Denial::HttpsRequired`], 403, since
///    RFC 6750 §5.3 wants TLS always and a redirect would send the key in the clear a second time.
/// 2. A CORS preflight carries no credential (Fetch §3.2.2) and is answered here from the policy:
///    `Ok(Some(_))`. → [`Denial::OriginNotAllowed`], 403, for a page that may not call.
///
/// # Errors
/// The [`Denial`] of the first step that fails.
pub fn admit<'a>(
    url: &RequestUrl<'_>,
    method: &str,
    origin: Option<&str>,
    requested_method: Option<&str>,
    policy: &'a Policy,
) -> Result<Option<Preflight<'a>>, Denial> {
    let is_excepted = policy.allow_http_on_loopback() && url.is_loopback();
    if !url.is_https() && !is_excepted {
        return Err(Denial::HttpsRequired);
    }
    if let Some(origin) = origin
        && is_preflight(method, Some(origin), requested_method)
    {
        let preflight = policy.cors().and_then(|cors| cors.preflight(origin));
        return preflight.map(Some).ok_or(Denial::OriginNotAllowed);
    }
    Ok(None)
}

/// Step 3: the one bearer token, from the one place where it may be.
///
/// A method that no runtime forwards is refused with it: TRACE would echo the credential (RFC 9110 §9.3.8).
///
/// # Errors
/// [`Denial::Unauthorized`], 401, without a bearer credential (RFC 6750 §3: a bare challenge);
/// [`Denial::MalformedAuthorization`], [`Denial::KeyInQuery`] or [`Denial::UnforwardableMethod`], 400
/// (RFC 6750 §3.1 `invalid_request`).
pub fn bearer<'a>(
    url: &RequestUrl<'_>,
    method: &str,
    authorization: Option<&'a str>,
) -> Result<BearerToken<'a>, Denial> {
    if ["TRACE", "TRACK", "CONNECT"].iter().any(|one| one.eq_ignore_ascii_case(method)) {
        return Err(Denial::UnforwardableMethod);
    }
    if url.query_holds_key() {
        return Err(Denial::KeyInQuery);
    }
    BearerToken::from_authorization(authorization).map_err(|error| match error {
        BearerError::Absent | BearerError::OtherScheme => Denial::Unauthorized,
        BearerError::Malformed => Denial::MalformedAuthorization,
    })
}

/// Step 4: the credential parses as a key.
///
/// # Errors
/// [`Denial::NotAKey`] with what is wrong with it, 400.
pub fn api_key(token: &BearerToken<'_>) -> Result<ApiKey, Denial> {
    ApiKey::parse(token.as_str()).map_err(Denial::NotAKey)
}

/// What is needed to find a key's record and to judge it: all that is left of the key itself.
#[derive(Debug)]
pub struct Lookup {
    digest: KeyDigest,
    kind: Kind,
    mode: Mode,
    redacted: Redacted,
}

impl Lookup {
    /// Step 4: takes the key apart. A key in another form than the issued one is looked up only where the policy
    /// expects such keys, so that mistyped and made-up ones cost no read.
    ///
    /// # Errors
    /// [`Denial::UnknownKey`], 400, where the policy expects issued keys alone.
    #[expect(clippy::needless_pass_by_value, reason = "the key ends here, and is wiped")]
    pub fn of(key: ApiKey, policy: &Policy) -> Result<Self, Denial> {
        if key.form() == Form::Foreign && !policy.accept_foreign_keys() {
            return Err(Denial::UnknownKey);
        }
        Ok(Self {
            digest: key.digest(),
            kind: key.kind(),
            mode: key.mode(),
            redacted: key.redacted(),
        })
    }

    /// The digest under which the record is stored.
    pub fn digest(&self) -> &KeyDigest {
        &self.digest
    }

    /// What the prefix says.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What the prefix says.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// What a log may show.
    pub fn redacted(&self) -> &Redacted {
        &self.redacted
    }
}

/// What of a request is judged beside its key.
#[derive(Clone, Copy, Debug)]
pub struct RequestFacts<'a> {
    /// The method, as it came.
    pub method: &'a str,
    /// The canonical path, if the request's path has one.
    pub path: Option<&'a CanonicalPath>,
    /// `Origin`.
    pub origin: Option<&'a str>,
    /// `Sec-Fetch-Site`.
    pub fetch_site: Option<&'a str>,
}

/// Steps 6 to 9: the record, the page, the origin, the route.
///
/// 6. The record is there, agrees with the prefix, and is active. Absent and mis-filed read the same, so that neither can
///    be probed for; revoked, expired and exposed are told apart, since only who holds the whole key gets here.
/// 7. A secret key does not come straight from a page: not with a `Sec-Fetch-Site` other than `same-origin` and `none`, which page scripts
///    can't set (Fetch Metadata §2.4), and not with an `Origin` but without that header, as older browsers send it.
/// 8. A publishable key comes from an origin that its record or the policy lists, where either lists any.
/// 9. A route is for the method, path, kind and mode, and the key has its scope. Without a route a publishable
///    key may do nothing, and a secret key everything; one that is confined to scopes still needs a
///    path with a single reading, since another could be some route's, and none that differs from such a route's only by what many servers
///    overlook: case, a slash at the end, HEAD for GET.
///
/// Where the policy or the route is `report_only`, what it would refuse passes, and the grant says what was spared: of the policy steps 7
/// to 10, of a route its own steps 8 to 10. Step 6 is never spared, and neither is a path of a confined key that has no single reading.
///
/// # Errors
/// The [`Denial`] of the first step that fails.
pub fn decide<'a>(
    lookup: &Lookup,
    record: Option<&'a KeyRecord>,
    request: &RequestFacts<'_>,
    policy: &'a Policy,
    now: UnixTime,
) -> Result<Grant<'a>, Denial> {
    let record = record.ok_or(Denial::UnknownKey)?;
    check_status(lookup, record, now)?; // (6)
    let route =
        request.path.and_then(|path| policy.route(request.method, path, record.kind, record.mode));
    let spares_all = policy.report_only();
    let spares = spares_all || route.is_some_and(Route::report_only);
    let mut reported = None;
    match lookup.kind {
        Kind::Secret => spare(&mut reported, check_page(record, request), spares_all)?, // (7)
        Kind::Publishable => spare(&mut reported, check_origin(record, request, policy), spares)?, // (8)
    }
    if request.path.is_none() && is_confined(record) {
        // What the upstream would read can't be told, so it can't be reported either.
        return Err(Denial::InsufficientScope);
    }
    spare(&mut reported, check_route(record, route, request, policy), spares)?; // (9)
    let upstream = policy.upstream(record.mode).ok_or(Denial::ModeNotServed)?;
    Ok(Grant { record, route, upstream, path: request.path.cloned(), reported, spares })
}

/// Lets a refusal pass where it is only to be reported; the first one is the one that would have been.
fn spare(
    reported: &mut Option<Denial>,
    verdict: Result<(), Denial>,
    spares: bool,
) -> Result<(), Denial> {
    match verdict {
        Err(denial) if spares => {
            reported.get_or_insert(denial);
            Ok(())
        }
        verdict => verdict,
    }
}

fn check_status(lookup: &Lookup, record: &KeyRecord, now: UnixTime) -> Result<(), Denial> {
    if (record.kind, record.mode) != (lookup.kind, lookup.mode) {
        Err(Denial::UnknownKey)
    } else if record.revoked.is_some() {
        Err(Denial::Revoked)
    } else if record.expires_at.is_some_and(|expires_at| now >= expires_at) {
        Err(Denial::Expired)
    } else if record.exposed.is_some() {
        Err(Denial::Exposed)
    } else {
        Ok(())
    }
}

fn check_page(record: &KeyRecord, request: &RequestFacts<'_>) -> Result<(), Denial> {
    let is_from_page = match request.fetch_site {
        // A page's own server that passes the page's request on, and what a person typed.
        Some("same-origin" | "none") => false,
        Some(_) => true,
        None => request.origin.is_some(),
    };
    if is_from_page && !record.browser_headers { Err(Denial::SecretKeyInBrowser) } else { Ok(()) }
}

fn check_origin(
    record: &KeyRecord,
    request: &RequestFacts<'_>,
    policy: &Policy,
) -> Result<(), Denial> {
    let lists = [record.origins.as_deref(), policy.origins()];
    let is_listed =
        |origin: &str| lists.iter().flatten().any(|list| list.iter().any(|one| one == origin));
    let is_free = lists.iter().all(Option::is_none);
    if is_free || request.origin.is_some_and(is_listed) {
        Ok(())
    } else {
        Err(Denial::OriginNotAllowed)
    }
}

fn check_route(
    record: &KeyRecord,
    route: Option<&Route>,
    request: &RequestFacts<'_>,
    policy: &Policy,
) -> Result<(), Denial> {
    let is_permitted = match (route, record.kind) {
        (None, Kind::Publishable) => false,
        (None, kind) => match (request.path, &record.scopes) {
            (Some(path), Some(scopes)) => {
                let owner = (kind, record.mode);
                !policy.is_near_other_scope(request.method, path, owner, scopes)
            }
            _ => true,
        },
        (Some(route), _) => match (route.scope(), &record.scopes) {
            (Some(scope), Some(scopes)) => scopes.iter().any(|one| one == scope),
            _ => true,
        },
    };
    if is_permitted { Ok(()) } else { Err(Denial::InsufficientScope) }
}

/// Whether a key may do less than everything, so that what is matched must be what the upstream reads.
fn is_confined(record: &KeyRecord) -> bool {
    record.kind == Kind::Publishable || record.scopes.is_some()
}

/// Leave to forward one request: [`decide`] alone makes it, and forwarding uses it up.
///
/// It is not `Clone`, so what has been forwarded can't be forwarded again.
#[must_use = "a request that may pass has to be forwarded"]
pub struct Grant<'a> {
    record: &'a KeyRecord,
    route: Option<&'a Route>,
    upstream: &'a Upstream,
    path: Option<CanonicalPath>,
    reported: Option<Denial>,
    spares: bool,
}

impl<'a> Grant<'a> {
    /// Whose key it is, for the log.
    pub fn record(&self) -> &'a KeyRecord {
        self.record
    }

    /// The route that permits it, for the log.
    pub fn route(&self) -> Option<&'a Route> {
        self.route
    }

    /// The refusal that it would have been but for `report_only`, for the log.
    pub fn reported(&self) -> Option<Denial> {
        self.reported
    }

    /// Step 10, once the limiter of the key's [tier](Policy::tier) said no.
    ///
    /// # Errors
    /// [`Denial::RateLimited`], 429, unless that is only to be reported.
    pub fn over_limit(mut self, tier: &Tier) -> Result<Self, Denial> {
        spare(&mut self.reported, Err(tier.denial()), self.spares).map(|()| self)
    }

    /// Uses the grant up: what is forwarded, and where.
    pub fn into_forward(self) -> Forward<'a> {
        let is_confined = is_confined(self.record);
        Forward {
            record: self.record,
            upstream: self.upstream,
            path: self.path.filter(|_| is_confined),
            removes_overrides: is_confined,
        }
    }
}

impl fmt::Debug for Grant<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant").field("key_id", &self.record.id).finish_non_exhaustive()
    }
}

/// What is left to do for a granted request.
#[derive(Debug)]
pub struct Forward<'a> {
    /// Whose key it is, for the upstream.
    pub record: &'a KeyRecord,
    /// Where the request goes.
    pub upstream: &'a Upstream,
    /// The path that was judged and has to be sent, of a key that may not do everything. Any other key's target goes
    /// through as it came.
    pub path: Option<CanonicalPath>,
    /// Whether headers that override method or path go: what was judged is what the upstream is to do.
    pub removes_overrides: bool,
}
