//! What a product is made of, as a `CycloneDX` 1.6 document: of what cargo says, and nothing that changes from build to build.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Command,
};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::{process, project::Project};

/// A product, and the crates that it is built from.
pub(crate) struct Product {
    /// The document's file is called after it.
    pub(crate) name: &'static str,
    pub(crate) packages: &'static [&'static str],
    /// What it is built for, if not for the machine that it runs on.
    pub(crate) target: Option<&'static str>,
    /// `application`, `library`, …: as `CycloneDX` names kinds.
    pub(crate) kind: &'static str,
    /// Its package URL without the version.
    pub(crate) purl: &'static str,
}

const WASM: Option<&str> = Some("wasm32-unknown-unknown");

/// The two products, and the operator's tool.
pub(crate) const PRODUCTS: [Product; 3] = [
    Product {
        name: "worker",
        packages: &["keyguard-worker"],
        target: WASM,
        kind: "application",
        purl: "pkg:cargo/keyguard-worker",
    },
    Product {
        name: "npm",
        packages: &["keyguard-web", "keyguard-scan"],
        target: WASM,
        kind: "library",
        purl: "pkg:npm/keyguard",
    },
    Product {
        name: "cli",
        packages: &["keyguard-cli"],
        target: None,
        kind: "application",
        purl: "pkg:cargo/keyguard-cli",
    },
];

/// The document of a product: every crate that is compiled into it or writes code for it, with licence and digest.
pub(crate) fn document(project: &Project, product: &Product, version: &str) -> Result<Value> {
    let mut tree = project.cargo(["tree", "--locked", "--edges", "normal", "--prefix", "depth"]);
    tree.args(["--no-dedupe", "--format", " {p}"]);
    tree.args(product.packages.iter().flat_map(|package| ["--package", package]));
    tree.args(product.target.iter().flat_map(|target| ["--target", target]));
    let tree = process::capture(tree)?;
    let about = About::read(project)?;
    let graph = Graph::read(&tree).context("what cargo tree prints is not understood")?;
    let of_product = format!("{}@{version}", product.purl);
    let name_of = |id: &Crate| {
        if graph.roots.contains(id) {
            of_product.clone()
        } else {
            format!("pkg:cargo/{}@{}", id.0, id.1)
        }
    };
    let components: Vec<Value> = graph
        .edges
        .keys()
        .filter(|id| !graph.roots.contains(*id))
        .map(|id| about.component(id, &name_of(id)))
        .collect();
    // The crates that a product is built from are one here.
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (id, on) in &graph.edges {
        edges.entry(name_of(id)).or_default().extend(on.iter().map(name_of));
    }
    let dependencies: Vec<Value> =
        edges.iter().map(|(id, on)| json!({ "ref": id, "dependsOn": on })).collect();
    Ok(json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": product.kind,
                "bom-ref": of_product,
                "name": "keyguard",
                "version": version,
                "purl": of_product,
                "licenses": [{ "expression": "MIT OR Apache-2.0" }],
            },
        },
        "components": components,
        "dependencies": dependencies,
    }))
}

/// Name and version.
type Crate = (String, String);

/// Who depends on whom.
struct Graph {
    roots: BTreeSet<Crate>,
    edges: BTreeMap<Crate, BTreeSet<Crate>>,
}

impl Graph {
    /// Reads `cargo tree --prefix depth`: each line has its depth, a name and a version.
    fn read(tree: &str) -> Option<Self> {
        let mut edges: BTreeMap<Crate, BTreeSet<Crate>> = BTreeMap::new();
        let mut roots = BTreeSet::new();
        let mut above: Vec<Crate> = Vec::new();
        for line in tree.lines().filter(|line| !line.is_empty()) {
            let (depth, rest) = line.split_once(' ')?;
            let depth: usize = depth.parse().ok()?;
            let mut words = rest.split(' ');
            let id = (words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned());
            edges.entry(id.clone()).or_default();
            above.truncate(depth);
            if let Some(parent) = above.last() {
                edges.entry(parent.clone()).or_default().insert(id.clone());
            } else {
                roots.insert(id.clone());
            }
            above.push(id);
        }
        (!roots.is_empty()).then_some(Self { roots, edges })
    }
}

/// What is known of crates: licences by cargo's metadata, digests by Cargo.lock.
struct About {
    licenses: BTreeMap<Crate, String>,
    digests: BTreeMap<Crate, String>,
}

impl About {
    fn read(project: &Project) -> Result<Self> {
        let metadata: Command = project.cargo(["metadata", "--locked", "--format-version", "1"]);
        let metadata: Value = serde_json::from_str(&process::capture(metadata)?)?;
        let lock = fs::read_to_string(project.root().join("Cargo.lock")).context("Cargo.lock")?;
        let lock: Value = toml::from_str(&lock).context("Cargo.lock")?;
        Ok(Self {
            licenses: by_crate(metadata.get("packages"), "license"),
            digests: by_crate(lock.get("package"), "checksum"),
        })
    }

    fn component(&self, id: &Crate, purl: &str) -> Value {
        let (name, version) = id;
        let mut component = json!({
            "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl,
        });
        let mut put = |name: &str, value: Value| {
            component.as_object_mut().map(|fields| fields.insert(name.to_owned(), value))
        };
        if let Some(license) = self.licenses.get(id) {
            // A slash is how crates wrote it before SPDX had expressions.
            let expression = license.split('/').map(str::trim).collect::<Vec<_>>().join(" OR ");
            put("licenses", json!([{ "expression": expression }]));
        }
        if let Some(digest) = self.digests.get(id) {
            put("hashes", json!([{ "alg": "SHA-256", "content": digest }]));
        }
        component
    }
}

fn by_crate(packages: Option<&Value>, field: &str) -> BTreeMap<Crate, String> {
    let packages = packages.and_then(Value::as_array).into_iter().flatten();
    let text = |package: &Value, name: &str| Some(package.get(name)?.as_str()?.to_owned());
    packages
        .filter_map(|package| {
            Some(((text(package, "name")?, text(package, "version")?), text(package, field)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_read_with_who_depends_on_whom() {
        let tree = "0 a v0.1.0 (/somewhere)\n1 b v1.0.0\n2 c v2.0.0 (proc-macro)\n1 c v2.0.0 (proc-macro)\n1 b v1.0.0\n\n0 d v0.1.0 (/else)\n1 b v1.0.0\n";
        let graph = Graph::read(tree).unwrap();
        let id = |name: &str, version: &str| (name.to_owned(), version.to_owned());
        let (a, b, c, d) = (id("a", "0.1.0"), id("b", "1.0.0"), id("c", "2.0.0"), id("d", "0.1.0"));
        assert_eq!(graph.roots, BTreeSet::from([a.clone(), d.clone()]));
        assert_eq!(graph.edges[&a], BTreeSet::from([b.clone(), c.clone()]));
        assert_eq!(graph.edges[&b], BTreeSet::from([c.clone()]));
        assert_eq!(graph.edges[&d], BTreeSet::from([b]));
        assert!(graph.edges[&c].is_empty());
        assert!(Graph::read("nonsense").is_none() && Graph::read("").is_none());
    }
}
