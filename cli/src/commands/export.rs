//! `keyguard export`: the records of keys, for safe-keeping or to move them.

use clap::Args;
use keyguard::{Kind, Mode};
use serde::Deserialize;
use serde_json::Value;

use super::{import::Row, pages};
use crate::{
    client::Client,
    failure::Failure,
    ids::parse_id,
    model::{Key, Revoked, Version},
    options::Global,
    output,
    plain::plain,
    times,
};

#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// The keys of this account alone
    #[arg(long, value_name = "ID", value_parser = parse_id)]
    account: Option<String>,
}

pub(crate) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    let client = global.client()?;
    if let Some(account) = &arguments.account {
        return account_keys(&client, account);
    }
    pages::each_page(&client, "/accounts", "accounts", None, |page| {
        page.iter().try_for_each(|entry| {
            let Listed { id } = pages::entry(entry)?;
            // The id becomes a part of a path.
            let id = parse_id(&id)
                .map_err(|reason| Failure::Unreachable(format!("an account's id {reason}")))?;
            account_keys(&client, &id)
        })
    })
}

#[derive(Deserialize)]
struct Listed {
    id: String,
}

fn account_keys(client: &Client, account: &str) -> Result<(), Failure> {
    pages::each_page(client, &format!("/accounts/{account}/keys"), "keys", None, |page| {
        page.iter().try_for_each(|entry| {
            let key: Key = pages::entry(entry)?;
            for version in &key.versions {
                let row = row(&key, version)?;
                let line = serde_json::to_string(&row).unwrap_or_default();
                output::line(&output::plain_json(&line))?;
            }
            tell_missing(&key);
            Ok(())
        })
    })
}

/// Says that a key has older versions than the API shows: they are over, and stay unknown wherever the rows go.
fn tell_missing(key: &Key) {
    let first = key.versions.iter().map(|version| version.number).min().unwrap_or(1);
    if first > 1 {
        output::note(&format!(
            "note: {}: the API shows no version before {first}, so they are in no row. They are over; elsewhere they are unknown",
            plain(&key.id)
        ));
    }
}

/// A version as a row of its own: the current one under the key's id, an older one under the id and its number.
fn row(key: &Key, version: &Version) -> Result<Row, Failure> {
    let is_current = Some(version.number) == key.version;
    let id = if is_current { key.id.clone() } else { format!("{}.v{}", key.id, version.number) };
    let earlier = |a: Option<u64>, b: Option<u64>| a.into_iter().chain(b).min();
    Ok(Row {
        account: Some(key.account.clone()),
        digest: version.digest.clone(),
        kind: word::<Kind>(&key.kind)?,
        mode: word::<Mode>(&key.mode)?,
        id: Some(id),
        label: key.label.clone(),
        created_at: version.created_at.or(Some(key.created_at)),
        expires_at: earlier(version.expires_at, key.expires_at),
        revoked: revoked(key, version),
        origins: key.origins.clone(),
        scopes: key.scopes.clone(),
        rate: key.rate.clone(),
        browser_headers: key.browser_headers,
        last_four: version.last_four.clone(),
    })
}

/// That a version is refused for good stays with it wherever it goes.
///
/// Each version answers for itself: one that leaked is refused whatever became of the others, and whether or not its time is over.
fn revoked(key: &Key, version: &Version) -> Option<Revoked> {
    let at = version.expires_at.unwrap_or_else(times::now).min(times::now());
    let because = |at, reason: &str| Revoked { at, reason: reason.to_owned() };
    let exposed = version.exposed.as_ref().map(|exposed| because(exposed.at, "exposed"));
    key.revoked.clone().or(exposed).or_else(|| match version.status.as_str() {
        "exposed" => Some(because(at, "exposed")),
        "revoked" => Some(because(at, "rotated")),
        _ => None,
    })
}

fn word<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Failure> {
    serde_json::from_value(Value::from(text)).map_err(|_| {
        Failure::Unreachable(
            "the API answered a kind or mode that this keyguard doesn't know".to_owned(),
        )
    })
}

const AFTER_HELP: &str = "\
Standard output gets a row for each version of each key that the API shows, which are the last ten: the current one under the key's id, older ones with .v1, .v2
and so on after it. `keyguard import` reads them. They hold digests, and no key.";
