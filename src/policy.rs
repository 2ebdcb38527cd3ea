//! What the operator wants: parsed once, never checked again.
//!
//! A policy is written as JSON, and a [`Policy`] exists only when every field of it made sense.

mod cors;
mod document;
mod origin;
mod route;

use alloc::{string::String, vec::Vec};

use crate::{CanonicalPath, Kind, Mode};

pub use cors::{Cors, EXPOSED_HEADERS, Preflight, is_preflight};
pub use document::PolicyError;
pub use origin::Upstream;
pub(crate) use origin::is_origin;
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
}
