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
fn route_that_an_earlier_one_hides_is_told() {
    let routes = |scope: &str| {
        format!(
            r#"{{ "upstream": {{ "test": "https://api.example.com" }}, "routes": [
                {{ "method": "GET", "path": "/users/{{id}}", "kinds": ["secret"] }},
                {{ "method": "GET", "path": "/users/root", "kinds": ["secret"]{scope} }} ] }}"#
        )
    };
    refused(
        "hidden.json",
        &routes(r#", "scope": "admin""#),
        "routes[1]: no request comes to it, since routes[0] is for all of them",
    );
    let path = file("twice.json", &routes(""));
    keyguard(&["policy", "check", path.to_str().unwrap()]).exits(0);
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
fn every_thing_that_a_policy_decides_has_its_line() {
    let policy = r#"{ "upstream": { "live": "https://api.example.com" },
        "routes": [ { "method": "GET", "path": "/new", "report_only": true } ],
        "memory_ttl": 30, "store_cache_ttl": 120,
        "rates": { "tiers": [ { "name": "standard", "binding": "RATE_STANDARD", "limit": 100, "period": 60 },
                              { "name": "one", "binding": "RATE_ONE", "limit": 1, "period": 10 } ],
                   "default": "standard", "refused": { "binding": "RATE_REFUSED", "limit": 50, "period": 60 },
                   "leaks": { "binding": "RATE_LEAKS", "limit": 20, "period": 60 } },
        "exposure": { "live": "quarantine", "test": "revoke" }, "webhook": "https://hooks.example/token-of-ours",
        "leaks": { "github": true, "presented": true }, "report_only": true, "assertion": "required",
        "log_allowed": true, "last_used": "never" }"#;
    let path = file("full.json", policy);
    let mut outcome = keyguard(&["policy", "check", path.to_str().unwrap()]).exits(0);
    for line in [
        "route GET /new reports only: what it would refuse passes, and is logged",
        "rate standard (the default): 100 requests in 60 s for each key, counted by RATE_STANDARD in each location",
        "rate one: 1 request in 10 s for each key, counted by RATE_ONE in each location",
        "refused credentials: 50 requests in 60 s for each address, counted by RATE_REFUSED",
        "reports of leaks: 20 requests in 60 s for each address, counted by RATE_LEAKS",
        "an exposed live key is quarantined: refused everywhere until that is lifted or it is rotated",
        "an exposed test key is revoked, for good; one that a page sends is quarantined",
        "exposures are reported to https://hooks.example\n",
        "leaks that GitHub reports are taken",
        "whoever presents a secret key to the leak endpoint ends it",
        "a revoked key may still work for 210 s: 30 s in an isolate's memory, 120 s in a location's cache, 60 s or more until KV",
        "a new key may still be unknown for 182 s: 2 s in an isolate's memory",
        "nothing is forwarded without an assertion: ASSERTION_SECRETS must be set",
        "requests that pass have a line in the log, too",
        "nobody is told when a key was used last",
        "report-only: what a page, an origin, a route or a rate limit should stop passes",
    ] {
        outcome = outcome.prints(line);
    }
}

#[test]
fn what_is_left_out_is_said_too() {
    let tiers = r#""tiers":[{"name":"a","binding":"A","limit":2,"period":10}]"#;
    let rates = format!(r#"{{"upstream":{{"test":"https://a.example"}},"rates":{{{tiers}}}}}"#);
    keyguard(&["policy", "check", file("rates.json", &rates).to_str().unwrap()])
        .exits(0)
        .prints("no default rate: a key whose record names none is not limited");
    let bare = file("bare.json", r#"{"upstream":{"test":"https://a.example"}}"#);
    let outcome = keyguard(&["policy", "check", bare.to_str().unwrap()])
        .exits(0)
        .prints("no rates: no key is limited, whatever its record says")
        .prints("an exposed live key stays in use: the request is refused and reported")
        .prints("no webhook: exposures are in the log and the audit alone")
        .prints("a revoked key may still work for 130 s");
    for word in ["report", "ASSERTION_SECRETS", "no line", "GitHub", "leak"] {
        let line = format!("refused and {word}ed");
        assert!(!outcome.stdout.replace(&line, "").contains(word), "{word}: {}", outcome.stdout);
    }
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
            "passes": false, "status": 403, "code": "insufficient-scope", "reported": null, "route": "POST /refunds", "scope": "refunds",
            "path": "/refunds", "upstream": null,
            "reason": "the route needs the scope `refunds`, which the key's list lacks",
        })
    );
}

#[test]
fn what_is_only_reported_passes_and_says_so() {
    let all = r#"{ "upstream": { "live": "https://api.example.com" }, "report_only": true,
        "routes": [ { "method": "GET", "path": "/a", "scope": "s" } ] }"#;
    let route = r#"{ "upstream": { "live": "https://api.example.com" },
        "routes": [ { "method": "GET", "path": "/a", "scope": "s", "report_only": true }, { "method": "GET", "path": "/b" } ] }"#;
    let try_it = |policy: &str, arguments: &str| {
        let path = file("reporting.json", policy);
        let arguments: Vec<&str> = arguments.split(' ').collect();
        keyguard(
            &[&["policy", "test", "--file", path.to_str().unwrap()], arguments.as_slice()].concat(),
        )
    };
    try_it(all, "DELETE /x --kind publishable --mode live")
        .exits(0)
        .prints("passes, and is reported: 403 insufficient-scope")
        .prints("no route is for this; `report_only` lets it pass")
        .prints("https://api.example.com");
    try_it(all, "GET /x --kind secret --mode live --fetch-site cross-site")
        .exits(0)
        .prints("passes, and is reported: 403 secret-key-in-browser");
    try_it(all, "GET /a%2Fb --kind publishable --mode live")
        .exits(1)
        .prints("refused: 403 insufficient-scope");
    try_it(all, "GET /x --kind secret --mode test").exits(1).prints("has no upstream.test");
    try_it(route, "GET /a --kind publishable --mode live --scope other")
        .exits(0)
        .prints("needs the scope `s`, which the key's list lacks; `report_only` lets it pass");
    try_it(route, "GET /c --kind publishable --mode live").exits(1);
    let told = try_it(route, "GET /a --kind publishable --mode live --scope other --json").exits(0);
    assert_eq!(
        (&told.json()["passes"], &told.json()["reported"]),
        (&json!(true), &json!("insufficient-scope"))
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
