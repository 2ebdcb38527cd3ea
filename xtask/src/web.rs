//! Builds the npm package: wasm-pack, wasm-opt, one bundled module, and its tarball.

mod exports;
mod scan;
mod text;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::{self, File},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use keyguard::page::{InitRule, OptionRule, Refusal};
use serde_json::{Value, json};

use crate::{
    process,
    project::Project,
    tools::{self, Tools},
    worker,
};

/// Builds the package into www/pkg, and fails when a page would have to download more than the budget allows.
///
/// # Returns
/// The tarball, as npm installs it.
pub(crate) fn build(project: &Project, tools: &Tools) -> Result<PathBuf> {
    let state = project.state();
    fs::create_dir_all(&state).with_context(|| format!("cannot write {}", state.display()))?;
    let lock = File::create(state.join("web.lock")).context("cannot write the build's lock")?;
    let _lock = tools::wait_for(lock, "another build of the npm package")?;

    let manifest = Manifest::read(&project.root().join("wasm-pack.toml"))?;
    let staging = state.join("web-staging");
    let _ = fs::remove_dir_all(&staging);
    bind(project, tools, &staging)?;
    optimise(project, tools, &staging)?;
    let package = staging.join("package");
    bundle(project, tools, &staging, &package)?;
    scan::build(project, tools, &package)?;
    describe(project, &manifest, &package)?;
    let size = brotli_size(project, tools, &package)?;
    say!(
        "www/pkg: {size} of {} bytes after brotli, of everything that a page downloads",
        manifest.budget
    );
    for (file, digest) in integrity(&package)? {
        say!("  {file:<16} {digest}");
    }
    if size > manifest.budget {
        bail!("the npm package is {size} bytes, above the budget in wasm-pack.toml");
    }
    pack(project, tools, &manifest, &package)?;
    let out = project.root().join("www/pkg");
    worker::replace(&package, &out).with_context(|| format!("cannot write {}", out.display()))?;
    Ok(out.join(TARBALL))
}

const TARBALL: &str = "keyguard.tgz";
const MODULE: &str = "keyguard_web_bg.js";
const WASM: &str = "keyguard_web_bg.wasm";

/// The tables of wasm-pack.toml that are not cargo's.
struct Manifest {
    npm: Value,
    budget: u64,
}

impl Manifest {
    fn read(file: &Path) -> Result<Self> {
        let text =
            fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let mut document: Value = toml::from_str(&text).context("wasm-pack.toml")?;
        let budget = document
            .pointer("/budget/brotli")
            .and_then(Value::as_u64)
            .context("wasm-pack.toml names no budget.brotli")?;
        let npm =
            document.get_mut("npm").map(Value::take).context("wasm-pack.toml has no table npm")?;
        Ok(Self { npm, budget })
    }

    fn text(&self, name: &str) -> Result<&str> {
        self.npm
            .get(name)
            .and_then(Value::as_str)
            .with_context(|| format!("wasm-pack.toml names no npm.{name}"))
    }

    fn list(&self, name: &str) -> Result<Vec<&str>> {
        self.npm
            .get(name)
            .and_then(Value::as_array)
            .and_then(|list| list.iter().map(Value::as_str).collect())
            .with_context(|| format!("wasm-pack.toml has no list npm.{name}"))
    }
}

