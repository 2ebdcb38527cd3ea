//! Reports of leaked keys, from whoever found one: GitHub's secret scanning, and holders who present the key itself.
//!
//! Neither needs a credential: GitHub's messages are signed, and who holds a key may end it. Texts of keys end here: what goes
//! on is their digests.

use keyguard::{
    AdminDenial, ApiKey, ExposureReport, Fault, Incident, KeyDigest, Kind, Lookup, Policy, Problem,
    UnixTime, gate::network, life::might_show, policy::Rates,
};
use serde::{Deserialize, Serialize};
use serde_json::{json, value::RawValue};
use wasm_bindgen::JsValue;
use worker::{Env, console_warn};

use super::{
    body::Object, call::Answer, digests::shard, front::Asked, query::Query, route,
    settings::policy, sql::list,
};

/// Whose report a request is, if it is one that the policy takes, and which limiter is to be asked first: as JSON, [`Opened`]; or why it
/// is refused. `undefined` for every other request.
pub(crate) fn open(asked: &Asked, env: &Env) -> JsValue {
    let segments = route::segments(asked.path());
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let source = match segments.as_slice() {
        ["leaks", "github"] => Source::Github,
        ["leaks"] => Source::Presented,
        _ => return JsValue::UNDEFINED,
    };
    let policy = policy(env);
    let leaks = policy.as_ref().map(Policy::leaks).unwrap_or_default();
    let is_on = match source {
        Source::Github => leaks.github,
        Source::Presented => leaks.presented,
    };
    if !is_on {
        return JsValue::UNDEFINED;
    }
    if asked.method != "POST" {
        return asked.refuse(&AdminDenial::MethodNotAllowed.into(), None);
    }
    let is_plain = Query::read(asked.query()).and_then(Query::finish);
    match is_plain.and_then(|()| asked.check_media_type()) {
        Ok(()) => list(&Opened {
            source,
            limiter: policy.as_ref().and_then(|policy| Limiter::of(asked, policy)),
        })
        .into(),
        Err(denial) => asked.refuse(&denial.into(), None),
    }
}

/// The refusal of a report whose address is over its limit; without `is_over`, since the limiter didn't say.
pub(crate) fn limited(asked: &Asked, env: &Env, is_over: bool) -> JsValue {
    let policy = policy(env);
    let tier = policy.as_ref().and_then(Policy::rates).and_then(Rates::leaks);
    let problem = match tier {
        Some(tier) if is_over => tier.denial().into(),
        // What can't be counted isn't let pass.
        _ => Fault::StoreUnavailable.into(),
    };
    asked.refuse(&problem, None)
}

/// A refusal, or as JSON which digests' objects are to be asked and what their owners are to be told.
///
/// `is_signed` says whether the body is GitHub's; nothing, that there was no way to find out. No `body` is one that is too long.
pub(crate) fn plan(
    asked: &Asked,
    env: &Env,
    source: &str,
    body: Option<&str>,
    is_signed: Option<bool>,
    now: UnixTime,
) -> JsValue {
    let planned = policy(env).ok_or(Fault::Misconfigured.into()).and_then(|policy| match source {
        "github" => github(body, is_signed, &policy, now),
        _ => Ok(presented(body, &policy, now)?),
    });
    match planned {
        Ok(plan) => list(&plan).into(),
        Err(problem) => asked.refuse(&problem, None),
    }
}

/// The response, once their owners know: `known` is the list of the digests that are somebody's secret keys. Nothing if that failed.
pub(crate) fn answer(asked: &Asked, plan: &str, known: Option<&str>) -> JsValue {
    let plan: Result<Plan, _> = serde_json::from_str(plan);
    let known: Option<Vec<KeyDigest>> = known.and_then(|known| serde_json::from_str(known).ok());
    let (Ok(plan), Some(known)) = (plan, known) else {
        return asked.refuse(&Fault::StoreUnavailable.into(), None);
    };
    let answer = match plan.source {
        // The same whether or not there is such a key.
        Source::Presented => Answer::new(202, &Received { received: true }),
        Source::Github => {
            let labels: Vec<Verdict<'_>> =
                plan.leaks.iter().map(|leak| leak.label(&known)).collect();
            Answer::new(200, &labels)
        }
    };
    asked.respond(&answer, None).into()
}

