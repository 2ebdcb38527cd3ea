//! One version, wherever it stands.

use std::fs;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::project::Project;

/// The version of the workspace, which the npm package and the changelog must agree with.
pub(super) fn check(project: &Project) -> Result<String> {
    let read = |file: &str| {
        fs::read_to_string(project.root().join(file)).with_context(|| format!("cannot read {file}"))
    };
    let version = text(&read("Cargo.toml")?, "/workspace/package/version").context("Cargo.toml")?;
    let core = text(&read("Cargo.toml")?, "/workspace/dependencies/keyguard/version");
    let npm = text(&read("wasm-pack.toml")?, "/npm/version");
    for (place, found) in
        [("Cargo.toml, the dependency on the core", core), ("wasm-pack.toml", npm)]
    {
        if found.as_ref() != Some(&version) {
            bail!("{place} has version {found:?}, and Cargo.toml {version}");
        }
    }
    if !is_told(&read("CHANGELOG.md")?, &version) {
        bail!(
            "CHANGELOG.md has neither a section `## {version}` nor `## Unreleased` with something in it"
        );
    }
    Ok(version)
}

fn text(document: &str, pointer: &str) -> Option<String> {
    let document: Value = toml::from_str(document).ok()?;
    Some(document.pointer(pointer)?.as_str()?.to_owned())
}

/// Whether the changelog has a section for a version, or one that is to become it, with something in it.
fn is_told(changelog: &str, version: &str) -> bool {
    changelog.split("\n## ").skip(1).any(|section| {
        let (title, body) = section.split_once('\n').unwrap_or((section, ""));
        let is_its =
            title == "Unreleased" || title.split([' ', '[', ']']).any(|word| word == version);
        is_its && body.lines().any(|line| line.starts_with("- "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changelog_tells_of_a_version_where_something_stands_below_it() {
        assert!(is_told("# Changelog\n\n## 1.2.0\n\n- more\n", "1.2.0"));
        assert!(is_told("# Changelog\n\n## Unreleased\n\n- more\n", "1.2.0"));
        assert!(!is_told("# Changelog\n\n## 1.2.0\n\n## 1.1.0\n\n- more\n", "1.2.0"));
        assert!(!is_told("# Changelog\n", "1.2.0"));
    }
}
