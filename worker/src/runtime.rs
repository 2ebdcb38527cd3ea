//! What both wasm modules use of the runtime: a request, its headers, the entry module's side of it, and the clock.
//!
//! Typed imports of just the methods that are used: each crossing between wasm and JavaScript costs, and the general
//! bindings make many.

use js_sys::{JsString, Object};
use wasm_bindgen::prelude::*;

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
}

/// The clock, in milliseconds. It stands still while no I/O is done.
pub(crate) fn now_ms() -> f64 {
    js_sys::Date::now()
}
