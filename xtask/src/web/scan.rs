//! The package's entry `./scan`: the scanner as WebAssembly for Node, with the module around it.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};

use crate::{process, project::Project, tools::Tools, worker};

/// What it adds to the package.
pub(super) const FILES: [&str; 3] = ["scan.js", "scan.d.ts", "scan.wasm"];

/// Builds it into the package.
pub(super) fn build(project: &Project, tools: &Tools, package: &Path) -> Result<()> {
    let staging = project.state().join("scan-staging");
    let _ = fs::remove_dir_all(&staging);
    fs::create_dir_all(&staging).with_context(|| format!("cannot write {}", staging.display()))?;

    let mut cargo = project.cargo(["build", "--package", CRATE, "--target", TARGET]);
    cargo.args(["--profile", "scan", "--config", "wasm-pack.toml"]);
    // Takes the place of RUSTFLAGS from outside, which would otherwise end up in what is published.
    cargo.env("CARGO_ENCODED_RUSTFLAGS", worker::rust_flags(project)?);
    process::run("cargo build (scan)", cargo, &project.state().join("scan-cargo.log"))?;

    let built = project.target().join(TARGET).join("scan/keyguard_scan.wasm");
    let mut bindgen = tools.command(project, &tools.wasm_bindgen().to_string_lossy());
    bindgen.arg(built).arg("--out-dir").arg(&staging);
    bindgen.args(["--target", "web", "--no-typescript", "--out-name", MODULE]);
    process::run("wasm-bindgen", bindgen, &project.state().join("scan-bindgen.log"))?;

    let mut opt = tools.node(project, tools.modules().join("binaryen/bin/wasm-opt"));
    opt.arg(staging.join(format!("{MODULE}_bg.wasm"))).arg("-o").arg(package.join("scan.wasm"));
    opt.args(OPT_FLAGS);
    process::run("wasm-opt", opt, &project.state().join("scan-wasm-opt.log"))?;

    fs::copy(project.root().join("www/scan.d.ts"), package.join("scan.d.ts"))?;
    fs::copy(project.root().join("www/scan.js"), staging.join("scan.js"))?;
    let mut esbuild = tools.node(project, "--eval");
    esbuild.arg(ESBUILD).arg(tools.modules().join("esbuild")).arg(&staging).arg(package);
    process::run("esbuild", esbuild, &project.state().join("scan-esbuild.log"))?;
    Ok(())
}

const CRATE: &str = "keyguard-scan";
const MODULE: &str = "keyguard_scan";
const TARGET: &str = "wasm32-unknown-unknown";

/// For speed: this is no page's download. Otherwise as for the package's other wasm.
const OPT_FLAGS: &[&str] = &[
    "-O3",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--enable-simd",
    "--strip-debug",
    "--strip-producers",
    "--strip-target-features",
];

/// wasm-bindgen's module goes into ours, without the way to fetch the wasm that Node doesn't need.
const ESBUILD: &str = "const [esbuild, staging, outdir] = process.argv.slice(1);
require(esbuild).buildSync({
  absWorkingDir: staging, entryPoints: ['scan.js'], outdir, bundle: true, format: 'esm', platform: 'node',
  target: 'node20', treeShaking: true, legalComments: 'none', logLevel: 'warning',
});";
