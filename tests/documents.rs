//! What the documents say is what the code does.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::panic, clippy::unwrap_used)]

mod problems;

use std::collections::BTreeSet;

use keyguard::{KeyRecord, Policy};

const README: &str = include_str!("../README.md");
const POLICY: &str = include_str!("../docs/policy.md");
const DEPLOY: &str = include_str!("../docs/deploy.md");
const OPERATE: &str = include_str!("../docs/operate.md");
const THREATS: &str = include_str!("../docs/threats.md");
const REQUIREMENTS: &str = include_str!("../docs/requirements.md");
const ASSURANCE: &str = include_str!("../docs/assurance.md");
const CONTRIBUTING: &str = include_str!("../docs/contributing.md");
const SCALE: &str = include_str!("../docs/scale.md");

/// The codes and statuses of a document's table of problems.
fn rows(text: &str) -> BTreeSet<(String, u16)> {
    let rows = text.lines().filter_map(|line| {
        let (code, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
        Some((code.to_owned(), rest.split(' ').next()?.parse().ok()?))
    });
    rows.collect()
}

/// The fenced blocks of a language.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    text.split(fence.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn every_problem_has_its_row_in_the_readme() {
    let expected = problems::of_requests()
        .into_iter()
        .map(|problem| (problem.code().to_owned(), problem.status()));
    assert_eq!(rows(README), expected.collect());
}

#[test]
fn example_policy_has_every_field_and_each_has_its_row() {
    let [example] = blocks(POLICY, "json")[..] else { panic!("one example is expected") };
    Policy::from_json(example).unwrap();
    let example: serde_json::Value = serde_json::from_str(example).unwrap();
    let unknown = r#"{"upstream":{"test":"https://a"},"":0}"#;
    let error = Policy::from_json(unknown).unwrap_err();
    // The parser itself lists what there is: "unknown field ``, expected one of `upstream`, …".
    let fields: Vec<_> = error.reason().split('`').skip(3).step_by(2).collect();
    assert!(fields.len() > 10, "{error}");
    for field in fields {
        assert!(example.get(field).is_some(), "{field} is not in the example");
        assert!(POLICY.contains(&format!("| `{field}")), "{field} has no row");
    }
}

#[test]
fn every_problem_of_the_admin_api_has_its_row() {
    // Reports of leaks need no credential, and have a limit instead.
    let limited =
        problems::of_requests().into_iter().filter(|problem| problem.code() == "rate-limited");
    let expected = problems::of_the_admin_api()
        .into_iter()
        .chain(limited)
        .map(|problem| (problem.code().to_owned(), problem.status()));
    assert_eq!(rows(OPERATE), expected.collect());
}

#[test]
fn every_field_of_a_record_has_its_row() {
    let record = r#"{"v":1,"id":"key_1","account":"acct_1","kind":"secret","mode":"live","created_at":1,"expires_at":2,
        "rotated_at":1,"revoked":{"at":1,"reason":"x"},"exposed":{"at":1,"channel":"x"},"origins":[],"scopes":[],
        "rate":"x","label":"x","browser_headers":true}"#;
    let record = KeyRecord::from_json(record).unwrap();
    let written: serde_json::Value = serde_json::from_str(&record.to_json()).unwrap();
    assert_eq!(written.as_object().unwrap().len(), 15, "none is left out");
    for field in written.as_object().unwrap().keys() {
        assert!(DEPLOY.contains(&format!("`{field}`")), "{field} has no row");
    }
}

#[test]
fn documents_that_are_linked_are_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = [POLICY, DEPLOY, OPERATE, THREATS, REQUIREMENTS, ASSURANCE, CONTRIBUTING, SCALE]
        .map(|page| ("docs", page));
    for (folder, text) in pages.into_iter().chain([("", README)]) {
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            let link = link.split('#').next().unwrap();
            let is_file = !link.starts_with("https://");
            assert!(!is_file || root.join(folder).join(link).exists(), "{link}");
        }
    }
}

#[test]
fn every_page_is_in_the_manual() {
    let listed = include_str!("../docs/manual/lib.rs").split_once("pages! {").unwrap().1;
    let listed: BTreeSet<_> = listed.split_whitespace().filter(|word| *word != "}").collect();
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let names = std::fs::read_dir(docs).unwrap().map(|entry| entry.unwrap().file_name());
    let pages: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    let pages: BTreeSet<_> = pages.iter().filter_map(|name| name.strip_suffix(".md")).collect();
    assert_eq!(listed, pages);
}
