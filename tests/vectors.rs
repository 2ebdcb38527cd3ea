//! The corpus that every face reads, read by the core itself.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use keyguard::{
    ApiKey, Denial, Form, Incident, KeyError, KeyRecord, Kind, Lookup, Mode, Policy, Problem,
    RequestFacts, RequestUrl, UnixTime,
    decide::{bearer, decide},
};
use serde_json::Value;

fn corpus(text: &str) -> Vec<Value> {
    let vectors: Vec<Value> = serde_json::from_str(text).unwrap();
    assert!(!vectors.is_empty());
    vectors
}

#[test]
fn keys_read_as_the_corpus_says() {
    for vector in corpus(include_str!("vectors/keys.json")) {
        let text = vector["text"].as_str().unwrap();
        match ApiKey::parse(text) {
            Ok(key) => {
                let form = match key.form() {
                    Form::Issued => "issued",
                    Form::Foreign => "foreign",
                };
                assert_eq!(vector["kind"], key.kind().as_str(), "{vector}");
                assert_eq!(vector["mode"], key.mode().as_str(), "{vector}");
                assert_eq!(vector["form"], form, "{vector}");
                assert_eq!(vector["checksum_failed"], key.checksum_failed(), "{vector}");
            }
            Err(error) => {
                let code = match error {
                    KeyError::Prefix => "prefix",
                    KeyError::TooShort => "too-short",
                    KeyError::TooLong => "too-long",
                    KeyError::Character => "character",
                };
                assert_eq!(vector["error"], code, "{vector}");
            }
        }
    }
}

#[test]
fn authorization_values_read_as_the_corpus_says() {
    let url = RequestUrl::cut("https://api.example/", None).unwrap();
    for vector in corpus(include_str!("vectors/authorization.json")) {
        match bearer(&url, "GET", vector["value"].as_str()) {
            Ok(token) => assert_eq!(vector["token"], token.as_str(), "{vector}"),
            Err(Denial::Unauthorized) => assert_eq!(vector["error"], "unauthorized", "{vector}"),
            Err(Denial::MalformedAuthorization) => {
                assert_eq!(vector["error"], "invalid-request", "{vector}");
            }
            Err(denial) => panic!("{denial:?}: {vector}"),
        }
    }
}

#[test]
fn pages_are_told_from_servers_as_the_corpus_says() {
    let policy = r#"{"upstream":{"test":"https://a"},"accept_foreign_keys":true}"#;
    let policy = Policy::from_json(policy).unwrap();
    let key = ApiKey::parse("sk_test_vYZCAeHawUqDCmVpEKh2U").unwrap();
    let lookup = Lookup::of(key, &policy).unwrap();
    let (kind, mode) = (Kind::Secret, Mode::Test);
    let record = KeyRecord::active("key_1".into(), "acct_1".into(), kind, mode, UnixTime(1));
    for vector in corpus(include_str!("vectors/pages.json")) {
        let (origin, fetch_site) = (vector["origin"].as_str(), vector["fetch_site"].as_str());
        let facts = RequestFacts { method: "GET", path: None, origin, fetch_site };
        let denial = decide(&lookup, Some(&record), &facts, &policy, UnixTime(2)).err();
        let code = denial.map(|denial| Problem::from(denial).code());
        assert_eq!(vector["code"].as_str(), code, "{vector}");
        let incident = denial.and_then(|denial| Incident::of(denial, origin, fetch_site, false));
        assert_eq!(
            vector["certain"].as_bool(),
            incident.as_ref().map(Incident::is_certain),
            "{vector}"
        );
        assert_eq!(
            vector["place"].as_str(),
            incident.as_ref().and_then(Incident::place),
            "{vector}"
        );
    }
}
