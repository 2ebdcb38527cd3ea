//! `keyguard scan`: secret keys in files, before they ship.

mod baseline;
mod files;
mod layers;
mod maps;
mod report;
mod sarif;
mod staged;

use std::{io, path::PathBuf};

use clap::{Args, ValueEnum};
use keyguard::scan::file::{Confidence, Finding, Scanner};
use serde::Serialize;

use crate::{failure::Failure, options::Global, output};
use baseline::Baseline;
use files::Looker;

#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// Files and folders; `-` is standard input
    #[arg(value_name = "PATH", required_unless_present = "staged")]
    paths: Vec<PathBuf>,
    /// Look at what `git commit` would commit, instead of at files
    #[arg(long, conflicts_with = "paths")]
    staged: bool,
    /// Print SARIF 2.1.0, which code hosts read
    #[arg(long, conflicts_with = "json")]
    sarif: bool,
    /// Tell of findings that are at least so sure
    #[arg(long, value_name = "LEVEL", default_value = "likely")]
    confidence: Level,
    /// Tell of no finding that this file lists
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write the findings to this file, to be told of new ones only from now on
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    write_baseline: Option<PathBuf>,
    /// Look into files that .gitignore lists, too
    #[arg(long)]
    no_ignore: bool,
}

const AFTER_HELP: &str = "\
A key is never printed: its prefix and its last four characters are.

Exit codes:
  0  nothing was found
  1  secret keys were found
  2  the call makes no sense, or something could not be read";

/// The least confidence.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Level {
    /// The form of a key, but words or a placeholder
    Possible,
    /// The form of a key, and random
    Likely,
    /// The right checksum
    Certain,
}

impl From<Level> for Confidence {
    fn from(level: Level) -> Self {
        match level {
            Level::Possible => Self::Possible,
            Level::Likely => Self::Likely,
            Level::Certain => Self::Certain,
        }
    }
}

/// A finding and where it is.
#[derive(Clone, Debug, Serialize)]
struct Located {
    /// The file; after each `!` what is in it.
    file: String,
    /// The source that a source map names for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(flatten)]
    finding: Finding,
}

/// What a scan has come to.
#[derive(Debug, Default)]
struct Outcome {
    findings: Vec<Located>,
    files: u64,
    bytes: u64,
    /// What could not be read, or not all of it.
    errors: Vec<String>,
    /// What was left out on purpose.
    notes: Vec<String>,
}

impl Outcome {
    fn add(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.files = self.files.saturating_add(other.files);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.errors.extend(other.errors);
        self.notes.extend(other.notes);
    }
}

pub(crate) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    let baseline = arguments.baseline.as_deref().map(Baseline::read).transpose()?;
    let scanner = Scanner::new();
    let mut outcome =
        if arguments.staged { staged::scan(&scanner)? } else { scan_paths(arguments, &scanner) };
    let least = arguments.confidence.into();
    outcome.findings.retain(|located| {
        located.finding.confidence() >= least
            && baseline.as_ref().is_none_or(|baseline| !baseline.has(located))
    });
    outcome.findings.sort_by(|a, b| {
        (&a.file, &a.source, a.finding.range().start).cmp(&(
            &b.file,
            &b.source,
            b.finding.range().start,
        ))
    });
    outcome.notes.sort();
    outcome.errors.sort();

    if let Some(file) = &arguments.write_baseline {
        Baseline::of(&outcome.findings).write(file)?;
        output::note(&format!("{} findings written to {}", outcome.findings.len(), file.display()));
        outcome.findings.clear();
    }
    if arguments.sarif {
        output::line(&output::plain_json(&sarif::document(&outcome)))?;
    } else if global.json {
        output::line(&output::plain_json(&report::json(&outcome)))?;
    } else {
        report::print(&outcome)?;
    }
    for note in &outcome.notes {
        output::note(&output::plain(note));
    }
    for error in &outcome.errors {
        output::error(&output::plain(error));
    }
    match (outcome.errors.is_empty(), outcome.findings.is_empty()) {
        (false, _) => Err(Failure::usage("not everything could be looked at")),
        (true, false) => Err(Failure::Check),
        (true, true) => Ok(()),
    }
}

fn scan_paths(arguments: &Arguments, scanner: &Scanner) -> Outcome {
    let (stdin, paths): (Vec<&PathBuf>, Vec<&PathBuf>) =
        arguments.paths.iter().partition(|path| path.as_os_str() == "-");
    let mut outcome = files::walk(&paths, arguments.no_ignore, scanner);
    if !stdin.is_empty() {
        let mut looker = Looker::new(scanner.clone());
        looker.look(&mut io::stdin().lock(), "-");
        outcome.add(looker.outcome);
    }
    outcome
}
