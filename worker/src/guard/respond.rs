//! Answers of the guard's own.

use keyguard::policy::Preflight;
use web_sys::Response;

use super::runtime;

/// The answer to a browser's question whether it may send a request.
pub(crate) fn preflight(preflight: &Preflight<'_>) -> Response {
    runtime::preflight(
        preflight.allow_origin,
        preflight.allow_methods,
        preflight.allow_headers,
        preflight.max_age,
    )
}
