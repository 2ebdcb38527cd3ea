//! Builds the npm package twice, in two folders, and compares what comes out.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use super::build;
use crate::{process, project::Project, tools::Tools};

/// Builds the package here, then from a copy of the sources elsewhere with nothing built yet, and fails where the two
/// differ in a byte: whoever doubts what is published can build it.
///
/// # Returns
/// The tarball.
pub(crate) fn verify(project: &Project, tools: &Tools) -> Result<PathBuf> {
    let tarball = build(project, tools)?;
    let copy = project.state().join("web-verify");
    let _ = fs::remove_dir_all(&copy);
    copy_sources(project, &copy)?;
    symlink(project.tools(), copy.join(".tools")).context("cannot link the tools")?;

    let mut again = project.command(env::current_exe().context("cannot find xtask")?);
    again.args(["build", "web"]).current_dir(&copy);
    again
        .env("CARGO_MANIFEST_DIR", copy.join("xtask"))
        .env("CARGO_TARGET_DIR", copy.join("target"));
    process::run("build in another folder", again, &project.state().join("web-verify.log"))?;

    let (here, there) = (project.root().join("www/pkg"), copy.join("www/pkg"));
    let mut names: Vec<_> = fs::read_dir(&here)?
        .chain(fs::read_dir(&there)?)
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    names.sort();
    names.dedup();
    for name in names {
        if fs::read(here.join(&name)).ok() != fs::read(there.join(&name)).ok() {
            bail!("{} is another in {}", here.join(&name).display(), there.display());
        }
    }
    say!("the same bytes in two folders");
    fs::remove_dir_all(&copy).with_context(|| format!("cannot remove {}", copy.display()))?;
    Ok(tarball)
}

/// Copies what git knows, and what it would if it were added.
fn copy_sources(project: &Project, copy: &Path) -> Result<()> {
    let mut list = project.command("git");
    list.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    for name in process::capture(list)?.split_terminator('\0') {
        let source = project.root().join(name);
        // Deleted here, and not yet in git.
        if !source.is_file() {
            continue;
        }
        let target = copy.join(name);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot write {}", folder.display()))?;
        }
        fs::copy(&source, target).with_context(|| format!("cannot copy {}", source.display()))?;
    }
    Ok(())
}
