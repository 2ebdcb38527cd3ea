//! Every refusal there is; a new one fails to compile in `problem.rs` and is added here.

use keyguard::{
    AdminDenial, Denial, Fault, KeyError, Problem, UnixTime,
    policy::{Limit, Period, TierName},
};

/// Those that a request of the API can meet.
pub(crate) fn of_requests() -> Vec<Problem> {
    let denials = [
        Denial::HttpsRequired,
        Denial::UnreadableTarget,
        Denial::UnforwardableMethod,
        Denial::Unauthorized,
        Denial::MalformedAuthorization,
        Denial::KeyInQuery,
        Denial::NotAKey(KeyError::Prefix),
        Denial::UnknownKey,
        Denial::Revoked,
        Denial::Expired,
        Denial::Exposed,
        Denial::SecretKeyInBrowser,
        Denial::OriginNotAllowed,
        Denial::InsufficientScope,
        Denial::ModeNotServed,
        Denial::RateLimited(Limit {
            name: TierName::parse("standard").unwrap(),
            requests: 100,
            period: Period::Minute,
        }),
    ];
    let faults = [
        Fault::Misconfigured,
        Fault::StoreUnavailable,
        Fault::UpstreamUnreachable,
        Fault::UpstreamTimeout,
        Fault::Internal,
    ];
    denials.into_iter().map(Problem::from).chain(faults.into_iter().map(Problem::from)).collect()
}

/// Those of the admin API alone.
pub(crate) fn of_the_admin_api() -> Vec<Problem> {
    let denials = [
        AdminDenial::NotFound,
        AdminDenial::Unauthorized,
        AdminDenial::MethodNotAllowed,
        AdminDenial::UnsupportedMediaType,
        AdminDenial::BodyTooLarge,
        AdminDenial::InvalidBody("label: must be a text".to_owned()),
        AdminDenial::InvalidParameter("limit: must be 1 to 1000".to_owned()),
        AdminDenial::IdempotencyKeyRequired,
        AdminDenial::IdempotencyKeyReused,
        AdminDenial::AccountExists,
        AdminDenial::AccountNotFound,
        AdminDenial::KeyNotFound,
        AdminDenial::KeyIsRevoked,
        AdminDenial::RotationInProgress { until: UnixTime(0) },
        AdminDenial::CurrentVersion,
        AdminDenial::InvalidSignature,
    ];
    denials.into_iter().map(Problem::from).collect()
}
