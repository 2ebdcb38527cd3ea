//! A policy as it is written: JSON, unknown fields refused, each field checked once.

mod cors;
mod unique;

use alloc::{
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};

use serde::Deserialize;
use serde_json::Value;

use super::{
    LastUsed, Leaks, Policy, Route, Upstream,
    incidents::{Assertion, Exposures, check_webhook},
    origin::is_origin,
    rates::RatesDocument,
    route::RouteError,
};
use crate::{Kind, Mode, credential::might_show};
use cors::{CorsDocument, check_cors};
use unique::Unique;

/// Why a policy can't be used: the field, and what it should be. It names fields and values that the operator wrote,
/// never a request's, and never a secret key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("policy field {field}: {reason}")]
pub struct PolicyError {
    field: String,
    reason: String,
}

impl PolicyError {
    /// The path of the field, such as `routes[0].path`; `.` for the policy as a whole.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// What is wrong with it, and what it should be.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    pub(super) fn new(field: &str, reason: &str) -> Self {
        // A parser quotes what it can't read, and that may be a key in the wrong place.
        let shown =
            |text: &str, instead: &str| if might_show(text) { instead } else { text }.to_string();
        // A field without a name, which JSON allows, has a path without a letter.
        let field = if field.is_empty() { "." } else { field };
        Self { field: shown(field, "."), reason: shown(reason, HOLDS_KEY) }
    }
}

pub(super) fn from_json(text: &str) -> Result<Policy, PolicyError> {
    let Unique(value) =
        serde_json::from_str(text).map_err(|error| PolicyError::new(".", &error.to_string()))?;
    from_value(&value)
}

