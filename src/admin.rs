//! The admin API's own rules: where it is, and why it refuses.

use alloc::string::String;
use core::iter;

use crate::{LifeError, UnixTime, escape::escape, life::SettingsError};

/// Whether a path is reserved for the admin API: it is never forwarded, on or off.
///
/// Runtimes fold dot segments and backslashes on the way to the upstream (URL standard, §4.4), so what would end up there
/// is reserved as well; and what an upstream reads as it, escaped where nothing has to be (RFC 3986 §6.2.2.2).
///
/// ```
/// use keyguard::admin::is_reserved;
///
/// assert!(is_reserved("/_keyguard") && is_reserved("/_keyguard/v1/accounts"));
/// assert!(is_reserved("/a/../_keyguard/v1") && is_reserved("/%2E/_keyguard\\v1"));
/// assert!(is_reserved("/%5Fkeyguard/v1"));
/// assert!(!is_reserved("/_keyguards") && !is_reserved("/a/_keyguard"));
/// ```
pub fn is_reserved(path: &str) -> bool {
    let mut first = None;
    let mut depth = 0_usize;
    for segment in path.split(['/', '\\']).skip(1) {
        let is_escaped = segment.bytes().any(|byte| byte == b'%');
        let folded = is_escaped.then(|| segment.replace("%2e", ".").replace("%2E", "."));
        match folded.as_deref().unwrap_or(segment) {
            "." => {}
            ".." => depth = depth.saturating_sub(1),
            _ => {
                if depth == 0 {
                    first = Some(segment);
                }
                depth = depth.saturating_add(1);
            }
        }
        if depth == 0 {
            first = None;
        }
    }
    first.is_some_and(is_prefix)
}

/// Whether a segment is the reserved one, in any spelling that means the same.
fn is_prefix(segment: &str) -> bool {
    let mut rest = segment.as_bytes().iter();
    let mut decoded = iter::from_fn(|| match *rest.next()? {
        b'%' => match escape(rest.as_slice()) {
            Some(byte) => {
                rest.nth(1);
                Some(byte)
            }
            None => Some(b'%'),
        },
        byte => Some(byte),
    });
    let expected = PREFIX.bytes().skip(1);
    expected.map(Some).all(|byte| decoded.next() == byte) && decoded.next().is_none()
}

/// The reserved prefix.
pub const PREFIX: &str = "/_keyguard";

/// Why the admin API refuses a request: the caller's fault. No variant holds a credential or a key's text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdminDenial {
    /// It is off, or there is nothing at this path.
    #[error("nothing there")]
    NotFound,
    /// No credential, or none that is accepted.
    #[error("no accepted admin credential")]
    Unauthorized,
    /// Something is there, and another method is for it.
    #[error("another method")]
    MethodNotAllowed,
    /// A body of another media type.
    #[error("not JSON")]
    UnsupportedMediaType,
    /// A body that is too long.
    #[error("too long a body")]
    BodyTooLarge,
    /// A body, field or header that makes no sense: what it is, and what it should be.
    #[error("an invalid body: {0}")]
    InvalidBody(String),
    /// A parameter of path, query or header that makes no sense.
    #[error("an invalid parameter: {0}")]
    InvalidParameter(String),
    /// A change without an `Idempotency-Key`.
    #[error("no Idempotency-Key")]
    IdempotencyKeyRequired,
    /// The `Idempotency-Key` of another change.
    #[error("an Idempotency-Key of another change")]
    IdempotencyKeyReused,
    /// The account exists.
    #[error("an account that exists")]
    AccountExists,
    /// There is no such account.
    #[error("no such account")]
    AccountNotFound,
    /// There is no such key.
    #[error("no such key")]
    KeyNotFound,
    /// The key is revoked.
    #[error("a revoked key")]
    KeyIsRevoked,
    /// A version is still in its grace.
    #[error("a rotation in progress")]
    RotationInProgress {
        /// When the grace ends.
        until: UnixTime,
    },
    /// The current version can't be revoked alone.
    #[error("the current version")]
    CurrentVersion,
    /// A message that isn't signed by whom it says it is from.
    #[error("no accepted signature")]
    InvalidSignature,
}

impl From<LifeError> for AdminDenial {
    fn from(error: LifeError) -> Self {
        match error {
            LifeError::Revoked => Self::KeyIsRevoked,
            LifeError::RotationInProgress { until } => Self::RotationInProgress { until },
            LifeError::CurrentVersion => Self::CurrentVersion,
            LifeError::NoSuchVersion => Self::KeyNotFound,
            LifeError::Grace => Self::InvalidBody("grace_seconds: must be 0 to 2592000".into()),
            LifeError::ExpiryPassed => {
                Self::InvalidBody("expires_at: must be to come; to end a key now, revoke it".into())
            }
            LifeError::ExpiryTooFar => Self::InvalidBody(
                "expires_at: must be in Unix seconds, before the year 10000".into(),
            ),
            LifeError::Settings(error) => error.into(),
        }
    }
}

impl From<SettingsError> for AdminDenial {
    fn from(SettingsError { field, reason }: SettingsError) -> Self {
        Self::InvalidBody(alloc::format!("{field}: {reason}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_folds_to_the_prefix_is_reserved() {
        for path in [
            "/_keyguard/",
            "/./_keyguard",
            "/a/../_keyguard",
            "/a/b/../../_keyguard/x",
            "/../_keyguard",
            "/a\\..\\_keyguard\\v1",
            "/%2e%2E/_keyguard",
            "/_keyguard/a/..",
            "/_keyguard/../_keyguard",
            "/%5fkeyguard",
            "/%5F%6b%65%79guard/v1",
            "/a/../_keyguar%64",
        ] {
            assert!(is_reserved(path), "{path}");
        }
        for path in [
            "/",
            "/a",
            "/_keyguard/..",
            "/a/./_keyguard",
            "//_keyguard",
            "/_KEYGUARD",
            "/_keyguard%2fv1",
            "/%255fkeyguard",
            "/_keyguard%",
            "/_keyguar%6",
            "/_keyguard%00",
            "/_keyguar%4",
        ] {
            assert!(!is_reserved(path), "{path}");
        }
    }

    #[test]
    fn each_reason_of_a_life_is_told_as_what_to_do() {
        use crate::Problem;

        let settings = SettingsError { field: "label", reason: "is too long" };
        for (error, code, words) in [
            (LifeError::Revoked, "key-is-revoked", ""),
            (LifeError::RotationInProgress { until: UnixTime(5) }, "rotation-in-progress", "5"),
            (LifeError::CurrentVersion, "current-version", ""),
            (LifeError::NoSuchVersion, "key-not-found", ""),
            (LifeError::Grace, "invalid-body", "grace_seconds: "),
            (LifeError::ExpiryPassed, "invalid-body", "expires_at: must be to come"),
            (LifeError::ExpiryTooFar, "invalid-body", "before the year 10000"),
            (LifeError::Settings(settings), "invalid-body", "label: is too long"),
        ] {
            let problem = Problem::from(AdminDenial::from(error));
            assert_eq!(problem.code(), code);
            assert!(problem.document(None, "r").contains(words), "{error:?}");
        }
    }
}
