//! Keys and accounts as the API shows them.

use std::collections::HashMap;

use keyguard::{
    Fault, KeyRecord, ManagedKey, UnixTime,
    life::{Status, version_status},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{outbox, sql::Sql};

/// Keys, each with its versions and how far they are on their way to the store.
pub(crate) fn keys(sql: Sql<'_>, keys: &[ManagedKey], now: UnixTime) -> Result<Vec<Value>, Fault> {
    let ids: Vec<&str> = keys.iter().map(|key| key.id.as_str()).collect();
    let rows: Vec<Row> = sql.rows(
        "SELECT v.key_id, v.number, v.digest, v.record, v.last_four,
                o.since, o.attempts, o.last_error
            FROM json_each(?1) AS wanted
            JOIN keys AS k ON k.id = wanted.value
            JOIN versions AS v ON v.key_id = k.id AND v.number > k.version - ?2
            LEFT JOIN outbox AS o ON o.name = 'key:v1:' || v.digest AND o.confirming = 0
            ORDER BY v.number DESC",
        &json!([json!(ids).to_string(), SHOWN_VERSIONS]),
    )?;
    let mut of_key: HashMap<String, Vec<Row>> = HashMap::new();
    for row in rows {
        of_key.entry(row.key_id.clone()).or_default().push(row);
    }
    Ok(keys
        .iter()
        .map(|key| one(key, of_key.get(&key.id).map(Vec::as_slice).unwrap_or_default(), now))
        .collect())
}

/// One key.
pub(crate) fn key(sql: Sql<'_>, key: &ManagedKey, now: UnixTime) -> Result<Value, Fault> {
    Ok(keys(sql, std::slice::from_ref(key), now)?.into_iter().next().unwrap_or_default())
}

fn one(key: &ManagedKey, versions: &[Row], now: UnixTime) -> Value {
    let shown: Vec<Value> = versions.iter().map(|row| version(row, now)).collect();
    let pending = versions.iter().filter(|row| row.since.is_some());
    let settings = &key.settings;
    json!({
        "id": key.id,
        "account": key.account,
        "kind": key.kind,
        "mode": key.mode,
        "status": key.status(now),
        "version": key.current().map(|version| version.number),
        "created_at": key.created_at,
        "expires_at": key.expires_at(),
        "label": settings.label,
        "origins": settings.origins,
        "scopes": settings.scopes,
        "rate": settings.rate,
        "browser_headers": settings.browser_headers,
        "revoked": key.revoked,
        "versions": shown,
        "projection": {
            "pending": pending.clone().next().is_some(),
            "since": pending.clone().filter_map(|row| row.since).min(),
            "attempts": pending.clone().filter_map(|row| row.attempts).max().unwrap_or_default(),
            "last_error": pending.clone().find_map(|row| row.last_error.as_deref()),
        },
    })
}

fn version(row: &Row, now: UnixTime) -> Value {
    let record = KeyRecord::from_json(&row.record).ok();
    json!({
        "version": row.number,
        "digest": row.digest,
        "created_at": record.as_ref().map(|record| record.created_at),
        "expires_at": record.as_ref().and_then(|record| record.expires_at),
        "status": record.map_or(Status::Revoked, |record| version_status(&record, now)),
        "last_four": row.last_four,
        "projection": if row.since.is_some() { "pending" } else { "written" },
    })
}

/// The account itself; none if it was never created.
pub(crate) fn account(sql: Sql<'_>, now: UnixTime) -> Result<Option<Value>, Fault> {
    let row: Option<Value> = sql.row("SELECT id, label, created_at FROM account", &json!([]))?;
    let Some(mut account) = row else { return Ok(None) };
    let counts: Option<Value> = sql.row(
        "SELECT
            coalesce(sum(revoked), 0) AS revoked,
            coalesce(sum(NOT revoked AND expires_at IS NOT NULL AND expires_at <= ?1), 0) AS expired,
            coalesce(sum(NOT revoked AND exposed AND (expires_at IS NULL OR expires_at > ?1)), 0) AS exposed,
            coalesce(sum(NOT revoked AND NOT exposed AND (expires_at IS NULL OR expires_at > ?1)), 0) AS active
            FROM keys",
        &json!([now]),
    )?;
    if let Some(fields) = account.as_object_mut() {
        fields.insert("keys".to_owned(), counts.unwrap_or_default());
        fields.insert("projection".to_owned(), outbox::pending(sql)?);
    }
    Ok(Some(account))
}

#[derive(Deserialize)]
struct Row {
    key_id: String,
    number: u32,
    digest: String,
    record: String,
    last_four: Option<String>,
    since: Option<u64>,
    attempts: Option<u32>,
    last_error: Option<String>,
}

/// Of a key's versions, the newest.
const SHOWN_VERSIONS: u32 = 10;
