//! The read side: one request, from its URL to the upstream.
//!
//! The steps are the contract's, in its order:
//!
//! 1. the scheme is https
//! 2. a preflight is answered from the policy
//! 3. there is exactly one bearer token
//! 4. it is a key
//! 5. its record is read
//! 6. the record agrees with the prefix and is active
//! 7. a secret key does not come from a web page
//! 8. a publishable key comes from a listed origin
//! 9. a route permits the method and path
//! 10. the key's rate limit has room
//! 11. the request is forwarded to the upstream of the key's mode
//!
//! The rules are the core's. What waits between (5)'s question and its answer is the entry module's: nothing
//! is kept here, and the steps are gone through again from the first, which costs less than a state
//! that a trap could lose.

mod exchange;
mod exposure;
mod facts;
mod forward;
mod limits;
mod log;
mod memory;
mod refusals;
mod removed;
mod respond;
mod runtime;
mod settings;
mod store;
mod usage;

use keyguard::{
    CanonicalPath, Denial, Fault, Lookup, Policy, Problem, RequestFacts, RequestUrl, UnixTime,
    admin::is_reserved,
    decide::{admit, api_key, bearer, decide},
    policy::Preflight,
};
use wasm_bindgen::JsValue;
use zeroize::Zeroizing;

use crate::runtime::{Call, Request};
use exchange::Exchange;
use facts::Facts;
use limits::Room;
pub(crate) use limits::close;
use log::Subject;
use memory::Found;
pub(crate) use runtime::Env;

/// What was waited for since the first pass.
#[derive(Clone, Copy, Default)]
pub(crate) struct Brought<'a> {
    /// What the store answered.
    pub(crate) stored: Option<&'a JsValue>,
    /// What the limiter answered.
    pub(crate) within: Option<&'a JsValue>,
}

/// Answers a request with a `Response` or a promise of one; `undefined` when something was asked, and its answer
/// is to be brought to another pass.
pub(crate) fn handle(request: &Request, env: &Env, call: &Call, brought: Brought<'_>) -> JsValue {
    // It holds the credential.
    let text = Zeroizing::new(runtime::facts(request, call));
    let mut subject = Subject::Unknown;
    let facts = Facts::read(&text);
    let is_read = facts.is_some();
    let exchange = Exchange::new(request, env, call, facts.unwrap_or_default());
    let answer = if is_read {
        steps(&exchange, brought, &mut subject)
    } else {
        Err(Denial::UnreadableTarget.into())
    };
    answer.unwrap_or_else(|problem| exchange.refuse(&problem, &subject).into())
}

/// Answers for what broke: the upstream, if the request had been `sent` there, or else the guard itself.
pub(crate) fn failed(request: &Request, env: &Env, call: &Call, sent: bool, late: bool) -> JsValue {
    #[cfg(feature = "test-hooks")]
    runtime::panic_if_asked(request, call, "failed");
    let fault = match (sent, late) {
        (true, true) => Fault::UpstreamTimeout,
        (true, false) => Fault::UpstreamUnreachable,
        (false, _) => Fault::Internal,
    };
    let subject = call.identity().as_ref().and_then(Subject::of_forwarded);
    let subject = subject.unwrap_or(Subject::Unknown);
    let text = Zeroizing::new(runtime::facts(request, call));
    let facts = Facts::read(&text).unwrap_or_default();
    Exchange::new(request, env, call, facts).refuse(&fault.into(), &subject).into()
}

/// Looks after a key that a refused request gave away, with what the store said of it under its name there; false if that was nothing.
pub(crate) fn inspected(
    request: &Request,
    env: &Env,
    call: &Call,
    name: &str,
    stored: &JsValue,
) -> bool {
    let text = Zeroizing::new(runtime::facts(request, call));
    let (Some(facts), Ok(settings)) = (Facts::read(&text), settings::settings(env)) else {
        return true;
    };
    let exchange = Exchange::new(request, env, call, facts);
    let Some(url) = exchange.url() else { return true };
    let denial = before(&exchange, &url, &settings.policy)
        .and_then(|_| bearer(&url, exchange.facts.method, exchange.facts.authorization).map(drop));
    let Err(denial) = denial else { return true };
    exposure::given_away_by(&exchange, denial, &url, settings, Some((name, stored))).is_ok()
}

