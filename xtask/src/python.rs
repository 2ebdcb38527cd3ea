//! Python's packages for the tests, in an environment of their own.

use std::{
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use crate::{
    process,
    project::{Project, on_path},
    tools::{apt_install, lock},
};

/// The oldest Python that the pinned packages take.
const OLDEST: (u32, u32) = (3, 11);

/// An environment with the packages of `tests/api/requirements.txt`.
#[derive(Debug)]
pub(crate) struct Python {
    program: PathBuf,
}

impl Python {
    /// Makes the environment where it is missing or of other packages. With everything there it takes a moment.
    ///
    /// # Errors
    /// One clear line for what can't be had.
    pub(crate) fn install(project: &Project) -> Result<Self> {
        let requirements = project.root().join("tests/api/requirements.txt");
        let folder = project.tools().join("python");
        let _lock = lock(project)?;
        let (python, stamp) = (Self { program: folder.join("bin/python") }, stamp(&requirements)?);
        // Through the link: the Python that it was made with may be gone.
        if python.program.is_file() && is_installed(&folder, &stamp) {
            return Ok(python);
        }
        let base = find(project).map_or_else(|| install_base(project), Ok).context(ADVICE)?;
        say!("  Python packages: pip install into .tools");
        if folder.exists() {
            fs::remove_dir_all(&folder)
                .with_context(|| format!("cannot empty {}", folder.display()))?;
        }
        let log = project.state().join("pip.log");
        let mut venv = command(project, &base);
        venv.args(["-m", "venv"]).arg(&folder);
        process::run("python -m venv", venv, &log).context(ADVICE)?;
        // Every package is listed: what pip would add to them is a mistake in the list.
        let mut install = python.pip(project);
        install.args(["install", "--quiet", "--no-deps", "--requirement"]).arg(&requirements);
        let mut check = python.pip(project);
        check.arg("check");
        process::run("pip install", install, &log)
            .and_then(|_| process::run("pip check", check, &log))
            .context("the Python packages of tests/api/requirements.txt can't be installed")?;
        let file = folder.join(STAMP);
        fs::write(&file, stamp).with_context(|| format!("cannot write {}", file.display()))?;
        Ok(python)
    }

    /// The environment's own Python.
    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// A program of a package. By its module rather than its script, which would not survive a move of the clone.
    pub(crate) fn module(&self, project: &Project, name: &str) -> Command {
        let mut module = command(project, &self.program);
        module.args(["-m", name]);
        module
    }

    fn pip(&self, project: &Project) -> Command {
        let mut pip = self.module(project, "pip");
        pip.args(["--disable-pip-version-check", "--no-input"]);
        pip
    }
}

fn command(project: &Project, program: &Path) -> Command {
    let mut command = project.command(program);
    // What a machine sets for its own Python isn't for this one.
    for name in ["PYTHONHOME", "PYTHONPATH", "PIP_USER", "PIP_TARGET", "PIP_PREFIX"] {
        command.env_remove(name);
    }
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONNOUSERSITE", "1");
    command
}

/// A Python that can make environments.
fn find(project: &Project) -> Option<PathBuf> {
    let versions = (OLDEST.1..=OLDEST.1.saturating_add(9)).rev();
    let names = versions.map(|minor| format!("python{}.{minor}", OLDEST.0));
    ["python3".to_owned()]
        .into_iter()
        .chain(names)
        .filter_map(|name| on_path(&name))
        .chain([PathBuf::from("/usr/bin/python3")])
        .find(|program| is_usable(project, program))
}

fn is_usable(project: &Project, program: &Path) -> bool {
    let mut version = command(project, program);
    // Debian has the two modules in a package of their own.
    version.args(["-c", "import sys, venv, ensurepip; print(*sys.version_info[:2])"]);
    process::capture(version).ok().and_then(|text| parse(&text)).is_some_and(|is| is >= OLDEST)
}

fn parse(version: &str) -> Option<(u32, u32)> {
    let (major, minor) = version.trim().split_once(' ')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn install_base(project: &Project) -> Result<PathBuf> {
    apt_install(project, "Python", &["python3", "python3-venv"])?;
    find(project).context("what is there now is no Python that will do")
}

const ADVICE: &str = "the tests need Python 3.11 or newer that can make environments: install `python3` \
                      and `python3-venv` (Debian's names)";

fn stamp(requirements: &Path) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    fs::read(requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?
        .hash(&mut hasher);
    Ok(format!("{:016x}", hasher.finish()))
}

fn is_installed(folder: &Path, stamp: &str) -> bool {
    fs::read_to_string(folder.join(STAMP)).is_ok_and(|installed| installed == stamp)
}

const STAMP: &str = ".installed";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_python_are_read_as_numbers() {
        assert_eq!(parse("3 11\n"), Some((3, 11)));
        assert!(parse("3 9").unwrap() < OLDEST);
        assert!(parse("3 14").unwrap() > OLDEST);
        assert_eq!(parse("pyenv: python3.12: command not found"), None);
        assert_eq!(parse(""), None);
    }
}
