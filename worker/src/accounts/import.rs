//! Keys that were issued elsewhere, by digest: a provider moves in without seeing or changing a key.

use std::collections::{HashMap, HashSet};

use keyguard::{Fault, KeyDigest, ManagedKey, Problem, life::Version};
use serde::{Deserialize, Serialize};

use super::{
    audit::{self, Entry, snapshot},
    body::{Import, ImportedKey, Object},
    change::Change,
    outbox::{self, Urgency},
    runtime,
    sql::{Sql, list},
    view,
};

/// Imports a batch: what is new is added, what the account has already stays as it is, and the rest is told.
///
/// A row that says revoked ends what the account has of its digest: where keys move in while they are still used, a later list is the one
/// that knows of a revocation. No row brings anything back.
pub(crate) fn import(
    change: &Change<'_>,
    body: &Import,
    claimed: &HashSet<KeyDigest>,
    taken: &[KeyDigest],
) -> Result<Batch, Problem> {
    if !view::has_account(change.sql)? {
        change.make_account(None)?;
    }
    let taken: HashSet<&KeyDigest> = taken.iter().collect();
    let mut known = Known::of(change.sql, body)?;
    let mut batch = Batch::default();
    let mut added: Vec<ManagedKey> = Vec::new();
    // Where in `added` a digest of this very batch is.
    let mut places: HashMap<KeyDigest, usize> = HashMap::new();
    for (index, Object(row)) in body.keys.iter().enumerate() {
        let refuse = |code, detail| Refused { index, code, detail };
        if taken.contains(&row.digest) {
            batch.refused.push(refuse("digest-taken", "The digest is another account's."));
        } else if known.digests.contains(&row.digest) {
            let key = places.get(&row.digest).and_then(|place| added.get_mut(*place));
            if ends(change, &known, key, row)? {
                batch.revoked = batch.revoked.saturating_add(1);
            } else {
                batch.unchanged = batch.unchanged.saturating_add(1);
            }
        } else if row.id.as_ref().is_some_and(|id| known.ids.contains(id))
            // Looked at as a row with another's id, and so never asked for: whose it is nobody knows.
            || !claimed.contains(&row.digest)
        {
            batch.refused.push(refuse("key-exists", "The account has a key with this id."));
        } else {
            let key = managed(change, row);
            known.digests.insert(row.digest);
            known.ids.insert(key.id.clone());
            places.insert(row.digest, added.len());
            added.push(key);
        }
    }
    batch.imported = added.len();
    // A database takes 2 MB for a value at most, and what is written is longer than what was sent.
    added.chunks(AT_ONCE).try_for_each(|keys| write(change, keys))?;
    Ok(batch)
}

/// Revokes what there is of a row's digest, if the row says so; whether that changed anything. `key` is one that this batch brought.
fn ends(
    change: &Change<'_>,
    known: &Known,
    key: Option<&mut ManagedKey>,
    row: &ImportedKey,
) -> Result<bool, Problem> {
    let Some(revocation) = row.revocation() else { return Ok(false) };
    match (key, known.open.get(&row.digest)) {
        (Some(key), _) => Ok(key.revoke(revocation).is_some()),
        (None, Some(id)) => change.revoke_digest(id, &row.digest, revocation),
        (None, None) => Ok(false),
    }
}

/// How a batch went.
#[derive(Default, Serialize)]
pub(crate) struct Batch {
    imported: usize,
    #[serde(skip_serializing_if = "is_zero")]
    revoked: u32,
    unchanged: u32,
    refused: Vec<Refused>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dry_run: Option<bool>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "how serde asks")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// A row that could not be imported.
#[derive(Serialize)]
struct Refused {
    index: usize,
    code: &'static str,
    detail: &'static str,
}

/// The digests that a batch would bring to the account. What is refused anyway must not be claimed: a claim is for good.
pub(crate) fn new_digests(
    sql: Sql<'_>,
    body: &Import,
    is_open: bool,
) -> Result<Vec<KeyDigest>, Fault> {
    let mut known = if is_open { Known::of(sql, body)? } else { Known::default() };
    let mut new = Vec::new();
    for Object(row) in &body.keys {
        let has_free_id = row.id.as_ref().is_none_or(|id| !known.ids.contains(id));
        if has_free_id && known.digests.insert(row.digest) {
            known.ids.extend(row.id.clone());
            new.push(row.digest);
        }
    }
    Ok(new)
}