/// cargo and wasm-bindgen, by wasm-pack, with wasm-pack.toml as cargo's configuration.
fn bind(project: &Project, tools: &Tools, staging: &Path) -> Result<()> {
    let mut wasm_pack = tools.command(project, &tools.wasm_pack().to_string_lossy());
    wasm_pack.args(["build", "www", "--target", "bundler", "--profile", "web"]);
    // A newer wasm-opt than wasm-pack would find runs below; package.json and types are ours.
    wasm_pack.args(["--no-opt", "--no-pack", "--no-typescript", "--out-name", "keyguard_web"]);
    wasm_pack.arg("--out-dir").arg(staging).args(["--", "--config", "../wasm-pack.toml"]);
    // Takes the place of RUSTFLAGS from outside, which would otherwise end up in what is published.
    wasm_pack.env("CARGO_ENCODED_RUSTFLAGS", worker::rust_flags(project)?);
    process::run("wasm-pack build", wasm_pack, &project.state().join("web-wasm-pack.log"))?;

    let (wasm, module) = (staging.join(WASM), staging.join(MODULE));
    let (bytes, glue) = exports::shorten(&fs::read(&wasm)?, &fs::read_to_string(&module)?)?;
    fs::write(wasm, bytes)?;
    fs::write(module, glue)?;
    Ok(())
}

fn optimise(project: &Project, tools: &Tools, staging: &Path) -> Result<()> {
    let bound = staging.join(WASM);
    let optimised = staging.join("optimised.wasm");
    let mut opt = tools.node(project, tools.modules().join("binaryen/bin/wasm-opt"));
    opt.arg(&bound).arg("-o").arg(&optimised).args(OPT_FLAGS);
    process::run("wasm-opt", opt, &project.state().join("web-wasm-opt.log"))?;
    fs::rename(optimised, bound)?;
    Ok(())
}

/// Not `--all-features`: it emits encodings that engines of today refuse. These are what rustc itself uses.
const OPT_FLAGS: &[&str] = &[
    // Blocks that are written anew, and functions in the order of their use, compress better: one per cent of a page's download.
    "-Oz",
    "--flatten",
    "--rereloop",
    "-Oz",
    "-Oz",
    "--converge",
    "--reorder-functions",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    // wasm-bindgen's one import throws where no page's call can get to; without it that is a trap.
    "--remove-imports",
    "--strip-debug",
    "--strip-producers",
    "--strip-target-features",
];

/// The files that pages load: one module with the wasm in it, so that no bundler, server or policy has to know of a second file;
/// the same with the wasm beside it; and a script for pages without modules.
fn bundle(project: &Project, tools: &Tools, staging: &Path, package: &Path) -> Result<()> {
    for name in SOURCES {
        let source = project.root().join("www").join(name);
        fs::copy(&source, staging.join(name))
            .with_context(|| format!("cannot copy {}", source.display()))?;
    }
    fs::write(staging.join("refusals.js"), refusals()?)?;
    let wasm = fs::read(staging.join(WASM))?;
    fs::write(staging.join("wasm.js"), format!("export default \"{}\";\n", text::encode(&wasm)))?;

    fs::create_dir_all(package)?;
    fs::write(package.join("keyguard.wasm"), wasm)?;
    let mut esbuild = tools.node(project, "--eval");
    esbuild.arg(BUNDLE).arg(tools.modules().join("esbuild")).arg(staging).arg(package);
    process::run("esbuild", esbuild, &project.state().join("web-esbuild.log"))?;
    Ok(())
}

/// Bundles; and writes down the digests of what pages load, for Subresource Integrity.
const BUNDLE: &str = include_str!("web/bundle.cjs");

/// What the package's modules are made of, beside what wasm-bindgen writes. From www/.
const SOURCES: [&str; 10] = [
    "index.js",
    "external.js",
    "guard.js",
    "call.js",
    "problem.js",
    "error.js",
    "rules.js",
    "questions.js",
    "values.js",
    "text.js",
];

