//! What a deployment gets wrong.

use keyguard::scan;
use serde_json::{Value, json};

use crate::{
    stand_in::{Reply, StandIn},
    support::{Outcome, file, keyguard},
};

const GOOD: &str = r#"
name = "keyguard"
compatibility_date = "2026-11-01"
routes = [{ pattern = "api.example.com/*", zone_name = "example.com" }]
migrations = [{ tag = "v1", new_sqlite_classes = ["Account", "DigestIndex"] }]
kv_namespaces = [{ binding = "KEYS", id = "abc" }]

[observability]
enabled = true

[durable_objects]
bindings = [{ name = "ACCOUNTS", class_name = "Account" }, { name = "DIGESTS", class_name = "DigestIndex" }]

[vars]
POLICY = { upstream = { live = "https://api.example.com" } }
"#;

/// The states of the checks, by name.
fn states(outcome: &Outcome) -> Vec<(String, String)> {
    let checks = outcome.json();
    let text = |check: &Value, name: &str| check[name].as_str().unwrap().to_owned();
    checks
        .as_array()
        .unwrap()
        .iter()
        .map(|check| (text(check, "check"), text(check, "state")))
        .collect()
}

#[track_caller]
fn finds(config: &str, check: &str, state: &str) {
    let path = file("wrangler.toml", config);
    let outcome = keyguard(&["doctor", "--wrangler", path.to_str().unwrap(), "--json"]);
    let found = states(&outcome);
    assert!(found.contains(&(check.to_owned(), state.to_owned())), "{check} {state}: {found:?}");
    assert_eq!(outcome.code, i32::from(found.iter().any(|(_, state)| state == "failure")));
}

#[test]
fn good_configuration_is_fine_but_for_what_nobody_can_tell() {
    let path = file("wrangler.toml", GOOD);
    let outcome = keyguard(&["doctor", "--wrangler", path.to_str().unwrap(), "--json"]).exits(0);
    for (check, state) in states(&outcome) {
        let expected = if check == "fail-closed route" { "unknown" } else { "ok" };
        assert_eq!(state, expected, "{check}: {}", outcome.stdout);
    }
    keyguard(&["doctor", "--wrangler", path.to_str().unwrap()])
        .exits(0)
        .prints("Request limit failure mode");
}

#[test]
fn what_is_wrong_in_the_configuration_is_found() {
    for (from, to, check, state) in [
        ("binding = \"KEYS\", id = \"abc\"", "binding = \"KEYS\"", "key store", "warning"),
        ("binding = \"KEYS\"", "binding = \"OTHER\"", "key store", "failure"),
        ("\"ACCOUNTS\"", "\"OTHER\"", "durable objects", "failure"),
        ("class_name = \"DigestIndex\"", "class_name = \"Index\"", "durable objects", "failure"),
        ("new_sqlite_classes", "new_classes", "migrations", "failure"),
        (", \"DigestIndex\"]", "]", "migrations", "failure"),
        ("routes =", "other =", "routes", "warning"),
        ("api.example.com/*\"", "api.example.com/v1\"", "routes", "warning"),
        ("name = \"keyguard\"", "workers_dev = true", "routes", "warning"),
        ("enabled = true", "enabled = false", "log", "warning"),
        ("enabled = true", "enabled = true\nhead_sampling_rate = 0.1", "log", "warning"),
        ("compatibility_date", "other_date", "compatibility date", "failure"),
        ("2026-11-01", "2024-11-01", "compatibility date", "warning"),
        ("[vars]", "[vars]\nADMIN_CREDENTIALS = \"ops:abc\"", "admin credentials", "failure"),
        ("[vars]", "[vars]\nA = \"sk_vYZCAeHawUqDCmVpEKh2U\"", "secrets", "failure"),
        ("POLICY =", "OTHER =", "policy", "failure"),
        ("upstream =", "upstreams =", "policy", "failure"),
        ("} }", "}, allow_http_on_loopback = true }", "plain http", "failure"),
        ("} }", "}, store_cache_ttl = 3600 }", "cache", "warning"),
        ("} }", "}, store_cache_ttl = 5 }", "policy", "failure"),
        ("[vars]", "[vars", "wrangler.toml", "failure"),
    ] {
        let config = GOOD.replacen(from, to, 1);
        assert_ne!(config, GOOD, "{from}");
        finds(&config, check, state);
    }
}

