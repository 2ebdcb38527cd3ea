//! Requests that come again: answered as before, and done once.

use keyguard::{AdminDenial, Fault, Problem, UnixTime};
use serde::Deserialize;

use super::{
    call::{Answer, Call, Repeat},
    sql::Sql,
};

/// The answer that the same request got before.
///
/// It is without the texts of keys: they are shown once, and stored nowhere.
pub(crate) fn before(sql: Sql<'_>, call: &Call, now: UnixTime) -> Result<Option<Answer>, Problem> {
    let Some(repeat) = &call.repeat else { return Ok(None) };
    let row: Option<Row> = sql.row(
        "SELECT fingerprint, status, body FROM changes WHERE idempotency_key = ? AND at > ?",
        &(&repeat.idempotency_key, now.0.saturating_sub(KEPT)),
    )?;
    let Some(row) = row else { return Ok(None) };
    if row.fingerprint != repeat.fingerprint.to_string() {
        return Err(AdminDenial::IdempotencyKeyReused.into());
    }
    Ok(Some(Answer { is_replayed: true, ..Answer::of_text(row.status, row.body) }))
}

/// Keeps the answer for when the request comes again, and drops what is too old for that.
pub(crate) fn keep(
    sql: Sql<'_>,
    call: &Call,
    (status, body): (u16, &str),
    now: UnixTime,
) -> Result<(), Fault> {
    let Some(Repeat { idempotency_key, fingerprint }) = &call.repeat else { return Ok(()) };
    sql.run("DELETE FROM changes WHERE at <= ?", &[now.0.saturating_sub(KEPT)])?;
    sql.run(
        "INSERT INTO changes (idempotency_key, fingerprint, status, body, at) VALUES (?, ?, ?, ?, ?)",
        &(idempotency_key, fingerprint, status, body, now),
    )
}

#[derive(Deserialize)]
struct Row {
    fingerprint: String,
    status: u16,
    body: String,
}

/// A day, in seconds.
const KEPT: u64 = 86_400;
