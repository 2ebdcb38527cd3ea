//! keyguard's edge: a Cloudflare Worker that checks API keys before it proxies.
//!
//! In scope: taking what a request, a store and a clock say to the [core](keyguard), and doing what it
//! decides. Out of scope: every rule. `entry.mjs` calls the functions below, and does all the waiting: nothing of
//! a request stays in this instance between two calls, so a trap can't take another request with it.

mod guard;
mod runtime;

use guard::Brought;
use guard::Env;
use runtime::{Call, Request};
use wasm_bindgen::prelude::*;

/// Takes a request in: answers with a `Response` or a promise of one, or asks for something and leaves it to be awaited.
#[wasm_bindgen]
pub fn fetch(request: &Request, env: &Env, call: &Call) -> JsValue {
    guard::handle(request, env, call, Brought::default())
}

/// Goes on with what the store and the limiter answered; `undefined` for one that was not asked.
#[wasm_bindgen]
pub fn resumed(
    request: &Request,
    env: &Env,
    call: &Call,
    stored: &JsValue,
    within: &JsValue,
) -> JsValue {
    let [stored, within] = [stored, within].map(|value| Some(value).filter(|v| !v.is_undefined()));
    guard::handle(request, env, call, Brought { stored, within })
}

/// Looks after a key that a refused request gave away, with what the store said of it under its name there; false if that was nothing
/// that says whether there is such a key.
#[wasm_bindgen]
pub fn inspected(request: &Request, env: &Env, call: &Call, name: &str, stored: &JsValue) -> bool {
    guard::inspected(request, env, call, name, stored)
}

/// Takes in that an account was told of an exposure of its key, whose digest this is.
#[wasm_bindgen]
pub fn told(env: &Env, digest: &str, now: f64) {
    guard::told(env, digest, now);
}

/// Takes in that an address is over its limit for refused credentials.
#[wasm_bindgen]
pub fn struck(env: &Env, address: &str, now: f64) {
    guard::close(env, address, now);
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
