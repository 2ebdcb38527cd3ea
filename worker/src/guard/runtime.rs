//! The runtime's own objects, with just the methods that are used of them.
//!
//! Typed imports and strings that are made once: each crossing between wasm and JavaScript costs, and
//! the general bindings make many.

use js_sys::Object;
use wasm_bindgen::prelude::*;
use web_sys::Response;

use crate::runtime::{Call, Request};

#[wasm_bindgen]
extern "C" {
    /// Whose request went to the upstream, once one did.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn identity(this: &Call) -> Option<Identity>;

    #[wasm_bindgen(method)]
    pub(crate) fn ask(this: &Call, store: &Kv, name: &str, cache_ttl: u32, ms: u32);

    /// When what the store answered was asked, in milliseconds.
    #[wasm_bindgen(method, getter, js_name = askedAt)]
    pub(crate) fn asked_at(this: &Call) -> f64;

    #[wasm_bindgen(method)]
    pub(crate) fn allow(this: &Call, origin: &str, exposed: &str);

    #[wasm_bindgen(method)]
    pub(crate) fn reserve(this: &Call);

    #[wasm_bindgen(method)]
    pub(crate) fn retire(this: &Call, deprecation: &str, sunset: &str);

    /// A KV namespace.
    #[wasm_bindgen(extends = Object)]
    pub type Kv;

    /// Who a key is, as the upstream gets it.
    #[wasm_bindgen(extends = Object)]
    pub type Identity;

    #[wasm_bindgen(method, getter, js_name = keyId)]
    pub(crate) fn key_id(this: &Identity) -> String;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn kind(this: &Identity) -> String;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn mode(this: &Identity) -> String;
}

#[wasm_bindgen(module = "/src/guard/runtime.js")]
extern "C" {
    /// All that is judged of a request, a field a line.
    pub(crate) fn facts(request: &Request, call: &Call) -> String;

    /// An identity, to be used for many requests.
    pub(crate) fn identity(account: &str, key_id: &str, kind: &str, mode: &str) -> Identity;

    /// Sends `request` to `url`, without the headers in `removed` (joined by commas) and with the identity; the
    /// runtime's own promise of the response, whose headers have to come within `ms`.
    pub(crate) fn send(
        call: &Call,
        request: &Request,
        url: &str,
        removed: &str,
        identity: &Identity,
        ms: u32,
    ) -> JsValue;

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

/// A time as HTTP writes it (RFC 9110 §5.6.7).
pub(crate) fn http_date(seconds: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "exact for any date that has a name")]
    let date = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(seconds as f64 * 1000.0));
    date.to_utc_string().into()
}

#[cfg(feature = "test-hooks")]
pub(crate) fn panic_if_asked(request: &Request) {
    let asked = request.headers().get(&js_sys::JsString::from("x-keyguard-test"));
    assert!(asked.as_deref() != Some("panic"), "asked to");
}
