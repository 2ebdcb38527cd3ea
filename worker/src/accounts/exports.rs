//! What `accounts.mjs` calls: JSON in, JSON out, nothing kept in between.

#![expect(unreachable_pub, reason = "exported to JavaScript, which the lint doesn't see")]

use keyguard::{ExposureReport, Fault, KeyDigest, Problem, UnixTime};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use worker::Env;
use zeroize::Zeroizing;

use super::{
    call::{Answer, Call as AdminCall, Operation},
    change::{self, Prepared, Step},
    digests, exposure,
    front::{self, Asked},
    leaks, notices, outbox, route,
    runtime::SqlStorage,
    schema,
    shared::{self, Call, Request},
    sql::Sql,
    uses,
};

/// Refuses who may not use the admin API: a `Response`, or `undefined`.
#[wasm_bindgen]
pub fn admin_open(request: &Request, env: &Env, call: &Call) -> JsValue {
    front::open(&Asked::read(request, call), env)
}

/// A `Response` that refuses, or as JSON which object is to be asked what. No `body` is one that is too long.
#[wasm_bindgen]
#[expect(clippy::needless_pass_by_value, reason = "how bindings take an optional string")]
pub fn admin_plan(request: &Request, env: &Env, call: &Call, body: Option<String>) -> JsValue {
    front::plan(&Asked::read(request, call), env, body.as_deref())
}

/// The `Response` for what was answered; no `answer` is one that failed.
#[wasm_bindgen]
#[expect(clippy::needless_pass_by_value, reason = "how bindings take an optional string")]
pub fn admin_answer(
    request: &Request,
    call: &Call,
    asked: &str,
    answer: Option<String>,
) -> JsValue {
    front::answer(&Asked::read(request, call), asked, answer.as_deref())
}

/// Whose report of leaked keys a request is, as JSON `{ source, limiter: { binding, key, ms } | null }`; a `Response` that refuses it, or
/// `undefined`.
#[wasm_bindgen]
pub fn leaks_open(request: &Request, env: &Env, call: &Call) -> JsValue {
    leaks::open(&Asked::read(request, call), env)
}

/// The `Response` to a report whose address is over its limit, or whose limiter didn't say.
#[wasm_bindgen]
pub fn leaks_limited(request: &Request, env: &Env, call: &Call, is_over: bool) -> JsValue {
    leaks::limited(&Asked::read(request, call), env, is_over)
}

/// A `Response` that refuses, or as JSON who is to be told what. No `body` is one that is too long; no `is_signed`, that
/// there was no way to find out.
#[wasm_bindgen]
pub fn leaks_plan(
    request: &Request,
    env: &Env,
    call: &Call,
    source: &str,
    body: Option<String>,
    is_signed: Option<bool>,
) -> JsValue {
    let body = body.map(Zeroizing::new);
    let body = body.as_deref().map(String::as_str);
    leaks::plan(&Asked::read(request, call), env, source, body, is_signed, now())
}

/// The `Response` once their accounts know; no `known` is one that failed.
#[wasm_bindgen]
#[expect(clippy::needless_pass_by_value, reason = "how bindings take an optional string")]
pub fn leaks_answer(
    request: &Request,
    call: &Call,
    planned: &str,
    known: Option<String>,
) -> JsValue {
    leaks::answer(&Asked::read(request, call), planned, known.as_deref())
}

/// Takes back rows whose put nobody saw the end of, before a run begins.
///
/// # Errors
/// When the database fails.
#[wasm_bindgen]
pub fn account_recover(sql: &SqlStorage) -> Result<(), JsError> {
    let (sql, now_ms) = (Sql(sql), shared::now_ms());
    if schema::is_open(sql).map_err(failed)? {
        outbox::recover(sql, now_ms).map_err(failed)?;
        notices::recover(sql, now_ms).map_err(failed)?;
    }
    Ok(())
}

/// `{ answer }` right away, or `{ prepared }` for a change.
#[wasm_bindgen]
pub fn account_prepare(sql: &SqlStorage, call: &str) -> String {
    let call = match read(call) {
        Ok(call) => call,
        Err(answer) => return text(&Prepare { answer: Some(answer), prepared: None }),
    };
    match change::prepare(Sql(sql), &call, now()) {
        Ok(Step::Answer(answer)) => text(&Prepare { answer: Some(answer), prepared: None }),
        Ok(Step::Change(prepared)) => text(&Prepare { answer: None, prepared: Some(prepared) }),
        Err(problem) => text(&Prepare { answer: Some(refusal(&problem, &call)), prepared: None }),
    }
}

/// `{ answer, commit }`: makes a change, which is to be undone unless `commit`.
#[wasm_bindgen]
pub fn account_change(sql: &SqlStorage, call: &str, prepared: &str, taken: &str) -> String {
    let undone = |answer| text(&Changed { answer, commit: false });
    let call = match read(call) {
        Ok(call) => call,
        Err(answer) => return undone(answer),
    };
    let prepared: Result<Prepared, _> = serde_json::from_str(prepared);
    let taken: Result<Vec<KeyDigest>, _> = serde_json::from_str(taken);
    let (Ok(prepared), Ok(taken)) = (prepared, taken) else {
        return undone(refusal(&Fault::Internal.into(), &call));
    };
    match change::change(Sql(sql), &call, &prepared, &taken, now()) {
        Ok((answer, commit)) => text(&Changed { answer, commit }),
        Err(problem) => undone(refusal(&problem, &call)),
    }
}

/// Rows that are to be brought to the store, as JSON.
///
/// # Errors
/// When the database fails.
#[wasm_bindgen]
pub fn account_due(sql: &SqlStorage) -> Result<String, JsError> {
    outbox::due(Sql(sql), shared::now_ms()).map(|rows| text(&rows)).map_err(failed)
}

