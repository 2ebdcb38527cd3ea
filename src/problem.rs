//! Refusals as callers see them: RFC 9457 problem documents and RFC 6750 challenges.
//!
//! This is the one place where a [`Denial`], an [`AdminDenial`](crate::AdminDenial) or a [`Fault`] gets its status, its words and its challenge.

mod admin;

use alloc::{borrow::Cow, format, string::String};

use serde::Serialize;

use crate::{Denial, KeyError, policy::Limit};

pub use crate::fault::Fault;

/// A refusal, ready to be sent.
///
/// ```
/// use keyguard::{Denial, Problem};
///
/// let problem = Problem::from(Denial::Revoked);
/// assert_eq!((problem.status(), problem.code()), (403, "key-revoked"));
/// assert_eq!(problem.challenge().unwrap(), r#"Bearer realm="keyguard", error="invalid_token""#);
/// assert!(problem.document(Some("/refunds"), "r-1").contains(r#""instance":"/refunds""#));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    kind: &'static ProblemType,
    detail: Cow<'static, str>,
    limit: Option<Limit>,
}

impl Problem {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.kind.status
    }

    /// The short name: the last part of `type`, and the log's word for the verdict.
    pub fn code(&self) -> &'static str {
        self.kind.code
    }

    /// The value of `WWW-Authenticate` (RFC 6750 §3), where the caller's credential is what is wrong.
    pub fn challenge(&self) -> Option<String> {
        match self.kind.challenge {
            Challenge::None => None,
            Challenge::Bare => Some(format!("Bearer realm=\"{REALM}\"")),
            Challenge::Admin => Some(format!("Bearer realm=\"{ADMIN_REALM}\"")),
            Challenge::Error(error) => Some(format!("Bearer realm=\"{REALM}\", error=\"{error}\"")),
        }
    }

    /// The value of `Retry-After` (RFC 9110 §10.2.3) in seconds, where trying again can help.
    pub fn retry_after(&self) -> Option<&'static str> {
        self.limit.map(|limit| limit.period.as_str()).or(self.kind.retry_after)
    }

    /// The value of `RateLimit-Policy`, where a limit is used up.
    pub fn rate_limit_policy(&self) -> Option<String> {
        self.limit.map(|limit| limit.policy_field())
    }

    /// The value of `RateLimit`, where a limit is used up.
    pub fn rate_limit(&self) -> Option<String> {
        self.limit.map(|limit| limit.used_up_field())
    }

    /// The body: `application/problem+json` (RFC 9457 §3). `instance` is the request's path.
    pub fn document(&self, instance: Option<&str>, request_id: &str) -> String {
        let document = Document {
            kind: format!("{TYPE_PREFIX}{}", self.kind.code),
            title: self.kind.title,
            status: self.kind.status,
            detail: &self.detail,
            instance,
            code: self.kind.code,
            request_id,
        };
        // A struct of strings and a number has no way to fail.
        serde_json::to_string(&document).unwrap_or_default()
    }

    fn new(kind: &'static ProblemType, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, detail: detail.into(), limit: None }
    }
}

