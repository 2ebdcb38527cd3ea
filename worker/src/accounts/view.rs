//! Keys and accounts as the API shows them.

use std::collections::HashMap;

use keyguard::{
    Fault, Kind, ManagedKey, Mode, UnixTime,
    life::{Status, VersionEnd},
    record::{Exposure, Revocation},
};
use serde::{Deserialize, Serialize};

use super::{
    outbox::{self, Backlog},
    sql::{Sql, list},
};

/// A key, with its newest versions and how far they are on their way to the store.
#[derive(Serialize)]
pub(crate) struct ShownKey {
    id: String,
    account: String,
    kind: Kind,
    mode: Mode,
    status: Status,
    version: Option<u32>,
    /// The key itself, in the one answer that issues it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    created_at: UnixTime,
    expires_at: Option<UnixTime>,
    label: Option<String>,
    origins: Option<Vec<String>>,
    scopes: Option<Vec<String>>,
    rate: Option<String>,
    browser_headers: bool,
    revoked: Option<Revocation>,
    exposed: Option<ShownExposure>,
    /// In whole minutes.
    last_used_at: Option<UnixTime>,
    versions: Vec<ShownVersion>,
    projection: Projection,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dry_run: Option<bool>,
}

#[derive(Serialize)]
struct ShownVersion {
    version: u32,
    digest: String,
    created_at: UnixTime,
    expires_at: Option<UnixTime>,
    status: Status,
    exposed: Option<ShownExposure>,
    last_four: Option<String>,
    projection: &'static str,
}

/// That and how a text became public. What isn't known is `null`.
#[derive(Serialize)]
struct ShownExposure {
    at: UnixTime,
    channel: String,
    place: Option<String>,
}

impl From<Exposure> for ShownExposure {
    fn from(Exposure { at, channel, place }: Exposure) -> Self {
        Self { at, channel, place }
    }
}

#[derive(Default, Serialize)]
struct Projection {
    pending: bool,
    since: Option<u64>,
    attempts: u32,
    last_error: Option<String>,
}

/// Keys, as they are shown.
pub(crate) fn keys(
    sql: Sql<'_>,
    keys: Vec<ManagedKey>,
    now: UnixTime,
) -> Result<Vec<ShownKey>, Fault> {
    let ids: Vec<&str> = keys.iter().map(|key| key.id.as_str()).collect();
    let rows: Vec<Row> = sql.rows(
        "SELECT v.key_id, v.number, v.digest, v.last_four,
                v.record ->> 'created_at' AS created_at, v.record ->> 'expires_at' AS expires_at,
                v.record ->> 'rotated_at' AS rotated_at, v.record -> 'revoked' IS NOT NULL AS revoked,
                v.record -> 'exposed' AS exposed, u.at AS last_used_at,
                o.since, o.attempts, o.last_error
            FROM json_each(?1) AS wanted
            JOIN keys AS k ON k.id = wanted.value
            JOIN versions AS v ON v.key_id = k.id AND v.number > k.version - ?2
            LEFT JOIN uses AS u ON u.key_id = k.id
            LEFT JOIN outbox AS o ON o.name = 'key:v1:' || v.digest AND o.confirming = 0
            ORDER BY v.number DESC",
        &(list(&ids), SHOWN_VERSIONS),
    )?;
    let mut of_key: HashMap<String, Vec<Row>> = HashMap::new();
    for row in rows {
        of_key.entry(row.key_id.clone()).or_default().push(row);
    }
    let shown = keys.into_iter().map(|key| {
        let versions = of_key.remove(&key.id).unwrap_or_default();
        one(key, versions, now)
    });
    Ok(shown.collect())
}

/// One key.
pub(crate) fn key(sql: Sql<'_>, key: ManagedKey, now: UnixTime) -> Result<ShownKey, Fault> {
    keys(sql, vec![key], now)?.pop().ok_or(Fault::Internal)
}

