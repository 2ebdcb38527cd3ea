//! What rustc is told, so that the wasm is the same wherever it is built.

use std::{env, ffi::OsString, fs, path::PathBuf};

use anyhow::Result;

use crate::{process, project::Project};

/// Flags of what runs at the edge, where vector instructions are always there: digests and searches take fewer of them, and less code.
pub(crate) fn edge_flags(project: &Project) -> Result<OsString> {
    let mut flags = rust_flags(project)?;
    flags.push("\u{1f}-Ctarget-feature=+simd128");
    Ok(flags)
}

/// Flags that keep the machine's paths out of the panic messages, so that builds reproduce.
pub(crate) fn rust_flags(project: &Project) -> Result<OsString> {
    let mut flags = OsString::from("--remap-path-prefix=");
    flags.push(project.root());
    flags.push("=/keyguard");
    for sources in registry_sources() {
        flags.push("\u{1f}--remap-path-prefix=");
        flags.push(sources);
        flags.push("=/deps");
    }
    let mut rustc = project.command("rustc");
    rustc.args(["--print", "sysroot"]);
    // rust-src, where it is installed, gives the standard library a path of this machine.
    flags.push(format!("\u{1f}--remap-path-prefix={}=/rust", process::capture(rustc)?.trim()));
    Ok(flags)
}

/// The folders below which cargo unpacks crates: one for each registry, its name made from the registry's address.
fn registry_sources() -> Vec<PathBuf> {
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(env::home_dir()?.join(".cargo")));
    let folder = home.map(|home| home.join("registry/src"));
    let mut sources: Vec<PathBuf> = folder
        .and_then(|folder| fs::read_dir(folder).ok())
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    sources.sort();
    sources
}
