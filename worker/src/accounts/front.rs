//! The part of the admin API that has no state: credential, path, parameters and body become an [`Operation`].

mod listed;

use keyguard::{AdminDenial, Fault, KeyDigest, Problem, life::might_show};
use serde::{Deserialize, Serialize};
use serde_json::json;
use wasm_bindgen::JsValue;
use web_sys::Response;
use worker::{Env, console_log};

use super::{
    call::{Answer, By, Call, Operation, Repeat},
    credentials::authenticate,
    digests::{self, derived_account_id},
    route::{self, Parsed},
    runtime,
    shared::{self, Call as Request},
    sql::list,
};
use listed::Accounts;

/// What a request says, read of the runtime's objects.
pub(crate) struct Asked {
    pub(crate) method: String,
    url: String,
    request_id: String,
    started: f64,
    headers: shared::Headers,
}

impl Asked {
    pub(crate) fn read(request: &shared::Request, call: &Request) -> Self {
        Self {
            method: request.method(),
            url: request.url(),
            request_id: call.id(),
            started: call.started(),
            headers: request.headers(),
        }
    }

    /// Raw path and query.
    fn target(&self) -> (&str, Option<&str>) {
        let rest = self.url.split_once("://").map_or("", |(_, rest)| rest);
        let target = rest.split_at_checked(rest.find('/').unwrap_or(rest.len()));
        let target = target.map_or("", |(_, target)| target);
        let target = target.split_once('#').map_or(target, |(target, _)| target);
        target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)))
    }

    /// Raw path.
    pub(crate) fn path(&self) -> &str {
        self.target().0
    }

    /// Raw query, empty if there is none.
    pub(crate) fn query(&self) -> &str {
        self.target().1.unwrap_or_default()
    }

    /// The caller's address, as the platform says it.
    pub(crate) fn address(&self) -> String {
        self.header("cf-connecting-ip").unwrap_or_default()
    }

    fn header(&self, name: &str) -> Option<String> {
        self.headers.get(&name.into())
    }

    /// Answers and logs: who asked for what, and never what was in it.
    pub(crate) fn respond(&self, answer: &Answer, call: Option<(&Call, &str)>) -> Response {
        let line = Line {
            event: "admin",
            status: answer.status,
            request_id: &self.request_id,
            method: &self.method,
            operation: call.map(|(_, name)| name),
            account: call.map(|(call, _)| call.account.as_str()),
            credential: call.map(|(call, _)| call.by.credential.as_str()),
            actor: call.and_then(|(call, _)| call.by.actor.as_deref()),
            duration_ms: shared::now_ms() - self.started,
        };
        console_log!("{}", list(&line));
        let challenge = || Problem::from(AdminDenial::Unauthorized).challenge();
        let headers = Headers {
            media: if answer.is_problem { "application/problem+json" } else { "application/json" },
            cache: "no-store",
            request_id: &self.request_id,
            allow: (answer.status == 405).then(|| route::allowed(self.target().0)),
            retry_after: answer.retry_after.as_deref(),
            rate_limit: answer.rate_limit.as_deref(),
            rate_limit_policy: answer.rate_limit_policy.as_deref(),
            replayed: answer.is_replayed.then_some("true"),
            challenge: if answer.status == 401 { challenge() } else { None },
        };
        runtime::answer(answer.status, &answer.body, &list(&headers))
    }

    pub(crate) fn refuse(&self, problem: &Problem, call: Option<(&Call, &str)>) -> JsValue {
        let path = self.target().0;
        let instance = (!might_show(path)).then_some(path);
        let answer = Answer::of_problem(problem, instance, &self.request_id);
        self.respond(&answer, call).into()
    }

    fn by(&self, credential: &str) -> Result<By, AdminDenial> {
        let actor = self.header("keyguard-actor");
        let is_actor = |actor: &String| {
            (1..=128).contains(&actor.len()) && actor.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if actor.as_ref().is_some_and(|actor| !is_actor(actor) || might_show(actor)) {
            let reason = "Keyguard-Actor: must be 1 to 128 visible ASCII characters, and no key";
            return Err(AdminDenial::InvalidParameter(reason.to_owned()));
        }
        Ok(By { credential: credential.to_owned(), actor })
    }

    fn repeat(&self, body: &str) -> Result<Repeat, AdminDenial> {
        let key = self.header("idempotency-key").ok_or(AdminDenial::IdempotencyKeyRequired)?;
        let is_key =
            (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_key {
            return Err(AdminDenial::IdempotencyKeyRequired);
        }
        if might_show(&key) {
            let reason = "Idempotency-Key: holds a secret key or a credential, and is kept";
            return Err(AdminDenial::InvalidParameter(reason.to_owned()));
        }
        let (path, query) = self.target();
        let query = query.unwrap_or_default();
        let fingerprint = KeyDigest::of(&format!("{}\n{path}\n{query}\n{body}", self.method));
        Ok(Repeat { idempotency_key: key, fingerprint })
    }

    pub(crate) fn check_media_type(&self) -> Result<(), AdminDenial> {
        let given = self.header("content-type").unwrap_or_default();
        let given = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_patch = self.method == "PATCH" && given == "application/merge-patch+json";
        if is_patch || given == "application/json" {
            Ok(())
        } else {
            Err(AdminDenial::UnsupportedMediaType)
        }
    }

    fn call(&self, env: &Env, body: Option<&str>) -> Result<(Call, Parsed), Problem> {
        let credential = authenticate(env, self.header("authorization").as_deref())?;
        let by = self.by(credential)?;
        let (path, query) = self.target();
        let segments = route::segments(path);
        let is_change = route::find(&self.method, &segments)?.is_change();
        if is_change {
            self.check_media_type()?;
        }
        let body = if is_change { body.ok_or(AdminDenial::BodyTooLarge)? } else { "" };
        let repeat = if is_change { Some(self.repeat(body)?) } else { None };
        let query = query.unwrap_or_default();
        let parsed = route::parse(&self.method, path, query, body)?;
        // Without an id of its own: the same request again has to find the account that it made.
        let account = match (&parsed.operation, &repeat) {
            (Operation::CreateAccount(_), Some(repeat)) if parsed.account.is_empty() => {
                derived_account_id(&by.credential, &repeat.idempotency_key)
            }
            _ => parsed.account.clone(),
        };
        let call = Call {
            method: self.method.clone(),
            path: path.to_owned(),
            query: query.to_owned(),
            body: body.to_owned(),
            account,
            by,
            request_id: self.request_id.clone(),
            repeat,
        };
        Ok((call, parsed))
    }
}

/// Refuses who may not use the admin API, before anything else of the request is read; `undefined` for the others.
pub(crate) fn open(asked: &Asked, env: &Env) -> JsValue {
    match authenticate(env, asked.header("authorization").as_deref()) {
        Ok(_) => JsValue::UNDEFINED,
        Err(problem) => asked.refuse(&problem, None),
    }
}

/// A refusal, or as JSON what is to be asked of which object: `{ place, name, operation, call }`.
pub(crate) fn plan(asked: &Asked, env: &Env, body: Option<&str>) -> JsValue {
    let (call, parsed) = match asked.call(env, body) {
        Ok(call) => call,
        Err(problem) => return asked.refuse(&problem, None),
    };
    let (place, name) = match &parsed.operation {
        Operation::ListAccounts(page) => {
            let cursor = page.cursor.as_deref();
            let asked = json!({ "prefix": ACCOUNT_PREFIX, "limit": page.limit, "cursor": cursor });
            ("accounts", asked.to_string())
        }
        Operation::FindDigest(digest) => ("digests", digests::shard(digest)),
        _ => ("account", call.account.clone()),
    };
    let (operation, call) = (parsed.operation.name(), list(&call));
    list(&Plan { place, name: &name, operation, call: &call }).into()
}

/// The response for what an object, or the store's list, answered; nothing for one that failed.
pub(crate) fn answer(asked: &Asked, plan: &str, answer: Option<&str>) -> JsValue {
    let plan: Result<Planned, _> = serde_json::from_str(plan);
    let call = plan.as_ref().ok().and_then(|plan| serde_json::from_str::<Call>(&plan.call).ok());
    let (Ok(plan), Some(call)) = (plan, call) else {
        return asked.refuse(&Fault::Internal.into(), None);
    };
    let is_list = plan.place == "accounts";
    let call = Some((&call, plan.operation.as_str()));
    let read = answer.and_then(|answer| {
        if is_list {
            let accounts: Accounts = serde_json::from_str(answer).ok()?;
            Some(if accounts.is_bad_cursor {
                let reason = "cursor: must be an answer's next_cursor".to_owned();
                let problem = AdminDenial::InvalidParameter(reason).into();
                Answer::of_problem(&problem, Some(asked.target().0), &asked.request_id)
            } else {
                Answer::new(200, &accounts.shown())
            })
        } else {
            serde_json::from_str(answer).ok()
        }
    });
    match read {
        Some(answer) => asked.respond(&answer, call).into(),
        None => asked.refuse(&Fault::StoreUnavailable.into(), call),
    }
}

#[derive(Serialize)]
struct Plan<'a> {
    place: &'a str,
    name: &'a str,
    operation: &'a str,
    call: &'a str,
}

