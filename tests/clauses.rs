//! Clauses of RFCs that hold for every refusal there is. docs/requirements.md maps all that are claimed.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)]

mod problems;

use std::collections::{BTreeMap, BTreeSet};

use keyguard::Problem;
use serde_json::Value;

fn all() -> impl Iterator<Item = Problem> {
    problems::of_requests().into_iter().chain(problems::of_the_admin_api())
}

fn document(problem: &Problem) -> Value {
    serde_json::from_str(&problem.document(Some("/a"), "r-1")).unwrap()
}

/// The parameters of a Bearer challenge, by the grammar of RFC 9110 §11.2 in the form that RFC 6750 §3 gives it.
fn parameters(challenge: &str) -> BTreeMap<&str, &str> {
    let rest = challenge.strip_prefix("Bearer ").unwrap_or_else(|| panic!("{challenge}"));
    let pairs: Vec<_> = rest
        .split(", ")
        .map(|pair| {
            let (name, quoted) = pair.split_once('=').unwrap();
            let value = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap();
            (name, value)
        })
        .collect();
    let parameters: BTreeMap<_, _> = pairs.iter().copied().collect();
    assert_eq!(parameters.len(), pairs.len(), "no parameter stands twice: {challenge}");
    parameters
}

#[test]
fn rfc_6750_3_a_challenge_is_bearer_with_a_realm_and_at_most_one_of_its_errors() {
    for problem in all() {
        let Some(challenge) = problem.challenge() else { continue };
        let mut parameters = parameters(&challenge);
        assert!(parameters.remove("realm").is_some_and(|realm| !realm.is_empty()), "{challenge}");
        if let Some(error) = parameters.remove("error") {
            // The characters that §3 allows.
            let is_allowed = |b: u8| matches!(b, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E);
            assert!(error.bytes().all(is_allowed), "{challenge}");
            let known = ["invalid_request", "invalid_token", "insufficient_scope"];
            assert!(known.contains(&error), "{challenge}");
        }
        assert!(parameters.is_empty(), "{challenge}");
    }
}

#[test]
fn rfc_6750_3_1_errors_go_with_their_statuses_but_for_what_is_said_to_deviate() {
    for problem in all() {
        let Some(challenge) = problem.challenge() else { continue };
        let (code, status) = (problem.code(), problem.status());
        let expected: &[u16] = match parameters(&challenge).get("error").copied() {
            None => &[401],
            Some("invalid_request") => match code {
                "https-required" | "secret-key-in-browser" | "origin-not-allowed" => &[403],
                _ => &[400],
            },
            Some("invalid_token") => match code {
                "invalid-key" => &[400],
                _ => &[403],
            },
            Some(_) => &[403],
        };
        assert!(expected.contains(&status), "{code}: {status} {challenge}");
    }
}

#[test]
fn rfc_9110_15_5_2_every_401_challenges() {
    let unauthorized: Vec<_> = all().filter(|problem| problem.status() == 401).collect();
    assert!(unauthorized.len() >= 2);
    for problem in unauthorized {
        assert!(problem.challenge().is_some(), "{problem:?}");
    }
}

#[test]
fn rfc_9110_10_2_3_retry_after_is_a_number_of_seconds() {
    let mut statuses = BTreeSet::new();
    for problem in all() {
        let Some(value) = problem.retry_after() else { continue };
        assert!(value.bytes().all(|byte| byte.is_ascii_digit()), "{value}");
        assert!(value.parse::<u32>().is_ok_and(|seconds| seconds > 0), "{value}");
        statuses.insert(problem.status());
    }
    assert!(statuses.is_superset(&BTreeSet::from([429, 503])), "{statuses:?}");
}

#[test]
fn rfc_9457_3_1_type_title_and_status_are_one_for_each_problem() {
    let mut seen: BTreeMap<String, (Value, Value)> = BTreeMap::new();
    for problem in all() {
        let document = document(&problem);
        let kind = document["type"].as_str().unwrap().to_owned();
        // RFC 8141 §2: an absolute URI of two parts below the scheme, in the characters of a name.
        let name = kind.strip_prefix("urn:keyguard:problem:").unwrap_or_else(|| panic!("{kind}"));
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{kind}");
        assert_eq!(document["status"], problem.status());
        let fixed = (document["title"].clone(), document["status"].clone());
        assert_eq!(seen.entry(kind).or_insert_with(|| fixed.clone()), &fixed);
    }
    let titles: BTreeSet<_> = seen.values().map(|(title, _)| title.to_string()).collect();
    assert_eq!(titles.len(), seen.len(), "two problems have one title");
}

#[test]
fn rfc_9457_3_1_4_details_say_what_to_do_in_whole_sentences() {
    for problem in all() {
        let document = document(&problem);
        let detail = document["detail"].as_str().unwrap();
        // Of a body or a parameter it names the field, and is a fragment.
        let is_fragment = ["invalid-body", "invalid-parameter"].contains(&problem.code());
        assert!(is_fragment || (detail.ends_with('.') && detail.contains(' ')), "{detail}");
        for inside in ["panic", "Error {", "src/", "::", "wasm", "undefined", "None"] {
            assert!(!detail.contains(inside), "{detail}");
        }
    }
}

#[test]
fn rate_limit_fields_are_structured_lists_of_a_name_with_whole_numbers() {
    let limited = all().find(|problem| problem.status() == 429).unwrap();
    for (field, names) in [
        (limited.rate_limit_policy().unwrap(), ["q", "w"]),
        (limited.rate_limit().unwrap(), ["r", "t"]),
    ] {
        // RFC 9651 §3: an item that is a string, then its parameters.
        let (name, rest) = field.strip_prefix('"').unwrap().split_once('"').unwrap();
        assert!(name.bytes().all(|byte| (0x20..0x7F).contains(&byte) && byte != b'\\'), "{field}");
        let parameters: Vec<_> = rest
            .strip_prefix(';')
            .unwrap()
            .split(';')
            .map(|one| one.split_once('=').unwrap())
            .collect();
        assert_eq!(parameters.iter().map(|(name, _)| *name).collect::<Vec<_>>(), names, "{field}");
        for (_, value) in parameters {
            // RFC 9651 §3.3.1: at most fifteen digits.
            assert!(value.len() <= 15 && value.bytes().all(|byte| byte.is_ascii_digit()));
        }
    }
    assert!(limited.retry_after().is_some(), "RFC 6585 §4");
}
