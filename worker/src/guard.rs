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
mod facts;
mod forward;
mod log;
mod memory;
mod respond;
mod runtime;
mod settings;
mod store;

use keyguard::{
    CanonicalPath, Denial, Fault, Lookup, Problem, RequestFacts, UnixTime,
    admin::is_reserved,
    decide::{admit, api_key, bearer, decide},
};
use wasm_bindgen::JsValue;
use worker::Env;
use zeroize::Zeroizing;

use crate::runtime::{Call, Request};
use exchange::Exchange;
use facts::Facts;
use log::Subject;
use memory::Found;

/// Answers a request with a `Response` or a promise of one; `undefined` when the store was asked, and its answer
/// is to be brought as `stored`.
pub(crate) fn handle(
    request: &Request,
    env: &Env,
    call: &Call,
    stored: Option<&JsValue>,
) -> JsValue {
    // It holds the credential.
    let text = Zeroizing::new(runtime::facts(request, call));
    let mut subject = Subject::Unknown;
    let facts = Facts::read(&text);
    let is_read = facts.is_some();
    let exchange = Exchange { request, env, call, facts: facts.unwrap_or_default() };
    let answer = if is_read {
        steps(&exchange, stored, &mut subject)
    } else {
        Err(Denial::UnreadableTarget.into())
    };
    answer.unwrap_or_else(|problem| exchange.refuse(&problem, &subject).into())
}

/// Answers for what broke: the upstream, if the request had been `sent` there, or else the guard itself.
pub(crate) fn failed(request: &Request, env: &Env, call: &Call, sent: bool, late: bool) -> JsValue {
    let fault = match (sent, late) {
        (true, true) => Fault::UpstreamTimeout,
        (true, false) => Fault::UpstreamUnreachable,
        (false, _) => Fault::Internal,
    };
    let subject = call.identity().as_ref().and_then(Subject::of_forwarded);
    let subject = subject.unwrap_or(Subject::Unknown);
    let text = Zeroizing::new(runtime::facts(request, call));
    let facts = Facts::read(&text).unwrap_or_default();
    Exchange { request, env, call, facts }.refuse(&fault.into(), &subject).into()
}

fn steps(
    exchange: &Exchange<'_>,
    stored: Option<&JsValue>,
    subject: &mut Subject,
) -> Result<JsValue, Problem> {
    let policy = settings::policy(exchange.env)?;
    #[cfg(feature = "test-hooks")]
    runtime::panic_if_asked(exchange.request);
    let url = exchange.url().ok_or(Denial::UnreadableTarget)?;
    let Facts { method, origin, now, .. } = exchange.facts;

    // (1) (2)
    if let Some(preflight) = admit(&url, method, origin, exchange.facts.requested_method, policy)? {
        return Ok(respond::preflight(&preflight).into());
    }
    if is_reserved(url.path()) {
        // Never the upstream's: the entry module takes it from here.
        exchange.call.reserve();
        return Ok(JsValue::UNDEFINED);
    }
    let token = bearer(&url, method, exchange.facts.authorization)?; // (3)
    let lookup = Lookup::of(api_key(&token)?, policy)?; // (4)
    *subject = Subject::of_key(&lookup);

    // (5)
    let found = match (memory::recall(lookup.digest(), policy, now), stored) {
        (Found::Known(found), _) => found,
        (Found::AskStore, Some(stored)) => {
            memory::keep(lookup.digest(), stored, policy, (exchange.asked_at(), now))?
        }
        (Found::AskStore, None) => {
            store::ask(exchange, &lookup, policy)?;
            return Ok(JsValue::UNDEFINED);
        }
    };
    let record = found.as_ref().map(|found| &found.record);
    subject.now_known(record);

    let path = CanonicalPath::parse(url.path());
    let fetch_site = exchange.facts.fetch_site;
    let facts = RequestFacts { method, path: path.as_ref(), origin, fetch_site };
    let grant = decide(&lookup, record, &facts, policy, UnixTime(now / 1000))?; // (6) (7) (8) (9)
    let Some(found) = &found else { return Err(Fault::Internal.into()) };
    // (10) has no limiter yet: every key's limit has room.
    log::allowed(exchange, &grant, subject);
    Ok(forward::send(exchange, grant, &found.identity, &url, policy)) // (11)
}
