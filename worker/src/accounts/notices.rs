//! What the operator is still to be told of exposed keys: messages for the policy's webhook.
//!
//! A key has one message that is on its way and one that gathers what comes meanwhile. A message that was sent once stays as
//! it is, under its id, however often it is sent again, so that a receiver can tell it from another. One that its receiver goes on
//! refusing holds up no other: after a few tries the next one has its turn beside it.

use keyguard::{ExposureAction, Fault, Kind, Mode, UnixTime};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use worker::{Env, console_error};

use super::{
    runtime,
    schema::is_open,
    settings,
    sql::{Sql, list},
};

/// What is told of an incident.
#[derive(Serialize)]
pub(crate) struct Notice<'a> {
    pub(crate) account: &'a str,
    pub(crate) key_id: &'a str,
    pub(crate) kind: Kind,
    pub(crate) mode: Mode,
    pub(crate) action: ExposureAction,
    pub(crate) channel: &'a str,
    pub(crate) place: Option<&'a str>,
    pub(crate) redacted: &'a str,
}

/// Adds an incident: to the key's message that nobody has seen yet, or as a new one, not within a minute of the last.
pub(crate) fn add(
    sql: Sql<'_>,
    notice: &Notice<'_>,
    at: UnixTime,
    now: UnixTime,
) -> Result<(), Fault> {
    count(sql, notice.key_id)?;
    let (data, rank) = (list(notice), rank(notice.action));
    // The strongest action is what the operator has to know of.
    sql.run(
        "UPDATE notices SET data = ?2, rank = ?3, at = ?4 WHERE key_id = ?1 AND attempts = 0 AND rank < ?3",
        &(notice.key_id, &data, rank, at),
    )?;
    sql.run(
        "INSERT INTO notices (id, key_id, at, rank, data, due_at, attempts)
            SELECT ?1, ?2, ?3, ?4, ?5, max(?6, coalesce(sent_at + ?7, 0)), 0 FROM incidents
            WHERE key_id = ?2 AND NOT EXISTS (SELECT 1 FROM notices WHERE key_id = ?2 AND attempts = 0)",
        &(runtime::random_id("msg_"), notice.key_id, at, rank, &data, ms(now), INTERVAL_MS),
    )?;
    let dropped: Vec<Id> = sql.rows(
        "DELETE FROM notices WHERE key_id = ?1 AND seq NOT IN
            (SELECT seq FROM notices WHERE key_id = ?1 ORDER BY seq DESC LIMIT ?2) RETURNING id",
        &(notice.key_id, MOST_UNTAKEN),
    )?;
    for Id { id } in dropped {
        log_dropped(&id, "too many that were never taken");
    }
    Ok(())
}

/// Counts an incident for the key's next message.
pub(crate) fn count(sql: Sql<'_>, key_id: &str) -> Result<(), Fault> {
    sql.run(
        "INSERT INTO incidents (key_id, untold) VALUES (?, 1)
            ON CONFLICT (key_id) DO UPDATE SET untold = untold + 1",
        &[key_id],
    )
}

/// Whether an incident that changes nothing may be audited: once a minute for a key.
pub(crate) fn may_audit(sql: Sql<'_>, key_id: &str, now: UnixTime) -> Result<bool, Fault> {
    let may: Option<Id> = sql.row(
        "INSERT INTO incidents (key_id, untold, audited_at) VALUES (?1, 0, ?2)
            ON CONFLICT (key_id) DO UPDATE SET audited_at = excluded.audited_at
            WHERE coalesce(audited_at, 0) <= excluded.audited_at - 60 RETURNING key_id AS id",
        &(key_id, now),
    )?;
    Ok(may.is_some())
}

/// Lets no message wait for longer than any has to, when the clock jumped back.
pub(crate) fn recover(sql: Sql<'_>, now_ms: f64) -> Result<(), Fault> {
    sql.run("UPDATE notices SET due_at = 0 WHERE due_at > ?", &[now_ms + LONGEST_WAIT_MS])
}

