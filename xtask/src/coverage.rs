//! `cargo xtask coverage`: which lines of the core, and which branches of the decision, the native tests run.
//!
//! Counted by the compiler's own instrumentation, without the tests' own lines.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use crate::{
    process,
    project::{Project, on_path},
    tools,
};

/// Measures, and prints what is missing.
///
/// # Errors
/// When less than 97 % of the lines were run, or a branch of the decision never was taken.
pub(crate) fn run(project: &Project) -> Result<()> {
    tools::cargo_tools(project, &[("cargo-llvm-cov", CARGO_LLVM_COV)])?;
    let [cov, profdata] = llvm_tools(project)?;
    let lcov = project.state().join("coverage.lcov");
    let mut command =
        project.cargo(["llvm-cov", "--package", "keyguard", "--lcov", "--output-path"]);
    command.arg(&lcov).arg("--lib");
    command.args(integration_tests(project.root())?.iter().flat_map(|name| ["--test", name]));
    command
        .env("CARGO_TARGET_DIR", project.target().join("coverage"))
        .env("LLVM_COV", cov)
        .env("LLVM_PROFDATA", profdata)
        // Branches are counted by a flag of nightly compilers, which the stable one has too.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Z coverage-options=branch")
        // Whether a line is run shows within fewer cases than whether a rule holds.
        .env("PROPTEST_CASES", "500");
    process::run("cargo llvm-cov", command, &project.state().join("coverage.log"))?;
    let report = fs::read_to_string(&lcov).with_context(|| format!("{}", lcov.display()))?;
    let files = read(&report, |file| fs::read_to_string(file).unwrap_or_default());
    let files: BTreeMap<String, Counts> = files
        .into_iter()
        .filter_map(|(file, counts)| {
            let name = Path::new(&file).strip_prefix(project.root().join("src")).ok()?;
            Some((name.display().to_string(), counts))
        })
        .collect();
    judge(&files)
}

fn judge(files: &BTreeMap<String, Counts>) -> Result<()> {
    say!("| file | lines | run | never run | branches | taken |\n|---|---:|---:|---|---:|---:|");
    let (mut lines, mut run) = (0_u32, 0_u32);
    for (name, counts) in files {
        lines = lines.saturating_add(counts.lines());
        run = run.saturating_add(counts.run);
        let never: Vec<String> = counts.never.iter().map(u32::to_string).collect();
        let (all, taken) = (counts.branches, counts.taken);
        say!(
            "| {name} | {} | {} | {} | {all} | {taken} |",
            counts.lines(),
            counts.run,
            never.join(", ")
        );
    }
    let percent = f64::from(run) * 100.0 / f64::from(lines.max(1));
    let decide = files.get("decide.rs").context("decide.rs was not counted")?;
    say!(
        "{percent:.2} % of {lines} lines; {} of {} branches of decide.rs",
        decide.taken,
        decide.branches
    );
    if percent < LEAST_PERCENT {
        bail!("at least {LEAST_PERCENT} % of the lines are to be run");
    }
    if decide.branches == 0 || decide.taken < decide.branches {
        bail!("every branch of the decision is to be taken");
    }
    Ok(())
}

/// What was counted of a file.
#[derive(Debug, Default, PartialEq)]
struct Counts {
    run: u32,
    never: Vec<u32>,
    branches: u32,
    taken: u32,
}

impl Counts {
    fn lines(&self) -> u32 {
        self.run.saturating_add(u32::try_from(self.never.len()).unwrap_or(u32::MAX))
    }
}

/// Reads an lcov report: `DA:line,count` and `BRDA:line,block,branch,count`. A file's tests are its end, and count for nothing.
fn read(report: &str, text_of: impl Fn(&str) -> String) -> BTreeMap<String, Counts> {
    let mut files = BTreeMap::new();
    let mut current: Option<(String, Counts, u32)> = None;
    for line in report.lines() {
        if let Some(file) = line.strip_prefix("SF:") {
            current =
                Some((file.to_owned(), Counts::default(), first_line_of_tests(&text_of(file))));
        }
        let Some((_, counts, end)) = &mut current else { continue };
        let numbers = |rest: &str| -> Vec<u32> {
            rest.split(',').map(|number| number.parse().unwrap_or_default()).collect()
        };
        let is_code = |numbers: &[u32]| numbers.first().is_some_and(|line| line < end);
        if let Some(numbers) =
            line.strip_prefix("DA:").map(numbers).filter(|numbers| is_code(numbers))
        {
            match numbers.as_slice() {
                [line, 0, ..] => counts.never.push(*line),
                _ => counts.run = counts.run.saturating_add(1),
            }
        }
        if let Some(numbers) =
            line.strip_prefix("BRDA:").map(numbers).filter(|numbers| is_code(numbers))
        {
            counts.branches = counts.branches.saturating_add(1);
            let is_taken = numbers.last().is_some_and(|count| *count > 0);
            counts.taken = counts.taken.saturating_add(u32::from(is_taken));
        }
        if line == "end_of_record"
            && let Some((file, counts, _)) = current.take()
            && counts.lines() > 0
        {
            files.insert(file, counts);
        }
    }
    files
}