/// Takes in that a key's account was told of what was pinned of it here, under its name in the store.
pub(crate) fn told(env: &Env, digest: &str, now: f64) {
    if let (Ok(settings), Ok(digest)) = (settings::settings(env), digest.parse()) {
        memory::unpin(&digest, &settings.policy, runtime::millis(now));
    }
}

/// Steps 1 and 2.
fn before<'a>(
    exchange: &Exchange<'_>,
    url: &RequestUrl<'_>,
    policy: &'a Policy,
) -> Result<Option<Preflight<'a>>, Denial> {
    let Facts { method, origin, requested_method, .. } = exchange.facts;
    admit(url, method, origin, requested_method, policy)
}

fn steps(
    exchange: &Exchange<'_>,
    brought: Brought<'_>,
    subject: &mut Subject,
) -> Result<JsValue, Problem> {
    let settings = settings::settings(exchange.env)?;
    let policy = &settings.policy;
    #[cfg(feature = "test-hooks")]
    runtime::panic_if_asked(exchange.request, exchange.call, "steps");
    #[cfg(feature = "test-hooks")]
    if brought.stored.is_some() {
        runtime::panic_if_asked(exchange.request, exchange.call, "stored");
    }
    let url = exchange.url().ok_or(Denial::UnreadableTarget)?;
    let Facts { method, origin, fetch_site, .. } = exchange.facts;
    let now = exchange.now;
    let gives_away = |denial| {
        // Nothing was asked yet that could have failed.
        exposure::given_away_by(exchange, denial, &url, settings, None).unwrap_or_default();
        denial
    };
    let strikes = |denial| {
        if matches!(
            denial,
            Denial::MalformedAuthorization | Denial::NotAKey(_) | Denial::UnknownKey
        ) {
            limits::strike(exchange, policy);
        }
        denial
    };

    // (1) (2)
    let preflight = before(exchange, &url, policy).map_err(gives_away)?;
    if (preflight.is_some() || is_reserved(url.path())) && url.query_holds_key() {
        gives_away(Denial::KeyInQuery);
    }
    if let Some(preflight) = preflight {
        return Ok(respond::preflight(&preflight).into());
    }
    if is_reserved(url.path()) {
        // Never the upstream's: the entry module takes it from here.
        exchange.call.reserve();
        return Ok(JsValue::UNDEFINED);
    }
    let token = bearer(&url, method, exchange.facts.authorization) // (3)
        .map_err(|denial| strikes(gives_away(denial)))?;
    let key = api_key(&token).map_err(strikes)?; // (4)
    let lookup = Lookup::of(key, policy).map_err(strikes)?;
    *subject = Subject::of_key(&lookup);

    // (5)
    let found = match (memory::recall(lookup.digest(), policy, now), brought.stored) {
        (Found::Known(found), _) => found,
        (Found::AskStore, Some(stored)) => {
            memory::keep(lookup.digest(), stored, policy, (exchange.asked_at(), now))?
        }
        (Found::AskStore, None) => {
            limits::admit_address(exchange, lookup.digest(), policy)
                .inspect_err(|_| limits::strike(exchange, policy))?;
            store::ask(exchange, &lookup, policy)?;
            return Ok(JsValue::UNDEFINED);
        }
    };
    let record = found.as_ref().map(|found| &found.record);
    subject.now_known(record);

    let path = CanonicalPath::parse(url.path());
    let facts = RequestFacts { method, path: path.as_ref(), origin, fetch_site };
    let notes = |denial| {
        if let Some(record) = record {
            exposure::note(exchange, denial, &lookup, record, settings);
        }
    };
    let decided = decide(&lookup, record, &facts, policy, UnixTime(now / 1000)); // (6) (7) (8) (9)
    let grant = decided.map_err(|denial| {
        notes(denial);
        strikes(denial)
    })?;
    let Some(found) = &found else { return Err(Fault::Internal.into()) };
    // (10)
    let Room::Enough(grant) = limits::check(exchange, grant, policy, brought.within)? else {
        return Ok(JsValue::UNDEFINED);
    };
    if let Some(denial) = grant.reported() {
        notes(denial);
    }
    let log = log::allowed(exchange, &grant, subject, found, policy);
    usage::allowed(exchange, &grant, lookup.digest(), settings);
    Ok(forward::send(exchange, grant, found, &url, &log, settings)?) // (11)
}
