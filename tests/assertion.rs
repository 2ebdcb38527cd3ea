//! Assertions, checked as an upstream checks them: with nothing of the code that signs.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::format_push_string,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use keyguard::{AssertionSecrets, Claims, Kind, Mode, UnixTime, assertion::SecretsError};
use proptest::prelude::*;
use serde_json::Value;
use sha2::{Digest, Sha256};

const FIRST: [u8; 32] = [7; 32];
const SECOND: [u8; 64] = [9; 64];

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// RFC 2104 §2, by its formula; no key here is longer than a block.
fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(text);
    let outer = Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c));
    outer.chain_update(inner.finalize()).finalize().into()
}

/// RFC 4648 §5 without padding, bit by bit.
fn base64url(bytes: &[u8]) -> String {
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| usize::from(byte >> (7 - at % 8) & 1));
    let value = |index: usize| (index * 6..index * 6 + 6).fold(0, |sum, at| sum << 1 | bit(at));
    (0..(bytes.len() * 8).div_ceil(6)).map(|index| char::from(ALPHABET[value(index)])).collect()
}

fn from_base64url(text: &str) -> Vec<u8> {
    let value = |char: u8| ALPHABET.iter().position(|&one| one == char).unwrap();
    let values: Vec<usize> = text.bytes().map(value).collect();
    let byte = |at: usize| {
        let six = |at: usize| values[at / 6] >> (5 - at % 6) & 1;
        (at * 8..at * 8 + 8).fold(0, |sum, at| sum << 1 | six(at))
    };
    (0..text.len() * 6 / 8).map(|at| u8::try_from(byte(at)).unwrap()).collect()
}

fn secrets() -> AssertionSecrets {
    let list = format!("k2:{}, k1:{}", base64url(&FIRST), base64url(&SECOND));
    AssertionSecrets::parse(&list).unwrap()
}

fn claims<'a>() -> Claims<'a> {
    Claims {
        audience: "https://api.example.com",
        issued_at: UnixTime(1_700_000_000),
        id: "a0b1",
        account: "acct_1",
        key_id: "key_1",
        kind: Kind::Secret,
        mode: Mode::Live,
        method: "POST",
        path: "/refunds",
    }
}

#[test]
fn the_tests_own_formulas_are_the_rfcs() {
    // RFC 4231 §4.3 and RFC 4648 §10.
    let mac = hmac(b"Jefe", b"what do ya want for nothing?");
    assert_eq!(base64url(&mac), "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM");
    assert_eq!((base64url(b"foob").as_str(), base64url(b"fooba").as_str()), ("Zm9vYg", "Zm9vYmE"));
    assert_eq!(from_base64url("Zm9vYmE"), b"fooba");
}

#[test]
fn rfc_7515_3_1_three_parts_in_the_promised_order() {
    let assertion = secrets().sign(&claims());
    let [header, payload, signature] = assertion.split('.').collect::<Vec<_>>()[..] else {
        panic!("{assertion}")
    };
    assert_eq!(from_base64url(header), br#"{"alg":"HS256","kid":"k2","typ":"keyguard+jwt"}"#);
    let expected = concat!(
        r#"{"iss":"keyguard","aud":"https://api.example.com","iat":1700000000,"exp":1700000060,"#,
        r#""jti":"a0b1","account":"acct_1","key_id":"key_1","kind":"secret","mode":"live","#,
        r#""method":"POST","path":"/refunds"}"#,
    );
    assert_eq!(from_base64url(payload), expected.as_bytes());
    assert_eq!(signature, base64url(&hmac(&FIRST, format!("{header}.{payload}").as_bytes())));
}

#[test]
fn only_the_first_secret_signs() {
    let assertion = secrets().sign(&claims());
    let (signed, signature) = assertion.rsplit_once('.').unwrap();
    assert_ne!(signature, base64url(&hmac(&SECOND, signed.as_bytes())));
    assert_eq!(secrets().kids().collect::<Vec<_>>(), ["k2", "k1"]);
}

#[test]
fn a_clock_at_the_end_of_time_signs_what_is_expired_at_once() {
    let assertion = secrets().sign(&Claims { issued_at: UnixTime(u64::MAX), ..claims() });
    let payload: Value =
        serde_json::from_slice(&from_base64url(assertion.split('.').nth(1).unwrap())).unwrap();
    assert_eq!(payload["exp"], u64::MAX);
}

#[test]
fn no_secret_shows_in_debug_or_errors() {
    let text = base64url(&FIRST);
    let mut shown = format!("{:?}", secrets());
    for list in [format!("k1:{text}!"), text.clone(), format!("k1:{text},k1:{text}")] {
        let error: SecretsError = AssertionSecrets::parse(&list).unwrap_err();
        shown += &format!("{error} {error:?}");
    }
    for window in text.as_bytes().windows(6) {
        let window = std::str::from_utf8(window).unwrap();
        assert!(!shown.contains(window), "{window} in {shown}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_request_says_stays_in_its_own_claim(
        path in "/\\PC{0,40}",
        method in "[!-~]{1,12}",
        id in "[!-~]{1,40}",
        account in "[!-~]{1,40}",
        secret in prop::collection::vec(any::<u8>(), 32..=64),
        kid in "[A-Za-z0-9_-]{1,64}",
        at in 0..u64::MAX / 2,
    ) {
        let list = format!("{kid}:{}", base64url(&secret));
        let claims = Claims {
            issued_at: UnixTime(at),
            id: &id,
            account: &account,
            method: &method,
            path: &path,
            ..claims()
        };
        let assertion = AssertionSecrets::parse(&list).unwrap().sign(&claims);
        // RFC 9110 §5.5 and RFC 7515 §2: it can stand in a header, and in a URL.
        prop_assert!(assertion.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)));
        let (signed, signature) = assertion.rsplit_once('.').unwrap();
        prop_assert_eq!(signature, base64url(&hmac(&secret, signed.as_bytes())));
        let (header, payload) = signed.split_once('.').unwrap();
        let header: Value = serde_json::from_slice(&from_base64url(header)).unwrap();
        prop_assert_eq!(header, serde_json::json!({ "alg": "HS256", "kid": kid, "typ": "keyguard+jwt" }));
        let payload: Value = serde_json::from_slice(&from_base64url(payload)).unwrap();
        let expected = serde_json::json!({
            "iss": "keyguard", "aud": "https://api.example.com", "iat": at, "exp": at + 60, "jti": id,
            "account": account, "key_id": "key_1", "kind": "secret", "mode": "live", "method": method, "path": path,
        });
        prop_assert_eq!(payload, expected);
    }

    #[test]
    fn no_text_makes_the_secrets_parser_panic_or_sign_with_less_than_32_bytes(text in "[a-c:, =A-Z_-]{0,80}|\\PC*") {
        if let Ok(secrets) = AssertionSecrets::parse(&text) {
            prop_assert!(secrets.kids().count() <= 4 && text.len() >= 45);
        }
    }
}
