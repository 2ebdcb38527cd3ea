//! Which headers don't go on. One client sends the same names again and again: what came out for some sets of them is remembered.

use std::cell::RefCell;

use keyguard::{Fault, Forward, Policy, headers::Removal};

use super::{
    exchange::Exchange,
    facts::Hops,
    runtime::{self, Names},
};

/// The names of the headers that are removed before a request is forwarded.
pub(crate) fn names(
    exchange: &Exchange<'_>,
    forward: &Forward<'_>,
    policy: &Policy,
) -> Result<Names, Fault> {
    let text = runtime::hops(exchange.request);
    let removes_overrides = forward.removes_overrides;
    // Sets of different length lie apart; of one place the last set is remembered.
    let place = text.len() % SETS;
    REMEMBERED.with_borrow_mut(|sets| {
        let set = sets.get_mut(place).ok_or(Fault::Internal)?;
        if let Some(set) = set
            && set.removes_overrides == removes_overrides
            && set.text == text
        {
            return Ok(set.names.clone());
        }
        let hops = Hops::read(&text).ok_or(Fault::Internal)?;
        let names = runtime::list(&removed(&hops, removes_overrides, policy));
        if text.len() <= LONGEST {
            *set = Some(Set { names: names.clone(), removes_overrides, text });
        }
        Ok(names)
    })
}

fn removed(hops: &Hops<'_>, removes_overrides: bool, policy: &Policy) -> String {
    let removal = Removal {
        connection: hops.connection,
        proxy_connection: hops.proxy_connection,
        is_websocket: hops.upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket")),
        keeps_authorization: policy.forward_authorization(),
        removes_overrides,
    };
    let removed = hops.names.split(',').filter(|name| removal.removes(name));
    removed.collect::<Vec<_>>().join(",")
}

/// A request's names, with all else that decides.
struct Set {
    text: String,
    removes_overrides: bool,
    names: Names,
}

const SETS: usize = 64;

/// Longer than the names of any client's own headers, in bytes.
const LONGEST: usize = 2048;

thread_local! {
    static REMEMBERED: RefCell<[Option<Set>; SETS]> = const { RefCell::new([const { None }; SETS]) };
}
