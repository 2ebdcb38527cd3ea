//! The core's scanner for Node: bytes in, findings as JSON out, and nothing of its own.

use keyguard::scan::file::{Finding, Rule, Scanner as Core, Stream as CoreStream, rules};
use wasm_bindgen::prelude::wasm_bindgen;

/// Finds secret keys in files.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct Scanner(Core);

#[wasm_bindgen]
impl Scanner {
    /// Prepares the search, which takes longer than to scan a small file.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Every finding in a file, as JSON.
    pub fn scan(&self, bytes: &[u8]) -> String {
        json(&self.0.scan(bytes))
    }

    /// A file that comes in pieces.
    pub fn stream(&self) -> Stream {
        Stream(self.0.stream())
    }
}

/// A file that comes in pieces.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Stream(CoreStream);

#[wasm_bindgen]
impl Stream {
    /// Takes a piece; what was found up to it, as JSON.
    pub fn push(&mut self, piece: &[u8]) -> String {
        self.0.push(piece);
        json(&self.0.take_findings())
    }

    /// What was found since, as JSON.
    pub fn finish(self) -> String {
        json(&self.0.finish())
    }
}

/// Every kind of key that is looked for, as JSON.
#[wasm_bindgen]
pub fn all_rules() -> String {
    serde_json::to_string(&rules().collect::<Vec<&Rule>>()).unwrap_or_default()
}

fn json(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return String::new();
    }
    // Nothing in a finding can't be written. If it could, an empty text must not be taken for "nothing found".
    serde_json::to_string(findings).unwrap_or_else(|error| error.to_string())
}
