//! `keyguard key rotate`.

use clap::Args;
use serde_json::json;
use ureq::http::Method;

use super::Named;
use crate::{
    client::Client,
    commands::change,
    failure::Failure,
    ids::parse_id,
    input,
    model::Key,
    options::{Change, Global},
    times::{length, parse_duration, parse_time},
};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    named: Named,
    /// How long the old text works beside the new one, up to 30d; 0 ends it now
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = parse_grace)]
    grace: u64,
    /// End the version of an earlier rotation now, if it is still in its grace
    #[arg(long)]
    end_grace: bool,
    /// When the new text's time is over [default: as the key's]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    expires: Option<u64>,
    /// The key's id, typed again: where a live key stops working now and there is no terminal to ask at
    #[arg(long, value_name = "KEY", value_parser = parse_id)]
    yes: Option<String>,
    #[command(flatten)]
    change: Change,
}

pub(super) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    let client = global.client()?;
    confirm(&client, arguments)?;
    let mut body = json!({ "grace_seconds": arguments.grace });
    if let Some(body) = body.as_object_mut() {
        body.extend(arguments.expires.map(|at| ("expires_at".to_owned(), at.into())));
        if arguments.end_grace {
            body.insert("end_grace".to_owned(), true.into());
        }
    }
    let path = format!("{}/rotate", arguments.named.path());
    let answer = client.change(Method::POST, &path, body.to_string(), arguments.change.dry_run)?;
    let key: Key = answer.parse()?;
    let done = format!("rotated; {}", told(&key, arguments.grace));
    change::finish_new(&client, &answer, arguments.change, global.json, &done)
}

/// What becomes of the old text: its grace, or less of it where the key was to end before.
fn told(key: &Key, grace: u64) -> String {
    let before = key.before();
    if before.is_some_and(|version| version.exposed.is_some()) {
        return "its old text was exposed and stays refused".to_owned();
    }
    if before.is_some_and(|version| version.status == "expired") {
        return "its old text has expired and stays refused".to_owned();
    }
    if grace == 0 {
        return "its old text is refused from now on".to_owned();
    }
    // By the API's own clock: the new version was made at the moment of the rotation.
    let made = key.current().and_then(|version| version.created_at);
    let end = before.and_then(|version| version.expires_at);
    let left = end.zip(made).map(|(end, made)| end.saturating_sub(made));
    match left.filter(|left| *left < grace) {
        Some(left) => {
            format!("its old text works for another {}, until the key was to expire", length(left))
        }
        None => format!("its old text works for another {}", length(grace)),
    }
}

/// A rotation that ends a text that works ends it for whoever still uses it, as a revocation does.
fn confirm(client: &Client, arguments: &Arguments) -> Result<(), Failure> {
    let ends_now = arguments.grace == 0 || arguments.end_grace;
    if arguments.change.dry_run || (!ends_now && arguments.yes.is_none()) {
        return Ok(());
    }
    let key = arguments.named.read(client)?;
    if key.mode != "live" && arguments.yes.is_none() {
        return Ok(());
    }
    let what =
        if arguments.grace == 0 { "every text so far" } else { "the text of the earlier rotation" };
    let question = format!(
        "This ends {what} of the {} {} key {} of {} at once.",
        key.mode, key.kind, key.id, key.account
    );
    input::confirm(&question, &key.id, arguments.yes.as_deref())
}

fn parse_grace(text: &str) -> Result<u64, String> {
    let seconds = parse_duration(text)?;
    if seconds <= LONGEST_GRACE { Ok(seconds) } else { Err("must be at most 30d".to_owned()) }
}

const LONGEST_GRACE: u64 = 30 * 86_400;