#[test]
fn environment_needs_bindings_of_its_own() {
    let path = file("wrangler.toml", &format!("{GOOD}\n[env.eu]\nname = \"eu\"\n"));
    let path = path.to_str().unwrap();
    let outcome = keyguard(&["doctor", "--wrangler", path, "--env-name", "eu", "--json"]).exits(1);
    let found = states(&outcome);
    for (check, state) in [
        ("policy", "failure"),
        ("key store", "failure"),
        ("durable objects", "failure"),
        ("routes", "ok"),
        ("migrations", "ok"),
    ] {
        assert!(found.contains(&(check.to_owned(), state.to_owned())), "{check}: {found:?}");
    }
    keyguard(&["doctor", "--wrangler", path, "--env-name", "us"])
        .exits(1)
        .prints("has no [env.us]");
}

/// An edge as it should be, seen from outside; `change` has another answer for some requests.
fn edge(change: impl Fn(&str, bool) -> Option<Reply> + Send + Sync + 'static) -> StandIn {
    StandIn::start(move |asked, _| {
        let has_key = asked.header("authorization").is_some();
        change(&asked.target, has_key).unwrap_or_else(|| match (asked.target.as_str(), has_key) {
            ("/", false) => Reply::problem(401, "unauthorized", "")
                .with("www-authenticate", "Bearer realm=\"keyguard\""),
            ("/", true) => Reply::problem(400, "invalid-key", ""),
            _ => Reply::problem(404, "not-found", ""),
        })
    })
}

#[track_caller]
fn sees(stand_in: &StandIn, plain: &StandIn, check: &str, state: &str) {
    let folder = file("x", "");
    let mut command = crate::support::command(&[
        "doctor",
        "--url",
        &stand_in.url,
        "--plain-url",
        &plain.url,
        "--json",
    ]);
    let outcome: Outcome = command.current_dir(folder.parent().unwrap()).output().unwrap().into();
    let found = states(&outcome);
    assert!(
        found.contains(&(check.to_owned(), state.to_owned())),
        "{check} {state}: {}",
        outcome.stdout
    );
}

#[test]
fn answers_are_judged_from_outside() {
    let plain = StandIn::start(|_, _| Reply::problem(403, "https-required", ""));
    let good = edge(|_, _| None);
    for check in ["plain http", "edge", "key store", "admin API"] {
        sees(&good, &plain, check, "ok");
    }
    let sent = format!("{:?}", good.asked());
    assert!(scan::holds_secret_key(&sent), "the store is asked for a made-up key");
    assert!(!scan::holds_secret_key(&format!("{:?}", plain.asked())), "and never in the clear");

    let redirecting =
        StandIn::start(|_, _| Reply::text(301, "").with("location", "https://a.example/"));
    sees(&good, &redirecting, "plain http", "failure");
    let open = StandIn::start(|_, _| Reply::text(200, "hello"));
    sees(&good, &open, "plain http", "failure");
    sees(&open, &plain, "edge", "failure");
    assert!(open.asked().iter().all(|asked| asked.header("authorization").is_none()));

    let refusing = edge(|_, _| Some(Reply::problem(500, "misconfigured", "")));
    sees(&refusing, &plain, "edge", "failure");
    for (status, code) in [(503, "store-unavailable"), (500, "misconfigured"), (200, "ok")] {
        let broken = edge(move |target, has_key| {
            (target == "/" && has_key).then(|| Reply::problem(status, code, ""))
        });
        sees(&broken, &plain, "key store", "failure");
    }
    let managed = edge(|target, _| {
        (target != "/").then(|| {
            Reply::problem(401, "unauthorized", "")
                .with("www-authenticate", "Bearer realm=\"keyguard-admin\"")
        })
    });
    sees(&managed, &plain, "admin API", "ok");
    let foreign = edge(|target, _| (target != "/").then(|| Reply::json(200, &json!({}))));
    sees(&foreign, &plain, "admin API", "failure");
}

#[test]
fn nothing_to_look_at_is_said() {
    let folder = file("x", "");
    let mut command = crate::support::command(&["doctor"]);
    let outcome: Outcome = command.current_dir(folder.parent().unwrap()).output().unwrap().into();
    outcome.exits(2).says("--wrangler FILE");
    keyguard(&["doctor", "--url", "http://api.example.com"])
        .exits(2)
        .says("--url must begin with https://");
}
