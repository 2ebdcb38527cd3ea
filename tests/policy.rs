//! A written policy, asked for each of its fields.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

use keyguard::{
    ApiKey, CanonicalPath, ExposureAction, KeyRecord, Kind, Lookup, Mode, Policy, PolicyError,
    RequestFacts, UnixTime,
    decide::decide,
    policy::{LastUsed, Route, is_preflight},
};

fn read(fields: &str) -> Result<Policy, PolicyError> {
    Policy::from_json(&format!(r#"{{"upstream":{{"test":"https://a.example"}}{fields}}}"#))
}

fn policy(fields: &str) -> Policy {
    read(fields).unwrap()
}

const SHOP: &str = "https://shop.example";

#[test]
fn fetch_3_2_2_a_preflight_has_its_method_and_both_headers() {
    assert!(is_preflight("OPTIONS", Some(SHOP), Some("POST")));
    assert!(!is_preflight("POST", Some(SHOP), Some("POST")));
    assert!(!is_preflight("OPTIONS", None, Some("POST")));
    assert!(!is_preflight("OPTIONS", Some(SHOP), None));
    assert!(!is_preflight("options", Some(SHOP), Some("POST")));
}

#[test]
fn preflight_is_answered_from_the_policy() {
    const FIELDS: &str = r#","routes":[{"method":"POST","path":"/a"},{"method":"GET","path":"/a"},{"method":"POST","path":"/b"}],
        "cors":{"origins":["https://shop.example"],"headers":["x-trace"],"max_age":86400}"#;
    let policy = policy(FIELDS);
    let preflight = policy.cors().unwrap().preflight(SHOP).unwrap();
    assert_eq!(preflight.allow_origin, SHOP);
    assert_eq!(preflight.allow_methods, "POST, GET");
    assert_eq!(preflight.allow_headers, "authorization, content-type, x-trace");
    assert_eq!(preflight.max_age, "86400");
    assert_eq!(policy.cors().unwrap().preflight("https://other.example"), None);
}

#[test]
fn any_origin_has_to_be_said_and_a_preflight_is_kept_for_ten_minutes() {
    let policy = policy(r#","cors":{"origins":["*"]}"#);
    let preflight = policy.cors().unwrap().preflight("https://anyone.example").unwrap();
    assert_eq!((preflight.allow_origin, preflight.max_age), ("*", "600"));
    for (cors, field) in [
        (r#"{"origins":["*","https://shop.example"]}"#, "cors.origins[0]"),
        (r#"{"origins":[],"headers":[""]}"#, "cors.headers[0]"),
        (r#"{"origins":[],"headers":["x-a","x a"]}"#, "cors.headers[1]"),
        (r#"{"origins":[],"max_age":86401}"#, "cors.max_age"),
    ] {
        let error = read(&format!(r#","cors":{cors}"#)).unwrap_err();
        assert_eq!(error.field(), field, "{cors}");
    }
}

#[test]
fn rates_name_their_tiers_bindings_and_periods() {
    let policy = policy(
        r#","rates":{"tiers":[{"name":"slow","binding":"SLOW","limit":5,"period":10},
           {"name":"fast","binding":"FAST","limit":500,"period":60}],"default":"fast",
           "refused":{"binding":"REFUSED","limit":7,"period":60}}"#,
    );
    let rates = policy.rates().unwrap();
    let bindings: Vec<&str> = rates.tiers().iter().map(keyguard::policy::Tier::binding).collect();
    assert_eq!(bindings, ["SLOW", "FAST"]);
    assert_eq!(rates.refused().unwrap().binding(), "REFUSED");
    let record = |rate: Option<&str>| {
        let (kind, mode) = (Kind::Secret, Mode::Test);
        let mut record =
            KeyRecord::active("key_1".into(), "acct_1".into(), kind, mode, UnixTime(1));
        record.rate = rate.map(str::to_owned);
        record
    };
    for (rate, binding) in [(Some("slow"), "SLOW"), (Some("fast"), "FAST"), (None, "FAST")] {
        assert_eq!(policy.tier(&record(rate)).unwrap().unwrap().binding(), binding);
    }
}

#[test]
fn switches_are_as_they_are_written() {
    let on = policy(
        r#","forward_authorization":true,"accept_foreign_keys":true,"allow_http_on_loopback":true,"report_only":true,
           "assertion":"required","log_allowed":true,"leaks":{"github":true,"presented":true},"webhook":"https://a/b""#,
    );
    let off = policy("");
    for (policy, is_on) in [(&on, true), (&off, false)] {
        assert_eq!(policy.forward_authorization(), is_on);
        assert_eq!(policy.accept_foreign_keys(), is_on);
        assert_eq!(policy.allow_http_on_loopback(), is_on);
        assert_eq!(policy.report_only(), is_on);
        assert_eq!(policy.requires_assertion(), is_on);
        assert_eq!(policy.log_allowed(), is_on);
        assert_eq!((policy.leaks().github, policy.leaks().presented), (is_on, is_on));
        assert_eq!(policy.webhook(), is_on.then_some("https://a/b"));
    }
}

#[test]
fn choices_are_as_they_are_written_and_the_mildest_where_none_is() {
    let chosen = policy(r#","exposure":{"test":"revoke","live":"quarantine"},"last_used":"hour""#);
    assert_eq!(chosen.exposure(Mode::Test), ExposureAction::Revoke);
    assert_eq!(chosen.exposure(Mode::Live), ExposureAction::Quarantine);
    assert_eq!(chosen.last_used(), LastUsed::Hour);
    let none = policy("");
    assert_eq!(
        [Mode::Test, Mode::Live].map(|mode| none.exposure(mode)),
        [ExposureAction::Refuse; 2]
    );
    assert_eq!(none.last_used(), LastUsed::Minute);
}

#[test]
fn routes_are_listed_as_they_are_written() {
    let policy = policy(
        r#","routes":[{"method":"GET","path":"/a/{payment_id}"},{"method":"POST","path":"/b_c"}]"#,
    );
    let labels: Vec<&str> = policy.routes().iter().map(Route::label).collect();
    assert_eq!(labels, ["GET /a/{payment_id}", "POST /b_c"]);
    for name in ["payment-id", "payment.id", "payment id", "é", ""] {
        let error = read(&format!(r#","routes":[{{"method":"GET","path":"/a/{{{name}}}"}}]"#));
        assert_eq!(error.unwrap_err().field(), "routes[0].path", "{name}");
    }
}

#[test]
fn grant_names_the_route_that_permits_it() {
    let policy = policy(
        r#","accept_foreign_keys":true,"routes":[{"method":"GET","path":"/a/{id}","scope":"read","report_only":true}]"#,
    );
    let key = ApiKey::parse("pk_test_WeHsNn87r4gtNc5BQT9Mj").unwrap();
    let lookup = Lookup::of(key, &policy).unwrap();
    let (kind, mode) = (Kind::Publishable, Mode::Test);
    let record = KeyRecord::active("key_1".into(), "acct_1".into(), kind, mode, UnixTime(1));
    let path = CanonicalPath::parse("/a/1").unwrap();
    let facts = RequestFacts { method: "GET", path: Some(&path), origin: None, fetch_site: None };
    let grant = decide(&lookup, Some(&record), &facts, &policy, UnixTime(2)).unwrap();
    let route = grant.route().unwrap();
    assert_eq!((route.label(), route.to_string().as_str()), ("GET /a/{id}", "GET /a/{id}"));
    assert_eq!((route.method(), route.scope(), route.report_only()), ("GET", Some("read"), true));
}
