//! What the API speaks of, as far as this tool reads it.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    failure::Failure,
    output::{self, Table},
    times,
};

/// An account.
#[derive(Debug, Deserialize)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) label: Option<String>,
    pub(crate) created_at: u64,
    pub(crate) keys: Counts,
    pub(crate) projection: AccountProjection,
}

/// How many keys an account has, by status.
#[derive(Debug, Deserialize)]
pub(crate) struct Counts {
    active: u64,
    expired: u64,
    revoked: u64,
    exposed: u64,
}

/// What of an account's changes the edge's store still lacks.
#[derive(Debug, Deserialize)]
pub(crate) struct AccountProjection {
    pub(crate) pending: u64,
    oldest_pending_since: Option<u64>,
    last_error: Option<String>,
}

/// A key, and its text in the one answer that issues it.
#[derive(Deserialize)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) kind: String,
    pub(crate) mode: String,
    pub(crate) status: String,
    pub(crate) version: Option<u64>,
    pub(crate) created_at: u64,
    pub(crate) expires_at: Option<u64>,
    pub(crate) label: Option<String>,
    pub(crate) origins: Option<Vec<String>>,
    pub(crate) scopes: Option<Vec<String>>,
    pub(crate) rate: Option<String>,
    #[serde(default)]
    pub(crate) browser_headers: bool,
    pub(crate) revoked: Option<Revoked>,
    exposed: Option<Exposed>,
    pub(crate) last_used_at: Option<u64>,
    #[serde(default)]
    pub(crate) versions: Vec<Version>,
    pub(crate) projection: Projection,
    #[serde(rename = "key")]
    pub(crate) text: Option<Zeroizing<String>>,
}

/// When and why a key was revoked.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Revoked {
    pub(crate) at: u64,
    pub(crate) reason: String,
}

/// When and how a text became public.
#[derive(Debug, Deserialize)]
pub(crate) struct Exposed {
    pub(crate) at: u64,
    channel: String,
    place: Option<String>,
}

impl Exposed {
    fn told(&self, now: u64) -> String {
        let place = self.place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
        format!("{}: {}{place}", times::both(self.at, now), self.channel)
    }
}

/// One of the texts that a key had.
#[derive(Debug, Deserialize)]
pub(crate) struct Version {
    #[serde(rename = "version")]
    pub(crate) number: u64,
    pub(crate) digest: String,
    pub(crate) created_at: Option<u64>,
    pub(crate) expires_at: Option<u64>,
    pub(crate) status: String,
    pub(crate) exposed: Option<Exposed>,
    pub(crate) last_four: Option<String>,
    pub(crate) projection: String,
}

/// Whether the edge's store has a key's last change.
#[derive(Debug, Deserialize)]
pub(crate) struct Projection {
    pub(crate) pending: bool,
    since: Option<u64>,
    #[serde(default)]
    attempts: u64,
    last_error: Option<String>,
}

impl Account {
    pub(crate) fn print(&self) -> Result<(), Failure> {
        let now = times::now();
        let Counts { active, expired, revoked, exposed } = self.keys;
        output::pairs(&[
            ("account", self.id.clone()),
            ("label", or_dash(self.label.as_ref())),
            ("created", times::both(self.created_at, now)),
            (
                "keys",
                format!("{active} active, {expired} expired, {revoked} revoked, {exposed} exposed"),
            ),
            ("store", self.projection.told(now)),
        ])
    }
}

impl AccountProjection {
    fn told(&self, now: u64) -> String {
        match (self.pending, self.oldest_pending_since) {
            (0, _) => "has every change".to_owned(),
            (count, since) => {
                pending(&format!("{count} changes"), since, self.last_error.as_deref(), now)
            }
        }
    }
}

impl Key {
    pub(crate) fn print(&self) -> Result<(), Failure> {
        let now = times::now();
        let list = |list: &Option<Vec<String>>| {
            list.as_ref().map_or_else(|| "any".to_owned(), |list| list.join(" "))
        };
        let mut pairs = vec![
            ("key", self.id.clone()),
            ("account", self.account.clone()),
            ("label", or_dash(self.label.as_ref())),
            ("kind", self.kind.clone()),
            ("mode", self.mode.clone()),
            ("status", self.status.clone()),
            ("created", times::both(self.created_at, now)),
            (
                "expires",
                self.expires_at.map_or_else(|| "never".to_owned(), |at| times::both(at, now)),
            ),
        ];
        if let Some(revoked) = &self.revoked {
            pairs
                .push(("revoked", format!("{}: {}", times::both(revoked.at, now), revoked.reason)));
        }
        if let Some(exposed) = &self.exposed {
            pairs.push(("exposed", exposed.told(now)));
        }
        for version in self.versions.iter().filter(|version| Some(version.number) != self.version) {
            if let Some(exposed) = &version.exposed {
                let told = format!("version {}, {}", version.number, exposed.told(now));
                pairs.push(("exposed", told));
            }
        }
        pairs.push(("last used", last_used(self.last_used_at, now)));
        pairs.extend([
            ("origins", list(&self.origins)),
            ("scopes", list(&self.scopes)),
            ("rate", or_dash(self.rate.as_ref())),
        ]);
        if self.browser_headers {
            pairs.push(("browser headers", "let pass".to_owned()));
        }
        pairs.push(("store", self.projection.told(now)));
        output::pairs(&pairs)?;
        output::line("")?;
        let mut table =
            Table::new(&["version", "status", "ends in", "created", "expires", "store", "digest"]);
        for version in &self.versions {
            table.row([
                version.number.to_string(),
                version.status.clone(),
                or_dash(version.last_four.as_ref()),
                version.created_at.map_or_else(|| "-".to_owned(), times::rfc_3339),
                version.expires_at.map_or_else(|| "never".to_owned(), |at| times::both(at, now)),
                version.projection.clone(),
                version.digest.clone(),
            ]);
        }
        table.print()
    }

    /// The current version.
    pub(crate) fn current(&self) -> Option<&Version> {
        self.versions.iter().find(|version| Some(version.number) == self.version)
    }

    /// The version before the current one.
    pub(crate) fn before(&self) -> Option<&Version> {
        let number = self.version?.checked_sub(1)?;
        self.versions.iter().find(|version| version.number == number)
    }

    /// Whether a version before the current one still works.
    pub(crate) fn is_retiring(&self) -> bool {
        self.versions.iter().any(|version| version.status == "retiring")
    }

    /// The last four characters of the current version.
    pub(crate) fn last_four(&self) -> Option<&String> {
        self.current()?.last_four.as_ref()
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Projection {
    fn told(&self, now: u64) -> String {
        if self.pending {
            let what = format!("a change ({} attempts)", self.attempts);
            pending(&what, self.since, self.last_error.as_deref(), now)
        } else {
            "has every change".to_owned()
        }
    }
}

fn pending(what: &str, since: Option<u64>, last_error: Option<&str>, now: u64) -> String {
    let since =
        since.map(|since| format!(", since {}", times::both(since, now))).unwrap_or_default();
    let error = last_error.map(|error| format!(", last error: {error}")).unwrap_or_default();
    format!("lacks {what}{since}{error}")
}

/// When a key was used last, as far as anybody counted.
pub(crate) fn last_used(at: Option<u64>, now: u64) -> String {
    at.map_or_else(|| "never".to_owned(), |at| times::both(at, now))
}

/// A value that may not be there, in a table.
pub(crate) fn or_dash(value: Option<&String>) -> String {
    value.cloned().unwrap_or_else(|| "-".to_owned())
}
