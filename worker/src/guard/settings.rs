//! What a deployment sets: the policy and what belongs to it, read once per isolate.

use std::cell::OnceCell;

use js_sys::{Function, Reflect};
use keyguard::{AssertionSecrets, Fault, Mode, Policy, PolicyError};
use wasm_bindgen::{JsCast, JsValue};

use super::log;
use super::runtime::{self, Env};

/// A deployment's settings.
pub(crate) struct Settings {
    pub(crate) policy: Policy,
    /// What assertions are signed with, where the deployment has it.
    pub(crate) secrets: Option<AssertionSecrets>,
    /// Whether there is a write side to tell of uses and incidents.
    pub(crate) has_accounts: bool,
    /// Whether verdicts are counted.
    pub(crate) has_usage: bool,
}

/// The deployment's settings.
///
/// What can't be read refuses everything: it never fails open. What is wrong with it is logged
/// once per isolate, since a line for each request would bury it.
pub(crate) fn settings(env: &Env) -> Result<&'static Settings, Fault> {
    SETTINGS.with(|settings| {
        *settings.get_or_init(|| match read(env) {
            // Lives as long as the isolate, and so does every reference into it.
            Ok(settings) => Ok(&*Box::leak(Box::new(settings))),
            Err(reason) => {
                reason.log();
                Err(Fault::Misconfigured)
            }
        })
    })
}

/// A binding or variable of the deployment; `undefined` for one that isn't there.
pub(crate) fn binding(env: &Env, name: &str) -> JsValue {
    Reflect::get(env, &JsValue::from_str(name)).unwrap_or_default()
}

fn read(env: &Env) -> Result<Settings, Misconfiguration> {
    let value = binding(env, "POLICY");
    if value.is_undefined() {
        return Err(Misconfiguration::NoPolicy);
    }
    // By way of a plain value: read straight into a struct, unknown fields would pass unseen.
    let value = serde_wasm_bindgen::from_value(value).map_err(|_| Misconfiguration::NotJson)?;
    let policy = Policy::from_value(value).map_err(Misconfiguration::Policy)?;
    check_upstreams(&policy)?;
    let secrets = secrets(env, &policy)?;
    check_limiters(env, &policy)?;
    Ok(Settings {
        policy,
        secrets,
        has_accounts: binding(env, "ACCOUNTS").is_object(),
        has_usage: binding(env, "USAGE").is_object(),
    })
}

fn secrets(env: &Env, policy: &Policy) -> Result<Option<AssertionSecrets>, Misconfiguration> {
    let value = binding(env, ASSERTION_SECRETS);
    if value.is_undefined() && !policy.requires_assertion() {
        return Ok(None);
    }
    let text = value.as_string().unwrap_or_default();
    let secrets = AssertionSecrets::parse(&text)
        .map_err(|error| Misconfiguration::Secrets(error.to_string()))?;
    Ok(Some(secrets))
}

/// The runtime knows more of hosts than the policy, such as numbers that are no address. It would fail with each request.
fn check_upstreams(policy: &Policy) -> Result<(), Misconfiguration> {
    let is_odd = |mode| policy.upstream(mode).is_some_and(|one| !runtime::is_url(one.as_str()));
    match [Mode::Live, Mode::Test].into_iter().find(|mode| is_odd(*mode)) {
        None => Ok(()),
        Some(mode) => Err(Misconfiguration::NoUrl(mode)),
    }
}

/// A limiter that isn't there would limit nothing.
fn check_limiters(env: &Env, policy: &Policy) -> Result<(), Misconfiguration> {
    let Some(rates) = policy.rates() else { return Ok(()) };
    for tier in rates.limiters() {
        let limiter = binding(env, tier.binding());
        let limit = Reflect::get(&limiter, &JsValue::from_str("limit")).unwrap_or_default();
        if !limit.is_instance_of::<Function>() {
            return Err(Misconfiguration::NoLimiter(tier.binding().to_owned()));
        }
    }
    Ok(())
}

enum Misconfiguration {
    NoPolicy,
    NotJson,
    Policy(PolicyError),
    /// In words that show nothing of a secret.
    Secrets(String),
    NoLimiter(String),
    NoUrl(Mode),
}

impl Misconfiguration {
    fn log(&self) {
        let (field, reason) = match self {
            Self::NoPolicy => ("POLICY", "is missing: add it to [vars] in wrangler.toml"),
            Self::NotJson => ("POLICY", "must be a JSON object"),
            Self::Policy(error) => (error.field(), error.reason()),
            Self::Secrets(reason) => (ASSERTION_SECRETS, reason.as_str()),
            Self::NoUrl(Mode::Live) => ("upstream.live", NO_URL),
            Self::NoUrl(Mode::Test) => ("upstream.test", NO_URL),
            Self::NoLimiter(binding) => {
                (binding.as_str(), "is missing: add it to [[ratelimits]] in wrangler.toml")
            }
        };
        log::misconfigured(field, reason);
    }
}

const NO_URL: &str = "must have a host that is a name or an address";
const ASSERTION_SECRETS: &str = "ASSERTION_SECRETS";

thread_local! {
    static SETTINGS: OnceCell<Result<&'static Settings, Fault>> = const { OnceCell::new() };
}
