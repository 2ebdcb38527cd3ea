//! Answers of the guard's own.

use keyguard::{
    Problem, RequestUrl,
    policy::{Cors, EXPOSED_HEADERS, Preflight},
};
use web_sys::Response;

use super::{exchange::Exchange, runtime};

/// A problem document, readable for a page if the policy lets its origin read, and its line in the log.
pub(crate) fn refuse(
    exchange: &Exchange<'_>,
    problem: &Problem,
    cors: Option<&Cors>,
    line: &str,
) -> Response {
    let id = exchange.facts.request_id;
    let url = exchange.url();
    let document = problem.document(url.as_ref().and_then(RequestUrl::instance), id);
    let origin = exchange.facts.origin.and_then(|origin| cors?.allow_origin(origin));
    // No field holds a line feed: no header may, and JSON escapes it.
    let fields = [
        line,
        id,
        &problem.challenge().unwrap_or_default(),
        problem.retry_after().unwrap_or_default(),
        &problem.rate_limit().unwrap_or_default(),
        &problem.rate_limit_policy().unwrap_or_default(),
        origin.unwrap_or_default(),
        origin.map_or("", |_| EXPOSED_HEADERS),
        &document,
    ];
    runtime::refuse(problem.status(), &fields.join("\n"))
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