fn one(key: ManagedKey, versions: Vec<Row>, now: UnixTime) -> ShownKey {
    let mut projection = Projection::default();
    for row in versions.iter().filter(|row| row.since.is_some()) {
        projection.pending = true;
        projection.since = projection.since.into_iter().chain(row.since).min();
        projection.attempts = projection.attempts.max(row.attempts.unwrap_or_default());
        if projection.last_error.is_none() {
            projection.last_error.clone_from(&row.last_error);
        }
    }
    ShownKey {
        exposed: key.exposed().cloned().map(Into::into),
        last_used_at: versions.iter().find_map(|row| row.last_used_at),
        status: key.status(now),
        version: key.current().map(|version| version.number),
        key: None,
        expires_at: key.expires_at(),
        id: key.id,
        account: key.account,
        kind: key.kind,
        mode: key.mode,
        created_at: key.created_at,
        label: key.settings.label,
        origins: key.settings.origins,
        scopes: key.settings.scopes,
        rate: key.settings.rate,
        browser_headers: key.settings.browser_headers,
        revoked: key.revoked,
        versions: versions.into_iter().map(|row| version(row, now)).collect(),
        projection,
        dry_run: None,
    }
}

fn version(row: Row, now: UnixTime) -> ShownVersion {
    let exposed: Option<Exposure> =
        row.exposed.as_deref().and_then(|exposed| serde_json::from_str(exposed).ok());
    let end = VersionEnd {
        is_revoked: row.revoked == 1,
        is_exposed: exposed.is_some(),
        expires_at: row.expires_at,
        rotated_at: row.rotated_at,
    };
    ShownVersion {
        version: row.number,
        digest: row.digest,
        created_at: row.created_at,
        expires_at: row.expires_at,
        status: end.status(now),
        exposed: exposed.map(Into::into),
        last_four: row.last_four,
        projection: if row.since.is_some() { "pending" } else { "written" },
    }
}

/// An account, with how many keys of which status it has.
#[derive(Serialize)]
pub(crate) struct ShownAccount {
    id: String,
    label: Option<String>,
    created_at: u64,
    keys: Counts,
    projection: Backlog,
}

#[derive(Serialize, Deserialize)]
struct Counts {
    active: u64,
    expired: u64,
    revoked: u64,
    exposed: u64,
}

/// The account itself; none if it was never created.
pub(crate) fn account(sql: Sql<'_>, now: UnixTime) -> Result<Option<ShownAccount>, Fault> {
    let Some(AccountRow { id, label, created_at }) = account_row(sql)? else { return Ok(None) };
    let counts: Option<Counts> = sql.row(
        "SELECT
            coalesce(sum(revoked), 0) AS revoked,
            coalesce(sum(NOT revoked AND expires_at IS NOT NULL AND expires_at <= ?1), 0) AS expired,
            coalesce(sum(NOT revoked AND exposed AND (expires_at IS NULL OR expires_at > ?1)), 0) AS exposed,
            coalesce(sum(NOT revoked AND NOT exposed AND (expires_at IS NULL OR expires_at > ?1)), 0) AS active
            FROM keys",
        &[now],
    )?;
    let (keys, projection) = (counts.ok_or(Fault::Internal)?, outbox::pending(sql)?);
    Ok(Some(ShownAccount { id, label, created_at, keys, projection }))
}

/// Whether the account was ever created.
pub(crate) fn has_account(sql: Sql<'_>) -> Result<bool, Fault> {
    Ok(account_row(sql)?.is_some())
}

fn account_row(sql: Sql<'_>) -> Result<Option<AccountRow>, Fault> {
    sql.row("SELECT id, label, created_at FROM account", &[(); 0])
}

#[derive(Deserialize)]
struct AccountRow {
    id: String,
    label: Option<String>,
    created_at: u64,
}

#[derive(Deserialize)]
struct Row {
    key_id: String,
    number: u32,
    digest: String,
    created_at: UnixTime,
    expires_at: Option<UnixTime>,
    rotated_at: Option<UnixTime>,
    revoked: u8,
    /// As JSON.
    exposed: Option<String>,
    last_used_at: Option<UnixTime>,
    last_four: Option<String>,
    since: Option<u64>,
    attempts: Option<u32>,
    last_error: Option<String>,
}

/// Of a key's versions, the newest.
const SHOWN_VERSIONS: u32 = 10;
