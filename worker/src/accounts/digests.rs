//! Whose digest is it? One object for each sixteenth of all digests, asked before an account takes a new one.
//!
//! Two accounts that had the same digest would write the same entry of the store: one's revocation would end with the
//! other's next change. So a digest belongs to the account that claimed it first, for good.

use std::collections::BTreeMap;

use keyguard::{AdminDenial, Fault, KeyDigest};
use serde::{Deserialize, Serialize};

use super::{
    call::{Answer, Call},
    sql::{Sql, list},
};

/// The name of the object that knows a digest.
pub(crate) fn shard(digest: &KeyDigest) -> String {
    digest.to_string().chars().take(1).collect()
}

/// Digests by the object that knows them.
pub(crate) fn by_shard(
    digests: impl Iterator<Item = KeyDigest>,
) -> BTreeMap<String, Vec<KeyDigest>> {
    let mut shards: BTreeMap<String, Vec<KeyDigest>> = BTreeMap::new();
    for digest in digests {
        shards.entry(shard(&digest)).or_default().push(digest);
    }
    shards
}

/// Claims digests for an account, or only looks; those that are another's.
pub(crate) fn claim(
    sql: Sql<'_>,
    account: &str,
    digests: &[KeyDigest],
    only_looks: bool,
) -> Result<Vec<String>, Fault> {
    let digests = list(&digests);
    if !only_looks {
        sql.run(
            "INSERT INTO digests (digest, account) SELECT value, ? FROM json_each(?) WHERE true
                ON CONFLICT (digest) DO NOTHING",
            &(account, &digests),
        )?;
    }
    let taken: Vec<Taken> = sql.rows(
        "SELECT digest FROM digests WHERE digest IN (SELECT value FROM json_each(?)) AND account <> ?",
        &(&digests, account),
    )?;
    Ok(taken.into_iter().map(|row| row.digest).collect())
}

#[derive(Deserialize)]
struct Taken {
    digest: String,
}

/// The account that a digest belongs to, as an object's answer; the account says which key it is.
pub(crate) fn find(sql: Sql<'_>, call: &Call, digest: &KeyDigest) -> Result<Answer, Fault> {
    let owner: Option<Owner> =
        sql.row("SELECT account FROM digests WHERE digest = ?", &[digest])?;
    Ok(match owner {
        Some(owner) => Answer::new(200, &owner),
        None => {
            Answer::of_problem(&AdminDenial::KeyNotFound.into(), call.instance(), &call.request_id)
        }
    })
}

/// Of these digests those that belong to an account, and to which.
pub(crate) fn owners(sql: Sql<'_>, digests: &[KeyDigest]) -> Result<Vec<Owned>, Fault> {
    sql.rows(
        "SELECT digest, account FROM digests WHERE digest IN (SELECT value FROM json_each(?))",
        &[list(&digests)],
    )
}

/// A digest and its account.
#[derive(Serialize, Deserialize)]
pub(crate) struct Owned {
    digest: KeyDigest,
    account: String,
}

#[derive(Serialize, Deserialize)]
struct Owner {
    account: String,
}

/// The id of an account that a request without one makes: the same for the same request of the same credential.
pub(crate) fn derived_account_id(credential: &str, idempotency_key: &str) -> String {
    // Neither has a space in it.
    let digest = KeyDigest::of(&format!("account of {credential} {idempotency_key}")).to_string();
    // Hex is within the ids' alphabet; 20 digits are 80 bits.
    format!("acct_{}", digest.chars().take(20).collect::<String>())
}
