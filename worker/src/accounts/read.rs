//! What can be asked of an account without changing it.

use keyguard::{AdminDenial, Fault, KeyDigest, ManagedKey, Problem, UnixTime, life::Status};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    call::{Filter, Page},
    sql::Sql,
    view::{self, ShownKey},
};

/// A page of keys, in the order in which they came.
pub(crate) fn keys(
    sql: Sql<'_>,
    filter: &Filter,
    page: &Page,
    now: UnixTime,
) -> Result<Keys, Fault> {
    let status = filter.status.map(|status| match status {
        Status::Active | Status::Retiring => "active",
        Status::Expired => "expired",
        Status::Revoked => "revoked",
        Status::Exposed => "exposed",
    });
    let rows: Vec<Row> = sql.rows(
        "WITH page AS (SELECT seq, length(document) AS size FROM keys
                WHERE seq > ?1 AND (?2 IS NULL OR kind = ?2) AND (?3 IS NULL OR mode = ?3)
                AND (?4 IS NULL OR ?4 = CASE WHEN revoked THEN 'revoked'
                    WHEN expires_at IS NOT NULL AND expires_at <= ?5 THEN 'expired'
                    WHEN exposed THEN 'exposed' ELSE 'active' END)
                ORDER BY seq LIMIT ?6),
            sized AS (SELECT seq, sum(size) OVER (ORDER BY seq) - size < ?7 AS fits FROM page)
            SELECT seq, fits, iif(fits, document, '') AS document FROM sized JOIN keys USING (seq) ORDER BY seq",
        &(
            after(page),
            filter.kind,
            filter.mode,
            status,
            now,
            page.limit.saturating_add(1),
            PAGE_SIZE,
        ),
    )?;
    let (rows, next_cursor) = cut(rows, page, |row| (row.seq, row.fits));
    let keys = rows.iter().map(Row::key).collect::<Result<Vec<_>, _>>()?;
    Ok(Keys { keys: view::keys(sql, keys, now)?, next_cursor })
}

/// A page of keys.
#[derive(Serialize)]
pub(crate) struct Keys {
    keys: Vec<ShownKey>,
    next_cursor: Option<String>,
}

/// One key.
pub(crate) fn key(sql: Sql<'_>, id: &str) -> Result<ManagedKey, Problem> {
    let row: Option<Row> = sql.row("SELECT seq, document FROM keys WHERE id = ?", &[id])?;
    Ok(row.ok_or(AdminDenial::KeyNotFound)?.key()?)
}

/// A page of the audit, oldest first.
pub(crate) fn audit(sql: Sql<'_>, page: &Page) -> Result<Audit, Fault> {
    let rows: Vec<Audited> = sql.rows(
        "WITH page AS (SELECT seq, coalesce(length(before), 0) + coalesce(length(after), 0) AS size FROM audit
                WHERE seq > ?1 ORDER BY seq LIMIT ?2),
            sized AS (SELECT seq, sum(size) OVER (ORDER BY seq) - size < ?3 AS fits FROM page)
            SELECT seq, fits, at, request_id, credential, actor, action, key_id AS key, version,
                iif(fits, before, NULL) AS before, iif(fits, after, NULL) AS after
            FROM sized JOIN audit USING (seq) ORDER BY seq",
        &(after(page), page.limit.saturating_add(1), PAGE_SIZE),
    )?;
    let (mut entries, next_cursor) = cut(rows, page, |row| (row.seq, row.fits));
    for entry in &mut entries {
        entry.before_json = entry.before.take().and_then(raw);
        entry.after_json = entry.after.take().and_then(raw);
    }
    Ok(Audit { entries, next_cursor })
}

/// What was stored as JSON, as JSON.
fn raw(text: String) -> Option<Box<RawValue>> {
    RawValue::from_string(text).ok()
}

/// A page of the audit.
#[derive(Serialize)]
pub(crate) struct Audit {
    entries: Vec<Audited>,
    next_cursor: Option<String>,
}

/// Which key and version of this account a digest is of.
pub(crate) fn of_digest(
    sql: Sql<'_>,
    account: &str,
    digest: &KeyDigest,
) -> Result<Option<Place>, Fault> {
    sql.row(
        "SELECT digest, ?1 AS account, key_id AS key, number AS version FROM versions WHERE digest = ?2",
        &(account, digest),
    )
}

/// Where a digest belongs.
#[derive(Serialize, Deserialize)]
pub(crate) struct Place {
    digest: String,
    account: String,
    key: String,
    version: u32,
}

fn after(page: &Page) -> u64 {
    page.cursor.as_deref().and_then(|cursor| cursor.parse().ok()).unwrap_or(0)
}

/// Of one row more than was asked for: the page, and the cursor of the next one if there is more. `place` is a row's number, and
/// whether it fits beside those before it: 1 or 0.
fn cut<T>(
    mut rows: Vec<T>,
    page: &Page,
    place: impl Fn(&T) -> (u64, u8),
) -> (Vec<T>, Option<String>) {
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let fitting = rows.iter().take(limit).take_while(|row| place(row).1 == 1).count();
    let is_more = rows.len() > fitting;
    rows.truncate(fitting);
    let next = rows.last().map(|row| place(row).0.to_string()).filter(|_| is_more);
    (rows, next)
}

/// A page ends after the row that gets it this long, in characters of what is stored. What an object answers may have 32 MiB.
const PAGE_SIZE: u32 = 8 * 1024 * 1024;

#[derive(Deserialize)]
struct Row {
    seq: u64,
    #[serde(default)]
    fits: u8,
    document: String,
}

impl Row {
    fn key(&self) -> Result<ManagedKey, Fault> {
        serde_json::from_str(&self.document).map_err(|_| Fault::StoreUnavailable)
    }
}

#[derive(Serialize, Deserialize)]
struct Audited {
    seq: u64,
    #[serde(skip_serializing)]
    fits: u8,
    at: u64,
    request_id: String,
    credential: String,
    actor: Option<String>,
    action: String,
    key: Option<String>,
    version: Option<u32>,
    #[serde(skip_serializing)]
    before: Option<String>,
    #[serde(skip_serializing)]
    after: Option<String>,
    #[serde(rename(serialize = "before"), skip_deserializing)]
    before_json: Option<Box<RawValue>>,
    #[serde(rename(serialize = "after"), skip_deserializing)]
    after_json: Option<Box<RawValue>>,
}
