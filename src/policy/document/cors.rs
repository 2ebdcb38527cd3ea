//! What browsers are told, as it is written.

use alloc::{format, string::String, vec::Vec};

use serde::Deserialize;

use super::{PolicyError, check_origins};
use crate::{
    bearer::is_token_byte,
    policy::{Cors, Route, cors::Origins},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CorsDocument {
    origins: Vec<String>,
    #[serde(default)]
    headers: Vec<String>,
    #[serde(default = "default_max_age")]
    max_age: u32,
}

pub(super) fn check_cors(cors: CorsDocument, routes: &[Route]) -> Result<Cors, PolicyError> {
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
    let mut methods: Vec<&str> = Vec::new();
    for method in routes.iter().map(Route::method) {
        if !methods.contains(&method) {
            methods.push(method);
        }
    }
    Ok(Cors::new(origins, &cors.headers, &methods, cors.max_age))
}

fn default_max_age() -> u32 {
    600
}

/// The longest that a browser remembers a preflight: Firefox's bound.
const MAX_AGE: u32 = 86_400;
