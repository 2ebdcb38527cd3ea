//! Requests that come again: answered as before, and done once.

use keyguard::{AdminDenial, Fault, Problem, UnixTime};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Answer, Call},
    sql::Sql,
};

/// The answer that the same request got before.
///
/// It is without the texts of keys: they are shown once, and stored nowhere.
pub(crate) fn before(sql: Sql<'_>, call: &Call, now: UnixTime) -> Result<Option<Answer>, Problem> {
    let Some(repeat) = &call.repeat else { return Ok(None) };
    let row: Option<Row> = sql.row(
        "SELECT fingerprint, status, body FROM changes WHERE idempotency_key = ? AND at > ?",
        &json!([repeat.idempotency_key, now.0.saturating_sub(KEPT)]),
    )?;
    let Some(row) = row else { return Ok(None) };
    if row.fingerprint != repeat.fingerprint.to_string() {
        return Err(AdminDenial::IdempotencyKeyReused.into());
    }
    Ok(Some(Answer {
        status: row.status,
        is_problem: false,
        is_replayed: true,
        retry_after: None,
        body: row.body,
    }))
}

/// Keeps the answer for when the request comes again, and drops what is too old for that.
pub(crate) fn keep(
    sql: Sql<'_>,
    call: &Call,
    status: u16,
    body: &Value,
    now: UnixTime,
) -> Result<(), Fault> {
    let Some(repeat) = &call.repeat else { return Ok(()) };
    sql.run("DELETE FROM changes WHERE at <= ?", &json!([now.0.saturating_sub(KEPT)]))?;
    sql.run(
        "INSERT INTO changes (idempotency_key, fingerprint, status, body, at) VALUES (?, ?, ?, ?, ?)",
        &json!([repeat.idempotency_key, repeat.fingerprint, status, without_texts(body.clone()).to_string(), now]),
    )
}

/// An answer without the texts of the keys in it.
pub(crate) fn without_texts(mut body: Value) -> Value {
    if let Some(fields) = body.as_object_mut() {
        fields.remove("key");
        if let Some(keys) = fields.get_mut("keys").and_then(Value::as_array_mut) {
            for key in keys.iter_mut().filter_map(Value::as_object_mut) {
                key.remove("key");
            }
        }
    }
    body
}

#[derive(Deserialize)]
struct Row {
    fingerprint: String,
    status: u16,
    body: String,
}

/// A day, in seconds.
const KEPT: u64 = 86_400;
