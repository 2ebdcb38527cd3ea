//! The key grammar, and all that is told about a text that may be a key.
#![no_main]

use keyguard::{
    AdminCredential, ApiKey, Form, KeyDigest, Lookup, explain,
    page::{KeyRules, Refusal},
    scan::{holds_key, holds_secret_key, starts_secret_key},
};
use keyguard_fuzz::POLICY;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let body =
        ["sk_test_", "pk_test_", "sk_", "pk_"].iter().find_map(|prefix| text.strip_prefix(prefix));
    let is_key = body.is_some_and(|body| {
        (16..=128).contains(&body.len()) && body.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    let key = ApiKey::parse(text);
    assert_eq!(key.is_ok(), is_key);
    let rules = KeyRules { accepts_foreign_keys: true, mode: None };
    let accepted = rules.accept(text);
    // A page never gets a secret key in, whatever it is written like.
    assert!(!starts_secret_key(text) || matches!(accepted, Err(Refusal::SecretKey(_))));
    assert_eq!(accepted.is_ok(), text.starts_with("pk_") && is_key);
    let Ok(key) = key else {
        if let Some(credential) = AdminCredential::parse(text) {
            assert_eq!(credential.digest(), KeyDigest::of(text));
        }
        let _ = explain(text, None, None);
        return;
    };
    assert!(AdminCredential::parse(text).is_none());
    assert!(holds_key(text));
    assert_eq!(key.digest(), KeyDigest::of(text));
    let shown = format!("{key:?} {}", key.redacted());
    match &key {
        ApiKey::Publishable(key) => {
            assert_eq!(key.to_string(), text);
            assert!(!holds_secret_key(text) && !starts_secret_key(text));
        }
        ApiKey::Secret(_) => {
            assert!(holds_secret_key(text) && starts_secret_key(text));
            assert!(!shown.contains(text) && !shown.contains(&text[text.len() - 12..]));
        }
    }
    assert!(
        explain(text, None, None).is_fine() || key.checksum_failed() || key.form() == Form::Foreign
    );
    let lookup = Lookup::of(key, &POLICY).unwrap();
    assert_eq!(lookup.digest(), &KeyDigest::of(text));
});
