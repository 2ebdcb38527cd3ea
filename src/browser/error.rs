//! Refusals as JavaScript errors.

use alloc::string::String;

use wasm_bindgen::prelude::*;

use crate::{
    page::{InitRule, Place, Refusal},
    scan::holds_key,
};

/// A refusal, and the JavaScript error behind it where there is one.
#[derive(Debug)]
pub(super) struct Failure {
    refusal: Refusal,
    cause: JsValue,
}

impl Failure {
    /// A refusal because of an error that was thrown. Runtimes quote the value that they don't like: an error
    /// that quotes a key is not handed on.
    pub(super) fn caused_by(refusal: Refusal) -> impl FnOnce(JsValue) -> Self {
        move |cause| {
            let quotes_key =
                [quoted(&cause), cause.as_string()].iter().flatten().any(|text| holds_key(text));
            if quotes_key {
                Refusal::SecretKey(Place::Header).into()
            } else {
                Self { refusal, cause }
            }
        }
    }

    /// The runtime, or code of the page, threw where the second argument was read or used.
    pub(super) fn rejected() -> impl FnOnce(JsValue) -> Self {
        Self::caused_by(Refusal::InvalidInit(InitRule::Rejected))
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, cause: JsValue::UNDEFINED }
    }
}

impl From<Failure> for JsValue {
    fn from(failure: Failure) -> Self {
        KeyGuardError::new(failure.refusal.code(), failure.refusal.message(), failure.cause).into()
    }
}

#[wasm_bindgen(module = "/src/browser/error.js")]
extern "C" {
    /// The message of what was thrown.
    fn quoted(cause: &JsValue) -> Option<String>;

    type KeyGuardError;

    #[wasm_bindgen(constructor)]
    fn new(code: &str, message: &str, cause: JsValue) -> KeyGuardError;
}
