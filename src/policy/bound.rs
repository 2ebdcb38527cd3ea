//! How long a change of a key takes to hold everywhere.

/// The longest that something outdated may be believed, in seconds, from when the store was told; by what believes it.
///
/// The parts follow each other at worst: an isolate remembers what it read from its location's cache a moment before that would have
/// let go of it, and that had read the store a moment before the change got there.
///
/// ```
/// use keyguard::Policy;
///
/// let policy = Policy::from_json(r#"{ "upstream": { "live": "https://api.example.com" } }"#)?;
/// assert_eq!(policy.revocation_bound().total(), 10 + 60 + 60);
/// assert_eq!(policy.issue_bound().total(), 2 + 60 + 60);
/// # Ok::<(), keyguard::PolicyError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// An isolate's memory: `memory_ttl`, or `memory_ttl_unknown` for a key that was not there before.
    pub isolate: u32,
    /// A location's cache: `store_cache_ttl`.
    pub location: u32,
    /// The store itself, between its locations: [`KV_PROPAGATION`].
    pub propagation: u32,
}

impl Bound {
    /// The sum.
    pub fn total(&self) -> u32 {
        self.isolate.saturating_add(self.location).saturating_add(self.propagation)
    }
}

/// What Cloudflare names for Workers KV, in seconds: a change is visible in other locations after "60 seconds or more".
pub const KV_PROPAGATION: u32 = 60;
