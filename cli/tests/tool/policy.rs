//! Policies: checked, and tried.

use std::path::Path;

use serde_json::json;

use crate::support::{Outcome, file, keyguard};

fn project(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path).display().to_string()
}

#[track_caller]
fn refused(name: &str, content: &str, reason: &str) {
    keyguard(&["policy", "check", file(name, content).to_str().unwrap()]).exits(1).says(reason);
}

#[test]
fn the_projects_own_policies_hold() {
    let outcome = keyguard(&["policy", "check", &project("worker/wrangler.toml")]).exits(0);
    let outcome = outcome.prints("route POST /collect/payment_sessions");
    assert!(!outcome.stdout.contains("plain http"), "{}", outcome.stdout);
    let outcome = keyguard(&["policy", "check", &project("worker/.dev.vars")]).exits(0);
    outcome.prints("plain http");
}

#[test]
fn what_is_wrong_is_named() {
    refused("a.json", "{", "EOF while parsing");
    refused("b.json", "not json", "expected");
    refused(
        "c.json",
        r#"{"upstream":{"live":"http://api.example.com"}}"#,
        "field upstream.live: must be",
    );
    refused("d.toml", "name = 1", "holds no POLICY");
    refused("e.toml", "[vars.POLICY]\nupstreams = 1", "field upstreams: unknown field `upstreams`");
    refused("f.toml", "name =", "TOML parse error");
    refused(
        "g.toml",
        "[env.eu.vars.POLICY]\nupstream = { live = \"https://a\" }\nstore_cache_ttl = 5",
        "[env.eu.vars] POLICY: field store_cache_ttl: must be 30 to 86400",
    );
    refused("h.vars", "POLICY='{}'", "missing field `upstream`");
}

#[test]
fn policy_as_json_is_read_from_any_file() {
    let path = file("policy.json", r#"{"upstream":{"test":"https://api.example.com"}}"#);
    keyguard(&["policy", "check", path.to_str().unwrap()])
        .exits(0)
        .prints("test keys go to https://api.example.com")
        .prints("live keys are refused")
        .prints("publishable keys may do nothing");
}

#[test]
fn file_that_is_not_there_is_named() {
    let outcome = keyguard(&["policy", "check", "no-such-file.toml"]).exits(1);
    assert!(outcome.stderr.starts_with("no-such-file.toml: "));
}

#[test]
fn calls_that_make_no_sense_show_the_usage() {
    for arguments in [&[][..], &["policy"], &["policy", "check", "--fast"], &["key"]] {
        keyguard(arguments).exits(2).says("Usage: keyguard");
    }
}

const POLICY: &str = r#"{
    "upstream": { "live": "https://api.example.com" },
    "routes": [
        { "method": "POST", "path": "/payments", "scope": "payments", "modes": ["live"] },
        { "method": "GET", "path": "/payments/{id}" },
        { "method": "POST", "path": "/refunds", "kinds": ["secret"], "scope": "refunds" }
    ],
    "origins": ["https://shop.example"]
}"#;

fn try_it(arguments: &str, more: &[&str]) -> Outcome {
    let path = file("policy.json", POLICY);
    let arguments: Vec<&str> = arguments.split(' ').collect();
    keyguard(
        &[&["policy", "test", "--file", path.to_str().unwrap()], arguments.as_slice(), more]
            .concat(),
    )
}

#[test]
fn the_rule_that_answers_is_named_with_its_reason() {
    let page = ["--origin", "https://shop.example"];
    try_it("POST /payments --kind publishable --mode live", &page)
        .exits(0)
        .prints("passes")
        .prints("POST /payments")
        .prints("https://api.example.com");
    try_it("POST /payments?a=1 --kind publishable --mode live --scope refunds", &page)
        .exits(1)
        .prints("refused: 403 insufficient-scope")
        .prints("needs the scope `payments`");
    try_it("PUT /payments --kind publishable --mode live", &page)
        .exits(1)
        .prints("no route is for this")
        .prints("near: POST /payments, for another method");
    try_it("POST /refunds --kind publishable --mode live", &page)
        .exits(1)
        .prints("near: POST /refunds, for secret keys");
    try_it("GET /payments/a%2Fb --kind publishable --mode live", &page)
        .exits(1)
        .prints("no canonical form, since it has an encoded slash");
    try_it("GET /payments/%61 --kind publishable --mode live", &page)
        .exits(0)
        .prints("/payments/a (canonical form of /payments/%61)");
    try_it("GET /payments/1 --kind publishable --mode live", &[])
        .exits(1)
        .prints("origin-not-allowed");
    try_it("GET /payments/1 --kind publishable --mode live --key-origin https://b.example --origin https://b.example", &[])
        .exits(0);
    try_it("GET /anything --kind secret --mode live", &[])
        .exits(0)
        .prints("what no route keeps from it");
    try_it("GET /anything --kind secret --mode live", &page)
        .exits(1)
        .prints("secret-key-in-browser");
    try_it("GET /anything --kind secret --mode live --browser-headers", &page).exits(0);
    try_it("GET /anything --kind secret --mode test", &[]).exits(1).prints("has no upstream.test");
}

#[test]
fn verdict_is_json_where_asked_for() {
    let outcome =
        try_it("POST /refunds --kind secret --mode live --scope other --json", &[]).exits(1);
    assert_eq!(
        outcome.json(),
        json!({
            "passes": false, "status": 403, "code": "insufficient-scope", "route": "POST /refunds", "scope": "refunds",
            "path": "/refunds", "upstream": null,
            "reason": "the route needs the scope `refunds`, which the key's list lacks",
        })
    );
}

#[test]
fn environment_of_wrangler_is_chosen() {
    let config = "[vars.POLICY]\nupstream = { live = \"https://a.example\" }\n\
                  [env.eu.vars.POLICY]\nupstream = { live = \"https://eu.example\" }\n";
    let path = file("wrangler.toml", config);
    let test = [
        "policy",
        "test",
        "GET",
        "/",
        "--kind",
        "secret",
        "--mode",
        "live",
        "--file",
        path.to_str().unwrap(),
    ];
    keyguard(&test).exits(0).prints("https://a.example");
    keyguard(&[&test[..], &["--env-name", "eu"]].concat()).exits(0).prints("https://eu.example");
    keyguard(&[&test[..], &["--env-name", "us"]].concat()).exits(2).says("[env.us.vars]");
}
