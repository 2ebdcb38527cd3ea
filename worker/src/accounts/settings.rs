//! What the write side reads of the deployment's policy.

use js_sys::Reflect;
use keyguard::Policy;
use wasm_bindgen::JsValue;
use worker::Env;

/// The deployment's policy; none if there is none that can be read. The guard says in the log what is wrong with it.
pub(crate) fn policy(env: &Env) -> Option<Policy> {
    // As JSON: what reads a value of the runtime itself is larger than all the rest here.
    let value = Reflect::get(env, &JsValue::from_str("POLICY")).unwrap_or_default();
    let text = js_sys::JSON::stringify(&value).ok()?.as_string()?;
    Policy::from_value(serde_json::from_str(&text).ok()?).ok()
}
