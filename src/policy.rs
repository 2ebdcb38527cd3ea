//! What the operator wants: parsed once, never checked again.
//!
//! A policy is written as JSON, and a [`Policy`] exists only when every field of it made sense.

mod bound;
mod cors;
mod document;
mod incidents;
mod last_used;
mod origin;
mod rates;
mod route;

use alloc::{string::String, vec::Vec};

use crate::{CanonicalPath, Fault, KeyRecord, Kind, Mode};

pub use bound::{Bound, KV_PROPAGATION};
pub use cors::{Cors, EXPOSED_HEADERS, Preflight, is_preflight};
pub use document::PolicyError;
pub use incidents::{ExposureAction, Leaks};
pub use last_used::LastUsed;
pub use origin::Upstream;
pub(crate) use origin::is_origin;
pub use rates::{Limit, Period, Rates, Tier, TierName};
pub use route::Route;

/// The rules of one deployment.
///
/// ```
/// use keyguard::{Mode, Policy};
///
/// let policy = Policy::from_json(r#"{
///     "upstream": { "test": "https://api.example.com" },
///     "routes": [{ "method": "POST", "path": "/collect/payment_sessions" }]
/// }"#)?;
/// assert_eq!(policy.upstream(Mode::Test).unwrap().as_str(), "https://api.example.com");
/// assert!(policy.upstream(Mode::Live).is_none());
///
/// let error = Policy::from_json(r#"{ "upstream": { "test": "api.example.com" } }"#).unwrap_err();
/// assert_eq!(error.field(), "upstream.test");
/// # Ok::<(), keyguard::PolicyError>(())
/// ```
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the document")]
pub struct Policy {
    live: Option<Upstream>,
    test: Option<Upstream>,
    routes: Vec<Route>,
    origins: Option<Vec<String>>,
    cors: Option<Cors>,
    forward_authorization: bool,
    accept_foreign_keys: bool,
    allow_http_on_loopback: bool,
    store_timeout_ms: u32,
    store_cache_ttl: u32,
    upstream_timeout_ms: u32,
    memory_ttl: u32,
    memory_ttl_unknown: u32,
    rates: Option<Rates>,
    exposures: incidents::Exposures,
    webhook: Option<String>,
    leaks: Leaks,
    report_only: bool,
    assertion: incidents::Assertion,
    log_allowed: bool,
    last_used: LastUsed,
}

impl Policy {
    /// Reads a policy from JSON text.
    ///
    /// # Errors
    /// [`PolicyError`] names the first field that is missing, unknown or makes no sense.
    pub fn from_json(text: &str) -> Result<Self, PolicyError> {
        document::from_json(text)
    }

    /// Reads a policy from a JSON value: an object, or a string that holds one, since variables that come from a
    /// file or a secret are always strings.
    ///
    /// # Errors
    /// As [`Policy::from_json`].
    pub fn from_value(value: serde_json::Value) -> Result<Self, PolicyError> {
        match value {
            serde_json::Value::String(text) => document::from_json(&text),
            value => document::from_value(&value),
        }
    }

    /// Where requests of a mode go; none if this deployment doesn't serve it.
    pub fn upstream(&self, mode: Mode) -> Option<&Upstream> {
        match mode {
            Mode::Live => self.live.as_ref(),
            Mode::Test => self.test.as_ref(),
        }
    }

    /// The first route that is for this method, path, kind and mode.
    pub fn route(
        &self,
        method: &str,
        path: &CanonicalPath,
        kind: Kind,
        mode: Mode,
    ) -> Option<&Route> {
        self.routes.iter().find(|route| route.is_for(method, path, kind, mode))
    }

    /// A route that no request ever comes to, since all that it is for is an earlier one's, which needs another scope or reports: both by their
    /// numbers, the earlier one first.
    ///
    /// ```
    /// use keyguard::Policy;
    ///
    /// let policy = Policy::from_json(
    ///     r#"{ "upstream": { "test": "https://a" }, "routes": [
    ///         { "method": "GET", "path": "/users/{id}" }, { "method": "GET", "path": "/users/root", "scope": "admin" } ] }"#,
    /// )?;
    /// assert_eq!(policy.hidden_route(), Some((0, 1)));
    /// # Ok::<(), keyguard::PolicyError>(())
    /// ```
    pub fn hidden_route(&self) -> Option<(usize, usize)> {
        self.routes.iter().enumerate().find_map(|(later, route)| {
            let earlier = self.routes.iter().take(later).position(|one| one.hides(route))?;
            Some((earlier, later))
        })
    }

