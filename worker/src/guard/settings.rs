//! What a deployment sets: the policy, read once per isolate.

use std::cell::OnceCell;

use js_sys::Reflect;
use keyguard::{Fault, Policy, PolicyError};
use wasm_bindgen::JsValue;
use worker::{Env, console_error};

/// The deployment's policy.
///
/// A policy that can't be read refuses everything: it never fails open. What is wrong with it is logged
/// once per isolate, since a line for each request would bury it.
pub(crate) fn policy(env: &Env) -> Result<&'static Policy, Fault> {
    POLICY.with(|policy| {
        *policy.get_or_init(|| match read(env) {
            // Lives as long as the isolate, and so does every reference into it.
            Ok(policy) => Ok(&*Box::leak(Box::new(policy))),
            Err(reason) => {
                console_error!("{}", line(&reason));
                Err(Fault::Misconfigured)
            }
        })
    })
}

fn read(env: &Env) -> Result<Policy, Misconfiguration> {
    let value = Reflect::get(env, &JsValue::from_str("POLICY")).unwrap_or_default();
    if value.is_undefined() {
        return Err(Misconfiguration::NoPolicy);
    }
    // By way of a plain value: read straight into a struct, unknown fields would pass unseen.
    let value = serde_wasm_bindgen::from_value(value).map_err(|_| Misconfiguration::NotJson)?;
    Policy::from_value(value).map_err(Misconfiguration::Policy)
}

fn line(reason: &Misconfiguration) -> serde_json::Value {
    let (field, reason) = match reason {
        Misconfiguration::NoPolicy => ("POLICY", "is missing: add it to [vars] in wrangler.toml"),
        Misconfiguration::NotJson => ("POLICY", "must be a JSON object"),
        Misconfiguration::Policy(error) => (error.field(), error.reason()),
    };
    serde_json::json!({ "event": "misconfigured", "field": field, "reason": reason })
}

enum Misconfiguration {
    NoPolicy,
    NotJson,
    Policy(PolicyError),
}

thread_local! {
    static POLICY: OnceCell<Result<&'static Policy, Fault>> = const { OnceCell::new() };
}
