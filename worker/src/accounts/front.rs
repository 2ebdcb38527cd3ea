//! The part of the admin API that has no state: credential, path, parameters and body become an [`Operation`].

mod route;

use keyguard::{AdminDenial, KeyDigest, Problem, admin, life::check_id, scan::holds_secret_key};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use wasm_bindgen::JsValue;
use web_sys::Response;
use worker::{Env, console_log};

use super::{
    call::{Answer, By, Call, Operation, Repeat},
    credentials::authenticate,
    digests, runtime,
};
use crate::guard::runtime::{self as guard, Call as Request};

/// What a request says, read of the runtime's objects.
pub(crate) struct Asked {
    pub(crate) method: String,
    url: String,
    request_id: String,
    started: f64,
    headers: guard::Headers,
}

impl Asked {
    pub(crate) fn read(request: &guard::Request, call: &Request) -> Self {
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

    fn header(&self, name: &str) -> Option<String> {
        self.headers.get(&name.into())
    }

    fn instance(&self) -> Option<String> {
        let path = self.target().0;
        (!keyguard::scan::might_show_secret_key(path)).then(|| path.to_owned())
    }

    /// Answers and logs: who asked for what, and never what was in it.
    fn respond(&self, answer: &Answer, operation: Option<(&Call, &'static str)>) -> Response {
        let allow = (answer.status == 405).then(|| route::allowed(self.segments().as_deref()));
        console_log!(
            "{}",
            json!({
                "event": "admin",
                "status": answer.status,
                "request_id": self.request_id,
                "method": self.method,
                "operation": operation.map(|(_, name)| name),
                "account": operation.map(|(call, _)| call.account.as_str()).filter(|account| !account.is_empty()),
                "credential": operation.map(|(call, _)| call.by.credential.as_str()),
                "actor": operation.and_then(|(call, _)| call.by.actor.as_deref()),
                "duration_ms": guard::now_ms() - self.started,
            })
        );
        let media = if answer.is_problem { "application/problem+json" } else { "application/json" };
        let mut headers = json!({
            "Content-Type": media,
            "Cache-Control": "no-store",
            "Keyguard-Request-Id": self.request_id,
        });
        let is_unauthorized = answer.status == 401;
        for (name, value) in [
            ("Allow", allow),
            ("Retry-After", answer.retry_after.clone()),
            ("Idempotent-Replayed", answer.is_replayed.then(|| "true".to_owned())),
            (
                "WWW-Authenticate",
                is_unauthorized
                    .then(|| Problem::from(AdminDenial::Unauthorized).challenge())
                    .flatten(),
            ),
        ] {
            if let (Some(value), Some(headers)) = (value, headers.as_object_mut()) {
                headers.insert(name.to_owned(), value.into());
            }
        }
        runtime::answer(answer.status, &answer.body, &headers.to_string())
    }

    fn refuse(&self, problem: &Problem, operation: Option<(&Call, &'static str)>) -> JsValue {
        let answer = Answer::of_problem(problem, self.instance().as_deref(), &self.request_id);
        self.respond(&answer, operation).into()
    }

    /// The path below `/_keyguard/v1`, cut at its slashes and decoded; none for what has no decoding.
    fn segments(&self) -> Option<Vec<String>> {
        let path = self.target().0.strip_prefix(admin::PREFIX)?.strip_prefix("/v1/")?;
        path.split('/')
            .map(|segment| Some(percent_decode_str(segment).decode_utf8().ok()?.into_owned()))
            .collect()
    }

    fn by(&self, credential: &str) -> Result<By, AdminDenial> {
        let actor = self.header("keyguard-actor");
        if let Some(actor) = &actor
            && let Err(error) = check_id("Keyguard-Actor", actor)
        {
            return Err(AdminDenial::InvalidParameter(format!(
                "{}: {}",
                error.field, error.reason
            )));
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
        if holds_secret_key(&key) {
            let reason = "Idempotency-Key: holds a secret key, and is kept";
            return Err(AdminDenial::InvalidParameter(reason.to_owned()));
        }
        let fingerprint = KeyDigest::of(&format!("{}\n{}\n{body}", self.method, self.target().0));
        Ok(Repeat { idempotency_key: key, fingerprint })
    }

    fn check_media_type(&self) -> Result<(), AdminDenial> {
        let given = self.header("content-type").unwrap_or_default();
        let given = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_patch = self.method == "PATCH" && given == "application/merge-patch+json";
        if is_patch || given == "application/json" {
            Ok(())
        } else {
            Err(AdminDenial::UnsupportedMediaType)
        }
    }

    fn call(&self, env: &Env, body: Option<&str>) -> Result<Call, Problem> {
        let credential = authenticate(env, self.header("authorization").as_deref())?;
        let by = self.by(credential)?;
        let segments = self.segments();
        let route = route::find(&self.method, segments.as_deref())?;
        let query = route::Query::read(self.target().1.unwrap_or_default())?;
        let body = if route.is_change() {
            self.check_media_type()?;
            body.ok_or(AdminDenial::BodyTooLarge)?
        } else {
            ""
        };
        let repeat = if route.is_change() { Some(self.repeat(body)?) } else { None };
        let (account, operation, dry_run) = route.operation(query, body, repeat.as_ref())?;
        let (request_id, instance) = (self.request_id.clone(), self.instance());
        Ok(Call { account, operation, by, request_id, instance, repeat, dry_run })
    }
}

/// Refuses who may not use the admin API, before anything else of the request is read; `undefined` for the others.
pub(crate) fn open(asked: &Asked, env: &Env) -> JsValue {
    match authenticate(env, asked.header("authorization").as_deref()) {
        Ok(_) => JsValue::UNDEFINED,
        Err(problem) => asked.refuse(&problem, None),
    }
}

/// A refusal, or as JSON what is to be asked of which object: `{ place, name, call }`.
pub(crate) fn plan(asked: &Asked, env: &Env, body: Option<&str>) -> JsValue {
    let call = match asked.call(env, body) {
        Ok(call) => call,
        Err(problem) => return asked.refuse(&problem, None),
    };
    let (place, name) = match &call.operation {
        Operation::ListAccounts(page) => {
            let list =
                json!({ "prefix": ACCOUNT_PREFIX, "limit": page.limit, "cursor": page.cursor });
            ("accounts", list.to_string())
        }
        Operation::FindDigest(digest) => ("digests", digests::shard(digest)),
        _ => ("account", call.account.clone()),
    };
    let call = serde_json::to_value(&call).unwrap_or_default();
    json!({ "place": place, "name": name, "call": call.to_string() }).to_string().into()
}

/// The response for what an object, or the store's list, answered; nothing for one that failed.
pub(crate) fn answer(asked: &Asked, call: &str, answer: Option<&str>) -> JsValue {
    let Ok(call) = serde_json::from_str::<Call>(call) else {
        return asked.refuse(&keyguard::Fault::Internal.into(), None);
    };
    let operation = Some((&call, call.operation.name()));
    let Some(answer) = answer else {
        return asked.refuse(&keyguard::Fault::StoreUnavailable.into(), operation);
    };
    let read = match call.operation {
        Operation::ListAccounts(_) => {
            serde_json::from_str(answer).ok().map(|list| Answer::new(200, &listed(&list)))
        }
        _ => serde_json::from_str::<Answer>(answer).ok(),
    };
    match read {
        Some(answer) => asked.respond(&answer, operation).into(),
        None => asked.refuse(&keyguard::Fault::StoreUnavailable.into(), operation),
    }
}

/// A page of the store's list of accounts.
fn listed(list: &Value) -> Value {
    let accounts =
        list.get("keys").and_then(Value::as_array).into_iter().flatten().filter_map(|key| {
            let id = key.get("name")?.as_str()?.strip_prefix(ACCOUNT_PREFIX)?;
            let (label, created_at) =
                (key.pointer("/metadata/label"), key.pointer("/metadata/created_at"));
            Some(json!({ "id": id, "label": label, "created_at": created_at }))
        });
    json!({
        "accounts": accounts.collect::<Vec<_>>(),
        "next_cursor": list.get("cursor").filter(|_| list.get("list_complete") != Some(&Value::Bool(true))),
    })
}

/// What the store calls an account's entry, before its id.
pub(crate) const ACCOUNT_PREFIX: &str = "account:v1:";