    /// Whether a server may take a request without a route for one of a route whose scope is none of these.
    pub(crate) fn is_near_other_scope(
        &self,
        method: &str,
        path: &CanonicalPath,
        (kind, mode): (Kind, Mode),
        scopes: &[String],
    ) -> bool {
        self.routes.iter().any(|route| {
            route.scope().is_some_and(|scope| !scopes.iter().any(|one| one == scope))
                && route.is_near(method, path, kind, mode)
        })
    }

    /// The pages' origins that may use publishable keys, beside those that a key's own record lists.
    pub fn origins(&self) -> Option<&[String]> {
        self.origins.as_deref()
    }

    /// What browsers are told, if pages of other origins may call at all.
    pub fn cors(&self) -> Option<&Cors> {
        self.cors.as_ref()
    }

    /// Every rule that is there to be listed.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Whether the upstream gets the `Authorization` header.
    pub fn forward_authorization(&self) -> bool {
        self.forward_authorization
    }

    /// Whether keys that are not of the issued form are looked up.
    pub fn accept_foreign_keys(&self) -> bool {
        self.accept_foreign_keys
    }

    /// Whether plain HTTP to this very machine is let pass, for development.
    pub fn allow_http_on_loopback(&self) -> bool {
        self.allow_http_on_loopback
    }

    /// How long the store may take to answer, in milliseconds.
    pub fn store_timeout_ms(&self) -> u32 {
        self.store_timeout_ms
    }

    /// How long a location may keep what it read from the store, in seconds.
    pub fn store_cache_ttl(&self) -> u32 {
        self.store_cache_ttl
    }

    /// How long the upstream may take to its response's headers, in milliseconds.
    pub fn upstream_timeout_ms(&self) -> u32 {
        self.upstream_timeout_ms
    }

    /// How long an isolate remembers a key's record, in seconds; 0 if it doesn't.
    pub fn memory_ttl(&self) -> u32 {
        self.memory_ttl
    }

    /// How long an isolate remembers that a key is unknown, in seconds; 0 if it doesn't.
    pub fn memory_ttl_unknown(&self) -> u32 {
        self.memory_ttl_unknown
    }

    /// How long a revoked key may still work somewhere, from when the store was told.
    pub fn revocation_bound(&self) -> Bound {
        self.bound(self.memory_ttl)
    }

    /// How long a new key may be unknown somewhere, if it was asked for before it was there.
    pub fn issue_bound(&self) -> Bound {
        self.bound(self.memory_ttl_unknown)
    }

    /// The rate limits; none if nothing is limited.
    pub fn rates(&self) -> Option<&Rates> {
        self.rates.as_ref()
    }

    /// Step 10: the tier that counts this key's requests; `None` if nothing limits it, as in a policy without rates.
    ///
    /// # Errors
    /// [`Fault::Misconfigured`] if the record names a tier that the policy's rates lack and no default one stands in for it.
    pub fn tier(&self, record: &KeyRecord) -> Result<Option<&Tier>, Fault> {
        self.rates.as_ref().map_or(Ok(None), |rates| rates.tier_of(record))
    }

    /// What becomes of a secret key of this mode that is exposed for certain.
    pub fn exposure(&self, mode: Mode) -> ExposureAction {
        match mode {
            Mode::Live => self.exposures.live,
            Mode::Test => self.exposures.test,
        }
    }

    /// Where incidents are reported to.
    pub fn webhook(&self) -> Option<&str> {
        self.webhook.as_deref()
    }

    /// Which reports of leaked keys are taken.
    pub fn leaks(&self) -> Leaks {
        self.leaks
    }

    /// Whether what steps 7 to 10 would refuse passes, and is reported. A [route](Route::report_only) can say so for itself.
    pub fn report_only(&self) -> bool {
        self.report_only
    }

    /// Whether nothing is forwarded without a signed assertion.
    pub fn requires_assertion(&self) -> bool {
        self.assertion == incidents::Assertion::Required
    }

    /// Whether allowed requests have a line in the log, as refused ones always do.
    pub fn log_allowed(&self) -> bool {
        self.log_allowed
    }

    /// How exactly the last use of a key is kept.
    pub fn last_used(&self) -> LastUsed {
        self.last_used
    }

    fn bound(&self, isolate: u32) -> Bound {
        Bound { isolate, location: self.store_cache_ttl, propagation: KV_PROPAGATION }
    }
}
