//! Whether what is built is the same twice: from a copy of the sources in another place, with nothing built yet.

use std::{collections::BTreeSet, env, ffi::OsString, fs, os::unix::fs::symlink, path::Path};

use anyhow::{Context as _, Result, bail};

use super::copy_sources;
use crate::{process, project::Project, tools::Tools, web, worker};

/// Builds the Worker and the npm package here and elsewhere, and fails where the two differ in a byte: whoever doubts what is
/// published can build it.
pub(crate) fn reproduce(project: &Project) -> Result<()> {
    let tools = Tools::install(project)?;
    let edge = worker::build(project, &tools, &worker::Options::default())?;
    web::build(project, &tools)?;
    let products = [("worker", edge), ("web", project.root().join("www/pkg"))];

    // A name of another length, and one that has to be quoted.
    let elsewhere = project.state().join("built elsewhere");
    let _ = fs::remove_dir_all(&elsewhere);
    let sources = elsewhere.join("project");
    copy_sources(project, &sources)?;
    // The tools are not what is built.
    symlink(project.tools(), sources.join(".tools")).context("cannot link the tools")?;
    let this = env::current_exe().context("cannot find xtask")?;
    for (what, here) in &products {
        let mut build = project.command(&this);
        build.args(["build", what]).current_dir(&sources);
        build
            .env("CARGO_MANIFEST_DIR", sources.join("xtask"))
            .env("CARGO_TARGET_DIR", elsewhere.join("target"));
        let log = project.state().join(format!("reproduce-{what}.log"));
        process::run(&format!("build {what} in another folder"), build, &log)?;
        let there = sources.join(here.strip_prefix(project.root())?);
        say!("{what}: {} files, the same bytes in two folders", compare(here, &there)?);
    }
    fs::remove_dir_all(&elsewhere).with_context(|| format!("cannot remove {}", elsewhere.display()))
}

/// How many files two folders have, which must be the same ones.
fn compare(here: &Path, there: &Path) -> Result<usize> {
    let mut compared = 0_usize;
    for name in &names(here)? | &names(there)? {
        let (here, there) = (here.join(&name), there.join(&name));
        if here.is_dir() && there.is_dir() {
            compared = compared.saturating_add(compare(&here, &there)?);
            continue;
        }
        match (fs::read(&here), fs::read(&there)) {
            (Ok(one), Ok(other)) if one == other => compared = compared.saturating_add(1),
            (Ok(_), Ok(_)) => bail!("{} is another in {}", here.display(), there.display()),
            (Err(_), _) => bail!("{} has no match here", there.display()),
            (_, Err(_)) => bail!("{} has no match elsewhere", here.display()),
        }
    }
    if compared == 0 {
        bail!("{} is empty", here.display());
    }
    Ok(compared)
}

fn names(folder: &Path) -> Result<BTreeSet<OsString>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("{} was not built", folder.display()))?;
    entries.map(|entry| Ok(entry?.file_name())).collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn a_byte_more_and_a_file_less_are_noticed() {
        let top = env::temp_dir().join(format!("keyguard-reproduce-{}", std::process::id()));
        let folders: [PathBuf; 2] = ["one", "two"].map(|name| top.join(name));
        for folder in &folders {
            fs::create_dir_all(folder.join("below")).unwrap();
            fs::write(folder.join("a"), "a").unwrap();
            fs::write(folder.join("below/b"), "b").unwrap();
        }
        let [one, two] = &folders;
        assert_eq!(compare(one, two).unwrap(), 2);
        fs::write(two.join("below/b"), "b ").unwrap();
        assert!(compare(one, two).unwrap_err().to_string().contains("is another"));
        fs::remove_file(two.join("below/b")).unwrap();
        assert!(compare(one, two).unwrap_err().to_string().contains("no match elsewhere"));
        assert!(compare(two, one).unwrap_err().to_string().contains("no match here"));
        fs::remove_dir_all(top).unwrap();
    }
}
