//! Sending a granted request on, changed in nothing but what the grant and the policy say.

use keyguard::{
    AssertionSecrets, CanonicalPath, Claims, Fault, Forward, Grant, RequestUrl, UnixTime,
    policy::{EXPOSED_HEADERS, Upstream},
};
use wasm_bindgen::JsValue;

use super::{
    exchange::Exchange, log::Allowed, memory::Remembered, removed, runtime, settings::Settings,
};

/// Forwards the request, logs what there is to log, and hands on the promise of what the caller gets.
pub(crate) fn send(
    exchange: &Exchange<'_>,
    grant: Grant<'_>,
    found: &Remembered,
    url: &RequestUrl<'_>,
    log: &Allowed,
    settings: &Settings,
) -> Result<JsValue, Fault> {
    let policy = &settings.policy;
    let forward = grant.into_forward();
    let record = forward.record;
    let target = target(&forward, url);
    if let (Some(cors), Some(origin)) = (policy.cors(), exchange.facts.origin)
        && let Some(allowed) = cors.allow_origin(origin)
    {
        exchange.call.allow((allowed != origin).then_some(allowed));
    }
    if let (Some(rotated_at), Some(expires_at)) = (record.rotated_at, record.expires_at) {
        // RFC 9745 §2.1 and RFC 8594 §3.
        let deprecation = format!("@{}", rotated_at.0);
        exchange.call.retire(&deprecation, &runtime::http_date(expires_at.0));
    }
    let secrets = settings.secrets.as_ref();
    let assertion = secrets.map(|secrets| assertion(secrets, exchange, &forward, url, &target));
    removed::decide(exchange, &forward, policy)?;
    let as_it_came = place_in(exchange.facts.url, &target, forward.upstream);
    let (line, is_again) = match log {
        Allowed::Nothing => (None, false),
        Allowed::Again => (None, true),
        Allowed::Line(line) => (Some(line.as_str()), false),
    };
    let identity = found.identity.get();
    let sent = runtime::send(
        exchange.call,
        exchange.request,
        identity,
        identity.is_none().then(|| fields(&forward)).as_deref(),
        as_it_came.is_none().then_some(target.as_str()),
        as_it_came.unwrap_or_default(),
        assertion.as_deref(),
        line,
        is_again,
        policy.upstream_timeout_ms(),
    );
    if identity.is_none()
        && let Some(made) = exchange.call.identity()
    {
        found.identity.get_or_init(|| made);
    }
    Ok(sent)
}

/// What an identity is made of, a field a line: a record's ids hold no line feed, and no origin does.
fn fields(forward: &Forward<'_>) -> String {
    let record = forward.record;
    let (kind, mode) = (record.kind.as_str(), record.mode.as_str());
    let upstream = forward.upstream.as_str();
    [record.account.as_str(), &record.id, kind, mode, upstream, EXPOSED_HEADERS].join("\n")
}

/// From where on the URL that came is what goes to the upstream, if it is.
fn place_in(url: &str, target: &str, upstream: &Upstream) -> Option<u32> {
    let sent = target.strip_prefix(upstream.as_str())?;
    let before = url.strip_suffix(sent)?;
    // JavaScript counts in other units.
    before.is_ascii().then(|| before.len().try_into().ok())?
}

/// What proves to the upstream whose request it is, and that it is this one.
fn assertion(
    secrets: &AssertionSecrets,
    exchange: &Exchange<'_>,
    forward: &Forward<'_>,
    url: &RequestUrl<'_>,
    target: &str,
) -> String {
    let record = forward.record;
    let path = forward.path.as_ref().map_or(url.path(), CanonicalPath::as_str);
    let folded = if is_sent_as_it_is(path) { None } else { Some(runtime::pathname(target)) };
    secrets.sign(&Claims {
        audience: forward.upstream.as_str(),
        issued_at: UnixTime(exchange.now / 1000),
        id: exchange.facts.request_id,
        account: &record.account,
        key_id: &record.id,
        kind: record.kind,
        mode: record.mode,
        method: exchange.facts.method,
        path: folded.as_deref().unwrap_or(path),
    })
}

/// Whether the runtime changes nothing of a path: no dot segments, and no characters that it would escape.
fn is_sent_as_it_is(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~!$&'()*+,;=:@".contains(&byte);
    path.bytes().all(is_plain) && !path.contains("/.")
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
