//! `cargo xtask release --dry-run`: packs what a release is, and checks it. Nothing is published, and nothing signed by hand: that is
//! for the host's own attestations, over what is written into SHA256SUMS here.

mod versions;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use crate::{
    process,
    project::Project,
    sbom::{self, PRODUCTS},
    tools::Tools,
    web, worker,
};

/// Packs and checks.
pub(crate) fn dry_run(project: &Project) -> Result<()> {
    let tools = Tools::install(project)?;
    let out = pack(project, &tools, &web::build(project, &tools)?, Tool::Optimised)?;
    check(project, &tools, &out)?;
    say!("packed and checked, nothing published: {}", out.display());
    Ok(())
}

/// How the operator's tool is built.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tool {
    /// As it is released.
    Optimised,
    /// In a fraction of the time, where what is in the file is looked at and not how fast it is.
    Quick,
}

/// Packs all that a release is, the npm package among it; returns the folder.
pub(crate) fn pack(
    project: &Project,
    tools: &Tools,
    tarball: &Path,
    tool: Tool,
) -> Result<PathBuf> {
    let version = versions::check(project)?;
    say!("version {version}: the same everywhere, and in the changelog");
    let out = project.state().join("release");
    let _ = fs::remove_dir_all(&out);
    fs::create_dir_all(&out).with_context(|| format!("cannot write {}", out.display()))?;

    copy(tarball, &out.join(format!("keyguard-{version}.tgz")))?;
    copy(&tarball.with_file_name("sri.json"), &out.join("sri.json"))?;
    pack_worker(project, tools, &out)?;
    pack_tool(project, &out, tool)?;
    for license in ["LICENSE-MIT", "LICENSE-APACHE"] {
        copy(&project.root().join(license), &out.join(license))?;
    }
    for product in &PRODUCTS {
        let document = sbom::document(project, product, &version)?;
        let file = out.join(format!("{}.cdx.json", product.name));
        fs::write(&file, format!("{document:#}\n"))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    sums(project, &out)?;
    Ok(out)
}

/// The bundle that wrangler, which builds the Worker first, would upload.
fn pack_worker(project: &Project, tools: &Tools, out: &Path) -> Result<()> {
    let mut deploy = tools.wrangler(project);
    deploy.args(["deploy", "--dry-run", "--outdir"]).arg(out.join("worker"));
    process::run("wrangler deploy --dry-run", deploy, &project.state().join("release-worker.log"))?;
    // Beside what is uploaded wrangler writes when and where: a page with the time, and a map of sources with this machine's paths.
    for entry in fs::read_dir(out.join("worker"))? {
        let path = entry?.path();
        if !path.extension().is_some_and(|kind| kind == "js" || kind == "wasm") {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}

/// The operator's tool, for the machine that this runs on.
fn pack_tool(project: &Project, out: &Path, tool: Tool) -> Result<()> {
    let mut build = project.cargo(["build", "--locked", "--release", "--package", "keyguard-cli"]);
    // In a folder of its own: the flags would have everybody's release builds done anew.
    let target = project.state().join(match tool {
        Tool::Optimised => "release-target",
        Tool::Quick => "release-quick-target",
    });
    if matches!(tool, Tool::Quick) {
        build.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0");
    }
    build.env("CARGO_ENCODED_RUSTFLAGS", worker::rust_flags(project)?);
    build.env("CARGO_TARGET_DIR", &target);
    process::run("cargo build (keyguard)", build, &project.state().join("release-cli.log"))?;
    copy(&target.join("release/keyguard"), &out.join("keyguard"))
}

/// tests/release, about what was packed.
fn check(project: &Project, tools: &Tools, out: &Path) -> Result<()> {
    let tests = project.root().join("tests");
    tools.npm_ci(project, &tests, "test packages", &[])?;
    let mut node = tools.node(project, "--test");
    node.args(["--test-reporter=spec", "release/**/*.test.mjs"]).current_dir(tests);
    node.envs(environment(project, out));
    process::run("tests of what was packed", node, &project.state().join("release-tests.log"))?;
    Ok(())
}

/// What those tests are told.
pub(crate) fn environment<'a>(
    project: &'a Project,
    out: &'a Path,
) -> [(&'static str, &'a Path); 2] {
    [("KEYGUARD_RELEASE", out), ("KEYGUARD_ROOT", project.root())]
}

/// A digest of each file, as `sha256sum --check` reads them.
fn sums(project: &Project, out: &Path) -> Result<()> {
    let mut files = Vec::new();
    walk(out, out, &mut files)?;
    files.sort();
    let mut sum = project.command("sha256sum");
    sum.current_dir(out).arg("--").args(&files);
    let sums = process::capture(sum).context("sha256sum (coreutils) is needed")?;
    fs::write(out.join("SHA256SUMS"), sums).context("cannot write SHA256SUMS")
}

fn walk(top: &Path, folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(top, &path, files)?;
        } else {
            files.push(path.strip_prefix(top)?.to_path_buf());
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to)
        .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    Ok(())
}
