//! `keyguard account`: who has keys.

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use ureq::http::Method;

use super::{
    change::{self, NO_KEY, is_key, lost, no_text, said_dry, unseen, unshown},
    pages,
};
use crate::{
    client::{Answer, Client},
    failure::Failure,
    ids::parse_id,
    model::{Account, Key, or_dash},
    options::{Change, Global},
    output::{self, Table},
    times,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create an account with its four keys
    Create(Create),
    /// List accounts; one that was just created may be missing for a minute
    List(List),
    /// Show an account
    Show(Show),
    /// Write every record of an account to the edge's store again
    Project(Project),
}

#[derive(Args, Debug)]
pub(crate) struct Create {
    /// The account's id [default: one is made up]
    #[arg(long, value_parser = parse_id)]
    id: Option<String>,
    /// What to call it
    #[arg(long)]
    label: Option<String>,
    /// Issue no keys
    #[arg(long)]
    no_keys: bool,
    #[command(flatten)]
    change: Change,
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// Stop after this many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
}

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The account's id
    #[arg(value_name = "ACCOUNT", value_parser = parse_id)]
    id: String,
}

#[derive(Args, Debug)]
pub(crate) struct Project {
    /// The account's id
    #[arg(value_name = "ACCOUNT", value_parser = parse_id)]
    id: String,
    #[command(flatten)]
    change: Change,
}

pub(crate) fn run(command: Command, global: &Global) -> Result<(), Failure> {
    let client = global.client()?;
    match command {
        Command::Create(arguments) => create(&client, arguments, global.json),
        Command::List(arguments) => list(&client, &arguments, global.json),
        Command::Show(arguments) => show(&client, &arguments.id, global.json),
        Command::Project(arguments) => project(&client, &arguments, global.json),
    }
}

fn create(client: &Client, arguments: Create, is_json: bool) -> Result<(), Failure> {
    let mut body = Map::new();
    body.extend(arguments.id.map(|id| ("id".to_owned(), id.into())));
    body.extend(arguments.label.map(|label| ("label".to_owned(), label.into())));
    if arguments.no_keys {
        body.insert("issue".to_owned(), false.into());
    }
    let change = arguments.change;
    let answer = client.change(
        Method::POST,
        "/accounts",
        Value::Object(body).to_string(),
        change.dry_run,
    )?;
    let Created { account, keys } = answer.parse()?;
    let are_keys = keys.iter().filter_map(|key| key.text.as_ref()).all(|text| is_key(text));
    let printed = if !are_keys {
        Ok(())
    } else if is_json {
        output::line(&output::plain_json(answer.text()))
    } else if change.dry_run {
        Ok(())
    } else {
        print_created(&account, &keys)
    };
    if change.dry_run {
        said_dry(&format!("account {} with {} keys", account.id, keys.len()));
        return printed;
    }
    if account.projection.pending == 0 && keys.iter().all(|key| !key.projection.pending) {
        output::note(change::WRITTEN);
    } else {
        change::wait(client, &format!("/accounts/{}", account.id), change);
    }
    let failure = match printed {
        Ok(()) if are_keys => return check_texts(&answer, &keys),
        Ok(()) => lost(NO_KEY, &keys.iter().collect::<Vec<_>>()),
        Err(failure) if keys.is_empty() => {
            unshown(failure, &format!("keyguard account show {}", account.id))
        }
        Err(failure) => unseen(&failure, &keys.iter().collect::<Vec<_>>()),
    };
    output::note(&format!("Account {} was created.", output::plain(&account.id)));
    Err(failure)
}

#[derive(Deserialize)]
struct Created {
    account: Account,
    #[serde(default)]
    keys: Vec<Key>,
}

fn print_created(account: &Account, keys: &[Key]) -> Result<(), Failure> {
    if keys.is_empty() {
        return account.print();
    }
    let mut table = Table::new(&["kind", "mode", "id", "key"]);
    for key in keys {
        let text = key.text.as_ref().map_or_else(|| "(lost)".to_owned(), |text| text.to_string());
        table.row([key.kind.clone(), key.mode.clone(), key.id.clone(), text]);
    }
    table.print()?;
    output::note(&format!(
        "Account {}. The keys are shown once, here, and are stored nowhere: keep them now.",
        output::plain(&account.id)
    ));
    Ok(())
}

fn check_texts(answer: &Answer, keys: &[Key]) -> Result<(), Failure> {
    let without: Vec<&Key> = keys.iter().filter(|key| key.text.is_none()).collect();
    if without.is_empty() { Ok(()) } else { Err(lost(no_text(answer), &without)) }
}

fn list(client: &Client, arguments: &List, is_json: bool) -> Result<(), Failure> {
    if is_json {
        return pages::print_json(client, "/accounts", "accounts", arguments.limit);
    }
    let now = times::now();
    let mut table = Table::new(&["account", "label", "created"]);
    let mut count = 0_usize;
    pages::each_page(client, "/accounts", "accounts", arguments.limit, |page| {
        for entry in page {
            let account: Listed = pages::entry(&entry)?;
            count = count.saturating_add(1);
            table.row([
                account.id,
                or_dash(account.label.as_ref()),
                or_dash(account.created_at.map(|at| times::both(at, now)).as_ref()),
            ]);
        }
        table.print()
    })?;
    if count == 0 {
        output::note("No accounts: `keyguard account create` makes one.");
    }
    Ok(())
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    label: Option<String>,
    created_at: Option<u64>,
}

fn show(client: &Client, id: &str, is_json: bool) -> Result<(), Failure> {
    let answer = client.read(&format!("/accounts/{id}"))?;
    if is_json {
        return output::line(&output::plain_json(answer.text()));
    }
    answer.parse::<Account>()?.print()
}

fn project(client: &Client, arguments: &Project, is_json: bool) -> Result<(), Failure> {
    let path = format!("/accounts/{}", arguments.id);
    let change = arguments.change;
    let answer = client.change(
        Method::POST,
        &format!("{path}/project"),
        json!({}).to_string(),
        change.dry_run,
    )?;
    let Queued { queued } = answer.parse()?;
    let printed = if is_json { output::line(&output::plain_json(answer.text())) } else { Ok(()) };
    if change.dry_run {
        said_dry(&format!("{queued} records written again"));
        return printed;
    }
    output::note(&format!("{queued} records are on their way to the edge's store."));
    change::wait(client, &path, change);
    printed.map_err(|failure| unshown(failure, &format!("keyguard account show {}", arguments.id)))
}

#[derive(Deserialize)]
struct Queued {
    queued: u64,
}
