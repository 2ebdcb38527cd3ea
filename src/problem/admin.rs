//! The admin API's refusals.

use alloc::{borrow::Cow, format};

use super::{Challenge, Problem, ProblemType, UNAUTHORIZED};
use crate::AdminDenial;

impl From<AdminDenial> for Problem {
    fn from(denial: AdminDenial) -> Self {
        let (kind, detail): (_, Cow<'static, str>) = match denial {
            AdminDenial::NotFound => (&NOT_FOUND, "There is nothing here.".into()),
            AdminDenial::Unauthorized => (
                &ADMIN_UNAUTHORIZED,
                "Send an admin credential of this deployment: `Authorization: Bearer kgadmin_…`.".into(),
            ),
            AdminDenial::MethodNotAllowed => {
                (&METHOD_NOT_ALLOWED, "Use one of the methods in `Allow`.".into())
            }
            AdminDenial::UnsupportedMediaType => (
                &UNSUPPORTED_MEDIA_TYPE,
                "Send the body as `Content-Type: application/json`.".into(),
            ),
            AdminDenial::BodyTooLarge => {
                (&BODY_TOO_LARGE, "The body may have 1 MiB. Send an import in batches.".into())
            }
            AdminDenial::InvalidBody(reason) => (&INVALID_BODY, Cow::Owned(reason)),
            AdminDenial::InvalidParameter(reason) => (&INVALID_PARAMETER, Cow::Owned(reason)),
            AdminDenial::IdempotencyKeyRequired => (
                &IDEMPOTENCY_KEY_REQUIRED,
                "Send an `Idempotency-Key` of 1 to 255 visible ASCII characters with every change, a new one for each, and the same one when you try again.".into(),
            ),
            AdminDenial::IdempotencyKeyReused => (
                &IDEMPOTENCY_KEY_REUSED,
                "This `Idempotency-Key` was used for another change. Use a new one.".into(),
            ),
            AdminDenial::AccountExists => {
                (&ACCOUNT_EXISTS, "There is an account with this id.".into())
            }
            AdminDenial::AccountNotFound => {
                (&ACCOUNT_NOT_FOUND, "There is no account with this id.".into())
            }
            AdminDenial::KeyNotFound => (&KEY_NOT_FOUND, "There is no such key or version.".into()),
            AdminDenial::KeyIsRevoked => (
                &KEY_IS_REVOKED,
                "The key is revoked, and nothing brings it back. Issue another.".into(),
            ),
            AdminDenial::RotationInProgress { until } => (
                &ROTATION_IN_PROGRESS,
                Cow::Owned(format!(
                    "The version before the current one works until {} (Unix seconds). Wait, or send `\"end_grace\": true` to revoke it now.",
                    until.0
                )),
            ),
            AdminDenial::CurrentVersion => (
                &CURRENT_VERSION,
                "The current version is revoked with its key, or by a rotation. Leave `version` out to revoke the key.".into(),
            ),
            AdminDenial::InvalidSignature => (
                &INVALID_SIGNATURE,
                "Send the message as GitHub's secret scanning signed it: its bytes, `Github-Public-Key-Identifier` and `Github-Public-Key-Signature`.".into(),
            ),
        };
        Self::new(kind, detail)
    }
}

static ADMIN_UNAUTHORIZED: ProblemType = ProblemType {
    code: UNAUTHORIZED.code,
    status: UNAUTHORIZED.status,
    title: UNAUTHORIZED.title,
    challenge: Challenge::Admin,
    retry_after: None,
};
static NOT_FOUND: ProblemType = denial("not-found", 404, "Not found");
static METHOD_NOT_ALLOWED: ProblemType = denial("method-not-allowed", 405, "Method not allowed");
static UNSUPPORTED_MEDIA_TYPE: ProblemType =
    denial("unsupported-media-type", 415, "Unsupported media type");
static BODY_TOO_LARGE: ProblemType = denial("body-too-large", 413, "Body too large");
static INVALID_BODY: ProblemType = denial("invalid-body", 400, "Invalid body");
static INVALID_PARAMETER: ProblemType = denial("invalid-parameter", 400, "Invalid parameter");
static IDEMPOTENCY_KEY_REQUIRED: ProblemType =
    denial("idempotency-key-required", 400, "No Idempotency-Key");
static IDEMPOTENCY_KEY_REUSED: ProblemType =
    denial("idempotency-key-reused", 422, "Idempotency-Key reused");
static ACCOUNT_EXISTS: ProblemType = denial("account-exists", 409, "Account exists");
static ACCOUNT_NOT_FOUND: ProblemType = denial("account-not-found", 404, "No such account");
static KEY_NOT_FOUND: ProblemType = denial("key-not-found", 404, "No such key");
static KEY_IS_REVOKED: ProblemType = denial("key-is-revoked", 409, "Key is revoked");
static ROTATION_IN_PROGRESS: ProblemType =
    denial("rotation-in-progress", 409, "Rotation in progress");
static CURRENT_VERSION: ProblemType = denial("current-version", 409, "Current version");
static INVALID_SIGNATURE: ProblemType = denial("invalid-signature", 403, "Signature not accepted");

/// Apart from the credential itself nothing here is for a challenge: another one would not help.
const fn denial(code: &'static str, status: u16, title: &'static str) -> ProblemType {
    ProblemType::denial(code, status, title, Challenge::None)
}
