//! What both wasm modules use of the runtime: a request, its headers, the entry module's side of it, what is said of a panic,
//! and the clock.
//!
//! Typed imports of just the methods that are used: each crossing between wasm and JavaScript costs, and the general
//! bindings make many.

use std::panic;

use js_sys::{JsString, Object};
use wasm_bindgen::{handler, prelude::*};

#[wasm_bindgen]
extern "C" {
    /// A request as the runtime brings it.
    #[wasm_bindgen(extends = Object)]
    pub type Request;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn url(this: &Request) -> String;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn method(this: &Request) -> String;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn headers(this: &Request) -> Headers;

    /// A request's headers.
    #[wasm_bindgen(extends = Object)]
    pub type Headers;

    #[wasm_bindgen(method)]
    pub(crate) fn get(this: &Headers, name: &JsString) -> Option<String>;

    /// The entry module's side of one request.
    #[wasm_bindgen(extends = Object)]
    pub type Call;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn id(this: &Call) -> String;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn started(this: &Call) -> f64;

    #[wasm_bindgen(js_namespace = console)]
    pub(crate) fn error(line: &str);
}

/// A trap leaves this instance's stack as it was: the log gets to know why, and the next call a new instance.
#[wasm_bindgen(start, private)]
fn start() {
    panic::set_hook(Box::new(|info| {
        let reason = info.to_string();
        error(&serde_json::json!({ "event": "panicked", "reason": reason }).to_string());
    }));
    handler::set_on_abort(handler::schedule_reinit);
}

/// The clock, in milliseconds. It stands still while no I/O is done.
pub(crate) fn now_ms() -> f64 {
    js_sys::Date::now()
}
