//! Every change with who, when, what, before and after. The table itself refuses to be changed.

use keyguard::{
    Fault, KeyRecord, ManagedKey, UnixTime,
    life::Settings,
    record::{Exposure, Revocation},
};
use serde::Serialize;

use super::{
    call::By,
    sql::{Sql, list},
};

/// One entry. `before` and `after` are JSON.
pub(crate) struct Entry<'a> {
    pub(crate) action: &'a str,
    pub(crate) key: Option<&'a str>,
    pub(crate) version: Option<u32>,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

/// Adds entries, in order: what was done for a request, and by whom.
pub(crate) fn add(
    sql: Sql<'_>,
    (request_id, by): (&str, &By),
    now: UnixTime,
    entries: &[Entry<'_>],
) -> Result<(), Fault> {
    let entries: Vec<_> = entries
        .iter()
        .map(|entry| (entry.action, entry.key, entry.version, &entry.before, &entry.after))
        .collect();
    sql.run(
        "INSERT INTO audit (at, request_id, credential, actor, action, key_id, version, before, after)
            SELECT ?, ?, ?, ?, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?)
            ORDER BY key",
        &(now, request_id, &by.credential, &by.actor, list(&entries)),
    )
}

/// What a key looked like: what operators set, and nothing that would show its text.
pub(crate) fn snapshot(key: &ManagedKey) -> String {
    let retiring = key.versions().iter().filter(|version| version.rotated_at.is_some());
    let exposed = key.versions().iter().filter_map(|version| {
        Some(Exposed { version: version.number, exposure: version.exposed.as_ref()? })
    });
    list(&Snapshot {
        version: key.current().map(|version| version.number),
        expires_at: key.expires_at(),
        retiring: retiring
            .map(|version| Retiring { version: version.number, until: version.expires_at })
            .collect(),
        exposed: exposed.collect(),
        revoked: key.revoked.as_ref(),
        settings: &key.settings,
    })
}

#[derive(Serialize)]
struct Snapshot<'a> {
    version: Option<u32>,
    expires_at: Option<UnixTime>,
    retiring: Vec<Retiring>,
    exposed: Vec<Exposed<'a>>,
    revoked: Option<&'a Revocation>,
    #[serde(flatten)]
    settings: &'a Settings,
}

#[derive(Serialize)]
struct Exposed<'a> {
    version: u32,
    #[serde(flatten)]
    exposure: &'a Exposure,
}

#[derive(Serialize)]
struct Retiring {
    version: u32,
    until: Option<UnixTime>,
}

/// What is said of a version that is over.
pub(crate) fn over(record: &KeyRecord) -> String {
    let (expires_at, revoked) = (record.expires_at, record.revoked.as_ref());
    list(&Over { expires_at, revoked, exposed: record.exposed.as_ref() })
}

#[derive(Serialize)]
struct Over<'a> {
    expires_at: Option<UnixTime>,
    revoked: Option<&'a Revocation>,
    exposed: Option<&'a Exposure>,
}
