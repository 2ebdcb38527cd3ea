//! Whose digest is it? One object for each sixteenth of all digests, asked before an account takes a new one.
//!
//! Two accounts that had the same digest would write the same entry of the store: one's revocation would end with the
//! other's next change. So a digest belongs to the account that claimed it first, for good.

use std::collections::BTreeMap;

use keyguard::{AdminDenial, Fault, KeyDigest};
use serde_json::{Value, json};

use super::{
    call::{Answer, Call},
    sql::Sql,
};

/// The name of the object that knows a digest.
pub(crate) fn shard(digest: &KeyDigest) -> String {
    digest.to_string().chars().take(1).collect()
}

/// Digests by the object that knows them.
pub(crate) fn by_shard<'a>(
    digests: impl Iterator<Item = &'a KeyDigest>,
) -> BTreeMap<String, Vec<&'a KeyDigest>> {
    let mut shards: BTreeMap<String, Vec<&KeyDigest>> = BTreeMap::new();
    for digest in digests {
        shards.entry(shard(digest)).or_default().push(digest);
    }
    shards
}

/// Claims digests for an account, or only looks; those that are another's, as JSON.
pub(crate) fn claim(
    sql: Sql<'_>,
    account: &str,
    digests: &Value,
    only_looks: bool,
) -> Result<Value, Fault> {
    let list = digests.to_string();
    if !only_looks {
        sql.run(
            "INSERT INTO digests (digest, account) SELECT value, ? FROM json_each(?) WHERE true
                ON CONFLICT (digest) DO NOTHING",
            &json!([account, list]),
        )?;
    }
    let taken: Vec<Value> = sql.rows(
        "SELECT digest FROM digests WHERE digest IN (SELECT value FROM json_each(?)) AND account <> ?",
        &json!([list, account]),
    )?;
    Ok(taken.into_iter().filter_map(|row| row.get("digest").cloned()).collect())
}

/// The account that a digest belongs to, as an object's answer; the account says which key it is.
pub(crate) fn find(sql: Sql<'_>, call: &Call, digest: &KeyDigest) -> Result<Answer, Fault> {
    let row: Option<Value> =
        sql.row("SELECT account FROM digests WHERE digest = ?", &json!([digest]))?;
    let account = row.as_ref().and_then(|row| row.get("account"));
    Ok(match account {
        Some(account) => Answer::new(200, &json!({ "digest": digest, "account": account })),
        None => Answer::of_problem(
            &AdminDenial::KeyNotFound.into(),
            call.instance.as_deref(),
            &call.request_id,
        ),
    })
}

/// The id of an account that a request without one makes: the same for the same request.
pub(crate) fn derived_account_id(idempotency_key: &str) -> String {
    let digest = KeyDigest::of(&format!("account of {idempotency_key}")).to_string();
    // Hex is within the ids' alphabet; 20 digits are 80 bits.
    format!("acct_{}", digest.chars().take(20).collect::<String>())
}
