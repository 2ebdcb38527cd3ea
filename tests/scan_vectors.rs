//! `tests/vectors/scan.json`, natively. The npm package's tests run the same in WebAssembly.
#![cfg(feature = "scan")]
#![allow(missing_docs, clippy::unwrap_used)]

use std::collections::BTreeSet;

use keyguard::scan::file::{Scanner, VENDORS, rules};
use serde_json::{Value, json};

#[test]
fn findings_are_those_of_the_vectors() {
    let vectors: Value = serde_json::from_str(include_str!("vectors/scan.json")).unwrap();
    let scanner = Scanner::new();
    let cases = vectors.get("cases").and_then(Value::as_array).unwrap();
    assert!(cases.len() > 30);
    for case in cases {
        let text = case.get("text").and_then(Value::as_str).unwrap();
        let found: Vec<Value> = scanner
            .scan(text.as_bytes())
            .iter()
            .map(|finding| {
                json!({
                    "rule": finding.rule().id, "disguise": finding.disguise().as_str(),
                    "confidence": finding.confidence().as_str(), "line": finding.line(), "column": finding.column(),
                })
            })
            .collect();
        assert_eq!(Some(&Value::Array(found)), case.get("findings"), "{case}");
    }
}

#[test]
fn every_rule_has_an_id_of_its_own_and_says_what_to_do() {
    let ids: BTreeSet<_> = rules().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), rules().count());
    for rule in rules() {
        let is_plain =
            |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-';
        assert!(rule.id.chars().all(is_plain), "{}", rule.id);
        assert!(!rule.name.is_empty() && rule.advice.ends_with('.'), "{}", rule.id);
    }
    for vendor in VENDORS {
        assert!(
            ids.contains(vendor.rule().id) && vendor.prefix().len() > 1,
            "{}",
            vendor.rule().id
        );
    }
}
