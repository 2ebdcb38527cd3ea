//! `keyguard key lift`.

use clap::Args;
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
    /// The key's id, typed again: for a live key, where there is no terminal to ask at
    #[arg(long, value_name = "KEY", value_parser = parse_id)]
    yes: Option<String>,
    #[command(flatten)]
    change: Change,
}

pub(super) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    let client = global.client()?;
    if !arguments.change.dry_run {
        // Whoever found the text can use it again.
        let what = " work again, for whoever has it";
        arguments.named.confirm(&client, "lets", what, arguments.yes.as_deref())?;
    }
    let path = format!("{}/lift", arguments.named.path());
    let answer = client.change(Method::POST, &path, "{}".to_owned(), arguments.change.dry_run)?;
    change::finish(&client, &answer, arguments.change, global.json, "works again")
}