fn github(
    body: Option<&str>,
    is_signed: Option<bool>,
    policy: &Policy,
    now: UnixTime,
) -> Result<Plan, Problem> {
    let body = body.ok_or(AdminDenial::BodyTooLarge)?;
    match is_signed {
        None => return Err(Fault::StoreUnavailable.into()),
        Some(false) => return Err(AdminDenial::InvalidSignature.into()),
        Some(true) => {}
    }
    let items: Vec<&RawValue> = serde_json::from_str(body).map_err(|_| {
        let reason = "the body: must be a list of objects with `token`, `type` and `url`";
        AdminDenial::InvalidBody(reason.to_owned())
    })?;
    // One that makes no sense costs no other its report: the message isn't sent again.
    let leaks = items.iter().filter_map(|item| {
        let Object(found): Object<Found<'_>> = serde_json::from_str(item.get()).ok()?;
        let incident = Incident::on_github(text(found.url).as_deref());
        let token_type = text(found.r#type).unwrap_or_default();
        Some(Leak::of(&text(found.token)?, token_type, &incident, policy, now))
    });
    let leaks: Vec<Leak> = leaks.collect();
    let skipped = items.len().saturating_sub(leaks.len());
    if skipped > 0 {
        console_warn!("{}", json!({ "event": "github-leaks-skipped", "skipped": skipped }));
    }
    Ok(Plan { source: Source::Github, leaks })
}

/// A string, if that is what a field is.
fn text(field: Option<&RawValue>) -> Option<String> {
    serde_json::from_str(field?.get()).ok()
}

fn presented(body: Option<&str>, policy: &Policy, now: UnixTime) -> Result<Plan, AdminDenial> {
    // The grammar is public; whether there is such a key isn't said.
    let invalid = || {
        let reason = "the body: must be an object with `key`, one API key, whole and nothing else";
        AdminDenial::InvalidBody(reason.to_owned())
    };
    let presented: Result<Object<Presented>, _> =
        serde_json::from_str(body.ok_or(AdminDenial::BodyTooLarge)?);
    let Object(Presented { key }) = presented.map_err(|_| invalid())?;
    ApiKey::parse(&key).map_err(|_| invalid())?;
    let leak = Leak::of(&key, String::new(), &Incident::presented(), policy, now);
    Ok(Plan { source: Source::Presented, leaks: vec![leak] })
}

/// A request that is a report.
#[derive(Serialize)]
struct Opened<'a> {
    source: Source,
    limiter: Option<Limiter<'a>>,
}

/// The limiter that counts an address, and for how long it may be asked.
#[derive(Serialize)]
struct Limiter<'a> {
    binding: &'a str,
    key: String,
    ms: u32,
}

impl<'a> Limiter<'a> {
    fn of(asked: &Asked, policy: &'a Policy) -> Option<Self> {
        let binding = policy.rates()?.leaks()?.binding();
        Some(Self { binding, key: network(&asked.address()), ms: policy.store_timeout_ms() })
    }
}

/// What is to be done about a report.
#[derive(Serialize, Deserialize)]
struct Plan {
    source: Source,
    leaks: Vec<Leak>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Source {
    Github,
    Presented,
}

/// One text that was found.
#[derive(Serialize, Deserialize)]
struct Leak {
    digest: KeyDigest,
    token_type: String,
    /// The object that knows whose it is, and what its owner is to be told; none for what can't be a secret key.
    shard: Option<String>,
    report: Option<String>,
}

impl Leak {
    fn of(
        text: &str,
        token_type: String,
        incident: &Incident,
        policy: &Policy,
        now: UnixTime,
    ) -> Self {
        let key = ApiKey::parse(text).ok().filter(|key| key.kind() == Kind::Secret);
        let lookup = key.and_then(|key| Lookup::of(key, policy).ok());
        let report =
            lookup.map(|lookup| ExposureReport::new(incident, &lookup, "", policy, now).to_json());
        let digest = KeyDigest::of(text);
        Self {
            token_type: if might_show(&token_type) { String::new() } else { token_type },
            shard: report.is_some().then(|| shard(&digest)),
            digest,
            report,
        }
    }

    fn label(&self, known: &[KeyDigest]) -> Verdict<'_> {
        let is_known = known.contains(&self.digest);
        Verdict {
            token_hash: &self.digest,
            token_type: &self.token_type,
            label: if is_known { "true_positive" } else { "false_positive" },
        }
    }
}

/// What GitHub is told of a token.
#[derive(Serialize)]
struct Verdict<'a> {
    token_hash: &'a KeyDigest,
    token_type: &'a str,
    label: &'a str,
}

/// What GitHub tells of one, each field as it comes. It may tell more.
#[derive(Deserialize)]
struct Found<'a> {
    #[serde(borrow)]
    token: Option<&'a RawValue>,
    #[serde(borrow)]
    r#type: Option<&'a RawValue>,
    #[serde(borrow)]
    url: Option<&'a RawValue>,
}

/// A key that somebody wants to be over.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Presented {
    key: String,
}

#[derive(Serialize)]
struct Received {
    received: bool,
}
