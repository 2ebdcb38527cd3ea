//! What the store has still to get: one row per name, with the newest value.
//!
//! A row leaves when the store has taken just that value. A put of which nobody knows whether it arrived (it failed, timed
//! out, or its instance died) could still arrive after a newer one. So for a minute after such a put the name is uncertain,
//! whatever is put meanwhile: its newest value is written once more at the end of that, and only then does the row go. That
//! is what keeps an older write from undoing a revocation.

use keyguard::{Fault, UnixTime};
use serde::{Deserialize, Serialize};

use super::{
    schema::is_open,
    sql::{Sql, list},
};

/// An entry of the store: name, value, metadata.
pub(crate) type Entry = (String, String, Option<String>);

/// How soon entries are wanted.
#[derive(Clone, Copy)]
pub(crate) enum Urgency {
    /// Before anything that is done in bulk: a revocation may not wait behind an import.
    Now = 0,
    /// After everything else.
    Bulk = 1,
}

/// Puts entries in: newer values replace older ones.
pub(crate) fn put(
    sql: Sql<'_>,
    entries: &[Entry],
    urgency: Urgency,
    now: UnixTime,
) -> Result<(), Fault> {
    sql.run(
        "INSERT INTO outbox (name, value, metadata, generation, since, due_at, attempts, in_flight, uncertain_until, confirming, bulk)
            SELECT value ->> 0, value ->> 1, value ->> 2, 1, ?1, 0, 0, 0, 0, 0, ?3 FROM json_each(?2) WHERE true
            ON CONFLICT (name) DO UPDATE SET value = excluded.value, metadata = excluded.metadata,
                generation = generation + 1, since = iif(confirming, excluded.since, since), due_at = 0, confirming = 0,
                bulk = iif(confirming, excluded.bulk, min(bulk, excluded.bulk))",
        &(now, list(&entries), urgency as u8),
    )
}

/// Puts every record of the account in again; how many there are.
pub(crate) fn put_all(sql: Sql<'_>, now: UnixTime) -> Result<u64, Fault> {
    sql.run(
        "INSERT INTO outbox (name, value, metadata, generation, since, due_at, attempts, in_flight, uncertain_until, confirming, bulk)
            SELECT 'key:v1:' || digest, record, NULL, 1, ?, 0, 0, 0, 0, 0, 1 FROM versions WHERE true
            UNION ALL
            SELECT 'account:v1:' || id, json_object('v', 1, 'id', id, 'label', label, 'created_at', created_at),
                json_object('label', label, 'created_at', created_at), 1, ?, 0, 0, 0, 0, 0, 1 FROM account WHERE true
            ON CONFLICT (name) DO UPDATE SET value = excluded.value, metadata = excluded.metadata,
                generation = generation + 1, since = iif(confirming, excluded.since, since), due_at = 0, confirming = 0,
                bulk = iif(confirming, excluded.bulk, min(bulk, excluded.bulk))",
        &(now, now),
    )?;
    let queued = sql.number(
        "SELECT (SELECT count(*) FROM versions) + (SELECT count(*) FROM account) AS number",
        &[(); 0],
    )?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
    Ok(queued.unwrap_or_default() as u64)
}

/// Takes rows that are due, and marks them as on their way.
pub(crate) fn due(sql: Sql<'_>, now_ms: f64) -> Result<Vec<Due>, Fault> {
    sql.rows(
        "UPDATE outbox SET in_flight = 1, attempts = attempts + 1
            WHERE name IN (SELECT name FROM outbox WHERE due_at <= ?1 AND in_flight = 0 ORDER BY bulk, due_at LIMIT ?2)
            RETURNING name, value, metadata, generation",
        &(now_ms, AT_ONCE),
    )
}

