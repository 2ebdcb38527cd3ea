//! The tables of an account's object, and of a digest index's.

use super::sql::Sql;
use keyguard::Fault;

/// Makes an account's tables.
pub(crate) fn open_account(sql: Sql<'_>) -> Result<(), Fault> {
    ACCOUNT.iter().try_for_each(|statement| sql.run(statement, &NOTHING))
}

/// Whether the tables are there: an account that was only asked for leaves nothing behind.
///
/// An account of an older version gets here what it lacks.
pub(crate) fn is_open(sql: Sql<'_>) -> Result<bool, Fault> {
    // The first of all that is made, and the last of the newest version.
    let found =
        "SELECT count(*) AS number FROM sqlite_master WHERE name IN ('account', 'notices_key')";
    let number = sql.number(found, &NOTHING)?.unwrap_or_default();
    if number > 0.5 && number < 1.5 {
        open_account(sql)?;
    }
    Ok(number > 0.5)
}

/// Makes a digest index's table.
pub(crate) fn open_digests(sql: Sql<'_>) -> Result<(), Fault> {
    sql.run(DIGESTS, &NOTHING)
}

const NOTHING: [(); 0] = [];

const ACCOUNT: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS account (
        one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL, label TEXT, created_at INTEGER NOT NULL)",
    // `document` is the core's ManagedKey; the columns beside it are for lists.
    "CREATE TABLE IF NOT EXISTS keys (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, mode TEXT NOT NULL,
        version INTEGER NOT NULL, revoked INTEGER NOT NULL, exposed INTEGER NOT NULL, expires_at INTEGER,
        document TEXT NOT NULL)",
    // Every version ever, with the record that the store has or is to get. None is ever deleted.
    "CREATE TABLE IF NOT EXISTS versions (
        digest TEXT PRIMARY KEY, key_id TEXT NOT NULL, number INTEGER NOT NULL, record TEXT NOT NULL, last_four TEXT,
        UNIQUE (key_id, number))",
    "CREATE TABLE IF NOT EXISTS outbox (
        name TEXT PRIMARY KEY, value TEXT NOT NULL, metadata TEXT, generation INTEGER NOT NULL, since INTEGER NOT NULL,
        due_at REAL NOT NULL, attempts INTEGER NOT NULL, in_flight INTEGER NOT NULL, uncertain_until REAL NOT NULL,
        confirming INTEGER NOT NULL, bulk INTEGER NOT NULL, last_error TEXT)",
    "CREATE INDEX IF NOT EXISTS outbox_due ON outbox (bulk, due_at)",
    "CREATE INDEX IF NOT EXISTS outbox_in_flight ON outbox (name) WHERE in_flight = 1",
    "CREATE TABLE IF NOT EXISTS changes (
        idempotency_key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
        at INTEGER NOT NULL)",
    "CREATE INDEX IF NOT EXISTS changes_at ON changes (at)",
    "CREATE TABLE IF NOT EXISTS audit (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, request_id TEXT NOT NULL, credential TEXT NOT NULL,
        actor TEXT, action TEXT NOT NULL, key_id TEXT, version INTEGER, before TEXT, after TEXT)",
    "CREATE TRIGGER IF NOT EXISTS audit_is_never_changed BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END",
    "CREATE TRIGGER IF NOT EXISTS audit_is_never_deleted BEFORE DELETE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END",
    // What was seen of a key since the operator was told last, and when that and its last audit entry was.
    "CREATE TABLE IF NOT EXISTS incidents (
        key_id TEXT PRIMARY KEY, untold INTEGER NOT NULL, audited_at INTEGER, sent_at REAL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS notices (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, key_id TEXT NOT NULL, at INTEGER NOT NULL,
        rank INTEGER NOT NULL, data TEXT NOT NULL, count INTEGER, due_at REAL NOT NULL, attempts INTEGER NOT NULL,
        first_at REAL, last_error TEXT)",
    // When a key was used last, in whole minutes.
    "CREATE TABLE IF NOT EXISTS uses (key_id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID",
    // Each message asks whether an older one of its key goes first.
    "CREATE INDEX IF NOT EXISTS notices_key ON notices (key_id, seq)",
];

const DIGESTS: &str = "CREATE TABLE IF NOT EXISTS digests (digest TEXT PRIMARY KEY, account TEXT NOT NULL) WITHOUT ROWID";
