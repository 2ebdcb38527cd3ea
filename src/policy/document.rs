//! A policy as it is written: JSON, unknown fields refused, each field checked once.

use alloc::{
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};

use serde::Deserialize;
use serde_json::Value;

use super::{Cors, Policy, Route, Upstream, cors::Origins, origin::is_origin, route::RouteError};
use crate::{Kind, Mode, bearer::is_token_byte};

/// Why a policy can't be used: the field, and what it should be. It names fields and values that the operator wrote,
/// never a request's.
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

    fn new(field: &str, reason: &str) -> Self {
        Self { field: field.to_string(), reason: reason.to_string() }
    }
}

pub(super) fn from_json(text: &str) -> Result<Policy, PolicyError> {
    let value: Value =
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
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CorsDocument {
    origins: Vec<String>,
    #[serde(default)]
    headers: Vec<String>,
    #[serde(default = "default_max_age")]
    max_age: u32,
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
        Route::new(&route.method, &route.path, route.kinds, route.modes, route.scope).map_err(|error| {
            let (field, reason) = match error {
                RouteError::Method => ("method", "must be an upper-case HTTP method"),
                RouteError::Path => (
                    "path",
                    "must be a plain path such as /payments/{id}: no escapes of letters, dot segments, `//` or query",
                ),
                RouteError::Kinds => ("kinds", "must name `publishable`, `secret` or both"),
                RouteError::Modes => ("modes", "must name `live`, `test` or both"),
                RouteError::Scope => ("scope", "must not be empty"),
            };
            PolicyError::new(&format!("routes[{index}].{field}"), reason)
        })
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

fn check_cors(cors: CorsDocument, routes: &[Route]) -> Result<Cors, PolicyError> {
    let origins = if cors.origins == ["*"] {
        Origins::Any
    } else {
        check_origins("cors.origins", &cors.origins)?;
        Origins::Listed(cors.origins)
    };
    let is_name = |name: &String| !name.is_empty() && name.bytes().all(is_token_byte);
    if let Some(index) = cors.headers.iter().position(|name| !is_name(name)) {
        return Err(PolicyError::new(&format!("cors.headers[{index}]"), "must be a header's name"));
    }
    if cors.max_age > MAX_AGE {
        return Err(PolicyError::new("cors.max_age", "must be at most 86400 seconds"));
    }
    let mut methods = routes.iter().map(Route::method).collect::<Vec<_>>();
    methods.sort_unstable();
    methods.dedup();
    Ok(Cors::new(origins, &cors.headers, &methods, cors.max_age))
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

fn default_max_age() -> u32 {
    600
}

/// The longest that a browser remembers a preflight: Firefox's bound.
const MAX_AGE: u32 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(json: &str, field: &str) {
        let error = from_json(json).unwrap_err();
        assert_eq!(error.field(), field, "{json}: {error}");
        if let Ok(value) = serde_json::from_str::<serde_json::Value>(json) {
            assert_eq!(Policy::from_value(value).unwrap_err().field(), field, "as a value: {json}");
        }
    }

    #[track_caller]
    fn refused_beside_upstream(fields: &str, field: &str) {
        refused(&format!(r#"{{"upstream":{{"test":"https://a"}},{fields}}}"#), field);
    }

    #[test]
    fn errors_name_the_field() {
        refused("", ".");
        refused("[", ".");
        refused("{", ".");
        refused("{}", ".");
        refused("{} x", ".");
        refused(r#"{"upstream":{"test":"https://a"}} x"#, ".");
        refused(r#"{"upstream":{}}"#, "upstream");
        refused(r#"{"upstream":"https://a"}"#, "upstream");
        refused(r#"{"upstream":{"live":"https://a/"}}"#, "upstream.live");
        refused(r#"{"upstream":{"test":1}}"#, "upstream.test");
        refused(r#"{"upstream":{"prod":"https://a"}}"#, "upstream.prod");
        refused_beside_upstream(r#""route":[]"#, "route");
        refused_beside_upstream(r#""routes":{}"#, "routes");
        refused_beside_upstream(r#""routes":[{"method":"GET"}]"#, "routes[0]");
        refused_beside_upstream(r#""routes":[{"method":"get","path":"/"}]"#, "routes[0].method");
        refused_beside_upstream(r#""routes":[{"method":"GET","path":"a"}]"#, "routes[0].path");
        refused_beside_upstream(
            r#""routes":[{"method":"GET","path":"/"},{"method":"GET","path":"/","kinds":["public"]}]"#,
            "routes[1].kinds[0]",
        );
        refused_beside_upstream(
            r#""routes":[{"method":"GET","path":"/","modes":[]}]"#,
            "routes[0].modes",
        );
        refused_beside_upstream(
            r#""routes":[{"method":"GET","path":"/","scopes":"a"}]"#,
            "routes[0].scopes",
        );
        refused_beside_upstream(r#""origins":["*"]"#, "origins[0]");
        refused_beside_upstream(r#""cors":{}"#, "cors");
        refused_beside_upstream(r#""cors":{"origins":["https://a","*"]}"#, "cors.origins[1]");
        refused_beside_upstream(r#""cors":{"origins":[],"headers":["a b"]}"#, "cors.headers[0]");
        refused_beside_upstream(r#""cors":{"origins":[],"max_age":86401}"#, "cors.max_age");
        refused_beside_upstream(r#""forward_authorization":"yes""#, "forward_authorization");
        refused_beside_upstream(r#""store_timeout_ms":0"#, "store_timeout_ms");
        refused_beside_upstream(r#""store_timeout_ms":-1"#, "store_timeout_ms");
        refused_beside_upstream(r#""store_cache_ttl":29"#, "store_cache_ttl");
        refused_beside_upstream(r#""upstream_timeout_ms":600001"#, "upstream_timeout_ms");
    }

    #[test]
    fn string_that_holds_an_object_is_a_policy_too() {
        let text = r#"{"upstream":{"test":"https://a"}}"#;
        assert!(Policy::from_value(serde_json::Value::String(text.into())).is_ok());
        assert!(Policy::from_value(serde_json::Value::String("x".into())).is_err());
        assert!(Policy::from_value(serde_json::Value::Null).is_err());
    }

    #[test]
    fn defaults_are_the_strict_ones() {
        let policy = from_json(r#"{"upstream":{"test":"https://a"}}"#).unwrap();
        assert!(policy.routes().is_empty() && policy.cors().is_none());
        assert!(!policy.forward_authorization() && !policy.accept_foreign_keys());
        assert!(!policy.allow_http_on_loopback());
        assert_eq!(
            (policy.store_timeout_ms(), policy.store_cache_ttl(), policy.upstream_timeout_ms()),
            (2_000, 60, 100_000),
        );
    }
}
