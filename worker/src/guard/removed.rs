//! Which headers don't go on.

use keyguard::{
    Fault, Forward, Policy,
    headers::{Removal, opens_websocket},
};

use super::{exchange::Exchange, facts::Hops, runtime};

/// Says which headers are removed before the request is forwarded.
pub(crate) fn decide(
    exchange: &Exchange<'_>,
    forward: &Forward<'_>,
    policy: &Policy,
) -> Result<(), Fault> {
    let removes_overrides = forward.removes_overrides;
    // Nothing when it is still known what came out for these.
    if let Some(text) = runtime::hops(exchange.call, exchange.request, removes_overrides) {
        let hops = Hops::read(&text).ok_or(Fault::Internal)?;
        let names = removed(&hops, removes_overrides, policy);
        runtime::remove(exchange.call, removes_overrides, &text, &names);
    }
    Ok(())
}

fn removed(hops: &Hops<'_>, removes_overrides: bool, policy: &Policy) -> String {
    let removal = Removal {
        connection: hops.connection,
        proxy_connection: hops.proxy_connection,
        is_websocket: opens_websocket(hops.upgrade, hops.method.unwrap_or_default(), hops.has_body),
        keeps_authorization: policy.forward_authorization(),
        removes_overrides,
    };
    let removed = hops.names.split(',').filter(|name| removal.removes(name));
    removed.collect::<Vec<_>>().join(",")
}
