//! What the guard tells the key's account of an exposure.

use alloc::string::{String, ToString};

use serde::{Deserialize, Serialize};

use super::{Channel, ExposureAction, Incident};
use crate::{KeyDigest, Lookup, Policy, UnixTime};

/// An exposure on its way to the key's account: everything about it but the key.
///
/// ```
/// use keyguard::{ApiKey, ExposureReport, Incident, Lookup, Policy, UnixTime};
///
/// let policy = Policy::from_json(
///     r#"{ "upstream": { "live": "https://a" }, "accept_foreign_keys": true, "exposure": { "live": "quarantine" } }"#,
/// )?;
/// let lookup = Lookup::of(ApiKey::parse("sk_vYZCAeHawUqDCmVpEKh2U")?, &policy).unwrap();
/// let incident = Incident::on_github(Some("https://github.com/o/r/blob/main/.env"));
/// let report = ExposureReport::new(&incident, &lookup, "key_1", &policy, UnixTime(1_700_000_000));
/// let json = report.to_json();
/// assert!(json.ends_with(r#""at":1700000000,"redacted":"sk_…Kh2U"}"#));
/// assert_eq!(ExposureReport::from_json(&json)?, report);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExposureReport {
    /// The key's digest, by which the account knows which of its versions it was.
    pub digest: KeyDigest,
    /// The key id that the record names.
    pub key_id: String,
    /// What the policy asks for.
    pub action: ExposureAction,
    /// How the key became public.
    pub channel: Channel,
    /// Where, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// When it was seen.
    pub at: UnixTime,
    /// What may be shown of the key.
    pub redacted: String,
}

impl ExposureReport {
    /// The report of an incident with this key, under this policy.
    pub fn new(
        incident: &Incident,
        lookup: &Lookup,
        key_id: &str,
        policy: &Policy,
        at: UnixTime,
    ) -> Self {
        Self {
            digest: *lookup.digest(),
            key_id: key_id.to_string(),
            action: incident.action(lookup.mode(), policy),
            channel: incident.channel(),
            place: incident.place().map(ToString::to_string),
            at,
            redacted: lookup.redacted().to_string(),
        }
    }

    /// Reads a report. Fields that this version doesn't know are ignored: the guard may be newer than the account.
    ///
    /// # Errors
    /// [`ReportError`] for anything that is no report.
    pub fn from_json(json: &str) -> Result<Self, ReportError> {
        serde_json::from_str(json).map_err(|_| ReportError)
    }

    /// Writes the report.
    pub fn to_json(&self) -> String {
        // A struct of strings, numbers and words has no way to fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A text that is no report of an exposure. It holds nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no report of an exposure")]
pub struct ReportError;
