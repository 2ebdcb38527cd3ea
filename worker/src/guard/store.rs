//! The key store: a KV namespace, asked once per request at most and for a bounded time.

use js_sys::Reflect;
use keyguard::{Fault, KeyRecord, Lookup, Policy};
use wasm_bindgen::{JsCast, JsValue};
use worker::console_error;

use super::{exchange::Exchange, runtime::Kv};

/// Asks for the key's record; the answer is `call.stored`.
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

/// Reads the store's answer: the record, or that there is none. Neither a failure nor an unreadable
/// record says anything about the key.
pub(crate) fn read(stored: &JsValue) -> Result<Option<KeyRecord>, Fault> {
    if stored.is_null() {
        return Ok(None);
    }
    let text = stored.as_string().ok_or(Fault::StoreUnavailable)?;
    KeyRecord::from_json(&text).map(Some).map_err(|_| Fault::StoreUnavailable)
}

const BINDING: &str = "KEYS";
