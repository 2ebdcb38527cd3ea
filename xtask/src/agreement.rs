//! `cargo xtask agreement`: a native build of the core and a wasm build, as the edge has it, say the same of each request.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::{process, project::Project, tools::Tools, worker};

/// What to compare.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// How many requests.
    pub(crate) requests: u32,
    /// What they are made from.
    pub(crate) seed: u32,
}

/// What is compared in every run of the tests.
pub(crate) const SHORT: Options = Options { requests: 100_000, seed: 1 };

/// The two builds.
#[derive(Debug)]
pub(crate) struct Builds {
    /// The program.
    pub(crate) native: PathBuf,
    /// The module for Node.
    pub(crate) wasm: PathBuf,
}

/// Compares, and fails with the first request of which the builds say different things.
pub(crate) fn run(project: &Project, tools: &Tools, options: Options) -> Result<()> {
    let builds = build(project, tools)?;
    let mut node = tools.node(project, "--test");
    node.current_dir(project.root().join("tests")).arg("agreement/agreement.test.mjs");
    for (name, value) in environment(&builds, options) {
        node.env(name, value);
    }
    let finished = process::observe("agreement", node, &project.state().join("agreement.log"))?;
    if !finished.status.success() {
        bail!("{}\n{}", finished.status, finished.tail(120).trim_end());
    }
    say!("native and wasm say the same of {} requests (seed {})", options.requests, options.seed);
    Ok(())
}

/// What the comparison is told.
pub(crate) fn environment(builds: &Builds, options: Options) -> [(&'static str, String); 4] {
    [
        ("KEYGUARD_NATIVE", builds.native.display().to_string()),
        ("KEYGUARD_WASM", builds.wasm.display().to_string()),
        ("KEYGUARD_REQUESTS", options.requests.to_string()),
        ("KEYGUARD_SEED", options.seed.to_string()),
    ]
}

/// Builds both from the one source, with the profile that the edge has.
pub(crate) fn build(project: &Project, tools: &Tools) -> Result<Builds> {
    let cargo = |extra: &[&str]| {
        let mut cargo =
            project.cargo(["build", "--package", "keyguard-agreement", "--profile", "edge"]);
        cargo.args(extra);
        cargo
    };
    let log = |name: &str| project.state().join(format!("agreement-{name}.log"));
    process::run(
        "cargo build (agreement)",
        cargo(&["--bin", "keyguard-agreement"]),
        &log("native"),
    )?;
    let mut for_wasm = cargo(&["--lib", "--target", WASM]);
    for_wasm.env("CARGO_ENCODED_RUSTFLAGS", worker::edge_flags(project)?);
    process::run("cargo build (agreement, wasm)", for_wasm, &log("wasm"))?;

    let out = project.state().join("agreement");
    let mut bind = tools.command(project, &tools.wasm_bindgen().to_string_lossy());
    bind.args(["--target", "nodejs", "--no-typescript", "--out-dir"]).arg(&out);
    bind.arg(project.target().join(WASM).join("edge/keyguard_agreement.wasm"));
    process::run("wasm-bindgen (agreement)", bind, &log("bindgen"))?;
    let native = Path::new("edge/keyguard-agreement");
    Ok(Builds { native: project.target().join(native), wasm: out.join("keyguard_agreement.js") })
}

const WASM: &str = "wasm32-unknown-unknown";