/// What is to be sent next, and where to; none when nothing is.
///
/// Without a webhook in the policy nobody is told. Where nothing can be sent for now, what is due stays so, and the log says why.
pub(crate) fn outgoing(
    sql: Sql<'_>,
    env: &Env,
    can_sign: bool,
    now_ms: f64,
) -> Result<Option<Outgoing>, Fault> {
    if next(sql, now_ms)?.is_none_or(|next| next > now_ms) {
        return Ok(None);
    }
    let reason = match settings::policy(env) {
        None => "the policy can't be read",
        Some(policy) => match policy.webhook() {
            None => {
                sql.run("DELETE FROM notices", &NOTHING)?;
                sql.run("UPDATE incidents SET untold = 0", &NOTHING)?;
                return Ok(None);
            }
            Some(url) if can_sign => {
                let message = due(sql, now_ms)?;
                return Ok(message.map(|message| Outgoing { url: url.to_owned(), message }));
            }
            Some(_) => "WEBHOOK_SECRET must be whsec_ and the base64 of 24 to 64 bytes",
        },
    };
    console_error!("{}", serde_json::json!({ "event": "webhook-unsent", "reason": reason }));
    sql.run("UPDATE notices SET due_at = ?1 + ?2 WHERE due_at <= ?1", &(now_ms, INTERVAL_MS))?;
    Ok(None)
}

/// The message whose turn it is, if one is due. While it is on its way it isn't due again.
///
/// One at a time: what only waits for its turn goes on gathering, and was not tried when this instance dies. What nobody has seen
/// goes before what was tried before, however much of that there is.
fn due(sql: Sql<'_>, now_ms: f64) -> Result<Option<Message>, Fault> {
    let due: Option<Due> = sql.row(
        &format!(
            "SELECT seq, key_id, attempts FROM notices WHERE due_at <= ? AND {HAS_ITS_TURN} ORDER BY attempts, due_at, seq LIMIT 1"
        ),
        &[now_ms],
    )?;
    let Some(Due { seq, key_id, attempts }) = due else { return Ok(None) };
    if attempts == 0 {
        // What has come in until a message goes out for the first time is counted with it.
        sql.run(
            "UPDATE notices SET count = (SELECT untold FROM incidents WHERE key_id = ?2) WHERE seq = ?1",
            &(seq, &key_id),
        )?;
        // From here on the next one waits its minute, whether or not this one is taken: a receiver that refuses all of them, or is silent, gets
        // no more of them for it. How the sending ends, if that is ever known, moves it on.
        sql.run(
            "UPDATE incidents SET untold = 0, sent_at = ?2 WHERE key_id = ?1",
            &(&key_id, now_ms),
        )?;
    }
    let row: Option<Row> = sql.row(
        "UPDATE notices SET attempts = attempts + 1, first_at = coalesce(first_at, ?2), due_at = ?2 + ?3
            WHERE seq = ?1 RETURNING id, at, data, count",
        &(seq, now_ms, LEASE_MS),
    )?;
    row.map(Message::of).transpose()
}

/// Takes in how sending a message ended.
pub(crate) fn settle(
    sql: Sql<'_>,
    id: &str,
    error: Option<&str>,
    now_ms: f64,
) -> Result<(), Fault> {
    let Some(error) = error else {
        hold_back(sql, id, now_ms)?;
        return sql.run("DELETE FROM notices WHERE id = ?", &[id]);
    };
    let attempts = sql.number("SELECT attempts AS number FROM notices WHERE id = ?", &[id])?;
    if attempts == Some(1.0) {
        hold_back(sql, id, now_ms)?;
    }
    let dropped: Option<Id> = sql.row(
        "DELETE FROM notices WHERE id = ? AND first_at <= ? RETURNING id",
        &(id, now_ms - GIVEN_UP_MS),
    )?;
    if let Some(Id { id }) = dropped {
        log_dropped(&id, error);
        return Ok(());
    }
    // Twice as long after each failure, from 5 seconds to an hour.
    sql.run(
        "UPDATE notices SET last_error = ?2, due_at = ?3 + min(?4, 5000 * (1 << min(attempts - 1, 10))) WHERE id = ?1",
        &(id, error.chars().take(MAX_ERROR).collect::<String>(), now_ms, LONGEST_WAIT_MS),
    )
}