/// Takes in how that ended.
///
/// # Errors
/// When the database fails.
#[wasm_bindgen]
pub fn account_settle(sql: &SqlStorage, results: &str) -> Result<(), JsError> {
    outbox::settle(Sql(sql), results, shared::now_ms()).map_err(failed)
}

/// When the next row or message is due in milliseconds, or `null`. While messages are on their way (`is_telling`), no other is
/// due before a lease is over: whoever sends them asks anew at the end.
///
/// # Errors
/// When the database fails.
#[wasm_bindgen]
pub fn account_next(sql: &SqlStorage, is_telling: bool) -> Result<String, JsError> {
    let now_ms = shared::now_ms();
    let row = outbox::next(Sql(sql), now_ms).map_err(failed)?;
    let earliest = if is_telling { now_ms + notices::LEASE_MS } else { 0.0 };
    let message = notices::next(Sql(sql), now_ms).map_err(failed)?.map(|due| due.max(earliest));
    Ok(text(&row.into_iter().chain(message).reduce(f64::min)))
}

/// Does what a report of an exposed key says; `{ is_known, is_due }`.
///
/// # Errors
/// When the report can't be read or the database fails; then nothing of it is to be kept.
#[wasm_bindgen]
pub fn account_expose(sql: &SqlStorage, report: &str, request_id: &str) -> Result<String, JsError> {
    let report = ExposureReport::from_json(report)?;
    exposure::expose(Sql(sql), &report, request_id, now())
        .map(|outcome| text(&outcome))
        .map_err(|problem| JsError::new(problem.code()))
}

/// Takes in that a key was used.
///
/// # Errors
/// When what is told can't be read or the database fails.
#[wasm_bindgen]
pub fn account_used(sql: &SqlStorage, told: &str) -> Result<(), JsError> {
    uses::add(Sql(sql), &serde_json::from_str(told)?, now()).map_err(failed)
}

/// The message that is to be sent next, and where to: `{ url, message }`, or `null`. What can't be signed stays due.
///
/// # Errors
/// When the database fails.
#[wasm_bindgen]
pub fn account_notices(sql: &SqlStorage, env: &Env, can_sign: bool) -> Result<String, JsError> {
    notices::outgoing(Sql(sql), env, can_sign, shared::now_ms())
        .map(|outgoing| text(&outgoing))
        .map_err(failed)
}

/// Takes in how sending one ended: no `error` is one that arrived.
///
/// # Errors
/// When the database fails.
#[wasm_bindgen]
#[expect(clippy::needless_pass_by_value, reason = "how bindings take an optional string")]
pub fn account_told(sql: &SqlStorage, id: &str, error: Option<String>) -> Result<(), JsError> {
    notices::settle(Sql(sql), id, error.as_deref(), shared::now_ms()).map_err(failed)
}

/// Makes a digest index's table.
///
/// # Errors
/// When the database fails.
#[wasm_bindgen]
pub fn digests_open(sql: &SqlStorage) -> Result<(), JsError> {
    schema::open_digests(Sql(sql)).map_err(failed)
}

/// Makes digests an account's, or only looks; those that are another's, as JSON.
///
/// # Errors
/// When the database fails.
#[wasm_bindgen]
pub fn digests_claim(
    sql: &SqlStorage,
    account: &str,
    digests: &str,
    only_looks: bool,
) -> Result<String, JsError> {
    let digests: Vec<KeyDigest> = serde_json::from_str(digests)?;
    digests::claim(Sql(sql), account, &digests, only_looks)
        .map(|taken| text(&taken))
        .map_err(failed)
}

/// Of these digests those that are somebody's, as JSON.
///
/// # Errors
/// When the database fails.
#[wasm_bindgen]
pub fn digests_owners(sql: &SqlStorage, digests: &str) -> Result<String, JsError> {
    let digests: Vec<KeyDigest> = serde_json::from_str(digests)?;
    digests::owners(Sql(sql), &digests).map(|owned| text(&owned)).map_err(failed)
}

/// Whose digest is it, as an answer.
#[wasm_bindgen]
pub fn digests_find(sql: &SqlStorage, call: &str) -> String {
    let call = match read(call) {
        Ok(call) => call,
        Err(answer) => return text(&answer),
    };
    let digest = route::parse(&call.method, &call.path, &call.query, &call.body);
    text(&match digest.map(|parsed| parsed.operation) {
        Ok(Operation::FindDigest(digest)) => digests::find(Sql(sql), &call, &digest)
            .unwrap_or_else(|fault| refusal(&fault.into(), &call)),
        _ => refusal(&Fault::Internal.into(), &call),
    })
}

#[derive(Serialize)]
struct Prepare {
    answer: Option<Answer>,
    prepared: Option<Prepared>,
}

#[derive(Serialize)]
struct Changed {
    answer: Answer,
    commit: bool,
}

fn text(value: &impl Serialize) -> String {
    // Structs of strings, numbers and lists have no way to fail.
    serde_json::to_string(value).unwrap_or_default()
}

/// A call as the front made it, of this version or of one before.
fn read(call: &str) -> Result<AdminCall, Answer> {
    serde_json::from_str(call)
        .map_err(|_| Answer::of_problem(&Fault::Internal.into(), None, "unknown"))
}

fn refusal(problem: &Problem, call: &AdminCall) -> Answer {
    Answer::of_problem(problem, call.instance(), &call.request_id)
}

fn now() -> UnixTime {
    // A clock before 1970 reads as 0, at which no key with an expiry has expired yet; the runtime has none.
    UnixTime(worker::Date::now().as_millis() / 1000)
}

fn failed(fault: Fault) -> JsError {
    JsError::new(&fault.to_string())
}
