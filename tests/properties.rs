//! What holds for every input, tried with many.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::panic, clippy::unwrap_used)]

use keyguard::{
    ApiKey, BearerToken, CanonicalPath, Form, IssuedKey, KeyRecord, Kind, Mode, Policy, RequestUrl,
    headers::Removal,
};
use proptest::prelude::*;

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::Publishable), Just(Kind::Secret)]
}

fn mode() -> impl Strategy<Value = Mode> {
    prop_oneof![Just(Mode::Test), Just(Mode::Live)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn issued_keys_parse_as_what_they_were_issued_as(kind in kind(), mode in mode(), entropy: [u8; 32]) {
        let issued = IssuedKey::issue(kind, mode, &entropy);
        let digest = issued.digest();
        let key = ApiKey::parse(&issued.into_text()).unwrap();
        prop_assert_eq!((key.kind(), key.mode(), key.form()), (kind, mode, Form::Issued));
        prop_assert_eq!(key.digest(), digest);
    }

    #[test]
    fn one_wrong_character_fails_the_checksum(entropy: [u8; 32], at in 8_usize..40, to in "[0-9A-Za-z]") {
        let text = IssuedKey::issue(Kind::Publishable, Mode::Test, &entropy).into_text();
        let (before, rest) = text.split_at(at);
        let wrong = format!("{before}{to}{}", rest.split_at(1).1);
        let key = ApiKey::parse(&wrong).unwrap();
        prop_assert_eq!(key.checksum_failed(), wrong != *text);
    }

    #[test]
    fn publishable_keys_print_as_they_parse(text in "pk_(test_)?[0-9A-Za-z]{16,128}") {
        let ApiKey::Publishable(key) = ApiKey::parse(&text).unwrap() else { panic!() };
        prop_assert_eq!(key.to_string(), text);
    }

    #[test]
    fn no_text_makes_the_parsers_panic(text in "\\PC*") {
        let _ = ApiKey::parse(&text);
        let _ = BearerToken::from_authorization(Some(&text));
        let _ = KeyRecord::from_json(&text);
        let _ = Policy::from_json(&text);
        let _ = CanonicalPath::parse(&text);
        if let Some(url) = RequestUrl::cut(&format!("https://a/{text}"), None) {
            let _ = (url.query_holds_key(), url.instance());
        }
    }

    #[test]
    fn canonical_path_is_its_own_canonical_path(path in "/([a-z.%;/0-9A-F]|%[0-7][0-9A-Fa-f]){0,24}") {
        if let Some(canonical) = CanonicalPath::parse(&path) {
            prop_assert_eq!(CanonicalPath::parse(canonical.as_str()), Some(canonical));
        }
    }

    #[test]
    fn canonical_path_has_one_reading(path in "/([a-z./%;\\\\]|%[0-9a-f]{2}|%25[0-9a-f]{2}){0,24}") {
        if let Some(canonical) = CanonicalPath::parse(&path) {
            let text = canonical.as_str();
            prop_assert!(text.is_ascii() && !text.contains("//") && !text.contains([';', '\\']));
            prop_assert!(text.split('/').all(|segment| segment != "." && segment != ".."));
            for escaped in ["%2F", "%5C", "%2E", "%25", "%3B", "%0", "%1", "%7F", "%8", "%C"] {
                prop_assert!(!text.contains(escaped), "{}", text);
            }
        }
    }

    #[test]
    fn identity_headers_never_pass(rest in "[-_a-zA-Z0-9]{0,20}", upper: bool, connection in "[a-zA-Z, -]{0,40}") {
        let name = format!("{}{rest}", if upper { "KEYGUARD" } else { "keyguard" });
        let removal = Removal {
            connection: Some(&connection),
            proxy_connection: None,
            is_websocket: true,
            keeps_authorization: true,
            removes_overrides: false,
        };
        prop_assert!(removal.removes(&name));
    }

    #[test]
    fn parse_errors_hold_nothing_of_their_input(body in "[0-9A-Za-z]{24}") {
        for text in [format!("sk_{body}-"), format!("Sk_{body}"), format!("sk_{}", body.repeat(6))] {
            let error = ApiKey::parse(&text).unwrap_err();
            let shown = format!("{error} {error:?}");
            prop_assert!(!shown.contains(body.split_at(8).0), "{}", shown);
        }
    }
}
