//! What holds for every input, tried with many.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::arithmetic_side_effects, clippy::panic, clippy::unwrap_used)]

use keyguard::{
    ApiKey, BearerToken, CanonicalPath, Denial, ExposureAction, ExposureReport, Form, Incident,
    IssuedKey, KeyRecord, Kind, Lookup, Mode, Policy, RequestFacts, RequestUrl, UnixTime,
    decide::decide, exposure::given_away, headers::Removal, policy::TierName,
};
use proptest::prelude::*;

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::Publishable), Just(Kind::Secret)]
}

fn mode() -> impl Strategy<Value = Mode> {
    prop_oneof![Just(Mode::Test), Just(Mode::Live)]
}

fn policy(fields: &str) -> Policy {
    let upstream = r#""upstream":{"test":"https://a","live":"https://b"}"#;
    Policy::from_json(&format!("{{{upstream}{fields}}}")).unwrap()
}

/// A text as URLs carry it, with every byte escaped whose place says so.
fn escaped(text: &str, which: u64) -> String {
    let escape = |(at, byte): (usize, u8)| {
        if which >> (at % 64) & 1 == 1 {
            format!("%{byte:02X}")
        } else {
            char::from(byte).to_string()
        }
    };
    text.bytes().enumerate().map(escape).collect()
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
        let _ = (ExposureReport::from_json(&text), TierName::parse(&text));
        let policy = policy("");
        if let Some(url) = RequestUrl::cut(&format!("https://a/{text}"), None) {
            let _ = (url.query_holds_key(), url.instance());
            let _ = given_away(Denial::HttpsRequired, &url, Some(&text), &policy);
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

    #[test]
    fn secret_key_in_a_query_is_found_by_its_digest(
        mode in mode(), entropy: [u8; 32], before in "[a-z&=%+.~]{0,12}", after in "[&=+.~][a-z0-9&=%+.~]{0,12}",
        which: u64, again: bool,
    ) {
        let issued = IssuedKey::issue(Kind::Secret, mode, &entropy);
        let digest = issued.digest();
        let mut key = escaped(&issued.into_text(), which);
        if again {
            key = key.replace('%', "%25");
        }
        let url = format!("https://a/?{before}={key}{after}");
        let url = RequestUrl::cut(&url, None).unwrap();
        let lookup = given_away(Denial::KeyInQuery, &url, None, &policy("")).unwrap();
        prop_assert_eq!((lookup.digest(), lookup.kind(), lookup.mode()), (&digest, Kind::Secret, mode));
    }

    #[test]
    fn place_of_an_incident_never_shows_a_key(mode in mode(), entropy: [u8; 32], before in "[a-z/.-]{0,8}", after in "[a-z/.-]{0,8}") {
        let key = IssuedKey::issue(Kind::Secret, mode, &entropy).into_text();
        for key in [key.to_string(), key.to_ascii_lowercase()] {
            let place = format!("https://{before}{key}{after}");
            let leaked = Incident::on_github(Some(&place));
            let page = Incident::of(Denial::SecretKeyInBrowser, Some(&place), Some("cross-site"));
            prop_assert_eq!((leaked.place(), page.as_ref().and_then(Incident::place)), (None, None));
        }
    }

    #[test]
    fn what_is_not_certain_never_takes_a_key_away(site in "\\PC{0,20}", live in "refuse|quarantine|revoke") {
        let policy = policy(&format!(r#","exposure":{{"live":"{live}"}}"#));
        let incident = Incident::of(Denial::SecretKeyInBrowser, None, Some(&site)).unwrap();
        if !["cross-site", "same-site"].contains(&site.as_str()) {
            prop_assert_eq!(incident.action(Mode::Live, &policy), ExposureAction::Refuse);
        }
    }

    #[test]
    fn report_only_passes_what_is_allowed_and_nothing_of_an_inactive_key(
        kind in kind(), mode in mode(), method in "GET|POST", path in "/[a-c]", origin: bool, site in "same-origin|cross-site",
        scoped: bool, inactive in 0..4_u8,
    ) {
        const RULES: &str = r#","origins":["https://c"],"routes":[{"method":"GET","path":"/a","scope":"s"},{"method":"POST","path":"/b"}]"#;
        let (strict, lenient) = (policy(RULES), policy(&format!(r#"{RULES},"report_only":true"#)));
        let key = IssuedKey::issue(kind, mode, &[1; 32]).into_text();
        let lookup = Lookup::of(ApiKey::parse(&key).unwrap(), &strict).unwrap();
        let mut record = KeyRecord::active("key_1".into(), "acct_1".into(), kind, mode, UnixTime(1));
        record.scopes = scoped.then(Vec::new);
        record.expires_at = (inactive == 1).then_some(UnixTime(2));
        if inactive == 2 {
            record.revoked = Some(keyguard::record::Revocation { at: UnixTime(1), reason: String::new() });
        }
        let path = CanonicalPath::parse(&path).unwrap();
        let facts = RequestFacts {
            method: &method, path: Some(&path), origin: origin.then_some("https://c"), fetch_site: Some(&site),
        };
        let record = (inactive != 3).then_some(&record);
        let refused = decide(&lookup, record, &facts, &strict, UnixTime(2)).err();
        match decide(&lookup, record, &facts, &lenient, UnixTime(2)) {
            Ok(grant) => {
                prop_assert_eq!(inactive, 0);
                prop_assert_eq!(grant.reported(), refused);
            }
            Err(denial) => {
                prop_assert_ne!(inactive, 0);
                prop_assert_eq!(Some(denial), refused);
            }
        }
    }

    #[test]
    fn bound_grows_with_each_of_its_parts(ttl in 0..=300_u32, unknown in 0..=300_u32, cache in 30..=86_400_u32) {
        let unknown = unknown.min(ttl);
        let policy = policy(&format!(
            r#","memory_ttl":{ttl},"memory_ttl_unknown":{unknown},"store_cache_ttl":{cache}"#
        ));
        prop_assert_eq!(policy.revocation_bound().total(), ttl + cache + 60);
        prop_assert_eq!(policy.issue_bound().total(), unknown + cache + 60);
    }
}
