//! `keyguard audit`: who changed what, and when.

use clap::Args;
use serde::Deserialize;
use serde_json::Value;

use super::pages;
use crate::{
    failure::Failure,
    ids::parse_id,
    options::Global,
    output::{self, Table},
    times,
};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The account's id
    #[arg(value_name = "ACCOUNT", value_parser = parse_id)]
    account: String,
    /// Changes to this key alone
    #[arg(long, value_name = "KEY", value_parser = parse_id)]
    key: Option<String>,
    /// Read no more than this many entries
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
}

/// Prints a table, or with `--json` an entry a line, for archives.
pub(crate) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    let client = global.client()?;
    let path = format!("/accounts/{}/audit", arguments.account);
    let mut table = Table::new(&["#", "when", "who", "what", "key", "changed"]);
    pages::each_page(&client, &path, "entries", arguments.limit, |page| {
        for raw in page {
            let entry: Entry = pages::entry(&raw)?;
            if arguments.key.is_some() && arguments.key != entry.key {
                continue;
            }
            if global.json {
                let one_line = pages::entry::<Value>(&raw)?.to_string();
                output::line(&output::plain_json(&one_line))?;
            } else {
                table.row(entry.cells());
            }
        }
        table.print()
    })
}

#[derive(Deserialize)]
struct Entry {
    seq: u64,
    at: u64,
    credential: String,
    actor: Option<String>,
    action: String,
    key: Option<String>,
    version: Option<u64>,
    before: Option<Value>,
    after: Option<Value>,
}

impl Entry {
    fn cells(&self) -> [String; 6] {
        let who = match &self.actor {
            Some(actor) => format!("{actor} by {}", self.credential),
            None => self.credential.clone(),
        };
        let key = match (&self.key, self.version) {
            (Some(key), Some(version)) => format!("{key} v{version}"),
            (Some(key), None) => key.clone(),
            (None, _) => "-".to_owned(),
        };
        [
            self.seq.to_string(),
            times::rfc_3339(self.at),
            who,
            self.action.clone(),
            key,
            changes(self.before.as_ref(), self.after.as_ref()),
        ]
    }
}

/// The fields that differ, as `name: before → after`.
fn changes(before: Option<&Value>, after: Option<&Value>) -> String {
    let empty = serde_json::Map::new();
    let fields = |side: Option<&Value>| side.and_then(Value::as_object).unwrap_or(&empty).clone();
    let (before, after) = (fields(before), fields(after));
    let mut names: Vec<_> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let is_there =
        |value: &Value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty());
    let differing = names.into_iter().filter(|name| {
        let (before, after) = (before.get(*name), after.get(*name));
        // What was never set, and isn't now, is no change.
        before != after && [before, after].into_iter().flatten().any(is_there)
    });
    let told = differing.map(|name| {
        let after = told(name, after.get(name));
        match before.get(name) {
            Some(value) if !value.is_null() => {
                format!("{name}: {} → {after}", told(name, Some(value)))
            }
            _ => format!("{name}: {after}"),
        }
    });
    told.collect::<Vec<_>>().join(", ")
}

fn told(name: &str, value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(value) if name.ends_with("at") => {
            value.as_u64().map_or_else(|| value.to_string(), times::rfc_3339)
        }
        Some(value) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_differs_is_told() {
        let (before, after) = (
            json!({"label": "a", "rate": "x", "expires_at": null}),
            json!({"label": "b", "rate": "x", "expires_at": 60}),
        );
        assert_eq!(
            changes(Some(&before), Some(&after)),
            "expires_at: 1970-01-01T00:01:00Z, label: a → b"
        );
        assert_eq!(
            changes(None, Some(&json!({"kind": "secret", "rate": null, "retiring": []}))),
            "kind: secret"
        );
        assert_eq!(changes(None, None), "");
    }
}
