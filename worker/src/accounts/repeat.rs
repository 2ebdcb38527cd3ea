//! Requests that come again: answered as before, and done once.

use keyguard::{AdminDenial, Fault, Problem, UnixTime};
use serde::Deserialize;

use super::{
    call::{Answer, Call, Repeat},
    sql::Sql,
};

/// The answer that the same request got before.
///
/// It is without the texts of keys: they are shown once, and stored nowhere. Another credential's request is another one: services that
/// count their requests name them alike.
pub(crate) fn before(sql: Sql<'_>, call: &Call, now: UnixTime) -> Result<Option<Answer>, Problem> {
    let Some(repeat) = &call.repeat else { return Ok(None) };
    // An older build kept names as they came. Whoever sends the same request again means what that one did.
    let row: Option<Row> = sql.row(
        "SELECT fingerprint, status, body FROM changes
            WHERE at > ?1 AND (idempotency_key = ?2 OR idempotency_key = ?3 AND fingerprint = ?4)
            ORDER BY idempotency_key = ?2 DESC LIMIT 1",
        &(
            now.0.saturating_sub(KEPT),
            name(call, repeat),
            &repeat.idempotency_key,
            &repeat.fingerprint,
        ),
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
    let Some(repeat) = &call.repeat else { return Ok(()) };
    sql.run("DELETE FROM changes WHERE at <= ?", &[now.0.saturating_sub(KEPT)])?;
    sql.run(
        "INSERT INTO changes (idempotency_key, fingerprint, status, body, at) VALUES (?, ?, ?, ?, ?)",
        &(name(call, repeat), &repeat.fingerprint, status, body, now),
    )
}

/// A request's name beside those of other credentials; neither part has a space in it.
fn name(call: &Call, repeat: &Repeat) -> String {
    format!("{} {}", call.by.credential, repeat.idempotency_key)
}

#[derive(Deserialize)]
struct Row {
    fingerprint: String,
    status: u16,
    body: String,
}

/// A day, in seconds.
const KEPT: u64 = 86_400;
