//! `keyguard import`: moves existing keys in by their digests. Nobody needs to see or change a key.
//!
//! Rows are read, checked, gathered by account and sent a batch at a time, several at once; no more than a few batches
//! are ever held. What is in already is left alone, unless a row says that it is revoked, so a run that broke off can simply be
//! repeated.

mod batches;
mod report;
mod row;
mod sender;
mod source;

use std::{fs::File, io, path::PathBuf, time::Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::{failure::Failure, ids::parse_id, options::Global, output, times::counted};
use batches::Batches;
use report::Report;
use sender::Sender;
use source::{Format, Source};

pub(super) use row::Row;

#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// JSON Lines or CSV with a header; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What the file holds [default: as its first character tells]
    #[arg(long)]
    format: Option<Format>,
    /// The account of rows that name none
    #[arg(long, value_name = "ID", value_parser = parse_id)]
    account: Option<String>,
    /// Create accounts that aren't there
    #[arg(long)]
    create_accounts: bool,
    /// Write which rows were refused, and why, to this new file, as JSON Lines
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,
    /// Have everything checked, and change nothing
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    if global.idempotency_key.is_some() {
        return Err(Failure::usage(
            "an import is many changes, and --idempotency-key (or KEYGUARD_IDEMPOTENCY_KEY) names one: leave it out, and \
             run the import again, since what is in is left alone",
        ));
    }
    let is_stdin = arguments.file.as_os_str() == "-";
    let (input, length): (Box<dyn io::Read>, Option<u64>) = if is_stdin {
        (Box::new(io::stdin().lock()), None)
    } else {
        let file = File::open(&arguments.file)
            .map_err(|error| Failure::Usage(format!("{}: {error}", arguments.file.display())))?;
        let length = file.metadata()?;
        (Box::new(file), length.is_file().then_some(length.len()))
    };
    let client = global.client()?;
    let bar = progress(length);
    let report = Report::new(arguments.refused.as_deref(), bar.clone())?;
    let started = Instant::now();
    let rows = Source::open(bar.wrap_read(input), arguments.format)?;
    let sender = Sender {
        client: &client,
        report: &report,
        creates_accounts: arguments.create_accounts,
        is_dry_run: arguments.dry_run,
    };
    let result = sender.run(|send| gather(rows, arguments.account.as_deref(), &report, send));
    bar.finish_and_clear();
    let tally = report.finish()?;

    let seconds = started.elapsed().as_secs_f64();
    let printed = if global.json {
        output::line(
            &json!({
                "rows": tally.rows, "imported": tally.imported, "revoked": tally.revoked, "unchanged": tally.unchanged,
                "refused": tally.refused, "requests": tally.requests, "seconds": seconds, "dry_run": arguments.dry_run,
                "complete": result.is_ok(),
            })
            .to_string(),
        )
    } else {
        let revoked = match tally.revoked {
            0 => String::new(),
            count => format!(" {count} revoked,"),
        };
        output::line(&format!(
            "{} imported,{revoked} {} unchanged, {} refused, of {}; {} in {seconds:.1} s",
            tally.imported,
            tally.unchanged,
            tally.refused,
            counted(tally.rows, "row"),
            counted(tally.requests, "request"),
        ))
    };
    if arguments.dry_run {
        output::note("Dry run: nothing was changed.");
    }
    if let Err(failure) = result {
        output::note(match &arguments.refused {
            Some(_) if tally.refused > 0 => {
                "Broken off. Run the same command again, with another file for --refused: what is in is left alone."
            }
            _ => "Broken off. Run the same command again: what is in is left alone.",
        });
        return Err(failure);
    }
    // Whoever doesn't read the sum is told by the exit code all the same.
    if tally.refused > 0 { Err(Failure::Check) } else { printed }
}

/// Reads to the end, or until the sending breaks off.
fn gather(
    rows: Source,
    account: Option<&str>,
    report: &Report,
    send: &mut dyn FnMut(batches::Batch) -> bool,
) -> Result<(), Failure> {
    let mut batches = Batches::default();
    for row in rows {
        let (line, row) = row?;
        report.read();
        match row.and_then(|row| row.checked(account)) {
            Ok((account, entry)) => {
                if let Some(full) = batches.add(account, line, entry)
                    && !send(full)
                {
                    return Ok(());
                }
            }
            Err(reason) => report.refuse(line, "invalid-row", &reason)?,
        }
    }
    for rest in batches.into_rest() {
        if !send(rest) {
            break;
        }
    }
    Ok(())
}

fn progress(length: Option<u64>) -> ProgressBar {
    let (bar, template) = match length {
        Some(length) => (ProgressBar::new(length), "{bar:30} {percent}% {msg} {eta} left"),
        None => (ProgressBar::new_spinner(), "{spinner} {msg}"),
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

const AFTER_HELP: &str = "\
A row has: digest (64 hex digits: the SHA-256 of the key's text), kind (secret, publishable), mode (test, live); and as
needed account, id, label, created_at, expires_at, revoked {at, reason}, origins, scopes, rate, browser_headers,
last_four. Times are Unix seconds or RFC 3339. In CSV, origins and scopes are separated by spaces, and a revocation is
the two columns revoked_at and revoked_reason. A key that is in already stays as it is, or is revoked by a row that says
so; nothing makes it work again. A key itself is never a part of it: digest it first, with
  printf %s \"$KEY\" | sha256sum";
