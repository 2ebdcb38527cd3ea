//! `cargo xtask fuzz`: inputs that nobody thought of, for everything that reads what strangers send.
//!
//! Each target of fuzz/ asserts what it knows of its subject, and starts from the inputs that are committed in fuzz/corpus. What it
//! finds beside them stays below target/, until `--keep` chooses from it what is worth committing.

use std::{
    collections::VecDeque,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    thread,
};

use anyhow::{Context as _, Result, bail};

use crate::{
    process::{self, Finished},
    project::Project,
    tools,
};

/// What is fuzzed: the programs of fuzz/Cargo.toml.
const TARGETS: [&str; 7] = ["bearer", "key", "path", "record", "policy", "scan", "request"];

/// How long each target runs when nobody says otherwise.
const SECONDS: u32 = 600;

/// What to fuzz, and for how long.
#[derive(Debug)]
pub(crate) struct Options {
    /// How long each target runs.
    pub(crate) seconds: u32,
    /// How many inputs each target tries, however long that takes, in place of a time.
    pub(crate) executions: Option<u32>,
    /// One target alone.
    pub(crate) only: Option<String>,
    /// What watches the memory.
    pub(crate) sanitizer: Sanitizer,
    /// Begins with the committed inputs alone and draws the same as the last time, so that what a change breaks is told
    /// from what nobody had found yet.
    pub(crate) repeats: bool,
    /// Takes into the committed inputs what reaches code that those don't.
    pub(crate) keeps: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seconds: SECONDS,
            executions: None,
            only: None,
            sanitizer: Sanitizer::Address,
            repeats: false,
            keeps: false,
        }
    }
}

/// What watches the memory while a target runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sanitizer {
    /// Every access is checked, and what nobody freed is found at the end.
    Address,
    /// Nothing but a bound of all that is used: some times as fast. The core has no `unsafe` line to go wrong.
    None,
}

impl Sanitizer {
    /// Reads the word for it.
    pub(crate) fn of(word: &str) -> Result<Self> {
        match word {
            "address" => Ok(Self::Address),
            "none" => Ok(Self::None),
            _ => bail!("there is no such sanitizer: it is `address` or `none`"),
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::None => "none",
        }
    }
}

/// What a target came to.
struct Figures {
    target: &'static str,
    executions: u64,
    per_second: u64,
    coverage: u64,
    corpus: u64,
}

/// Fuzzes, prints what came of it, and fails with the first crash, hang or leak.
///
/// # Errors
/// With the input that shows it, and how to run that alone.
pub(crate) fn run(project: &Project, options: &Options) -> Result<String> {
    let targets: Vec<&'static str> = TARGETS
        .into_iter()
        .filter(|target| options.only.as_ref().is_none_or(|only| only == target))
        .collect();
    if targets.is_empty() {
        bail!("there is no such target: it is one of {}", TARGETS.join(", "));
    }
    let programs = build(project, options.sanitizer)?;
    let mut waiting: VecDeque<&'static str> = targets.into();
    let mut figures = Vec::new();
    let at_once = thread::available_parallelism().map_or(1, usize::from).min(waiting.len());
    while !waiting.is_empty() {
        let turn: Vec<&'static str> = waiting.drain(..at_once.min(waiting.len())).collect();
        let results: Vec<Result<Figures>> = thread::scope(|scope| {
            let threads: Vec<_> = turn
                .iter()
                .map(|target| scope.spawn(|| fuzz(project, &programs, target, options)))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|_| bail!("a thread broke")))
                .collect()
        });
        for result in results {
            figures.push(result?);
        }
    }
    Ok(table(&figures))
}

/// Builds all targets; returns the folder of the programs.
fn build(project: &Project, sanitizer: Sanitizer) -> Result<PathBuf> {
    tools::cargo_tools(project, &[("cargo-fuzz", CARGO_FUZZ)])?;
    // A folder for each, so that neither build undoes the other.
    let target = project.target().join("fuzz").join(sanitizer.as_str());
    let mut build =
        project.cargo(["fuzz", "build", "--sanitizer", sanitizer.as_str(), "--target-dir"]);
    build.arg(&target);
    // Coverage and sanitizers are asked for by flags of nightly compilers, which the stable one has too.
    build.env("RUSTC_BOOTSTRAP", "1");
    process::run("cargo fuzz build", build, &project.state().join("fuzz-build.log"))?;
    Ok(target.join(host(project)?).join("release"))
}

/// The triple of this machine, for which cargo-fuzz builds.
fn host(project: &Project) -> Result<String> {
    let mut rustc = project.command("rustc");
    rustc.arg("-vV");
    let version = process::capture(rustc)?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc names no host")
}

