//! `keyguard key issue`.

use clap::Args;
use serde_json::{Map, Value};
use ureq::http::Method;

use crate::{
    commands::change,
    failure::Failure,
    ids::parse_id,
    options::{Change, Global},
    times::parse_time,
    words::{Kind, Mode},
};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The account's id
    #[arg(value_parser = parse_id)]
    account: String,
    /// Secret, for servers, or publishable, for pages
    #[arg(long)]
    kind: Kind,
    /// Whether money moves
    #[arg(long)]
    mode: Mode,
    /// What to call it
    #[arg(long)]
    label: Option<String>,
    /// A page's origin that may use it, such as `https://shop.example`; repeat for more [default: any]
    #[arg(long = "origin", value_name = "ORIGIN")]
    origins: Vec<String>,
    /// A scope to which it is confined; repeat for more [default: none]
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// Its rate-limit tier
    #[arg(long)]
    rate: Option<String>,
    /// When its time is over [default: never]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    expires: Option<u64>,
    /// Let a secret key pass with a page's headers, for an owner whose proxy passes them on
    #[arg(long)]
    browser_headers: bool,
    #[command(flatten)]
    change: Change,
}

pub(super) fn run(arguments: Arguments, global: &Global) -> Result<(), Failure> {
    let client = global.client()?;
    let path = format!("/accounts/{}/keys", arguments.account);
    let change = arguments.change;
    let answer = client.change(Method::POST, &path, body(arguments).to_string(), change.dry_run)?;
    change::finish_new(&client, &answer, change, global.json, "issued")
}

fn body(arguments: Arguments) -> Value {
    let kind = keyguard::Kind::from(arguments.kind).as_str();
    let mode = keyguard::Mode::from(arguments.mode).as_str();
    let list = |list: Vec<String>| (!list.is_empty()).then(|| Value::from(list));
    let fields = [
        ("kind", Some(kind.into())),
        ("mode", Some(mode.into())),
        ("label", arguments.label.map(Value::from)),
        ("origins", list(arguments.origins)),
        ("scopes", list(arguments.scopes)),
        ("rate", arguments.rate.map(Value::from)),
        ("expires_at", arguments.expires.map(Value::from)),
        ("browser_headers", arguments.browser_headers.then_some(true.into())),
    ];
    let set = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(set.collect::<Map<_, _>>())
}
