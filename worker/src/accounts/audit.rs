//! Every change with who, when, what, before and after. The table itself refuses to be changed.

use keyguard::{Fault, KeyRecord, ManagedKey, UnixTime};
use serde_json::{Value, json};

use super::{call::Call, sql::Sql};

/// One entry.
pub(crate) struct Entry<'a> {
    pub(crate) action: &'a str,
    pub(crate) key: Option<&'a str>,
    pub(crate) version: Option<u32>,
    pub(crate) before: Option<Value>,
    pub(crate) after: Option<Value>,
}

/// Adds entries, in order.
pub(crate) fn add(
    sql: Sql<'_>,
    call: &Call,
    now: UnixTime,
    entries: &[Entry<'_>],
) -> Result<(), Fault> {
    let entries: Vec<Value> = entries
        .iter()
        .map(|entry| {
            json!([
                entry.action,
                entry.key,
                entry.version,
                text(entry.before.as_ref()),
                text(entry.after.as_ref())
            ])
        })
        .collect();
    sql.run(
        "INSERT INTO audit (at, request_id, credential, actor, action, key_id, version, before, after)
            SELECT ?, ?, ?, ?, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?)
            ORDER BY key",
        &json!([now, call.request_id, call.by.credential, call.by.actor, Value::from(entries).to_string()]),
    )
}

/// What a key looked like: what operators set, and nothing that would show its text.
pub(crate) fn snapshot(key: &ManagedKey) -> Value {
    let mut snapshot = serde_json::to_value(&key.settings).unwrap_or_default();
    if let Some(fields) = snapshot.as_object_mut() {
        let current = key.current();
        fields.insert("version".to_owned(), json!(current.map(|version| version.number)));
        fields.insert("expires_at".to_owned(), json!(key.expires_at()));
        fields.insert("revoked".to_owned(), json!(key.revoked));
        let retiring: Vec<Value> = key
            .versions()
            .iter()
            .filter(|version| version.rotated_at.is_some())
            .map(|version| json!({ "version": version.number, "until": version.expires_at }))
            .collect();
        fields.insert("retiring".to_owned(), retiring.into());
    }
    snapshot
}

/// What is said of a version that is over.
pub(crate) fn over(record: &KeyRecord) -> Value {
    json!({ "revoked": record.revoked, "expires_at": record.expires_at })
}

fn text(value: Option<&Value>) -> Option<String> {
    value.map(Value::to_string)
}
