//! What can be asked of an account without changing it.

use keyguard::{AdminDenial, Fault, KeyDigest, ManagedKey, Problem, UnixTime, life::Status};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Filter, Page},
    sql::Sql,
    view,
};

/// A page of keys, in the order in which they came.
pub(crate) fn keys(
    sql: Sql<'_>,
    filter: &Filter,
    page: &Page,
    now: UnixTime,
) -> Result<Value, Fault> {
    let status = filter.status.map(|status| match status {
        Status::Active | Status::Retiring => "active",
        Status::Expired => "expired",
        Status::Revoked => "revoked",
        Status::Exposed => "exposed",
    });
    let rows: Vec<Row> = sql.rows(
        "SELECT seq, document FROM keys
            WHERE seq > ?1 AND (?2 IS NULL OR kind = ?2) AND (?3 IS NULL OR mode = ?3)
            AND (?4 IS NULL OR ?4 = CASE WHEN revoked THEN 'revoked'
                WHEN expires_at IS NOT NULL AND expires_at <= ?5 THEN 'expired'
                WHEN exposed THEN 'exposed' ELSE 'active' END)
            ORDER BY seq LIMIT ?6",
        &json!([after(page), filter.kind, filter.mode, status, now, page.limit.saturating_add(1)]),
    )?;
    let (rows, next_cursor) = cut(rows, page, |row| row.seq);
    let keys = rows.iter().map(Row::key).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "keys": view::keys(sql, &keys, now)?, "next_cursor": next_cursor }))
}

/// One key.
pub(crate) fn key(sql: Sql<'_>, id: &str) -> Result<ManagedKey, Problem> {
    let row: Option<Row> = sql.row("SELECT seq, document FROM keys WHERE id = ?", &json!([id]))?;
    Ok(row.ok_or(AdminDenial::KeyNotFound)?.key()?)
}

/// A page of the audit, oldest first.
pub(crate) fn audit(sql: Sql<'_>, page: &Page) -> Result<Value, Fault> {
    let rows: Vec<Audited> = sql.rows(
        "SELECT seq, at, request_id, credential, actor, action, key_id, version, before, after FROM audit
            WHERE seq > ? ORDER BY seq LIMIT ?",
        &json!([after(page), page.limit.saturating_add(1)]),
    )?;
    let (rows, next_cursor) = cut(rows, page, |row| row.seq);
    let entries: Vec<Value> = rows.into_iter().map(Audited::entry).collect();
    Ok(json!({ "entries": entries, "next_cursor": next_cursor }))
}

/// Which key and version a digest is of.
pub(crate) fn of_digest(sql: Sql<'_>, digest: &KeyDigest) -> Result<Option<Place>, Fault> {
    sql.row(
        "SELECT key_id AS key, number AS version FROM versions WHERE digest = ?",
        &json!([digest]),
    )
}

/// Where a digest belongs.
#[derive(Deserialize)]
pub(crate) struct Place {
    pub(crate) key: String,
    pub(crate) version: u32,
}

fn after(page: &Page) -> u64 {
    page.cursor.as_deref().and_then(|cursor| cursor.parse().ok()).unwrap_or(0)
}

/// Of one row more than was asked for: the page, and the cursor of the next one if there is more.
fn cut<T>(mut rows: Vec<T>, page: &Page, seq: impl Fn(&T) -> u64) -> (Vec<T>, Option<String>) {
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let is_more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().map(|row| seq(row).to_string()).filter(|_| is_more);
    (rows, next)
}

#[derive(Deserialize)]
struct Row {
    seq: u64,
    document: String,
}

impl Row {
    fn key(&self) -> Result<ManagedKey, Fault> {
        serde_json::from_str(&self.document).map_err(|_| Fault::StoreUnavailable)
    }
}

#[derive(Deserialize)]
struct Audited {
    seq: u64,
    at: u64,
    request_id: String,
    credential: String,
    actor: Option<String>,
    action: String,
    key_id: Option<String>,
    version: Option<u32>,
    before: Option<String>,
    after: Option<String>,
}

impl Audited {
    fn entry(self) -> Value {
        let json =
            |text: Option<String>| text.and_then(|text| serde_json::from_str::<Value>(&text).ok());
        json!({
            "seq": self.seq,
            "at": self.at,
            "request_id": self.request_id,
            "credential": self.credential,
            "actor": self.actor,
            "action": self.action,
            "key": self.key_id,
            "version": self.version,
            "before": json(self.before),
            "after": json(self.after),
        })
    }
}
