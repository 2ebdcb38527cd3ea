//! Keys and their records, into the tables and the outbox.

use keyguard::{Fault, KeyRecord, ManagedKey, UnixTime, life::Version};

use super::super::{
    outbox::{self, Urgency},
    sql::{Sql, list},
};

/// Saves a key and the records of its open versions.
pub(crate) fn save(
    sql: Sql<'_>,
    key: &ManagedKey,
    is_new: bool,
    now: UnixTime,
) -> Result<(), Fault> {
    let document = serde_json::to_string(key).map_err(|_| Fault::Internal)?;
    let (version, expires_at) = (key.current().map(|version| version.number), key.expires_at());
    let (revoked, exposed) = (u8::from(key.revoked.is_some()), u8::from(key.exposed().is_some()));
    let fields = (&key.id, key.kind, key.mode, version, revoked, exposed, expires_at, document);
    let statement = if is_new {
        "INSERT INTO keys (id, kind, mode, version, revoked, exposed, expires_at, document)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
    } else {
        "UPDATE keys SET version = ?4, revoked = ?5, exposed = ?6, expires_at = ?7, document = ?8
            WHERE id = ?1 AND kind = ?2 AND mode = ?3"
    };
    sql.run(statement, &fields)?;
    let records: Vec<(Version, KeyRecord)> =
        key.records().map(|(version, record)| (version.clone(), record)).collect();
    save_versions(sql, &records, now)
}

/// Saves the last records of versions that are over.
pub(crate) fn save_over(
    sql: Sql<'_>,
    over: &[(Version, KeyRecord)],
    now: UnixTime,
) -> Result<(), Fault> {
    save_versions(sql, over, now)
}

fn save_versions(
    sql: Sql<'_>,
    versions: &[(Version, KeyRecord)],
    now: UnixTime,
) -> Result<(), Fault> {
    let mut rows = Vec::new();
    let mut entries = Vec::new();
    for (version, record) in versions {
        let text = record.to_json();
        entries.push((version.digest.store_name(), text.clone(), None));
        rows.push((version.digest, &record.id, version.number, text, &version.last_four));
    }
    sql.run(
        "INSERT INTO versions (digest, key_id, number, record, last_four)
            SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?) WHERE true
            ON CONFLICT (digest) DO UPDATE SET record = excluded.record",
        &[list(&rows)],
    )?;
    outbox::put(sql, &entries, Urgency::Now, now)
}
