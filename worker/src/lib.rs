//! keyguard's edge: a Cloudflare Worker that checks API keys before it proxies.
//!
//! In scope: taking what a request, a store and a clock say to the [core](keyguard), and doing what it
//! decides. Out of scope: every rule. `entry.mjs` calls the functions below, and does all the waiting: nothing of
//! a request stays in this instance between two calls, so a trap can't take another request with it.

mod guard;
mod runtime;

use runtime::{Call, Request};
use wasm_bindgen::prelude::*;
use worker::Env;

/// Takes a request in: answers with a `Response`, or asks the store and leaves `call.stored` to be awaited.
#[wasm_bindgen]
pub fn fetch(request: &Request, env: &Env, call: &Call) -> JsValue {
    guard::handle(request, env, call, None)
}

/// Goes on with what the store answered: a `Response`, or the upstream's promise of one.
#[wasm_bindgen]
pub fn stored(request: &Request, env: &Env, call: &Call, value: &JsValue) -> JsValue {
    guard::handle(request, env, call, Some(value))
}

/// Answers for what broke on the way: the upstream if the request had been `sent`, or else the guard itself.
#[wasm_bindgen]
pub fn failed(request: &Request, env: &Env, call: &Call, sent: bool, late: bool) -> JsValue {
    guard::failed(request, env, call, sent, late)
}

const _: () = assert!(
    !keyguard::HAS_BROWSER,
    "the browser's exports leaked into the Worker: build it with -p keyguard-worker"
);
