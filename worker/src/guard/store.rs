//! The key store: a KV namespace, asked once at most for a key at a time, and for a bounded time.

use keyguard::{Fault, Lookup, Policy};
use wasm_bindgen::JsCast;

use super::{exchange::Exchange, log, settings::binding};

/// Asks for the key's record; the answer is brought to the next pass.
pub(crate) fn ask(exchange: &Exchange<'_>, lookup: &Lookup, policy: &Policy) -> Result<(), Fault> {
    let store = binding(exchange.env, STORE);
    if !store.is_object() {
        log::misconfigured(STORE, "is missing: bind a KV namespace to it in wrangler.toml");
        return Err(Fault::Misconfigured);
    }
    let name = lookup.digest().store_name();
    let (ttl, ms) = (policy.store_cache_ttl(), policy.store_timeout_ms());
    exchange.call.ask(store.unchecked_ref(), &name, ttl, ms);
    Ok(())
}

/// Asks for the record of a key that was given away, for after the answer.
pub(crate) fn inspect(exchange: &Exchange<'_>, lookup: &Lookup, policy: &Policy) {
    let store = binding(exchange.env, STORE);
    if store.is_object() {
        let name = lookup.digest().store_name();
        let (ttl, ms) = (policy.store_cache_ttl(), policy.store_timeout_ms());
        exchange.call.inspect(
            exchange.request,
            exchange.env,
            store.unchecked_ref(),
            &name,
            ttl,
            ms,
        );
    }
}

const STORE: &str = "KEYS";