impl From<Denial> for Problem {
    fn from(denial: Denial) -> Self {
        let (kind, detail) = match denial {
            Denial::HttpsRequired => (
                &HTTPS_REQUIRED,
                "This API answers over https alone. If this request carried a secret key, revoke that key: it was sent in the clear.",
            ),
            Denial::UnreadableTarget => (
                &INVALID_REQUEST,
                "The request's target or host can't be read as a URL with a path.",
            ),
            Denial::UnforwardableMethod => {
                (&INVALID_REQUEST, "This API doesn't take requests with this method.")
            }
            Denial::Unauthorized => {
                (&UNAUTHORIZED, "Send your API key in one header: `Authorization: Bearer <key>`.")
            }
            Denial::MalformedAuthorization => (
                &INVALID_REQUEST,
                "The Authorization header is malformed or stands there more than once. Send one: `Authorization: Bearer <key>`.",
            ),
            Denial::KeyInQuery => (
                &INVALID_REQUEST,
                "The URL's query holds an API key, and URLs end up in logs. Send it as `Authorization: Bearer <key>`; revoke the key if it is a secret one.",
            ),
            Denial::NotAKey(error) => (&INVALID_KEY, not_a_key(error)),
            Denial::UnknownKey => (
                &INVALID_KEY,
                "This is no key of this API. Check that it was copied whole, and that it belongs to this environment.",
            ),
            Denial::Revoked => {
                (&KEY_REVOKED, "This key was revoked or deleted. Use the account's current key.")
            }
            Denial::Expired => {
                (&KEY_EXPIRED, "This key has expired. Use the account's current key.")
            }
            Denial::Exposed => (
                &KEY_EXPOSED,
                "This key was seen in public and is blocked. Rotate it, and find out where it leaked.",
            ),
            Denial::SecretKeyInBrowser => (
                &SECRET_KEY_IN_BROWSER,
                "A secret key came from a web page, where every visitor can read it. Revoke it, and use a publishable key in pages.",
            ),
            Denial::OriginNotAllowed => (
                &ORIGIN_NOT_ALLOWED,
                "Pages of this origin may not do this. Add the origin to the key or to the policy.",
            ),
            Denial::InsufficientScope => (
                &INSUFFICIENT_SCOPE,
                "This key may not do this. Publishable keys may use a few routes only; everything else needs a secret key, from a server.",
            ),
            Denial::ModeNotServed => (
                &INSUFFICIENT_SCOPE,
                "Keys of this mode are not served here. Use the environment that the key is for.",
            ),
            Denial::RateLimited(limit) => {
                let detail =
                    "Too many requests. Wait for as long as `Retry-After` says, and try again.";
                return Self { limit: Some(limit), ..Self::new(&RATE_LIMITED, detail) };
            }
        };
        Self::new(kind, detail)
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        let (kind, detail) = match fault {
            Fault::Misconfigured => (
                &MISCONFIGURED,
                "The API's key check is misconfigured and refuses everything. Its operator's log says why.",
            ),
            Fault::StoreUnavailable => {
                (&STORE_UNAVAILABLE, "The key could not be checked just now. Try again.")
            }
            Fault::UpstreamUnreachable => {
                (&UPSTREAM_UNREACHABLE, "The API could not be reached. Try again.")
            }
            Fault::UpstreamTimeout => (
                &UPSTREAM_TIMEOUT,
                "The API didn't answer in time. It may still have acted on the request.",
            ),
            Fault::Internal => {
                (&INTERNAL, "The API's key check broke and refused the request. Try again.")
            }
        };
        Self::new(kind, detail)
    }
}

