//! What holds for every input, tried with many: ten thousand for each property, or as many as `PROPTEST_CASES` says.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used
)]

mod decision;
mod errors;
mod explain;
mod exposure;
mod files;
mod inputs;
mod keys;
mod pages;
mod paths;
mod policies;
mod printing;
mod scan;

use proptest::prelude::ProptestConfig;

/// As many cases as a property needs to be believed.
fn many() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig {
        cases: cases.unwrap_or(10_000),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}
