//! `keyguard key update`.

use clap::Args;
use serde_json::{Map, Value};
use ureq::http::Method;

use super::Named;
use crate::{
    commands::change,
    failure::Failure,
    options::{Change, Global},
};

/// What is not named stays as it is.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Arguments {
    #[command(flatten)]
    named: Named,
    /// What to call it
    #[arg(long, conflicts_with = "no_label")]
    label: Option<String>,
    /// Call it nothing
    #[arg(long)]
    no_label: bool,
    /// A page's origin that may use it; repeat for more, they replace the ones before
    #[arg(long = "origin", value_name = "ORIGIN", conflicts_with = "no_origins")]
    origins: Vec<String>,
    /// Any page may use it that the policy lets
    #[arg(long)]
    no_origins: bool,
    /// A scope to which it is confined; repeat for more, they replace the ones before
    #[arg(long = "scope", value_name = "SCOPE", conflicts_with = "no_scopes")]
    scopes: Vec<String>,
    /// Confine it to no scopes
    #[arg(long)]
    no_scopes: bool,
    /// Its rate-limit tier
    #[arg(long, conflicts_with = "no_rate")]
    rate: Option<String>,
    /// No rate-limit tier of its own
    #[arg(long)]
    no_rate: bool,
    /// Whether a secret key passes with a page's headers
    #[arg(long, value_name = "BOOL")]
    browser_headers: Option<bool>,
    #[command(flatten)]
    change: Change,
}

pub(super) fn run(arguments: Arguments, global: &Global) -> Result<(), Failure> {
    let (path, change) = (arguments.named.path(), arguments.change);
    let changes = patch(arguments);
    if changes.is_empty() {
        return Err(Failure::usage(
            "nothing to change: name at least one of --label, --origin, --scope, --rate, --browser-headers",
        ));
    }
    let client = global.client()?;
    let answer =
        client.change(Method::PATCH, &path, Value::Object(changes).to_string(), change.dry_run)?;
    change::finish(&client, &answer, change, global.json, "updated")
}

/// A merge patch (RFC 7396): null takes a field away.
fn patch(arguments: Arguments) -> Map<String, Value> {
    let text = |value: Option<String>, is_cleared: bool| {
        value.map(Value::from).or(is_cleared.then_some(Value::Null))
    };
    let list = |list: Vec<String>, is_cleared: bool| {
        (!list.is_empty()).then(|| Value::from(list)).or(is_cleared.then_some(Value::Null))
    };
    let fields = [
        ("label", text(arguments.label, arguments.no_label)),
        ("origins", list(arguments.origins, arguments.no_origins)),
        ("scopes", list(arguments.scopes, arguments.no_scopes)),
        ("rate", text(arguments.rate, arguments.no_rate)),
        ("browser_headers", arguments.browser_headers.map(Value::from)),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
