//! `cargo xtask mutants`: is there a test for it? The core is changed in hundreds of small ways, and each change has to fail a test.
//!
//! Most are caught by the core's unit tests, which are built and run in seconds. What those let through meets the other tests
//! of the core, and what is left has to be known: `.cargo/mutants.toml` says what is mutated, `.cargo/survivors.toml` which mutants survive
//! and why that is no fault of the tests.

mod survivors;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use crate::{process, project::Project, tools};
use survivors::Survivors;

/// What to mutate.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// Files, in place of those that `.cargo/mutants.toml` lists.
    pub(crate) files: Vec<String>,
}

/// Mutates, and says how many were caught.
///
/// # Errors
/// When less than nine of ten were caught, or one survives that nobody has looked at.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    tools::cargo_tools(project, &[("cargo-mutants", CARGO_MUTANTS)])?;
    let out = project.state().join("mutants");
    let _ = fs::remove_dir_all(&out);
    fs::create_dir_all(&out).with_context(|| format!("cannot write {}", out.display()))?;
    let config = config(project, options)?;
    let listed = process::capture(command(project, &config, &["--list"]))?.lines().count();
    say!("{listed} mutants, most of them some seconds each");
    let mut unviable = 0_usize;
    for (round, Round { title, targets, tests }) in ROUNDS.iter().enumerate() {
        let mut mutants = command(project, &config, &["--baseline", "skip", "--no-times"]);
        mutants.arg("--output").arg(&out).args(["--timeout", "120", "--build-timeout", "900"]);
        mutants.args(targets.iter().map(|target| format!("--cargo-arg={target}")));
        if round > 0 {
            mutants.arg("--iterate");
        }
        mutants.args(["--", "--"]).args(*tests);
        let log = project.state().join(format!("mutants-{}.log", round.saturating_add(1)));
        // Fails where there is a survivor, of which the next round may make an end.
        process::observe(title, mutants, &log)?;
        unviable = unviable.saturating_add(lines(&out, "unviable.txt")?.len());
        say!("{title}: {} left", lines(&out, "missed.txt")?.len());
        count_as_caught(&out)?;
    }
    let survivors = lines(&out, "missed.txt")?;
    for survivor in &survivors {
        say!("  {survivor}");
    }
    // One that doesn't compile says nothing of the tests.
    let viable = listed.saturating_sub(unviable);
    let caught = viable.saturating_sub(survivors.len());
    say!(
        "{caught} of {viable} mutants caught, {} survive ({unviable} more don't compile)",
        survivors.len()
    );
    if caught.saturating_mul(10) < viable.saturating_mul(9) {
        bail!("at least nine of ten are to be caught");
    }
    let is_mutated =
        |file: &str| options.files.is_empty() || options.files.iter().any(|one| one == file);
    let differences =
        Survivors::known(project)?.differences(&Survivors::found(&survivors), is_mutated);
    if !differences.is_empty() {
        bail!("{}", differences.join("\n"));
    }
    Ok(())
}

/// Tests that mutants meet.
struct Round {
    title: &'static str,
    /// What cargo builds.
    targets: &'static [&'static str],
    /// What the tests are told.
    tests: &'static [&'static str],
}

/// Unit tests that try all of Unicode, which takes as long as all others.
const EVERY: [&str; 3] = [
    "every_character_is_read_and_each_cut_short_is_none",
    "each_character_that_is_drawn_like_a_k_is_looked_at",
    "bytes_that_are_no_text_are_read_as_the_library_does",
];

/// In the order of what they cost: most mutants never meet the second, which builds the core once more.
const ROUNDS: [Round; 4] = [
    Round {
        title: "unit tests",
        targets: &["--lib"],
        // What takes seconds: it is about what isn't mutated, or a round of its own.
        #[rustfmt::skip]
        tests: &[
            "--skip", "gate::", "--skip", "memory::",
            "--skip", EVERY[0], "--skip", EVERY[1], "--skip", EVERY[2],
        ],
    },
    Round { title: "unit tests of every character", targets: &["--lib"], tests: &EVERY },
    Round {
        title: "the table of decisions",
        targets: &["--test=decide", "--test=policy"],
        tests: &["--skip", "report_only_spares"],
    },
    Round {
        title: "all tests of the core",
        targets: &["--test=decide", "--test=vectors", "--test=scan_vectors", "--test=properties"],
        tests: &[],
    },
];

fn command(project: &Project, config: &Path, arguments: &[&str]) -> Command {
    let mut mutants =
        project.cargo(["mutants", "--package", "keyguard", "--test-package", "keyguard"]);
    mutants.arg("--config").arg(config).args(arguments);
    // A property that a mutant breaks shows that within a few cases.
    mutants.env("PROPTEST_CASES", "200");
    mutants.env("CARGO_TARGET_DIR", project.target().join("mutants"));
    mutants
}

/// What cargo-mutants is told: `.cargo/mutants.toml`, with the named files in place of its own. Files that are named to
/// cargo-mutants itself would come on top of those.
fn config(project: &Project, options: &Options) -> Result<PathBuf> {
    let known = project.root().join(".cargo/mutants.toml");
    if options.files.is_empty() {
        return Ok(known);
    }
    let text =
        fs::read_to_string(&known).with_context(|| format!("cannot read {}", known.display()))?;
    let mut config: toml::Table = text.parse().with_context(|| known.display().to_string())?;
    config.insert("examine_globs".to_owned(), options.files.clone().into());
    let named = project.state().join("mutants.toml");
    fs::write(&named, config.to_string())
        .with_context(|| format!("cannot write {}", named.display()))?;
    Ok(named)
}

/// What ran for too long would be noticed: no later round need meet it, nor let it through.
fn count_as_caught(out: &Path) -> Result<()> {
    let caught = [lines(out, "caught.txt")?, lines(out, "timeout.txt")?].concat();
    let file = out.join("mutants.out/caught.txt");
    let list: String = caught.iter().flat_map(|mutant| [mutant.as_str(), "\n"]).collect();
    fs::write(&file, list).with_context(|| format!("cannot write {}", file.display()))
}

/// One of the lists that cargo-mutants leaves.
fn lines(out: &Path, name: &str) -> Result<Vec<String>> {
    let file = out.join("mutants.out").join(name);
    let list =
        fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(list.lines().map(str::to_owned).collect())
}

/// The version of cargo-mutants.
const CARGO_MUTANTS: &str = "27.1.0";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ran_for_too_long_counts_as_caught() {
        let out = std::env::temp_dir().join(format!("keyguard-mutants-{}", std::process::id()));
        let lists = out.join("mutants.out");
        fs::create_dir_all(&lists).unwrap();
        fs::write(lists.join("caught.txt"), "src/a.rs:1:2: b\n").unwrap();
        fs::write(lists.join("timeout.txt"), "src/a.rs:3:4: c\nsrc/a.rs:5:6: d\n").unwrap();
        count_as_caught(&out).unwrap();
        let caught = ["src/a.rs:1:2: b", "src/a.rs:3:4: c", "src/a.rs:5:6: d"];
        assert_eq!(lines(&out, "caught.txt").unwrap(), caught);
        fs::remove_dir_all(out).unwrap();
    }
}
