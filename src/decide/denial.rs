//! Why a request is refused.

use crate::{
    KeyError,
    policy::{Limit, Tier},
};

/// Why a request is refused: the caller's fault, or at least not ours. What fails on our side is a
/// [`Fault`](crate::Fault).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// Step 1: plain HTTP.
    #[error("plain http")]
    HttpsRequired,
    /// The request has no URL that could be forwarded.
    #[error("a request target without a path")]
    UnreadableTarget,
    /// Step 3: TRACE and its kin.
    #[error("a method that is not forwarded")]
    UnforwardableMethod,
    /// Step 3: no bearer credential.
    #[error("no bearer credential")]
    Unauthorized,
    /// Step 3: a credential that breaks the syntax, or more than one.
    #[error("a malformed or repeated Authorization header")]
    MalformedAuthorization,
    /// Step 3: a key in the URL.
    #[error("a key in the query")]
    KeyInQuery,
    /// Step 4: a credential that is no key.
    #[error("{0}")]
    NotAKey(KeyError),
    /// Steps 4 to 6: a key without a record, or with another key's.
    #[error("an unknown key")]
    UnknownKey,
    /// Step 6: revoked or deleted.
    #[error("a revoked key")]
    Revoked,
    /// Step 6: past its time.
    #[error("an expired key")]
    Expired,
    /// Step 6: became public.
    #[error("an exposed key")]
    Exposed,
    /// Step 7: a secret key in a page.
    #[error("a secret key from a web page")]
    SecretKeyInBrowser,
    /// Steps 2 and 8: a page that may not.
    #[error("an origin that is not listed")]
    OriginNotAllowed,
    /// Step 9: no route, or not its scope.
    #[error("no route permits it")]
    InsufficientScope,
    /// Step 9: this deployment has no upstream for the key's mode.
    #[error("a mode that is not served")]
    ModeNotServed,
    /// Step 10, and before step 5 for an address that presents refused credentials: too many requests.
    #[error("too many requests")]
    RateLimited(Limit),
}

impl Tier {
    /// The refusal of what comes beyond the limit.
    pub fn denial(&self) -> Denial {
        Denial::RateLimited(self.limit())
    }
}