/// The core's words for its refusals, as a module: for each code the code itself and its messages, in the order of their numbers.
fn refusals() -> Result<String> {
    let mut table: Vec<Vec<&str>> = vec![Vec::new()];
    for refusal in Refusal::ALL {
        match table.last_mut() {
            Some(row) if row.first() == Some(&refusal.code()) => row.push(refusal.message()),
            _ => table.push(vec![refusal.code(), refusal.message()]),
        }
    }
    let mut module = format!("export const REFUSALS = {};\n", serde_json::to_string(&table)?);
    // What JavaScript refuses by itself: what the runtime didn't take, and numbers, which need no text.
    for (name, refusal) in [
        ("UNREADABLE_OPTIONS", Refusal::InvalidOptions(OptionRule::Unreadable)),
        ("OPTION_NUMBER", Refusal::InvalidOptions(OptionRule::Number)),
        ("REJECTED_INIT", Refusal::InvalidInit(InitRule::Rejected)),
        ("INIT_NUMBER", Refusal::InvalidInit(InitRule::Number)),
    ] {
        writeln!(module, "export const {name} = {};", refusal.number())?;
    }
    Ok(module)
}

/// Everything beside the modules: package.json, types, words and licences.
fn describe(project: &Project, manifest: &Manifest, package: &Path) -> Result<()> {
    let (files, licenses) = (manifest.list("files")?, manifest.list("licenses")?);
    let all_files = [&BUILT[..], &scan::FILES, files.as_slice(), licenses.as_slice()].concat();
    let json = json!({
        "name": manifest.text("name")?,
        "version": manifest.text("version")?,
        "description": manifest.text("description")?,
        "keywords": manifest.list("keywords")?,
        "license": manifest.text("license")?,
        "repository": { "type": "git", "url": manifest.text("repository")?, "directory": "www" },
        "type": "module",
        "sideEffects": false,
        "exports": manifest.npm.get("exports").context("wasm-pack.toml has no table npm.exports")?,
        "bin": manifest.npm.get("bin").context("wasm-pack.toml has no table npm.bin")?,
        "types": "./index.d.ts",
        // What a page without a bundler gets from a network that serves npm's packages.
        "unpkg": "./keyguard.min.js",
        "jsdelivr": "./keyguard.min.js",
        "files": all_files,
        "engines": { "node": ">=20.16.0" },
        "publishConfig": { "access": "public", "provenance": true },
    });
    fs::write(package.join("package.json"), format!("{json:#}\n"))?;
    let sources = [("www", files), (".", licenses)];
    for (folder, name) in
        sources.iter().flat_map(|(folder, names)| names.iter().map(move |name| (folder, name)))
    {
        let (source, target) = (project.root().join(folder).join(name), package.join(name));
        target
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::copy(&source, target))
            .with_context(|| format!("cannot copy {}", source.display()))?;
    }
    Ok(())
}

/// What `bundle` puts into the package.
const BUILT: [&str; 5] =
    ["index.js", "external.js", "keyguard.wasm", "keyguard.min.js", "sri.json"];

/// Bytes that a server sends for the one file that a page downloads.
fn brotli_size(project: &Project, tools: &Tools, package: &Path) -> Result<u64> {
    let mut node = tools.node(project, "--print");
    node.arg("zlib.brotliCompressSync(fs.readFileSync(process.argv[1])).length");
    node.arg(package.join("index.js"));
    process::capture(node)?.trim().parse().context("node printed no size")
}

/// The digests of the files that pages load, as `bundle` wrote them down.
fn integrity(package: &Path) -> Result<BTreeMap<String, String>> {
    let file = package.join("sri.json");
    serde_json::from_slice(&fs::read(&file)?).with_context(|| format!("{}", file.display()))
}

/// The tarball, under a name without a version, so that what installs it needn't change with each.
fn pack(project: &Project, tools: &Tools, manifest: &Manifest, package: &Path) -> Result<()> {
    let mut npm = tools.command(project, "npm");
    npm.current_dir(package).args(["pack", "--ignore-scripts", "--silent"]);
    process::run("npm pack", npm, &project.state().join("web-npm-pack.log"))?;
    let packed = format!("{}-{}.tgz", manifest.text("name")?, manifest.text("version")?);
    fs::rename(package.join(&packed), package.join(TARBALL))
        .with_context(|| format!("npm packed no {packed}"))
}
