//! Rate limits: of a key, by its tier, and of an address that presents refused credentials.

use std::cell::RefCell;

use keyguard::{Denial, Fault, Gate, Grant, KeyDigest, Policy, Problem, gate::network};
use wasm_bindgen::{JsCast, JsValue};

use super::runtime::{Env, millis};
use super::{exchange::Exchange, memory, runtime, settings::binding};

/// Where a request stands at step 10.
pub(crate) enum Room<'a> {
    /// It may pass.
    Enough(Grant<'a>),
    /// The limiter was asked; its answer is brought to the next pass.
    Asked,
}

/// Step 10: the limiter of the key's tier has room. One that fails lets nothing pass.
pub(crate) fn check<'a>(
    exchange: &Exchange<'_>,
    grant: Grant<'a>,
    policy: &Policy,
    brought: Option<&JsValue>,
) -> Result<Room<'a>, Problem> {
    let Some(tier) = policy.tier(grant.record())? else { return Ok(Room::Enough(grant)) };
    match brought.map(JsValue::as_bool) {
        Some(Some(true)) => Ok(Room::Enough(grant)),
        Some(Some(false)) => Ok(Room::Enough(grant.over_limit(tier)?)),
        Some(None) => Err(Fault::StoreUnavailable.into()),
        None => {
            let limiter = binding(exchange.env, tier.binding());
            exchange.call.limit(
                limiter.unchecked_ref(),
                // A key id alone may be another account's, too: imported keys bring theirs. No id holds a space.
                &format!("{} {}", grant.record().account, grant.record().id),
                policy.store_timeout_ms(),
            );
            Ok(Room::Asked)
        }
    }
}

/// Before the store is asked: an address over its limit asks for no key that nobody has seen.
pub(crate) fn admit_address(
    exchange: &Exchange<'_>,
    digest: &KeyDigest,
    policy: &Policy,
) -> Result<(), Denial> {
    let Some(tier) = policy.rates().and_then(|rates| rates.refused()) else { return Ok(()) };
    if memory::has_seen(digest, policy) {
        return Ok(());
    }
    let address = runtime::address(exchange.request);
    let passes = GATE.with_borrow_mut(|gate| gate.lets_pass(&address, digest, exchange.now));
    if passes { Ok(()) } else { Err(tier.denial()) }
}

/// Counts a refused credential for its address.
pub(crate) fn strike(exchange: &Exchange<'_>, policy: &Policy) {
    let Some(tier) = policy.rates().and_then(|rates| rates.refused()) else { return };
    let limiter = binding(exchange.env, tier.binding());
    let address = runtime::address(exchange.request);
    exchange.call.strike(limiter.unchecked_ref(), &network(&address), &address);
}

/// Takes in that an address is over its limit.
pub(crate) fn close(env: &Env, address: &str, now: f64) {
    let Ok(settings) = super::settings::settings(env) else { return };
    let Some(tier) = settings.policy.rates().and_then(|rates| rates.refused()) else { return };
    let period = u64::from(tier.limit().period.seconds()).saturating_mul(1000);
    GATE.with_borrow_mut(|gate| gate.close(address, millis(now).saturating_add(period)));
}

thread_local! {
    static GATE: RefCell<Gate> = RefCell::new(Gate::new());
}