pub(super) fn from_value(value: &Value) -> Result<Policy, PolicyError> {
    let document = serde_path_to_error::deserialize(value)
        .map_err(|error| PolicyError::new(&error.path().to_string(), &error.inner().to_string()))?;
    check(document)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of its own")]
struct Document {
    upstream: UpstreamDocument,
    #[serde(default)]
    routes: Vec<RouteDocument>,
    origins: Option<Vec<String>>,
    cors: Option<CorsDocument>,
    #[serde(default)]
    forward_authorization: bool,
    #[serde(default)]
    accept_foreign_keys: bool,
    #[serde(default)]
    allow_http_on_loopback: bool,
    #[serde(default = "default_store_timeout")]
    store_timeout_ms: u32,
    #[serde(default = "default_store_cache_ttl")]
    store_cache_ttl: u32,
    #[serde(default = "default_upstream_timeout")]
    upstream_timeout_ms: u32,
    #[serde(default = "default_memory_ttl")]
    memory_ttl: u32,
    memory_ttl_unknown: Option<u32>,
    rates: Option<RatesDocument>,
    #[serde(default)]
    exposure: Exposures,
    webhook: Option<String>,
    #[serde(default)]
    leaks: Leaks,
    #[serde(default)]
    report_only: bool,
    #[serde(default)]
    assertion: Assertion,
    #[serde(default)]
    log_allowed: bool,
    #[serde(default)]
    last_used: LastUsed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpstreamDocument {
    live: Option<String>,
    test: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RouteDocument {
    method: String,
    path: String,
    #[serde(default = "publishable_alone")]
    kinds: Vec<Kind>,
    #[serde(default = "both_modes")]
    modes: Vec<Mode>,
    scope: Option<String>,
    #[serde(default)]
    report_only: bool,
}

fn check(document: Document) -> Result<Policy, PolicyError> {
    let upstream = document.upstream;
    if upstream.live.is_none() && upstream.test.is_none() {
        return Err(PolicyError::new("upstream", "needs `live`, `test` or both"));
    }
    let routes = check_routes(document.routes)?;
    if let Some(origins) = &document.origins {
        check_origins("origins", origins)?;
    }
    let between = |field: &str, value: u32, least: u32, most: u32| {
        if (least..=most).contains(&value) {
            Ok(value)
        } else {
            Err(PolicyError::new(field, &format!("must be {least} to {most}")))
        }
    };
    let memory_ttl = between("memory_ttl", document.memory_ttl, 0, 300)?;
    let memory_ttl_unknown =
        document.memory_ttl_unknown.unwrap_or_else(|| memory_ttl.min(DEFAULT_MEMORY_TTL_UNKNOWN));
    if memory_ttl_unknown > memory_ttl {
        return Err(PolicyError::new("memory_ttl_unknown", "must be at most `memory_ttl`"));
    }
    Ok(Policy {
        live: check_upstream("upstream.live", upstream.live)?,
        test: check_upstream("upstream.test", upstream.test)?,
        cors: document.cors.map(|cors| check_cors(cors, &routes)).transpose()?,
        routes,
        origins: document.origins,
        forward_authorization: document.forward_authorization,
        accept_foreign_keys: document.accept_foreign_keys,
        allow_http_on_loopback: document.allow_http_on_loopback,
        store_timeout_ms: between("store_timeout_ms", document.store_timeout_ms, 1, 30_000)?,
        // 30 seconds is the least that Workers KV takes.
        store_cache_ttl: between("store_cache_ttl", document.store_cache_ttl, 30, 86_400)?,
        upstream_timeout_ms: between(
            "upstream_timeout_ms",
            document.upstream_timeout_ms,
            1,
            600_000,
        )?,
        memory_ttl,
        memory_ttl_unknown,
        rates: document.rates.map(RatesDocument::check).transpose()?,
        exposures: document.exposure,
        webhook: document.webhook.map(check_webhook).transpose()?,
        leaks: document.leaks,
        report_only: document.report_only,
        assertion: document.assertion,
        log_allowed: document.log_allowed,
        last_used: document.last_used,
    })
}

fn check_upstream(field: &str, text: Option<String>) -> Result<Option<Upstream>, PolicyError> {
    text.map(|text| {
        Upstream::parse(&text).ok_or_else(|| {
            PolicyError::new(
                field,
                "must be an origin such as https://api.example.com, lower case and without a path \
                 (plain http for localhost, 127.0.0.1 and [::1] alone)",
            )
        })
    })
    .transpose()
}

fn check_routes(routes: Vec<RouteDocument>) -> Result<Vec<Route>, PolicyError> {
    let check = |(index, route): (usize, RouteDocument)| {
        let RouteDocument { method, path, kinds, modes, scope, report_only } = route;
        let route = Route::new(&method, &path, kinds, modes, scope).map_err(|error| {
            let (field, reason) = match error {
                RouteError::Method => (
                    "method",
                    "must be one upper-case HTTP method, and neither TRACE nor CONNECT: write a route for each",
                ),
                RouteError::Path => (
                    "path",
                    "must be a plain path such as /payments/{id}: no `*` or `:id` for a segment, no escapes of letters, dot segments, `//` or query",
                ),
                RouteError::Kinds => ("kinds", "must name `publishable`, `secret` or both"),
                RouteError::Modes => ("modes", "must name `live`, `test` or both"),
                RouteError::Scope => ("scope", "must not be empty"),
            };
            PolicyError::new(&format!("routes[{index}].{field}"), reason)
        })?;
        Ok(if report_only { route.that_reports_only() } else { route })
    };
    routes.into_iter().enumerate().map(check).collect()
}

fn check_origins(field: &str, origins: &[String]) -> Result<(), PolicyError> {
    match origins.iter().position(|origin| !is_origin(origin)) {
        None => Ok(()),
        Some(index) => Err(PolicyError::new(
            &format!("{field}[{index}]"),
            "must be an origin as browsers send it, such as https://shop.example: lower case, no path, no default port",
        )),
    }
}

fn publishable_alone() -> Vec<Kind> {
    vec![Kind::Publishable]
}

fn both_modes() -> Vec<Mode> {
    vec![Mode::Live, Mode::Test]
}

fn default_store_timeout() -> u32 {
    2_000
}

fn default_store_cache_ttl() -> u32 {
    60
}

/// As long as Cloudflare itself waits for an origin.
fn default_upstream_timeout() -> u32 {
    100_000
}

fn default_memory_ttl() -> u32 {
    10
}

const HOLDS_KEY: &str =
    "a secret key or an operator's credential stands here: take it out, and revoke it";

/// Short, since a key is often tried right after it was issued.
const DEFAULT_MEMORY_TTL_UNKNOWN: u32 = 2;

#[cfg(test)]
mod tests;
