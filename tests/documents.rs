//! What the documents say is what the code does.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::panic, clippy::unwrap_used)]

use std::collections::BTreeSet;

use keyguard::{Denial, Fault, KeyError, KeyRecord, Policy, Problem};

const README: &str = include_str!("../README.md");
const POLICY: &str = include_str!("../docs/policy.md");
const DEPLOY: &str = include_str!("../docs/deploy.md");

/// Every refusal there is; a new one fails to compile in `problem.rs` and is added here.
fn problems() -> Vec<Problem> {
    let denials = [
        Denial::HttpsRequired,
        Denial::UnreadableTarget,
        Denial::UnforwardableMethod,
        Denial::Unauthorized,
        Denial::MalformedAuthorization,
        Denial::KeyInQuery,
        Denial::NotAKey(KeyError::Prefix),
        Denial::UnknownKey,
        Denial::Revoked,
        Denial::Expired,
        Denial::Exposed,
        Denial::SecretKeyInBrowser,
        Denial::OriginNotAllowed,
        Denial::InsufficientScope,
        Denial::ModeNotServed,
    ];
    let faults = [
        Fault::Misconfigured,
        Fault::StoreUnavailable,
        Fault::UpstreamUnreachable,
        Fault::UpstreamTimeout,
        Fault::Internal,
    ];
    denials.into_iter().map(Problem::from).chain(faults.into_iter().map(Problem::from)).collect()
}

/// The fenced blocks of a language.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    text.split(fence.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn every_problem_has_its_row_in_the_readme() {
    let rows: BTreeSet<(String, u16)> = README
        .lines()
        .filter_map(|line| {
            let (code, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
            Some((code.to_owned(), rest.split(' ').next()?.parse().ok()?))
        })
        .collect();
    let expected =
        problems().into_iter().map(|problem| (problem.code().to_owned(), problem.status()));
    assert_eq!(rows, expected.collect());
}

#[test]
fn example_policy_holds_and_every_field_has_its_row() {
    let [example] = blocks(POLICY, "json")[..] else { panic!("one example is expected") };
    Policy::from_json(example).unwrap();
    let fields: serde_json::Value = serde_json::from_str(example).unwrap();
    for field in fields.as_object().unwrap().keys() {
        assert!(POLICY.contains(&format!("| `{field}")), "{field} has no row");
    }
}

#[test]
fn record_in_the_readme_is_one() {
    let record = README.split("'{").nth(1).unwrap().split("}'").next().unwrap();
    let record = KeyRecord::from_json(&format!("{{{record}}}")).unwrap();
    let written: serde_json::Value = serde_json::from_str(&record.to_json()).unwrap();
    for field in written.as_object().unwrap().keys() {
        assert!(DEPLOY.contains(&format!("`{field}`")), "{field} has no row");
    }
}

#[test]
fn documents_that_are_linked_are_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for (folder, text) in [("", README), ("docs", POLICY), ("docs", DEPLOY)] {
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            let is_file = !link.starts_with("https://");
            assert!(!is_file || root.join(folder).join(link).exists(), "{link}");
        }
    }
}
