//! The runtime's own objects, with just the methods that are used of them.
//!
//! Typed imports and strings that are made once: each crossing between wasm and JavaScript costs, and
//! the general bindings make many.

use js_sys::{JsString, Object};
use wasm_bindgen::prelude::*;
use web_sys::Response;

pub(crate) use crate::runtime::{Call, Headers, Request, now_ms, now_seconds};

#[wasm_bindgen]
extern "C" {
    /// The request that went to the upstream, once one did.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn forwarded(this: &Call) -> Option<Request>;

    #[wasm_bindgen(method)]
    pub(crate) fn ask(this: &Call, store: &Kv, name: &str, cache_ttl: u32, ms: u32);

    #[wasm_bindgen(method)]
    pub(crate) fn send(this: &Call, request: &Request, ms: u32) -> JsValue;

    #[wasm_bindgen(method)]
    pub(crate) fn allow(this: &Call, origin: &str, exposed: &str);

    #[wasm_bindgen(method)]
    pub(crate) fn reserve(this: &Call);

    #[wasm_bindgen(method)]
    pub(crate) fn retire(this: &Call, deprecation: &str, sunset: &str);

    /// A KV namespace.
    #[wasm_bindgen(extends = Object)]
    pub type Kv;
}

#[wasm_bindgen(module = "/src/guard/runtime.js")]
extern "C" {
    /// The names of all headers, joined by line feeds.
    pub(crate) fn names(headers: &Headers) -> String;

    /// A copy of `request` for `url`, without the headers in `removed` (joined by line feeds) and with the identity.
    pub(crate) fn derive(
        request: &Request,
        url: &str,
        removed: &str,
        account: &str,
        key_id: &str,
        kind: &str,
        mode: &str,
        request_id: &str,
    ) -> Request;

    /// A problem's response; an empty text stands for a header that isn't sent.
    pub(crate) fn problem(
        status: u16,
        body: &str,
        request_id: &str,
        challenge: &str,
        retry_after: &str,
        origin: &str,
        exposed: &str,
    ) -> Response;

    /// A preflight's response.
    pub(crate) fn preflight(origin: &str, methods: &str, headers: &str, max_age: &str) -> Response;
}

// rustfmt would drop the values.
#[rustfmt::skip]
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, static_string)]
    pub(crate) static AUTHORIZATION: JsString = "authorization";
    #[wasm_bindgen(thread_local_v2, static_string)]
    pub(crate) static ORIGIN: JsString = "origin";
    #[wasm_bindgen(thread_local_v2, static_string)]
    pub(crate) static SEC_FETCH_SITE: JsString = "sec-fetch-site";
    #[wasm_bindgen(thread_local_v2, static_string)]
    pub(crate) static CONNECTION: JsString = "connection";
    #[wasm_bindgen(thread_local_v2, static_string)]
    pub(crate) static HOST: JsString = "host";
    #[wasm_bindgen(thread_local_v2, static_string)]
    pub(crate) static PROXY_CONNECTION: JsString = "proxy-connection";
    #[wasm_bindgen(thread_local_v2, static_string)]
    pub(crate) static UPGRADE: JsString = "upgrade";
    #[wasm_bindgen(thread_local_v2, static_string)]
    pub(crate) static ACCESS_CONTROL_REQUEST_METHOD: JsString = "access-control-request-method";
}

/// The value of a header, repeated ones joined by commas.
pub(crate) fn header(
    headers: &Headers,
    name: &'static wasm_bindgen::JsThreadLocal<JsString>,
) -> Option<String> {
    name.with(|name| headers.get(name))
}

/// A time as HTTP writes it (RFC 9110 §5.6.7).
pub(crate) fn http_date(seconds: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "exact for any date that has a name")]
    let date = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(seconds as f64 * 1000.0));
    date.to_utc_string().into()
}

#[cfg(feature = "test-hooks")]
pub(crate) fn panic_if_asked(request: &Request) {
    let asked = request.headers().get(&JsString::from("x-keyguard-test"));
    assert!(asked.as_deref() != Some("panic"), "asked to");
}