fn not_a_key(error: KeyError) -> &'static str {
    match error {
        KeyError::Prefix => {
            "The credential is no API key: it begins with none of sk_, sk_test_, pk_ and pk_test_."
        }
        KeyError::TooShort => {
            "The credential is no API key: it is too short. Check that it was copied whole."
        }
        KeyError::TooLong => {
            "The credential is no API key: it is too long. Check that it was copied once."
        }
        KeyError::Character => {
            "The credential is no API key: after its prefix it holds something other than ASCII letters and digits."
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct ProblemType {
    code: &'static str,
    status: u16,
    title: &'static str,
    challenge: Challenge,
    retry_after: Option<&'static str>,
}

impl ProblemType {
    const fn denial(
        code: &'static str,
        status: u16,
        title: &'static str,
        challenge: Challenge,
    ) -> Self {
        Self { code, status, title, challenge, retry_after: None }
    }

    const fn fault(
        code: &'static str,
        status: u16,
        title: &'static str,
        retry_after: Option<&'static str>,
    ) -> Self {
        Self { code, status, title, challenge: Challenge::None, retry_after }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Challenge {
    /// Another credential would not help.
    None,
    /// RFC 6750 §3: no error code when no credential was sent.
    Bare,
    /// Another realm: a key opens nothing there.
    Admin,
    /// RFC 6750 §3.1.
    Error(&'static str),
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
    code: &'a str,
    request_id: &'a str,
}

const BAD_REQUEST: Challenge = Challenge::Error("invalid_request");
const BAD_TOKEN: Challenge = Challenge::Error("invalid_token");

static HTTPS_REQUIRED: ProblemType =
    ProblemType::denial("https-required", 403, "HTTPS is required", BAD_REQUEST);
static UNAUTHORIZED: ProblemType =
    ProblemType::denial("unauthorized", 401, "Not authenticated", Challenge::Bare);
static INVALID_REQUEST: ProblemType =
    ProblemType::denial("invalid-request", 400, "Malformed request", BAD_REQUEST);
static INVALID_KEY: ProblemType =
    ProblemType::denial("invalid-key", 400, "Invalid API key", BAD_TOKEN);
static KEY_REVOKED: ProblemType =
    ProblemType::denial("key-revoked", 403, "API key revoked", BAD_TOKEN);
static KEY_EXPIRED: ProblemType =
    ProblemType::denial("key-expired", 403, "API key expired", BAD_TOKEN);
static KEY_EXPOSED: ProblemType =
    ProblemType::denial("key-exposed", 403, "API key exposed", BAD_TOKEN);
static SECRET_KEY_IN_BROWSER: ProblemType =
    ProblemType::denial("secret-key-in-browser", 403, "Secret key in a web page", BAD_REQUEST);
static ORIGIN_NOT_ALLOWED: ProblemType =
    ProblemType::denial("origin-not-allowed", 403, "Origin not allowed", BAD_REQUEST);
static INSUFFICIENT_SCOPE: ProblemType = ProblemType::denial(
    "insufficient-scope",
    403,
    "Not permitted to this key",
    Challenge::Error("insufficient_scope"),
);
static RATE_LIMITED: ProblemType =
    ProblemType::denial("rate-limited", 429, "Too many requests", Challenge::None);
static MISCONFIGURED: ProblemType = ProblemType::fault("misconfigured", 500, "Misconfigured", None);
static STORE_UNAVAILABLE: ProblemType =
    ProblemType::fault("store-unavailable", 503, "Key store unavailable", Some("5"));
static UPSTREAM_UNREACHABLE: ProblemType =
    ProblemType::fault("upstream-unreachable", 502, "Upstream unreachable", None);
static UPSTREAM_TIMEOUT: ProblemType =
    ProblemType::fault("upstream-timeout", 504, "Upstream timed out", None);
static INTERNAL: ProblemType = ProblemType::fault("internal", 500, "Internal error", None);

/// The namespace of problem types; the README's table documents each.
const TYPE_PREFIX: &str = "urn:keyguard:problem:";

const REALM: &str = "keyguard";
const ADMIN_REALM: &str = "keyguard-admin";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_6750_3_no_error_code_without_a_credential() {
        let challenge = Problem::from(Denial::Unauthorized).challenge();
        assert_eq!(challenge.as_deref(), Some("Bearer realm=\"keyguard\""));
    }

    #[test]
    fn rfc_9457_3_document_has_every_member() {
        let document = Problem::from(Fault::StoreUnavailable).document(Some("/a\"b"), "r");
        let value: serde_json::Value = serde_json::from_str(&document).unwrap();
        assert_eq!(value["type"], "urn:keyguard:problem:store-unavailable");
        assert_eq!(value["status"], 503);
        assert_eq!(value["instance"], "/a\"b");
        assert_eq!(
            (&value["code"], &value["request_id"]),
            (&"store-unavailable".into(), &"r".into())
        );
        assert!(value["title"].is_string() && value["detail"].is_string());
    }

    #[test]
    fn faults_challenge_nobody() {
        for fault in [Fault::Misconfigured, Fault::StoreUnavailable, Fault::Internal] {
            assert_eq!(Problem::from(fault).challenge(), None);
        }
    }

    #[test]
    fn each_way_not_to_be_a_key_has_words_of_its_own() {
        let errors = [KeyError::Prefix, KeyError::TooShort, KeyError::TooLong, KeyError::Character];
        let details = errors.map(not_a_key);
        for (at, detail) in details.iter().enumerate() {
            assert!(detail.starts_with("The credential is no API key: ") && detail.ends_with('.'));
            assert_eq!(details.iter().position(|one| one == detail), Some(at), "{detail}");
        }
    }
}
