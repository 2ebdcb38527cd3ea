//! `keyguard key expire`.

use clap::Args;
use serde_json::json;
use ureq::http::Method;

use super::Named;
use crate::{
    commands::change,
    failure::Failure,
    options::{Change, Global},
    times::{both, now, parse_duration, parse_time},
};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    when: When,
    #[command(flatten)]
    change: Change,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct When {
    /// At this time: `2027-01-31T12:00:00Z`, a date, or Unix seconds
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    at: Option<u64>,
    /// After this long: 30d, 24h, 90m
    #[arg(long = "in", value_name = "DURATION", value_parser = parse_duration)]
    after: Option<u64>,
    /// Never
    #[arg(long)]
    never: bool,
}

pub(super) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    let now = now();
    let at = arguments.when.at.or(arguments.when.after.map(|after| now.saturating_add(after)));
    if at.is_some_and(|at| at <= now) {
        return Err(Failure::usage(
            "a key expires in the future: `keyguard key revoke` ends one now",
        ));
    }
    let client = global.client()?;
    let body = json!({ "expires_at": at });
    let answer = client.change(
        Method::PATCH,
        &arguments.named.path(),
        body.to_string(),
        arguments.change.dry_run,
    )?;
    let done =
        at.map_or_else(|| "never expires".to_owned(), |at| format!("expires at {}", both(at, now)));
    change::finish(&client, &answer, arguments.change, global.json, &done)
}
