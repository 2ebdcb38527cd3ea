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
    /// The deployment's bindings and variables.
    #[wasm_bindgen(extends = Object)]
    pub type Env;

    #[wasm_bindgen(js_namespace = console)]
    pub(crate) fn warn(line: &str);

    /// Whose request went to the upstream, once one did.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn identity(this: &Call) -> Option<Identity>;

    #[wasm_bindgen(method)]
    pub(crate) fn ask(this: &Call, store: &Kv, name: &str, cache_ttl: u32, ms: u32);

    /// When what the store answered was asked, in milliseconds.
    #[wasm_bindgen(method, getter, js_name = askedAt)]
    pub(crate) fn asked_at(this: &Call) -> f64;

    /// Lets pages of this origin read the upstream's response; of the one that asks, without one.
    #[wasm_bindgen(method)]
    pub(crate) fn allow(this: &Call, origin: Option<&str>);

    #[wasm_bindgen(method)]
    pub(crate) fn reserve(this: &Call);

    #[wasm_bindgen(method)]
    pub(crate) fn retire(this: &Call, deprecation: &str, sunset: &str);

    /// Asks a key's limiter; the answer is brought to the next pass.
    #[wasm_bindgen(method)]
    pub(crate) fn limit(this: &Call, limiter: &Limiter, key: &str, ms: u32);

    /// Counts for an address, after the answer; `struck` is called if that was too much.
    #[wasm_bindgen(method)]
    pub(crate) fn strike(this: &Call, limiter: &Limiter, network: &str, address: &str);

    /// Asks the store after the answer, and brings what it said to `inspected`.
    #[wasm_bindgen(method)]
    pub(crate) fn inspect(
        this: &Call,
        request: &Request,
        env: &Env,
        store: &Kv,
        name: &str,
        cache_ttl: u32,
        ms: u32,
    );

    /// Tells an account of an incident, after the answer.
    #[wasm_bindgen(method)]
    pub(crate) fn report(this: &Call, account: &str, report: &str);

    /// Tells an account that one of its keys was used in this minute, after the answer.
    #[wasm_bindgen(method)]
    pub(crate) fn used(this: &Call, account: &str, key_id: &str, at: f64);

    /// Counts the verdict, after the answer: `blobs` are joined by line feeds.
    #[wasm_bindgen(method)]
    pub(crate) fn count(this: &Call, account: &str, blobs: &str);

    /// A rate-limit binding.
    #[wasm_bindgen(extends = Object)]
    pub type Limiter;

    /// A KV namespace.
    #[wasm_bindgen(extends = Object)]
    pub type Kv;

    /// Who a key is, as the upstream gets it.
    #[wasm_bindgen(extends = Object)]
    pub type Identity;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn account(this: &Identity) -> String;

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

    /// All that decides which headers are removed, a field a line; nothing when the call knows it already.
    pub(crate) fn hops(call: &Call, request: &Request, removes_overrides: bool) -> Option<String>;

    /// Brings the names that are removed, joined by commas, for what `hops` gave.
    pub(crate) fn remove(call: &Call, removes_overrides: bool, hops: &str, names: &str);

    /// All that shows whether a server passed a request on, a field a line.
    pub(crate) fn relay(request: &Request) -> String;

    /// The caller's address, as the platform says it.
    pub(crate) fn address(request: &Request) -> String;

    /// The path of a URL as the upstream gets it.
    pub(crate) fn pathname(url: &str) -> String;

    /// Whether the runtime takes a text for a URL.
    #[wasm_bindgen(js_name = isUrl)]
    pub(crate) fn is_url(text: &str) -> bool;

    /// Sends `request` on with the identity and without what was to be removed; the promise of what the caller gets, whose headers have to come within
    /// `ms`. Without an identity one is made of `fields`, a field a line, to be used for many requests: account, key id, kind, mode, the upstream, and
    /// which headers a page may read. Without a `url` it is the request's own from the place `from` on; `again` logs the identity's last `line`, with
    /// this request's id.
    pub(crate) fn send(
        call: &Call,
        request: &Request,
        identity: Option<&Identity>,
        fields: Option<&str>,
        url: Option<&str>,
        from: u32,
        assertion: Option<&str>,
        line: Option<&str>,
        again: bool,
        ms: u32,
    ) -> JsValue;

    /// Logs a refusal and answers with it. `text` is the refusal, a field a line, to be kept in its slot; without it what the slot has is taken, with this
    /// request's id and the part of its URL from `from` to `to`. `line` is the line for the log where that isn't the slot's.
    pub(crate) fn refuse(
        call: &Call,
        slot: u32,
        status: u16,
        text: Option<&str>,
        line: Option<&str>,
        from: u32,
        to: u32,
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

/// A time of JavaScript's clock.
pub(crate) fn millis(time: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    let time = time as u64;
    time
}

/// Panics at a place as often as the request's header names it: in the tests' build alone.
#[cfg(feature = "test-hooks")]
pub(crate) fn panic_if_asked(request: &Request, call: &Call, place: &str) {
    use js_sys::{JsString, Reflect};
    let asked = request.headers().get(&JsString::from("x-keyguard-test")).unwrap_or_default();
    let asked = asked.split(' ').filter(|word| *word == place).count();
    // This instance won't know: what is to be remembered is the call's.
    let name = JsValue::from_str(&format!("panicked in {place}"));
    let before = Reflect::get(call, &name).ok().and_then(|count| count.as_f64()).unwrap_or(0.0);
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let is_due = before < asked as f64;
    let _ = Reflect::set(call, &name, &JsValue::from_f64(before + 1.0));
    assert!(!is_due, "asked to, in {place}");
}
