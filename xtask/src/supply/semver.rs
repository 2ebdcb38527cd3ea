//! Whether the core's interface is still what it was at a release, as far as its version promises that.

use anyhow::{Context as _, Result};

use crate::{process, project::Project, tools};

/// Compares the core with a revision: the named one, or the last release.
///
/// # Errors
/// When something of the interface is gone or different that the version's number says is still there.
pub(crate) fn semver(project: &Project, revision: Option<String>) -> Result<()> {
    let revision = revision.map_or_else(|| last_release(project), Ok)?;
    tools::cargo_tools(project, &[("cargo-semver-checks", CARGO_SEMVER_CHECKS)])?;
    let mut check = project.cargo(["semver-checks", "--package", "keyguard", "--baseline-rev"]);
    // What is built there is documentation in a form of its own.
    check.arg(&revision).env("CARGO_TARGET_DIR", project.state().join("semver-target"));
    process::run("cargo semver-checks", check, &project.state().join("semver.log"))?;
    say!("the core's interface is what it was at {revision}, as far as its version promises");
    Ok(())
}

fn last_release(project: &Project) -> Result<String> {
    let mut describe = project.command("git");
    describe.args(["describe", "--tags", "--abbrev=0", "--match", "v*"]);
    let tag = process::capture(describe)
        .context("there is no release to compare with yet: name a revision")?;
    Ok(tag.trim().to_owned())
}

const CARGO_SEMVER_CHECKS: &str = "0.51.0";
