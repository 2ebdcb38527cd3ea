//! Answers of the guard's own.

use keyguard::{
    Problem, RequestUrl,
    policy::{Cors, EXPOSED_HEADERS, Preflight},
};
use web_sys::Response;

use super::{exchange::Exchange, runtime};

/// A problem document, readable for a page if the policy lets its origin read.
pub(crate) fn refuse(exchange: &Exchange<'_>, problem: &Problem, cors: Option<&Cors>) -> Response {
    let id = exchange.facts.request_id;
    let url = exchange.url();
    let document = problem.document(url.as_ref().and_then(RequestUrl::instance), id);
    let origin = exchange.facts.origin.and_then(|origin| cors?.allow_origin(origin));
    runtime::problem(
        problem.status(),
        &document,
        id,
        &problem.challenge().unwrap_or_default(),
        problem.retry_after().unwrap_or_default(),
        &problem.rate_limit().unwrap_or_default(),
        &problem.rate_limit_policy().unwrap_or_default(),
        origin.unwrap_or_default(),
        EXPOSED_HEADERS,
    )
}

/// The answer to a browser's question whether it may send a request.
pub(crate) fn preflight(preflight: &Preflight<'_>) -> Response {
    runtime::preflight(
        preflight.allow_origin,
        preflight.allow_methods,
        preflight.allow_headers,
        preflight.max_age,
    )
}
