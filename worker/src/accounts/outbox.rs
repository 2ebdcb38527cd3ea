//! What the store has still to get: one row per name, with the newest value.
//!
//! A row leaves when the store has taken just that value. A put of which nobody knows whether it arrived (it failed, timed out, or
//! its instance died) could still arrive after a newer one; so after such a put the newest value is written
//! once more, a minute later, and only then does the row go. That is what keeps an older write from
//! undoing a revocation.

use keyguard::{Fault, UnixTime};
use serde::Deserialize;
use serde_json::{Value, json};

use super::sql::Sql;

/// Puts entries in, `[name, value, metadata]` each: newer values replace older ones.
pub(crate) fn put(sql: Sql<'_>, entries: &[Value], now: UnixTime) -> Result<(), Fault> {
    sql.run(
        "INSERT INTO outbox (name, value, metadata, generation, since, due_at, attempts, in_flight, unclean, confirming)
            SELECT value ->> 0, value ->> 1, value ->> 2, 1, ?1, 0, 0, 0, 0, 0 FROM json_each(?2) WHERE true
            ON CONFLICT (name) DO UPDATE SET value = excluded.value, metadata = excluded.metadata,
                generation = generation + 1, since = iif(confirming, excluded.since, since), due_at = 0, confirming = 0",
        &json!([now, Value::from(entries.to_vec()).to_string()]),
    )
}

/// Puts every record of the account in again; how many there are.
pub(crate) fn put_all(sql: Sql<'_>, now: UnixTime) -> Result<u64, Fault> {
    sql.run(
        "INSERT INTO outbox (name, value, metadata, generation, since, due_at, attempts, in_flight, unclean, confirming)
            SELECT 'key:v1:' || digest, record, NULL, 1, ?, 0, 0, 0, 0, 0 FROM versions WHERE true
            UNION ALL
            SELECT 'account:v1:' || id, json_object('v', 1, 'id', id, 'label', label, 'created_at', created_at),
                json_object('label', label, 'created_at', created_at), 1, ?, 0, 0, 0, 0, 0 FROM account WHERE true
            ON CONFLICT (name) DO UPDATE SET value = excluded.value, metadata = excluded.metadata,
                generation = generation + 1, since = iif(confirming, excluded.since, since), due_at = 0, confirming = 0",
        &json!([now, now]),
    )?;
    let row: Option<Value> = sql.row(
        "SELECT (SELECT count(*) FROM versions) + (SELECT count(*) FROM account) AS queued",
        &json!([]),
    )?;
    Ok(row.and_then(|row| row.get("queued")?.as_u64()).unwrap_or_default())
}

/// Takes rows that are due, and marks them as on their way.
pub(crate) fn due(sql: Sql<'_>, now_ms: f64) -> Result<Value, Fault> {
    let rows: Vec<Value> = sql.rows(
        "UPDATE outbox SET in_flight = 1, attempts = attempts + 1
            WHERE name IN (SELECT name FROM outbox WHERE due_at <= ?1 AND in_flight = 0 ORDER BY due_at LIMIT ?2)
            RETURNING name, value, metadata, generation",
        &json!([now_ms, AT_ONCE]),
    )?;
    Ok(rows.into())
}

/// Takes in how puts ended.
pub(crate) fn settle(sql: Sql<'_>, results: &str, now_ms: f64) -> Result<(), Fault> {
    let results: Vec<Settled> = serde_json::from_str(results).unwrap_or_default();
    for Settled { name, generation, error } in results {
        if let Some(error) = error {
            let error: String = error.chars().take(MAX_ERROR).collect();
            // Twice as long after each failure: 1.1 s (the store takes one write a second for a name) to a minute.
            sql.run(
                "UPDATE outbox SET in_flight = 0, unclean = 1, last_error = ?2,
                    due_at = ?3 + min(?4, 1100 * (1 << min(attempts - 1, 10))) WHERE name = ?1",
                &json!([name, error, now_ms, LONGEST_WAIT_MS]),
            )?;
            continue;
        }
        let place = json!([name, generation]);
        sql.run("DELETE FROM outbox WHERE name = ?1 AND generation = ?2 AND unclean = 0", &place)?;
        sql.run(
            "UPDATE outbox SET in_flight = 0, unclean = 0, confirming = 1, attempts = 0, last_error = NULL, due_at = ?3
                WHERE name = ?1 AND generation = ?2",
            &json!([name, generation, now_ms + CONFIRM_AFTER_MS]),
        )?;
        // A newer value came meanwhile.
        sql.run(
            "UPDATE outbox SET in_flight = 0, due_at = ?3 WHERE name = ?1 AND generation <> ?2",
            &json!([name, generation, now_ms + WRITE_INTERVAL_MS]),
        )?;
    }
    Ok(())
}

/// When the next row is due in milliseconds; `null` when none is left.
pub(crate) fn next(sql: Sql<'_>) -> Result<Value, Fault> {
    let row: Option<Value> =
        sql.row("SELECT min(due_at) AS due_at FROM outbox WHERE in_flight = 0", &json!([]))?;
    Ok(row.and_then(|row| row.get("due_at").cloned()).unwrap_or_default())
}

/// How much is on its way: `{ pending, oldest_pending_since, last_error }`.
pub(crate) fn pending(sql: Sql<'_>) -> Result<Value, Fault> {
    let row: Option<Value> = sql.row(
        "SELECT count(*) AS pending, min(since) AS oldest_pending_since, max(last_error) AS last_error
            FROM outbox WHERE confirming = 0",
        &json!([]),
    )?;
    Ok(row.unwrap_or_default())
}

#[derive(Deserialize)]
struct Settled {
    name: String,
    generation: u64,
    error: Option<String>,
}

/// Puts that run at the same time: workers have six connections at once.
const AT_ONCE: u32 = 6;
const WRITE_INTERVAL_MS: f64 = 1100.0;
const LONGEST_WAIT_MS: f64 = 60_000.0;
const CONFIRM_AFTER_MS: f64 = 60_000.0;
const MAX_ERROR: usize = 200;
