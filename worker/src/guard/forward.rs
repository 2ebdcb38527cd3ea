//! Sending a granted request on, changed in nothing but what the grant and the policy say.

use keyguard::{
    CanonicalPath, Forward, Grant, Policy, RequestUrl, headers::Removal, policy::EXPOSED_HEADERS,
};
use wasm_bindgen::JsValue;

use super::{exchange::Exchange, runtime};

/// Forwards the request and hands on the runtime's own promise of the response.
pub(crate) fn send(
    exchange: &Exchange<'_>,
    grant: Grant<'_>,
    url: &RequestUrl<'_>,
    policy: &Policy,
) -> JsValue {
    let forward = grant.into_forward();
    let record = forward.record;
    let derived = runtime::derive(
        exchange.request,
        &target(&forward, url),
        &removed(exchange, &forward, policy),
        &record.account,
        &record.id,
        record.kind.as_str(),
        record.mode.as_str(),
        &exchange.call.id(),
    );
    if let (Some(cors), Some(origin)) = (policy.cors(), &exchange.origin)
        && let Some(allowed) = cors.allow_origin(origin)
    {
        exchange.call.allow(allowed, EXPOSED_HEADERS);
    }
    if let (Some(rotated_at), Some(expires_at)) = (record.rotated_at, record.expires_at) {
        // RFC 9745 §2.1 and RFC 8594 §3.
        let deprecation = format!("@{}", rotated_at.0);
        exchange.call.retire(&deprecation, &runtime::http_date(expires_at.0));
    }
    exchange.call.send(&derived, policy.upstream_timeout_ms())
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
    let headers = exchange.request.headers();
    let connection = runtime::header(&headers, &runtime::CONNECTION);
    let proxy_connection = runtime::header(&headers, &runtime::PROXY_CONNECTION);
    let upgrade = runtime::header(&headers, &runtime::UPGRADE);
    let removal = Removal {
        connection: connection.as_deref(),
        proxy_connection: proxy_connection.as_deref(),
        is_websocket: upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket")),
        keeps_authorization: policy.forward_authorization(),
        removes_overrides: forward.removes_overrides,
    };
    let names = runtime::names(&headers);
    names.split('\n').filter(|name| removal.removes(name)).collect::<Vec<_>>().join("\n")
}
