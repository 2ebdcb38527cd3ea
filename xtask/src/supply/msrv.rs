//! Which compiler a member of the workspace needs, by what its dependencies say.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A line for each dependency that needs a newer compiler than the member that uses it says. Tests of others are left out.
pub(super) fn dishonest(metadata: &Value) -> Option<Vec<String>> {
    let packages: BTreeMap<&str, &Value> = list(metadata, "/packages")?
        .iter()
        .filter_map(|package| Some((text(package, "id")?, package)))
        .collect();
    let nodes: BTreeMap<&str, &Value> = list(metadata, "/resolve/nodes")?
        .iter()
        .filter_map(|node| Some((text(node, "id")?, node)))
        .collect();
    let mut lines = Vec::new();
    for member in list(metadata, "/workspace_members")? {
        let member = member.as_str()?;
        let (name, own) = (text(packages.get(member)?, "name")?, needs(packages.get(member)?)?);
        for id in reached(member, &nodes) {
            let package = packages.get(id)?;
            if needs(package).is_some_and(|version| version > own) {
                let dependency = text(package, "name")?;
                let version = text(package, "rust_version")?;
                lines.push(format!(
                    "{name} says Rust {own:?}, and its dependency {dependency} needs {version}"
                ));
            }
        }
    }
    Some(lines)
}

/// All that is compiled with a member: its own tests' dependencies, and of the others what they are built with.
fn reached<'a>(member: &'a str, nodes: &BTreeMap<&'a str, &'a Value>) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut open = vec![member];
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let on = nodes.get(id).and_then(|node| list(node, "/deps")).map_or(&[][..], Vec::as_slice);
        open.extend(on.iter().filter_map(|dependency| {
            let kinds = list(dependency, "/dep_kinds")?;
            let is_built = |kind: &Value| kind.get("kind").and_then(Value::as_str) != Some("dev");
            (id == member || kinds.iter().any(is_built)).then(|| text(dependency, "pkg")).flatten()
        }));
    }
    seen
}

fn needs(package: &Value) -> Option<Vec<u32>> {
    text(package, "rust_version")?.split('.').map(|part| part.parse().ok()).collect()
}

fn list<'a>(value: &'a Value, pointer: &str) -> Option<&'a Vec<Value>> {
    value.pointer(pointer)?.as_array()
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_dependency_that_needs_more_than_its_user_says_is_named() {
        let package =
            |id: &str, version: &str| json!({ "id": id, "name": id, "rust_version": version });
        let on = |id: &str, kind: Value| json!({ "pkg": id, "dep_kinds": [{ "kind": kind }] });
        let metadata = json!({
            "workspace_members": ["a"],
            "packages": [package("a", "1.88"), package("b", "1.91"), package("c", "1.99"), package("d", "1.88.1")],
            "resolve": { "nodes": [
                { "id": "a", "deps": [on("b", Value::Null), on("d", json!("dev"))] },
                { "id": "b", "deps": [on("c", json!("dev"))] },
                { "id": "c", "deps": [] },
                { "id": "d", "deps": [] },
            ] },
        });
        let lines = dishonest(&metadata).unwrap();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines.iter().any(|line| line.contains("dependency b needs 1.91")), "{lines:?}");
        assert!(lines.iter().any(|line| line.contains("dependency d needs 1.88.1")), "{lines:?}");
    }
}
