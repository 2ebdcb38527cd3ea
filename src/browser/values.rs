//! JavaScript's side of the conversions.

use alloc::{string::String, vec::Vec};

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// A standard request.
    #[derive(Debug)]
    pub type Request;
}

#[wasm_bindgen(module = "/src/browser/values.js")]
extern "C" {
    /// A member of an object itself.
    #[wasm_bindgen(catch)]
    pub(super) fn own(object: &JsValue, name: &str) -> Result<JsValue, JsValue>;

    /// A URL as the runtime's own parser writes it.
    #[wasm_bindgen(catch)]
    pub(super) fn href(url: &JsValue) -> Result<String, JsValue>;

    /// A `RequestInit` as it stood at one moment: plain copies, with nothing of the caller's behind them.
    pub(super) type Snapshot;

    #[wasm_bindgen(catch)]
    pub(super) fn snapshot(init: &JsValue) -> Result<Snapshot, JsValue>;

    /// A member that is a string, if it is there.
    pub(super) fn text(object: &JsValue, name: &str) -> Option<String>;

    pub(super) fn set(snapshot: &Snapshot, name: &str, value: &str);

    /// Names and values in turn, one a line.
    pub(super) fn headers(snapshot: &Snapshot) -> String;

    /// What the body holds; `None` if that can't be read on the spot.
    pub(super) fn body(snapshot: &Snapshot) -> Option<Vec<u8>>;

    #[wasm_bindgen(catch)]
    pub(super) fn build(
        url: &str,
        snapshot: &Snapshot,
        authorization: &str,
    ) -> Result<Request, JsValue>;

    pub(super) fn header(request: &Request, name: &str) -> Option<String>;
}
