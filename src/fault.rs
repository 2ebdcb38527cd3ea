//! What fails on our side, as opposed to what a caller may not do.

/// What failed on our side. Every fault refuses the request: nothing passes unchecked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The policy or a binding is missing or makes no sense.
    #[error("the guard is misconfigured")]
    Misconfigured,
    /// The store failed, was too slow, or holds what is no record.
    #[error("the key store is unavailable")]
    StoreUnavailable,
    /// The upstream refused the connection or broke it off before it answered.
    #[error("the upstream is unreachable")]
    UpstreamUnreachable,
    /// The upstream didn't answer in time.
    #[error("the upstream is silent")]
    UpstreamTimeout,
    /// The guard itself broke.
    #[error("the guard broke")]
    Internal,
}
