//! `keyguard key`: the life of a key.

mod expire;
mod find;
mod inspect;
mod issue;
mod lift;
mod list;
mod revoke;
mod rotate;
mod update;

use clap::{Args, Subcommand};

use crate::{
    client::Client, failure::Failure, ids::parse_id, input, model::Key, options::Global, output,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Issue a key; its text is printed once
    Issue(issue::Arguments),
    /// List an account's keys
    List(list::Arguments),
    /// Show a key and its versions
    Show(Named),
    /// Say whose key it is that standard input holds, or its digest; the key itself is not sent
    Find,
    /// Give a key a new text; the old one works until its grace is over
    Rotate(rotate::Arguments),
    /// Refuse a key from now on, for good
    Revoke(revoke::Arguments),
    /// Let a key work again that was blocked because it became public
    Lift(lift::Arguments),
    /// Set when a key's time is over
    Expire(expire::Arguments),
    /// Change what a key is called and may do
    Update(update::Arguments),
    /// Say what the key on standard input is, without any network
    Inspect,
}

/// A key by its account's and its own id.
#[derive(Args, Debug)]
pub(crate) struct Named {
    /// The account's id
    #[arg(value_parser = parse_id)]
    account: String,
    /// The key's id
    #[arg(value_parser = parse_id)]
    key: String,
}

impl Named {
    fn path(&self) -> String {
        format!("/accounts/{}/keys/{}", self.account, self.key)
    }

    fn read(&self, client: &Client) -> Result<Key, Failure> {
        client.read(&self.path())?.parse()
    }

    /// Asks before something is done to a live key: `This {does} the live secret key … of …{what}.`
    fn confirm(
        &self,
        client: &Client,
        does: &str,
        what: &str,
        yes: Option<&str>,
    ) -> Result<(), Failure> {
        let Key { id, account, kind, mode, label, .. } = self.read(client)?;
        if mode != "live" && yes.is_none() {
            return Ok(());
        }
        let label = label.map(|label| format!(" “{label}”")).unwrap_or_default();
        let question = format!("This {does} the {mode} {kind} key {id}{label} of {account}{what}.");
        input::confirm(&question, &id, yes)
    }
}

pub(crate) fn run(command: Command, global: &Global) -> Result<(), Failure> {
    match command {
        Command::Issue(arguments) => issue::run(arguments, global),
        Command::List(arguments) => list::run(&arguments, global),
        Command::Show(named) => show(&named, global),
        Command::Find => find::run(global),
        Command::Rotate(arguments) => rotate::run(&arguments, global),
        Command::Revoke(arguments) => revoke::run(&arguments, global),
        Command::Lift(arguments) => lift::run(&arguments, global),
        Command::Expire(arguments) => expire::run(&arguments, global),
        Command::Update(arguments) => update::run(arguments, global),
        Command::Inspect => inspect::run(global),
    }
}

fn show(named: &Named, global: &Global) -> Result<(), Failure> {
    let answer = global.client()?.read(&named.path())?;
    if global.json {
        return output::line(&output::plain_json(answer.text()));
    }
    answer.parse::<Key>()?.print()
}