fn first_line_of_tests(text: &str) -> u32 {
    let at = text.lines().position(|line| line == "#[cfg(test)]");
    at.and_then(|at| u32::try_from(at).ok()).map_or(u32::MAX, |at| at.saturating_add(1))
}

/// The tests of the core: all but those that compile programs of their own, which are not the core.
fn integration_tests(root: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root.join("tests"))? {
        let path = entry?.path();
        let is_test =
            path.extension().is_some_and(|end| end == "rs") || path.join("main.rs").is_file();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        if is_test && !["compile_fail", "web"].contains(&name) {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// `llvm-cov` and `llvm-profdata` of the LLVM that the compiler was built with: rustup's, or the machine's.
fn llvm_tools(project: &Project) -> Result<[PathBuf; 2]> {
    let rustc = |arguments: &[&str]| {
        let mut rustc = project.command("rustc");
        rustc.args(arguments);
        process::capture(rustc)
    };
    let version = rustc(&["-vV"])?;
    let word = |start: &str| version.lines().find_map(|line| line.strip_prefix(start));
    let host = word("host: ").context("rustc names no host")?;
    let llvm = word("LLVM version: ").and_then(|version| version.split('.').next());
    let llvm = llvm.context("rustc names no LLVM")?;
    let bin = PathBuf::from(rustc(&["--print", "sysroot"])?.trim())
        .join("lib/rustlib")
        .join(host)
        .join("bin");
    let rustups = NAMES.map(|name| bin.join(name));
    if rustups.iter().all(|program| program.is_file()) {
        return Ok(rustups);
    }
    let package = format!("llvm-{llvm}");
    let find = || {
        let [cov, profdata] = NAMES.map(|name| on_path(&format!("{name}-{llvm}")));
        Some([cov?, profdata?])
    };
    let advice = || {
        format!(
            "the coverage needs LLVM {llvm}, the compiler's: `rustup component add llvm-tools`, or `{package}` (Debian's name)"
        )
    };
    if find().is_none() {
        tools::apt_install(project, &package, &[&package]).with_context(advice)?;
    }
    find().with_context(advice)
}

const NAMES: [&str; 2] = ["llvm-cov", "llvm-profdata"];

const LEAST_PERCENT: f64 = 97.0;

/// The version of cargo-llvm-cov.
const CARGO_LLVM_COV: &str = "0.9.1";

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "SF:/a/src/x.rs\nDA:1,5\nDA:2,0\nBRDA:1,0,0,3\nBRDA:1,0,1,-\nDA:9,0\nBRDA:9,0,0,0\nend_of_record\n\
                          SF:/a/src/y.rs\nend_of_record\n";

    #[test]
    fn lines_of_tests_count_for_nothing() {
        let text = "a\nb\nc\nd\n#[cfg(test)]\nmod tests {\n}\n";
        let files = read(REPORT, |_| text.to_owned());
        let expected = Counts { run: 1, never: vec![2], branches: 2, taken: 1 };
        assert_eq!(files, BTreeMap::from([("/a/src/x.rs".to_owned(), expected)]));
        assert_eq!(read(REPORT, |_| String::new())["/a/src/x.rs"].never, [2, 9]);
    }

    #[test]
    fn a_branch_of_the_decision_that_was_never_taken_fails() {
        let counts = |taken| Counts { run: 99, never: vec![], branches: 4, taken };
        let judged = |counts| judge(&BTreeMap::from([("decide.rs".to_owned(), counts)]));
        assert!(judged(counts(4)).is_ok());
        assert!(judged(counts(3)).is_err());
        assert!(judged(Counts { never: (0..9).collect(), ..counts(4) }).is_err());
        assert!(judged(Counts { branches: 0, ..counts(0) }).is_err());
    }

    #[test]
    fn tests_of_the_core_are_found() {
        let names = integration_tests(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap();
        for name in ["decide", "properties", "vectors"] {
            assert!(names.iter().any(|one| one == name), "{name}: {names:?}");
        }
        assert!(!names.iter().any(|name| name == "compile_fail"));
    }
}