#[derive(Deserialize)]
struct Planned {
    place: String,
    operation: String,
    call: String,
}

#[derive(Serialize)]
struct Line<'a> {
    event: &'a str,
    status: u16,
    request_id: &'a str,
    method: &'a str,
    operation: Option<&'a str>,
    account: Option<&'a str>,
    credential: Option<&'a str>,
    actor: Option<&'a str>,
    duration_ms: f64,
}

#[derive(Serialize)]
struct Headers<'a> {
    #[serde(rename = "Content-Type")]
    media: &'a str,
    #[serde(rename = "Cache-Control")]
    cache: &'a str,
    #[serde(rename = "Keyguard-Request-Id")]
    request_id: &'a str,
    #[serde(rename = "Allow", skip_serializing_if = "Option::is_none")]
    allow: Option<String>,
    #[serde(rename = "Retry-After", skip_serializing_if = "Option::is_none")]
    retry_after: Option<&'a str>,
    #[serde(rename = "RateLimit", skip_serializing_if = "Option::is_none")]
    rate_limit: Option<&'a str>,
    #[serde(rename = "RateLimit-Policy", skip_serializing_if = "Option::is_none")]
    rate_limit_policy: Option<&'a str>,
    #[serde(rename = "Idempotent-Replayed", skip_serializing_if = "Option::is_none")]
    replayed: Option<&'a str>,
    #[serde(rename = "WWW-Authenticate", skip_serializing_if = "Option::is_none")]
    challenge: Option<String>,
}

/// What the store calls an account's entry, before its id.
pub(crate) const ACCOUNT_PREFIX: &str = "account:v1:";
