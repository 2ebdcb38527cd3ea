//! The corpus that every face reads, read by the core itself.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use keyguard::{ApiKey, Denial, Form, KeyError, RequestUrl, decide::bearer};
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