/// Lets what else there is of a message's key wait its minute from now on.
fn hold_back(sql: Sql<'_>, id: &str, now_ms: f64) -> Result<(), Fault> {
    sql.run(
        "UPDATE incidents SET sent_at = ?2 WHERE key_id = (SELECT key_id FROM notices WHERE id = ?1)",
        &(id, now_ms),
    )?;
    sql.run(
        "UPDATE notices SET due_at = max(due_at, ?2 + ?3)
            WHERE id <> ?1 AND key_id = (SELECT key_id FROM notices WHERE id = ?1)",
        &(id, now_ms, INTERVAL_MS),
    )
}

/// When the next message is due in milliseconds, or is to be looked at again; none when there is none.
pub(crate) fn next(sql: Sql<'_>, now_ms: f64) -> Result<Option<f64>, Fault> {
    if !is_open(sql)? {
        return Ok(None);
    }
    sql.number(
        &format!("SELECT min(min(due_at), ?) AS number FROM notices WHERE {HAS_ITS_TURN}"),
        &[now_ms + LONGEST_WAIT_MS],
    )
}

fn log_dropped(id: &str, reason: &str) {
    let line = serde_json::json!({ "event": "webhook-dropped", "id": id, "reason": reason });
    console_error!("{line}");
}

/// A message, and where it goes.
#[derive(Serialize)]
pub(crate) struct Outgoing {
    url: String,
    message: Message,
}

/// A message: its id, and its body as JSON.
#[derive(Serialize)]
pub(crate) struct Message {
    id: String,
    body: String,
}

impl Message {
    fn of(row: Row) -> Result<Self, Fault> {
        #[derive(Serialize)]
        struct Body<'a> {
            r#type: &'a str,
            timestamp: String,
            data: Box<RawValue>,
        }
        let open = row.data.strip_suffix('}').ok_or(Fault::Internal)?;
        let count = row.count.unwrap_or(1).max(1);
        let data = RawValue::from_string(format!("{open},\"count\":{count}}}"));
        let data = data.map_err(|_| Fault::Internal)?;
        let body = Body { r#type: "key.exposed", timestamp: runtime::iso_date(row.at), data };
        Ok(Self { id: row.id, body: list(&body) })
    }
}

#[derive(Deserialize)]
struct Due {
    seq: u64,
    key_id: String,
    attempts: u32,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    at: UnixTime,
    /// As JSON.
    data: String,
    count: Option<u64>,
}

/// How strong an action is.
fn rank(action: ExposureAction) -> u8 {
    match action {
        ExposureAction::Refuse => 0,
        ExposureAction::Quarantine => 1,
        ExposureAction::Revoke => 2,
    }
}

#[derive(Deserialize)]
struct Id {
    id: String,
}

#[expect(clippy::cast_precision_loss, reason = "exact for any time to come")]
fn ms(at: UnixTime) -> f64 {
    at.0 as f64 * 1000.0
}

const NOTHING: [(); 0] = [];
/// Which messages may go out: no older one of the key is there that had fewer than three tries.
const HAS_ITS_TURN: &str = "NOT EXISTS (SELECT 1 FROM notices AS older
    WHERE older.key_id = notices.key_id AND older.seq < notices.seq AND older.attempts < 3)";
/// Messages of one key that are kept while none of them is taken.
const MOST_UNTAKEN: u32 = 8;
/// A receiver is told of a key at most once in this time.
const INTERVAL_MS: f64 = 60_000.0;
/// Longer than sending a message takes at most.
pub(crate) const LEASE_MS: f64 = 15_000.0;
const LONGEST_WAIT_MS: f64 = 3_600_000.0;
const GIVEN_UP_MS: f64 = 86_400_000.0;
const MAX_ERROR: usize = 200;
