//! Sending a granted request on, changed in nothing but what the grant and the policy say.

use keyguard::{
    CanonicalPath, Forward, Grant, Policy, RequestUrl, headers::Removal, policy::EXPOSED_HEADERS,
};
use wasm_bindgen::JsValue;

use super::{
    exchange::Exchange,
    runtime::{self, Identity},
};

/// Forwards the request and hands on the runtime's own promise of the response.
pub(crate) fn send(
    exchange: &Exchange<'_>,
    grant: Grant<'_>,
    identity: &Identity,
    url: &RequestUrl<'_>,
    policy: &Policy,
) -> JsValue {
    let forward = grant.into_forward();
    let record = forward.record;
    if let (Some(cors), Some(origin)) = (policy.cors(), exchange.facts.origin)
        && let Some(allowed) = cors.allow_origin(origin)
    {
        exchange.call.allow(allowed, EXPOSED_HEADERS);
    }
    if let (Some(rotated_at), Some(expires_at)) = (record.rotated_at, record.expires_at) {
        // RFC 9745 §2.1 and RFC 8594 §3.
        let deprecation = format!("@{}", rotated_at.0);
        exchange.call.retire(&deprecation, &runtime::http_date(expires_at.0));
    }
    runtime::send(
        exchange.call,
        exchange.request,
        &target(&forward, url),
        &removed(exchange, &forward, policy),
        identity,
        policy.upstream_timeout_ms(),
    )
}

/// The upstream's origin with the path that was judged, and the query as it came.
fn target(forward: &Forward<'_>, url: &RequestUrl<'_>) -> String {
    let path = forward.path.as_ref().map_or(url.path(), CanonicalPath::as_str);
    let mut target = format!("{}{path}", forward.upstream.as_str());
    if let Some(query) = url.query() {
        target.push('?');
        target.push_str(query);
    }
    target
}

fn removed(exchange: &Exchange<'_>, forward: &Forward<'_>, policy: &Policy) -> String {
    let facts = &exchange.facts;
    let removal = Removal {
        connection: facts.connection,
        proxy_connection: facts.proxy_connection,
        is_websocket: facts.upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket")),
        keeps_authorization: policy.forward_authorization(),
        removes_overrides: forward.removes_overrides,
    };
    let mut removed = String::new();
    for name in facts.names.split(',').filter(|name| removal.removes(name)) {
        if !removed.is_empty() {
            removed.push(',');
        }
        removed.push_str(name);
    }
    removed
}
