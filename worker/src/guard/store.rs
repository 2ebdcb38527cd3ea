//! The key store: a KV namespace, asked once at most for a key at a time, and for a bounded time.

use js_sys::Reflect;
use keyguard::{Fault, Lookup, Policy};
use wasm_bindgen::{JsCast, JsValue};
use worker::console_error;

use super::{exchange::Exchange, runtime::Kv};

/// Asks for the key's record; the answer is brought to the next pass.
pub(crate) fn ask(exchange: &Exchange<'_>, lookup: &Lookup, policy: &Policy) -> Result<(), Fault> {
    let binding = Reflect::get(exchange.env, &JsValue::from_str(BINDING)).unwrap_or_default();
    if !binding.is_object() {
        let reason = "is missing: bind a KV namespace to it in wrangler.toml";
        let line =
            serde_json::json!({ "event": "misconfigured", "field": BINDING, "reason": reason });
        console_error!("{line}");
        return Err(Fault::Misconfigured);
    }
    let name = lookup.digest().store_name();
    exchange.call.ask(
        binding.unchecked_ref::<Kv>(),
        &name,
        policy.store_cache_ttl(),
        policy.store_timeout_ms(),
    );
    Ok(())
}

const BINDING: &str = "KEYS";
