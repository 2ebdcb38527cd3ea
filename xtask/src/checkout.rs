//! The checkout page: installs the npm package as a customer would, and builds and serves the page.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::{process, project::Project, tools::Tools};

/// What the page is told: the edge's origin, and the publishable key that it pays with.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) edge: String,
    pub(crate) key: String,
}

/// Installs the built npm package into the page and builds the page.
pub(crate) fn build(project: &Project, tools: &Tools, page: &Page) -> Result<()> {
    let folder = folder(project);
    let package = project.root().join("www/pkg/keyguard.tgz");
    tools.npm_ci(project, &folder, "checkout page", &[&package])?;
    let mut build = vite(project, tools, page);
    build.arg("build");
    process::run("vite build", build, &project.state().join("checkout-build.log"))?;
    let config = json!({ "edge": page.edge, "key": page.key });
    fs::write(folder.join("dist/config.json"), format!("{config}\n"))
        .context("cannot write the page's config.json")
}

/// The command that serves the built page.
pub(crate) fn preview(project: &Project, tools: &Tools, page: &Page, port: u16) -> Command {
    let mut preview = vite(project, tools, page);
    preview.arg("preview").env("KEYGUARD_PAGE_PORT", port.to_string());
    preview
}

fn vite(project: &Project, tools: &Tools, page: &Page) -> Command {
    let folder = folder(project);
    let mut vite = tools.node(project, folder.join("node_modules/vite/bin/vite.js"));
    // The page's content security policy names the edge.
    vite.current_dir(folder).env("KEYGUARD_EDGE_ORIGIN", &page.edge);
    vite
}

fn folder(project: &Project) -> PathBuf {
    project.root().join("www/checkout")
}
