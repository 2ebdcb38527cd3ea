//! `tests/vectors/scan.json`, natively. The npm package's tests run the same in WebAssembly.
#![cfg(feature = "scan")]
#![allow(missing_docs, clippy::unwrap_used)]

use keyguard::scan::file::Scanner;
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