/// What the account has already of a batch.
#[derive(Default)]
struct Known {
    digests: HashSet<KeyDigest>,
    ids: HashSet<String>,
    /// Of the digests those that aren't revoked, each with its key's id.
    open: HashMap<KeyDigest, String>,
}

impl Known {
    fn of(sql: Sql<'_>, body: &Import) -> Result<Self, Fault> {
        let digests: Vec<&KeyDigest> = body.keys.iter().map(|key| &key.0.digest).collect();
        let ids: Vec<&String> = body.keys.iter().filter_map(|key| key.0.id.as_ref()).collect();
        let digests: Vec<Digest> = sql.rows(
            "SELECT digest, iif(record -> 'revoked' IS NULL, key_id, NULL) AS open FROM versions
                WHERE digest IN (SELECT value FROM json_each(?))",
            &[list(&digests)],
        )?;
        let ids: Vec<Id> = sql.rows(
            "SELECT id FROM keys WHERE id IN (SELECT value FROM json_each(?))",
            &[list(&ids)],
        )?;
        Ok(Self {
            digests: digests.iter().map(|row| row.digest).collect(),
            ids: ids.into_iter().map(|row| row.id).collect(),
            open: digests.into_iter().filter_map(|row| Some((row.digest, row.open?))).collect(),
        })
    }
}

#[derive(Deserialize)]
struct Digest {
    digest: KeyDigest,
    open: Option<String>,
}

#[derive(Deserialize)]
struct Id {
    id: String,
}

fn managed(change: &Change<'_>, row: &ImportedKey) -> ManagedKey {
    let version = Version {
        number: 1,
        digest: row.digest,
        created_at: row.created_at.unwrap_or(change.now),
        expires_at: row.expires_at,
        rotated_at: None,
        last_four: row.last_four.clone(),
        exposed: None,
        lifted_at: None,
    };
    let id = row.id.clone().unwrap_or_else(|| runtime::random_id("key_"));
    let account = change.call.account.clone();
    let mut key = ManagedKey::new(id, account, (row.kind, row.mode), row.settings(), version);
    key.revoked = row.revocation();
    key
}

/// Keys that a statement writes.
const AT_ONCE: usize = 200;

/// Writes all of them, a statement for each table.
fn write(change: &Change<'_>, keys: &[ManagedKey]) -> Result<(), Problem> {
    let mut rows = Vec::new();
    let mut versions = Vec::new();
    let mut entries = Vec::new();
    for key in keys {
        let document = serde_json::to_string(key).map_err(|_| Fault::Internal)?;
        let revoked = u8::from(key.revoked.is_some());
        rows.push((&key.id, key.kind, key.mode, revoked, key.expires_at(), document));
        for (version, record) in key.records() {
            let record = record.to_json();
            entries.push((version.digest.store_name(), record.clone(), None));
            versions.push((
                version.digest,
                &key.id,
                version.number,
                record,
                version.last_four.clone(),
            ));
        }
    }
    change.sql.run(
        "INSERT INTO keys (id, kind, mode, version, revoked, exposed, expires_at, document)
            SELECT value ->> 0, value ->> 1, value ->> 2, 1, value ->> 3, 0, value ->> 4, value ->> 5
            FROM json_each(?) ORDER BY key",
        &[list(&rows)],
    )?;
    change.sql.run(
        "INSERT INTO versions (digest, key_id, number, record, last_four)
            SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?) ORDER BY key",
        &[list(&versions)],
    )?;
    outbox::put(change.sql, &entries, Urgency::Bulk, change.now)?;
    let audited: Vec<Entry<'_>> = keys
        .iter()
        .map(|key| Entry {
            action: "key.imported",
            key: Some(&key.id),
            version: Some(1),
            before: None,
            after: Some(snapshot(key)),
        })
        .collect();
    let by = (change.call.request_id.as_str(), &change.call.by);
    Ok(audit::add(change.sql, by, change.now, &audited)?)
}