/// Takes back rows whose put nobody saw the end of: a run broke off, or its instance died. One run goes on at a time.
///
/// And rows that are due later than any can be, since the clock jumped back: a revocation doesn't wait for it to catch up. What was
/// uncertain then is so for a whole minute from now on.
pub(crate) fn recover(sql: Sql<'_>, now_ms: f64) -> Result<(), Fault> {
    sql.run(
        "UPDATE outbox SET in_flight = 0, uncertain_until = ?1 WHERE in_flight = 1",
        &[now_ms + UNCERTAIN_MS],
    )?;
    sql.run(
        "UPDATE outbox SET due_at = 0, uncertain_until = min(uncertain_until, ?1)
            WHERE bulk IN (0, 1) AND due_at > ?1",
        &[now_ms + UNCERTAIN_MS.max(LONGEST_WAIT_MS)],
    )
}

/// Takes in how puts ended.
pub(crate) fn settle(sql: Sql<'_>, results: &str, now_ms: f64) -> Result<(), Fault> {
    let results: Vec<Settled> = serde_json::from_str(results).map_err(|_| Fault::Internal)?;
    for Settled { name, generation, started, error } in results {
        if let Some(error) = error {
            let error: String = error.chars().take(MAX_ERROR).collect();
            // Twice as long after each failure: 1.1 s (the store takes one write a second for a name) to a minute.
            sql.run(
                "UPDATE outbox SET in_flight = 0, uncertain_until = ?3 + ?5, last_error = ?2,
                    due_at = ?3 + min(?4, 1100 * (1 << min(attempts - 1, 10))) WHERE name = ?1",
                &(name, error, now_ms, LONGEST_WAIT_MS, UNCERTAIN_MS),
            )?;
            continue;
        }
        // Only a put that began when nothing could arrive any more is the last one.
        sql.run(
            "DELETE FROM outbox WHERE name = ?1 AND generation = ?2 AND uncertain_until <= ?3",
            &(&name, generation, started),
        )?;
        sql.run(
            "UPDATE outbox SET in_flight = 0, confirming = 1, attempts = 0, last_error = NULL,
                bulk = 0, due_at = uncertain_until WHERE name = ?1 AND generation = ?2",
            &(&name, generation),
        )?;
        // A newer value came meanwhile.
        sql.run(
            "UPDATE outbox SET in_flight = 0, due_at = ?3 WHERE name = ?1 AND generation <> ?2",
            &(&name, generation, now_ms + WRITE_INTERVAL_MS),
        )?;
    }
    Ok(())
}

/// When the next row is due in milliseconds, or is to be looked at again; none when no row is left.
pub(crate) fn next(sql: Sql<'_>, now_ms: f64) -> Result<Option<f64>, Fault> {
    if !is_open(sql)? {
        return Ok(None);
    }
    sql.number(
        "SELECT min(min(due_at), ?) AS number FROM outbox",
        &[now_ms + UNCERTAIN_MS.max(LONGEST_WAIT_MS)],
    )
}

/// How much is on its way.
pub(crate) fn pending(sql: Sql<'_>) -> Result<Backlog, Fault> {
    let pending = sql.row(
        "SELECT count(*) AS pending, min(since) AS oldest_pending_since, max(last_error) AS last_error
            FROM outbox WHERE confirming = 0",
        &[(); 0],
    )?;
    pending.ok_or(Fault::Internal)
}

/// See [`pending`].
#[derive(Serialize, Deserialize)]
pub(crate) struct Backlog {
    pending: u64,
    oldest_pending_since: Option<u64>,
    last_error: Option<String>,
}

/// A row that is to be brought to the store.
#[derive(Serialize, Deserialize)]
pub(crate) struct Due {
    name: String,
    value: String,
    metadata: Option<String>,
    generation: u64,
}

#[derive(Deserialize)]
struct Settled {
    name: String,
    generation: u64,
    /// When the put began, in milliseconds.
    started: f64,
    error: Option<String>,
}

/// Puts that run at the same time: workers have six connections at once, and one is the webhook's.
const AT_ONCE: u32 = 5;
const WRITE_INTERVAL_MS: f64 = 1100.0;
const LONGEST_WAIT_MS: f64 = 60_000.0;
/// For how long a put that failed could still arrive: well above any time-out on the way to the store.
const UNCERTAIN_MS: f64 = 60_000.0;
const MAX_ERROR: usize = 200;
