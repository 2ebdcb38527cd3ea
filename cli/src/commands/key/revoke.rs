//! `keyguard key revoke`.

use clap::Args;
use serde_json::json;
use ureq::http::Method;

use super::Named;
use crate::{
    commands::change,
    failure::Failure,
    ids::parse_id,
    options::{Change, Global},
};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    named: Named,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT", value_parser = parse_reason)]
    reason: String,
    /// End this one version alone, one that is in its grace
    #[arg(long, value_name = "N")]
    version: Option<u64>,
    /// The key's id, typed again: for a live key, where there is no terminal to ask at
    #[arg(long, value_name = "KEY", value_parser = parse_id)]
    yes: Option<String>,
    #[command(flatten)]
    change: Change,
}

pub(super) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    let client = global.client()?;
    if !arguments.change.dry_run {
        // Payments stop where a live key is revoked, and can't be started again with it.
        arguments.named.confirm(&client, "revokes", " for good", arguments.yes.as_deref())?;
    }
    let mut body = json!({ "reason": arguments.reason });
    let mut done = "revoked; nothing makes it work again".to_owned();
    if let Some(version) = arguments.version {
        done = format!("version {version} revoked");
        if let Some(body) = body.as_object_mut() {
            body.insert("version".to_owned(), version.into());
        }
    }
    let path = format!("{}/revoke", arguments.named.path());
    let answer = client.change(Method::POST, &path, body.to_string(), arguments.change.dry_run)?;
    change::finish(&client, &answer, arguments.change, global.json, &done)
}

fn parse_reason(text: &str) -> Result<String, String> {
    if (1..=200).contains(&text.chars().count()) && !text.trim().is_empty() {
        Ok(text.to_owned())
    } else {
        Err("must be 1 to 200 characters".to_owned())
    }
}
