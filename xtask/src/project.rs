//! Where things are: the project, what it builds into, and the tools that it brings along.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::process;

/// The folders of this clone.
#[derive(Debug)]
pub(crate) struct Project {
    root: PathBuf,
    target: PathBuf,
}

impl Project {
    /// Finds the clone that this program was built from, and asks cargo where it builds.
    pub(crate) fn locate() -> Result<Self> {
        // At run time rather than by `env!`: a clone that was moved still works.
        let manifest = env::var_os("CARGO_MANIFEST_DIR")
            .context("run this as `cargo xtask`, from inside the project")?;
        let root =
            Path::new(&manifest).parent().context("xtask has no folder above it")?.to_path_buf();
        let mut metadata = Command::new(cargo());
        metadata.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(&root);
        if let Some(target) = env::var_os("CARGO_TARGET_DIR") {
            // A relative one is relative to where cargo was called, which is not the root.
            metadata.env("CARGO_TARGET_DIR", env::current_dir()?.join(target));
        }
        let metadata: Value =
            serde_json::from_str(&process::capture(metadata)?).context("cargo metadata")?;
        let target = metadata
            .get("target_directory")
            .and_then(Value::as_str)
            .context("cargo metadata names no target")?;
        Ok(Self { root, target: PathBuf::from(target) })
    }

    /// The top of the project.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where cargo builds.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Where the tasks keep logs and state.
    pub(crate) fn state(&self) -> PathBuf {
        self.target.join("xtask")
    }

    /// Where the pinned tools are installed.
    pub(crate) fn tools(&self) -> PathBuf {
        self.root.join(".tools")
    }

    /// Where cargo installs the native ones.
    pub(crate) fn cargo_bin(&self) -> PathBuf {
        self.tools().join("cargo/bin")
    }

    /// Where npm installs the Node ones.
    pub(crate) fn node_tools(&self) -> PathBuf {
        self.tools().join("node")
    }

    /// A command of cargo at the top of the project.
    pub(crate) fn cargo<const N: usize>(&self, arguments: [&str; N]) -> Command {
        let mut command = self.command(cargo());
        command.args(arguments);
        command
    }

    /// A command at the top of the project that finds the pinned native tools.
    pub(crate) fn command(&self, program: impl Into<OsString>) -> Command {
        let mut command = Command::new(program.into());
        command
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("PATH", path_with(&[self.cargo_bin()]))
            .env("CI", "1")
            .env("NO_COLOR", "1")
            .env("CARGO_TERM_COLOR", "never")
            .env("CARGO_TERM_PROGRESS_WHEN", "never")
            // Keep the Node tools off the network and quiet.
            .env("WRANGLER_SEND_METRICS", "false")
            .env("WRANGLER_HIDE_BANNER", "true")
            .env("WRANGLER_LOG_PATH", self.state().join("wrangler"))
            .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
            .env("npm_config_fund", "false")
            .env("npm_config_audit", "false")
            .env("npm_config_update_notifier", "false");
        // What cargo tells the program that it runs is about xtask, not about what xtask runs.
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(|name| {
                name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
            }) {
                command.env_remove(name);
            }
        }
        command
    }
}

/// PATH with folders put before it.
pub(crate) fn path_with(first: &[PathBuf]) -> OsString {
    let rest = env::var_os("PATH").unwrap_or_default();
    let all = first.iter().cloned().chain(env::split_paths(&rest));
    // Only a folder with a `:` in its name can't be joined; the tools there would not be found either way.
    env::join_paths(all).unwrap_or(rest)
}

/// The program's place on PATH, if it is there.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
