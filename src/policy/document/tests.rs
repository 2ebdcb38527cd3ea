//! What is refused, and how it is named.

use alloc::format;

use super::*;
use crate::{ExposureAction, Fault, KeyRecord, UnixTime};

#[track_caller]
fn refused(json: &str, field: &str) {
    let error = from_json(json).unwrap_err();
    assert_eq!(error.field(), field, "{json}: {error}");
    if let Ok(value) = serde_json::from_str::<serde_json::Value>(json) {
        assert_eq!(Policy::from_value(value).unwrap_err().field(), field, "as a value: {json}");
    }
}

#[track_caller]
fn refused_beside_upstream(fields: &str, field: &str) {
    refused(&format!(r#"{{"upstream":{{"test":"https://a"}},{fields}}}"#), field);
}

#[track_caller]
fn beside_upstream(fields: &str) -> Policy {
    from_json(&format!(r#"{{"upstream":{{"test":"https://a"}},{fields}}}"#)).unwrap()
}

#[test]
fn a_field_that_is_there_twice_is_an_error() {
    let fields = [
        r#""origins":["https://shop.example"],"origins":null"#,
        r#""report_only":false,"report_only":false"#,
        r#""routes":[{"method":"GET","path":"/a","method":"POST"}]"#,
        r#""cors":{"origins":["https://shop.example"],"origins":["https://evil.example"]}"#,
    ];
    for fields in fields {
        let text = format!(r#"{{"upstream":{{"test":"https://a"}},{fields}}}"#);
        let error = from_json(&text).unwrap_err();
        assert!(error.reason().contains("twice"), "{text}: {error}");
        let as_text = Policy::from_value(serde_json::Value::String(text)).unwrap_err();
        assert_eq!(as_text, error);
    }
}

#[test]
fn errors_name_the_field() {
    refused("", ".");
    refused("[", ".");
    refused("{", ".");
    refused("{}", ".");
    refused("{} x", ".");
    refused(r#"{"upstream":{"test":"https://a"},"":7}"#, ".");
    refused(r#"{"upstream":{"test":"https://a"}} x"#, ".");
    refused(r#"{"upstream":{}}"#, "upstream");
    refused(r#"{"upstream":"https://a"}"#, "upstream");
    refused(r#"{"upstream":{"live":"https://a/"}}"#, "upstream.live");
    refused(r#"{"upstream":{"test":1}}"#, "upstream.test");
    refused(r#"{"upstream":{"prod":"https://a"}}"#, "upstream.prod");
    refused_beside_upstream(r#""route":[]"#, "route");
    refused_beside_upstream(r#""routes":{}"#, "routes");
    refused_beside_upstream(r#""routes":[{"method":"GET"}]"#, "routes[0]");
    refused_beside_upstream(r#""routes":[{"method":"get","path":"/"}]"#, "routes[0].method");
    refused_beside_upstream(r#""routes":[{"method":"GET","path":"a"}]"#, "routes[0].path");
    refused_beside_upstream(
        r#""routes":[{"method":"GET","path":"/"},{"method":"GET","path":"/","kinds":["public"]}]"#,
        "routes[1].kinds[0]",
    );
    refused_beside_upstream(
        r#""routes":[{"method":"GET","path":"/","modes":[]}]"#,
        "routes[0].modes",
    );
    refused_beside_upstream(
        r#""routes":[{"method":"GET","path":"/","scopes":"a"}]"#,
        "routes[0].scopes",
    );
    refused_beside_upstream(r#""origins":["*"]"#, "origins[0]");
    refused_beside_upstream(r#""cors":{}"#, "cors");
    refused_beside_upstream(r#""cors":{"origins":["https://a","*"]}"#, "cors.origins[1]");
    refused_beside_upstream(r#""cors":{"origins":[],"headers":["a b"]}"#, "cors.headers[0]");
    refused_beside_upstream(r#""cors":{"origins":[],"max_age":86401}"#, "cors.max_age");
    refused_beside_upstream(r#""forward_authorization":"yes""#, "forward_authorization");
    refused_beside_upstream(r#""store_timeout_ms":0"#, "store_timeout_ms");
    refused_beside_upstream(r#""store_timeout_ms":-1"#, "store_timeout_ms");
    refused_beside_upstream(r#""store_cache_ttl":29"#, "store_cache_ttl");
    refused_beside_upstream(r#""upstream_timeout_ms":600001"#, "upstream_timeout_ms");
    refused_beside_upstream(r#""memory_ttl":301"#, "memory_ttl");
    refused_beside_upstream(r#""memory_ttl":-1"#, "memory_ttl");
    refused_beside_upstream(r#""memory_ttl_unknown":11"#, "memory_ttl_unknown");
    refused_beside_upstream(r#""memory_ttl":0,"memory_ttl_unknown":1"#, "memory_ttl_unknown");
    refused_beside_upstream(r#""report_only":"yes""#, "report_only");
    refused_beside_upstream(
        r#""routes":[{"method":"GET","path":"/","report_only":1}]"#,
        "routes[0].report_only",
    );
    refused_beside_upstream(r#""assertion":"always""#, "assertion");
    refused_beside_upstream(r#""log_allowed":0"#, "log_allowed");
}

#[test]
fn errors_in_what_follows_from_an_exposure_name_the_field() {
    refused_beside_upstream(r#""exposure":"refuse""#, "exposure");
    refused_beside_upstream(r#""exposure":{"live":"Quarantine"}"#, "exposure.live");
    refused_beside_upstream(r#""exposure":{"all":"revoke"}"#, "exposure.all");
    refused_beside_upstream(r#""last_used":"second""#, "last_used");
    refused_beside_upstream(r#""leaks":{"gitlab":true}"#, "leaks.gitlab");
    refused_beside_upstream(r#""leaks":{"github":"yes"}"#, "leaks.github");
    for url in [
        "",
        "https://",
        "https:///x",
        "https://hooks example/",
        "https://hooks.example/a b",
        "https://hooks.example/#a",
        "https://hooks.example\\a",
        "https://user:password@hooks.example/",
        "https://token@hooks.example/",
        "https://hooks.example:port/",
        "HTTPS://hooks.example/",
        "http://hooks.example/",
        "http://localhost.example/",
        "ftp://hooks.example/",
        "//hooks.example/",
        "hooks.example",
        "https://häken.example/",
    ] {
        refused_beside_upstream(&format!("\"webhook\":{}", Value::from(url)), "webhook");
    }
    for url in [
        "https://hooks.example",
        "https://hooks.example:8443/a/b?c=d@e",
        "http://localhost:9000/hook",
        "http://[::1]/",
    ] {
        let policy = beside_upstream(&format!("\"webhook\":{}", Value::from(url)));
        assert_eq!(policy.webhook(), Some(url));
    }
}

#[test]
fn errors_in_rates_name_the_field() {
    let refused_tier = |tier: &str, field: &str| {
        let tiers = format!(
            r#""rates":{{"tiers":[{{"name":"a","binding":"A","limit":1,"period":10}},{{{tier}}}]}}"#
        );
        refused_beside_upstream(&tiers, field);
    };
    refused_beside_upstream(r#""rates":{}"#, "rates");
    refused_beside_upstream(r#""rates":{"tiers":[]}"#, "rates");
    refused_beside_upstream(r#""rates":{"tier":[]}"#, "rates.tier");
    refused_beside_upstream(r#""rates":{"tiers":[],"default":"a"}"#, "rates.default");
    refused_tier(r#""name":"b","binding":"B","limit":1"#, "rates.tiers[1]");
    refused_tier(r#""name":"a","binding":"B","limit":1,"period":10"#, "rates.tiers[1].name");
    for name in ["", "a b", "a\\\"", "ä", "refused", "leaks", "a23456789012345678901234567890123"]
    {
        let tier = format!(r#""name":"{name}","binding":"B","limit":1,"period":10"#);
        refused_tier(&tier, "rates.tiers[1].name");
    }
    for binding in ["", "A", "1B", "B C", "B-C", "ä"] {
        let tier = format!(r#""name":"b","binding":"{binding}","limit":1,"period":10"#);
        refused_tier(&tier, "rates.tiers[1].binding");
    }
    for limit in ["0", "-1", "1.5", "4294967296"] {
        let tier = format!(r#""name":"b","binding":"B","limit":{limit},"period":10"#);
        refused_tier(&tier, "rates.tiers[1].limit");
    }
    for period in ["0", "11", "61", "3600"] {
        let tier = format!(r#""name":"b","binding":"B","limit":1,"period":{period}"#);
        refused_tier(&tier, "rates.tiers[1].period");
        let refused =
            format!(r#""rates":{{"refused":{{"binding":"B","limit":1,"period":{period}}}}}"#);
        refused_beside_upstream(&refused, "rates.refused.period");
    }
    refused_beside_upstream(
        r#""rates":{"tiers":[{"name":"a","binding":"A","limit":1,"period":10}],"default":"b"}"#,
        "rates.default",
    );
    refused_beside_upstream(
        r#""rates":{"tiers":[{"name":"a","binding":"A","limit":1,"period":10}],
            "refused":{"binding":"A","limit":1,"period":10}}"#,
        "rates.refused.binding",
    );
    refused_beside_upstream(
        r#""rates":{"refused":{"name":"b","binding":"B","limit":1,"period":10}}"#,
        "rates.refused.name",
    );
    refused_beside_upstream(
        r#""rates":{"refused":{"binding":"A","limit":1,"period":10},"leaks":{"binding":"A","limit":1,"period":10}}"#,
        "rates.leaks.binding",
    );
}

#[test]
fn limiters_by_address_stand_alone() {
    for name in ["refused", "leaks"] {
        let policy = beside_upstream(&format!(
            r#""rates":{{"{name}":{{"binding":"A","limit":9,"period":60}}}}"#
        ));
        let rates = policy.rates().unwrap();
        let fields: Vec<_> = rates.limiters().map(|tier| tier.limit().policy_field()).collect();
        assert_eq!(fields, [format!(r#""{name}";q=9;w=60"#)]);
        assert_eq!(rates.refused().is_some(), name == "refused");
        assert_eq!(rates.leaks().is_some(), name == "leaks");
    }
}

#[test]
fn record_chooses_its_tier_and_the_default_stands_in() {
    const TIERS: &str = r#""tiers":[{"name":"standard","binding":"A","limit":100,"period":60},
        {"name":"gold","binding":"B","limit":1000,"period":10}]"#;
    let record = |rate: Option<&str>| {
        let (kind, mode) = (Kind::Secret, Mode::Test);
        let mut record =
            KeyRecord::active("key_1".into(), "acct_1".into(), kind, mode, UnixTime(1));
        record.rate = rate.map(String::from);
        record
    };
    let tier = |rates: &str, rate: Option<&str>| {
        let policy = beside_upstream(rates);
        policy.tier(&record(rate)).map(|tier| tier.map(|tier| String::from(tier.name())))
    };
    let with_default = format!(r#""rates":{{{TIERS},"default":"standard"}}"#);
    let without = format!(r#""rates":{{{TIERS}}}"#);
    let alone = r#""rates":{"refused":{"binding":"R","limit":50,"period":60}}"#;
    for (rates, rate, expected) in [
        (with_default.as_str(), Some("gold"), Ok(Some("gold"))),
        (&with_default, Some("Gold"), Ok(Some("standard"))),
        (&with_default, None, Ok(Some("standard"))),
        (&without, Some("gold"), Ok(Some("gold"))),
        (&without, Some("Gold"), Err(Fault::Misconfigured)),
        (&without, Some("refused"), Err(Fault::Misconfigured)),
        (&without, None, Ok(None)),
        (alone, Some("gold"), Err(Fault::Misconfigured)),
        (alone, None, Ok(None)),
        (r#""origins":[]"#, Some("gold"), Ok(None)),
    ] {
        let expected = expected.map(|tier: Option<&str>| tier.map(String::from));
        assert_eq!(tier(rates, rate), expected, "{rates} {rate:?}");
    }
}

#[test]
fn bounds_are_the_sum_of_what_may_be_outdated() {
    for (fields, revoked, issued) in [
        (r#""origins":[]"#, 130, 122),
        (r#""memory_ttl":0"#, 120, 120),
        (r#""memory_ttl":1"#, 121, 121),
        (r#""memory_ttl":300,"memory_ttl_unknown":30,"store_cache_ttl":30"#, 390, 120),
        (r#""memory_ttl":300,"store_cache_ttl":86400"#, 86_760, 86_462),
    ] {
        let policy = beside_upstream(fields);
        let bounds = (policy.revocation_bound().total(), policy.issue_bound().total());
        assert_eq!(bounds, (revoked, issued), "{fields}");
    }
}

#[test]
fn string_that_holds_an_object_is_a_policy_too() {
    let text = r#"{"upstream":{"test":"https://a"}}"#;
    assert!(Policy::from_value(serde_json::Value::String(text.into())).is_ok());
    assert!(Policy::from_value(serde_json::Value::String("x".into())).is_err());
    assert!(Policy::from_value(serde_json::Value::Null).is_err());
}

#[test]
fn defaults_are_the_strict_ones() {
    let policy = from_json(r#"{"upstream":{"test":"https://a"}}"#).unwrap();
    assert!(policy.routes().is_empty() && policy.cors().is_none());
    assert!(!policy.forward_authorization() && !policy.accept_foreign_keys());
    assert!(!policy.allow_http_on_loopback());
    assert_eq!(
        (policy.store_timeout_ms(), policy.store_cache_ttl(), policy.upstream_timeout_ms()),
        (2_000, 60, 100_000),
    );
    assert_eq!((policy.memory_ttl(), policy.memory_ttl_unknown()), (10, 2));
    for mode in [Mode::Live, Mode::Test] {
        assert_eq!(policy.exposure(mode), ExposureAction::Refuse);
    }
    assert!(policy.rates().is_none() && policy.webhook().is_none());
    assert_eq!(policy.last_used(), LastUsed::Minute);
    assert!(!policy.leaks().github && !policy.leaks().presented);
    assert!(!policy.report_only() && !policy.requires_assertion() && !policy.log_allowed());
}

/// Errors are logged, and printed on terminals.
#[test]
fn a_key_in_the_wrong_place_is_not_quoted() {
    for (json, field) in [
        (r#"{"upstream":"sk_vYZCAeHawUqDCmVpEKh2U"}"#, "upstream"),
        (r#"{"sk_vYZCAeHawUqDCmVpEKh2U":1}"#, "."),
        (r#"{"upstream":{},"routes":"kgadmin_abc"}"#, "routes"),
    ] {
        let error = Policy::from_json(json).unwrap_err();
        assert_eq!((error.field(), error.reason()), (field, HOLDS_KEY), "{json}");
    }
}