fn fuzz(
    project: &Project,
    programs: &Path,
    target: &'static str,
    options: &Options,
) -> Result<Figures> {
    let state = project.state();
    let found =
        state.join(if options.repeats { "fuzz/repeated" } else { "fuzz/corpus" }).join(target);
    if options.repeats {
        let _ = fs::remove_dir_all(&found);
    }
    let committed = project.root().join("fuzz/corpus").join(target);
    let artifacts = project.state().join("fuzz/artifacts").join(target);
    for folder in [&found, &artifacts] {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot write below {}", folder.display()))?;
    }
    let mut command = project.command(programs.join(target));
    command
        // New inputs go to the first folder; the others are read.
        .args([&found, &committed])
        .arg(format!("-dict={}", project.root().join("fuzz/words.dict").display()))
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(match options.executions {
            Some(executions) => format!("-runs={executions}"),
            None => format!("-max_total_time={}", options.seconds),
        })
        .args(options.repeats.then_some("-seed=1"))
        .args([
            "-max_len=1024",
            "-timeout=5",
            "-print_final_stats=1",
            "-print_new=0",
            "-reduce_inputs=0",
        ])
        // Ten million executions that lose fifty bytes each don't fit.
        .arg(format!(
            "-rss_limit_mb={}",
            if options.sanitizer == Sanitizer::None { 512 } else { 2048 }
        ))
        .env("ASAN_OPTIONS", "detect_odr_violation=0");
    let log = project.state().join(format!("fuzz-{target}.log"));
    let finished = process::observe(&format!("fuzz {target}"), command, &log)?;
    if !finished.status.success() {
        bail!("{target}: {}\n{}", finished.status, advice(&finished, target));
    }
    if options.keeps {
        let mut merge = project.command(programs.join(target));
        // By what is reached, not by how often, and with as few inputs as it takes: few enough to commit.
        merge.args(["-set_cover_merge=1", "-use_counters=0", "-max_len=1024"]);
        merge.args([&committed, &found]);
        merge.env("ASAN_OPTIONS", "detect_odr_violation=0");
        process::run(
            &format!("keep inputs for {target}"),
            merge,
            &project.state().join(format!("fuzz-{target}-keep.log")),
        )?;
    }
    Figures::read(target, &finished.output)
        .with_context(|| format!("{} has no figures", log.display()))
}

/// The end of what a target printed, and what to do with the input that it broke on.
fn advice(finished: &Finished, target: &str) -> String {
    format!(
        "{}    The input is in the file that is named above; `cargo fuzz run {target} FILE` tries it alone. \
         Mend what it shows, and put it into tests/vectors.",
        finished.tail(60)
    )
}

impl Figures {
    /// Reads what libFuzzer prints at its end.
    fn read(target: &'static str, output: &str) -> Option<Self> {
        let number = |text: &str| text.split_whitespace().next()?.parse().ok();
        let stat = |name: &str| {
            output.lines().find_map(|line| {
                number(line.strip_prefix("stat::")?.strip_prefix(name)?.strip_prefix(':')?)
            })
        };
        let last = output.lines().rfind(|line| line.contains(" cov: "))?;
        let after = |name: &str| number(last.split_once(name)?.1.split('/').next()?);
        Some(Self {
            target,
            executions: stat("number_of_executed_units")?,
            per_second: stat("average_exec_per_sec")?,
            coverage: after(" cov: ")?,
            corpus: after(" corp: ")?,
        })
    }
}

fn table(figures: &[Figures]) -> String {
    let mut table = String::from(
        "| target | executions | each second | edges covered | inputs kept |\n|---|---:|---:|---:|---:|\n",
    );
    for Figures { target, executions, per_second, coverage, corpus } in figures {
        // A text takes whatever is written.
        let _ =
            writeln!(table, "| {target} | {executions} | {per_second} | {coverage} | {corpus} |");
    }
    table
}

/// The version of cargo-fuzz.
const CARGO_FUZZ: &str = "0.13.2";

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "INFO: seed corpus: files: 3\n\
        #2\tINITED cov: 17 ft: 17 corp: 1/1b exec/s: 0 rss: 33Mb\n\
        #966054\tDONE   cov: 218 ft: 318 corp: 42/4b lim: 4096 exec/s: 161009 rss: 111Mb\n\
        Done 966054 runs in 6 second(s)\n\
        stat::number_of_executed_units: 966054\n\
        stat::average_exec_per_sec:     161009\n";

    #[test]
    fn figures_are_those_of_the_end() {
        let figures = Figures::read("key", OUTPUT).unwrap();
        let Figures { executions, per_second, coverage, corpus, .. } = figures;
        assert_eq!((executions, per_second, coverage, corpus), (966_054, 161_009, 218, 42));
        assert!(table(&[figures]).ends_with("| key | 966054 | 161009 | 218 | 42 |\n"));
        assert!(Figures::read("key", "Done").is_none());
    }

    #[test]
    fn every_target_has_its_program_and_its_corpus() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
        let manifest: toml::Table =
            fs::read_to_string(root.join("Cargo.toml")).unwrap().parse().unwrap();
        let programs: Vec<&str> = manifest["bin"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|program| program.get("name")?.as_str())
            .collect();
        assert_eq!(programs, TARGETS);
        for target in TARGETS {
            let corpus = fs::read_dir(root.join("corpus").join(target)).unwrap();
            assert!(corpus.count() >= 10, "{target}");
        }
    }
}
