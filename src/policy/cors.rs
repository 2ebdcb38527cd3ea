//! What browsers are told: the CORS protocol of the Fetch standard.

use alloc::{string::String, vec::Vec};

/// Which pages may call and read answers.
///
/// This is about reading, and holds for every key: see [`Policy::origins`](super::Policy::origins) for
/// the pages that may use a publishable key.
#[derive(Debug)]
pub struct Cors {
    origins: Origins,
    allowed_headers: String,
    allowed_methods: String,
    max_age: String,
}

impl Cors {
    pub(super) fn new(
        origins: Origins,
        headers: &[String],
        methods: &[&str],
        max_age: u32,
    ) -> Self {
        let mut allowed_headers = ALWAYS_ALLOWED_HEADERS.to_vec();
        allowed_headers.extend(headers.iter().map(String::as_str));
        Self {
            origins,
            allowed_headers: allowed_headers.join(", "),
            allowed_methods: methods.join(", "),
            max_age: alloc::format!("{max_age}"),
        }
    }

    /// The value of `Access-Control-Allow-Origin` for a page of this origin; none if it may not read.
    pub fn allow_origin(&self, origin: &str) -> Option<&str> {
        match &self.origins {
            Origins::Any => Some("*"),
            Origins::Listed(origins) => {
                origins.iter().map(String::as_str).find(|&one| one == origin)
            }
        }
    }

    /// The answer to a preflight from this origin; none if it may not call.
    pub fn preflight(&self, origin: &str) -> Option<Preflight<'_>> {
        Some(Preflight {
            allow_origin: self.allow_origin(origin)?,
            allow_methods: &self.allowed_methods,
            allow_headers: &self.allowed_headers,
            max_age: &self.max_age,
        })
    }
}

/// The headers of a preflight's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preflight<'a> {
    /// `Access-Control-Allow-Origin`.
    pub allow_origin: &'a str,
    /// `Access-Control-Allow-Methods`: those of all routes, in their order.
    pub allow_methods: &'a str,
    /// `Access-Control-Allow-Headers`.
    pub allow_headers: &'a str,
    /// `Access-Control-Max-Age`, in seconds.
    pub max_age: &'a str,
}

/// Whether a request is a CORS preflight: `OPTIONS` with both headers that only a browser's check sends
/// (Fetch §3.2.2).
pub fn is_preflight(method: &str, origin: Option<&str>, requested_method: Option<&str>) -> bool {
    method == "OPTIONS" && origin.is_some() && requested_method.is_some()
}

/// What of a refusal a page may read beyond the safe-listed headers.
pub const EXPOSED_HEADERS: &str = "Keyguard-Request-Id, Retry-After, RateLimit, RateLimit-Policy, WWW-Authenticate, Deprecation, Sunset";

#[derive(Debug)]
pub(super) enum Origins {
    Any,
    Listed(Vec<String>),
}

const ALWAYS_ALLOWED_HEADERS: [&str; 2] = ["authorization", "content-type"];
