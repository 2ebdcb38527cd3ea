//! What follows from an exposure, and who may report one.

use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};

use super::PolicyError;
use crate::url::{is_host, is_loopback, split_port};

/// What becomes of a secret key that was seen in public.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExposureAction {
    /// The request is refused and the operator is told; the key stays as it is.
    #[default]
    Refuse,
    /// The key is refused everywhere until an operator lifts that or it is rotated.
    Quarantine,
    /// The key is revoked, for good.
    Revoke,
}

impl ExposureAction {
    /// The word for it, as in policies and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Quarantine => "quarantine",
            Self::Revoke => "revoke",
        }
    }
}

impl fmt::Display for ExposureAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What becomes of exposed keys, by mode.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exposures {
    #[serde(default)]
    pub(super) live: ExposureAction,
    #[serde(default)]
    pub(super) test: ExposureAction,
}

/// Which reports of leaked keys are taken, from whoever sends one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaks {
    /// GitHub's, from its secret scanning.
    #[serde(default)]
    pub github: bool,
    /// From whoever presents the key itself.
    #[serde(default)]
    pub presented: bool,
}

/// Checks the URL to which incidents are reported: https, with a host and without credentials; plain http for this very machine, as
/// with an upstream.
pub(super) fn check_webhook(url: String) -> Result<String, PolicyError> {
    let is_allowed = || {
        let (scheme, rest) = url.split_once("://")?;
        let authority = rest.split(['/', '?']).next()?;
        let (host, port) = split_port(authority);
        let is_host = is_host(host)
            && port.is_none_or(|port| port.parse::<u16>().is_ok() && !port.starts_with('+'));
        let is_safe = scheme == "https" || (scheme == "http" && is_loopback(authority));
        let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic() && !b"#\\".contains(&byte));
        Some(is_host && is_safe && is_plain)
    };
    if is_allowed().unwrap_or_default() {
        Ok(url)
    } else {
        Err(PolicyError::new(
            "webhook",
            "must be an https URL without user, password and fragment (plain http for localhost, 127.0.0.1 and [::1] alone)",
        ))
    }
}

/// Whether requests carry a signed proof that they came through the edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Assertion {
    /// Where the secret for it is set.
    #[default]
    Optional,
    /// Always: without the secret every request is refused.
    Required,
}
