//! What must never be seen, and where a credential never goes.

use keyguard::{AdminCredential, Kind, Mode};
use serde_json::json;

use crate::{
    stand_in::{Reply, StandIn},
    support::{Outcome, account, api, api_command, command, credential, file, issued, keyguard},
};

#[test]
fn arguments_with_secrets_are_refused_and_not_repeated() {
    for secret in [issued(Kind::Secret, Mode::Live), credential()] {
        for arguments in [
            &["key", "inspect", secret.as_str()][..],
            &["key", "show", "acct_1", secret.as_str()],
            &["account", "create", "--label", secret.as_str()],
            &[secret.as_str()],
        ] {
            let outcome =
                keyguard(arguments).exits(2).says("an argument holds a secret key or a credential");
            assert!(!outcome.stderr.contains(&secret) && !outcome.stdout.contains(&secret));
        }
    }
    keyguard(&["account", "list", "--credential", "x"]).exits(2).says("unexpected argument");
}

#[test]
fn credential_is_checked_before_it_is_sent() {
    let stand_in = StandIn::start(|_, _| Reply::json(200, &account(0)));
    let mut mistyped = credential();
    mistyped.pop();
    mistyped.push('!');
    for (text, reason) in [
        (mistyped.as_str(), "a mistake in it"),
        ("hunter2hunter2hunter2", "begin with kgadmin_"),
        (&issued(Kind::Secret, Mode::Live), "an API key"),
        ("", "is empty"),
    ] {
        let mut command = api_command(&stand_in, &["account", "show", "a"]);
        let outcome: Outcome = command.env("KEYGUARD_CREDENTIAL", text).output().unwrap().into();
        let outcome = outcome.exits(2).says(reason).says("Nothing was sent");
        assert!(text.is_empty() || !outcome.stderr.contains(text), "{}", outcome.stderr);
    }
    let mut command = api_command(&stand_in, &["account", "show", "a"]);
    let outcome: Outcome = command.env_remove("KEYGUARD_CREDENTIAL").output().unwrap().into();
    outcome.exits(2).says("set KEYGUARD_CREDENTIAL");
    assert!(stand_in.asked().is_empty());
}

#[test]
fn credential_goes_to_no_plain_http_but_this_machine() {
    for url in [
        "http://api.example.com",
        "http://192.0.2.1:8787",
        "ftp://localhost",
        "https://a@b.example",
    ] {
        let config = file("config.toml", &format!("[env.local]\nurl = \"{url}\"\n"));
        let mut command = command(&["account", "list", "--config", config.to_str().unwrap()]);
        let outcome: Outcome =
            command.env("KEYGUARD_CREDENTIAL", credential()).output().unwrap().into();
        outcome.exits(2).says("environment `local`: url must");
    }
}

#[test]
fn redirects_are_not_followed() {
    let other = StandIn::start(|_, _| Reply::json(200, &account(0)));
    let there = other.url.clone();
    let stand_in = StandIn::start(move |asked, _| {
        Reply::text(308, "").with("location", format!("{there}{}", asked.target))
    });
    api(&stand_in, &["account", "show", "a"]).exits(3).says("It was not followed").says(&other.url);
    assert_eq!((stand_in.asked().len(), other.asked().len()), (1, 0));
}

#[test]
fn no_proxy_hears_plain_http() {
    let proxy = StandIn::start(|_, _| Reply::json(200, &account(0)));
    let stand_in = StandIn::start(|_, _| Reply::json(200, &account(0)));
    let mut command = api_command(&stand_in, &["account", "show", "a"]);
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "HTTPS_PROXY"] {
        command.env(name, &proxy.url);
    }
    let outcome: Outcome = command.output().unwrap().into();
    outcome.exits(0);
    assert_eq!((proxy.asked().len(), stand_in.asked().len()), (0, 1));
}

#[test]
fn configuration_errors_show_no_credential() {
    for text in [
        format!("credential = \"{}\"\n", credential()),
        format!("[env]\nlocal = \"{}\"\n", credential()),
        format!("[env.local]\nurl = \"http://localhost\"\ncredential = \"{}\"\n", credential()),
        format!("default_env = {}\n", credential()),
    ] {
        let config = file("config.toml", &text);
        let mut command = command(&["account", "list", "--config", config.to_str().unwrap()]);
        let outcome: Outcome =
            command.env("KEYGUARD_CREDENTIAL", credential()).output().unwrap().into();
        let outcome = outcome.exits(2).says("config.toml: line ");
        assert!(!outcome.stderr.contains("kgadmin_"), "{}", outcome.stderr);
    }
}

#[test]
fn api_that_answers_nonsense_with_a_key_in_it_does_not_get_it_shown() {
    let secret = issued(Kind::Secret, Mode::Live);
    let body = json!({ "id": ["x"], "key": secret });
    let stand_in = StandIn::start(move |_, _| Reply::json(200, &body));
    let outcome = api(&stand_in, &["key", "show", "a", "k"]).exits(3);
    assert!(!outcome.stderr.contains("sk_"), "{}", outcome.stderr);
}

#[test]
fn admin_credential_is_made_with_its_entry() {
    let outcome = keyguard(&["admin-credential", "new", "--name", "alice@example.com"]).exits(0);
    let (text, entry) = outcome.stdout.trim().split_once('\n').unwrap();
    let digest = AdminCredential::parse(text).unwrap().digest();
    assert_eq!(entry, format!("alice@example.com:{digest}"));
    assert!(outcome.stderr.contains("wrangler secret put ADMIN_CREDENTIALS"));
    assert!(!outcome.stderr.contains(text));
    let json = keyguard(&["admin-credential", "new", "--json"]).exits(0).json();
    assert_ne!(json["credential"], json!(text));
    assert!(json["entry"].as_str().unwrap().starts_with("ops:"));
    keyguard(&["admin-credential", "new", "--name", "a:b"]).exits(2);
}
