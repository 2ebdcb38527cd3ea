//! Accounts, lists, the audit, and what every call to the API has in common.

use std::time::{Duration, Instant};

use keyguard::{Kind, Mode};
use serde_json::json;

use crate::{
    stand_in::{Reply, StandIn},
    support::{account, api, api_command, command, credential, digest, file, issued, key},
};

#[test]
fn account_is_created_and_its_keys_are_shown_once() {
    let text = issued(Kind::Secret, Mode::Live);
    let shown = text.clone();
    let stand_in = StandIn::start(move |_, _| {
        Reply::json(
            201,
            &json!({ "account": account(0), "keys": [key("live", &json!({ "key": text }))] }),
        )
    });
    let outcome =
        api(&stand_in, &["account", "create", "--id", "acct_1", "--label", "Shop"]).exits(0);
    let outcome = outcome.prints(&shown).says("shown once").says("about 2 minutes");
    assert!(!outcome.stderr.contains(&shown));

    let asked = &stand_in.asked()[0];
    assert_eq!(asked.line(), "POST /_keyguard/v1/accounts");
    assert_eq!(asked.json(), json!({ "id": "acct_1", "label": "Shop" }));
    assert_eq!(asked.header("authorization"), Some(format!("Bearer {}", credential()).as_str()));
    assert_eq!(asked.header("keyguard-actor"), Some("alice@example.com"));
    assert_eq!(asked.header("content-type"), Some("application/json"));
    assert!(asked.header("idempotency-key").unwrap().len() >= 16);
}

#[test]
fn json_is_what_the_api_answered() {
    let stand_in = StandIn::start(|_, _| Reply::json(200, &account(0)));
    assert_eq!(
        api(&stand_in, &["account", "show", "acct_1", "--json"]).exits(0).json(),
        account(0)
    );
    api(&stand_in, &["account", "show", "acct_1"])
        .exits(0)
        .prints("4 active")
        .prints("2026-09-21T");
}

#[test]
fn dry_run_is_asked_for_and_said() {
    let stand_in = StandIn::start(|_, _| {
        Reply::json(200, &json!({ "account": account(0), "keys": [], "dry_run": true }))
    });
    api(&stand_in, &["account", "create", "--no-keys", "--dry-run"])
        .exits(0)
        .says("nothing was changed");
    let asked = stand_in.asked();
    assert_eq!(asked.len(), 1, "nothing to wait for");
    assert_eq!(asked[0].target, "/_keyguard/v1/accounts?dry_run=true");
    assert_eq!(asked[0].json(), json!({ "issue": false }));
}

#[test]
fn change_is_followed_until_the_store_has_it() {
    let stand_in = StandIn::start(|asked, number| match asked.method.as_str() {
        "POST" => Reply::json(202, &json!({ "queued": 4 })),
        _ => Reply::json(200, &account(3_u64.saturating_sub(number as u64))),
    });
    api(&stand_in, &["account", "project", "acct_1"])
        .exits(0)
        .says("4 records")
        .says("Written to the edge's store");
    assert_eq!(stand_in.lines().len(), 4);

    let stand_in = StandIn::start(|_, _| Reply::json(202, &json!({ "queued": 4 })));
    api(&stand_in, &["account", "project", "acct_1", "--no-wait"])
        .exits(0)
        .says("not yet in the edge's store");
    assert_eq!(stand_in.lines().len(), 1);
}

#[test]
fn lists_are_read_page_by_page() {
    let stand_in = StandIn::start(|asked, _| {
        let (id, next) = if asked.target.contains("cursor") {
            ("acct_2", json!(null))
        } else {
            ("acct_1", json!("a b/+"))
        };
        Reply::json(
            200,
            &json!({ "accounts": [{ "id": id, "label": null, "created_at": 1 }], "next_cursor": next }),
        )
    });
    let outcome = api(&stand_in, &["account", "list"]).exits(0).prints("acct_1").prints("acct_2");
    assert_eq!(outcome.stdout.matches("ACCOUNT").count(), 1);
    assert_eq!(
        stand_in.lines(),
        [
            "GET /_keyguard/v1/accounts?limit=1000",
            "GET /_keyguard/v1/accounts?limit=1000&cursor=a%20b%2F%2B",
        ]
    );
    let json = api(&stand_in, &["account", "list", "--json"]).exits(0).json();
    assert_eq!(json["accounts"].as_array().unwrap().len(), 2);
    let json = api(&stand_in, &["account", "list", "--json", "--limit", "1"]).exits(0).json();
    assert_eq!(json["accounts"].as_array().unwrap().len(), 1);
}

#[test]
fn empty_lists_are_lists() {
    let stand_in =
        StandIn::start(|_, _| Reply::json(200, &json!({ "accounts": [], "next_cursor": null })));
    assert_eq!(
        api(&stand_in, &["account", "list", "--json"]).exits(0).json(),
        json!({ "accounts": [] })
    );
    api(&stand_in, &["account", "list"]).exits(0).says("No accounts");
}

#[test]
fn audit_is_a_table_or_json_lines() {
    let stand_in = StandIn::start(|_, _| {
        let entry = |seq| {
            json!({
                "seq": seq, "at": 1_790_000_000_u64, "request_id": "r", "credential": "ops", "actor": "alice", "action": "key.updated",
                "key": "key_1", "version": 1, "before": { "label": "a" }, "after": { "label": "b" },
            })
        };
        Reply::json(200, &json!({ "entries": [entry(1), entry(2)], "next_cursor": null }))
    });
    api(&stand_in, &["audit", "acct_1"]).exits(0).prints("label: a → b").prints("alice by ops");
    let outcome = api(&stand_in, &["audit", "acct_1", "--json"]).exits(0);
    let lines: Vec<serde_json::Value> =
        outcome.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), &lines[1]["seq"]), (2, &json!(2)));
}

#[test]
fn export_is_what_import_reads() {
    let stand_in = StandIn::start(|asked, _| {
        if asked.target.contains("/keys") {
            let versions = json!({ "version": 2, "versions": [
                { "version": 2, "digest": digest(2), "created_at": 5, "expires_at": null, "status": "active",
                  "last_four": "abcd", "projection": "written" },
                { "version": 1, "digest": digest(1), "created_at": 1, "expires_at": 9, "status": "revoked",
                  "last_four": null, "projection": "written" },
            ]});
            Reply::json(200, &json!({ "keys": [key("live", &versions)], "next_cursor": null }))
        } else if asked.target.contains("/import") {
            Reply::json(200, &json!({ "imported": 0, "unchanged": 2, "refused": [] }))
        } else {
            Reply::json(200, &json!({ "accounts": [{ "id": "acct_1" }], "next_cursor": null }))
        }
    });
    let exported = api(&stand_in, &["export"]).exits(0).stdout;
    let rows: Vec<serde_json::Value> =
        exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&rows[0]["id"], &rows[0]["digest"]), (&json!("key_1"), &json!(digest(2))));
    assert_eq!(
        (&rows[1]["id"], &rows[1]["revoked"]["reason"]),
        (&json!("key_1.v1"), &json!("rotated"))
    );
    let path = file("keys.jsonl", &exported);
    api(&stand_in, &["import", path.to_str().unwrap()]).exits(0).prints("2 unchanged");
}

#[test]
fn each_version_is_exported_by_its_own_exposure() {
    let version = |number: usize, status: &str, expires_at: Option<u64>, is_exposed: bool| {
        let exposed = json!({ "at": 7, "channel": "query", "place": null });
        json!({
            "version": number, "digest": digest(number), "created_at": 1, "expires_at": expires_at, "status": status,
            "exposed": is_exposed.then_some(exposed), "last_four": null, "projection": "written",
        })
    };
    let later = Some(4_000_000_000);
    for (status, current, older, revoked) in [
        ("active", ("active", None, false), ("exposed", later, true), [false, true]),
        ("exposed", ("exposed", None, true), ("retiring", later, false), [true, false]),
        ("exposed", ("exposed", None, true), ("exposed", later, true), [true, true]),
        // Its time is over, and that it leaked isn't.
        ("active", ("active", None, false), ("expired", Some(9), true), [false, true]),
        ("expired", ("expired", Some(9), true), ("expired", Some(9), false), [true, false]),
    ] {
        let of = |number, (status, at, is_exposed): (&str, _, _)| {
            version(number, status, at, is_exposed)
        };
        let versions = json!([of(2, current), of(1, older)]);
        let more = json!({ "version": 2, "status": status, "versions": versions });
        let stand_in = StandIn::start(move |_, _| {
            Reply::json(200, &json!({ "keys": [key("live", &more)], "next_cursor": null }))
        });
        let exported = api(&stand_in, &["export", "--account", "acct_1"]).exits(0).stdout;
        let rows: Vec<serde_json::Value> =
            exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let exposed = json!({ "at": 7, "reason": "exposed" });
        for (row, is_revoked) in rows.iter().zip(revoked) {
            assert_eq!(row.get("revoked"), is_revoked.then_some(&exposed), "{versions}: {row}");
        }
        assert_eq!(rows.len(), 2);
    }
}

#[test]
fn versions_that_the_api_does_not_show_are_told() {
    for (first, is_told) in [(1, false), (4, true)] {
        let version = json!({
            "version": first, "digest": digest(first), "created_at": 1, "expires_at": null, "status": "active",
            "last_four": null, "projection": "written",
        });
        let more = json!({ "version": first, "versions": [version] });
        let stand_in = StandIn::start(move |_, _| {
            Reply::json(200, &json!({ "keys": [key("live", &more)], "next_cursor": null }))
        });
        let outcome = api(&stand_in, &["export", "--account", "acct_1"]).exits(0);
        let note = "key_1: the API shows no version before 4";
        assert_eq!(outcome.stderr.contains(note), is_told, "{}", outcome.stderr);
    }
}

#[test]
fn refusals_say_what_to_do() {
    for (status, code, exit, advice) in [
        (401, "unauthorized", 1, "KEYGUARD_CREDENTIAL"),
        (404, "not-found", 1, "ADMIN_CREDENTIALS"),
        (404, "account-not-found", 1, "keyguard account list"),
        (500, "misconfigured", 3, "the detail\\u{1b}[2J"),
    ] {
        let stand_in =
            StandIn::start(move |_, _| Reply::problem(status, code, "the detail\u{1b}[2J"));
        let outcome = api(&stand_in, &["account", "show", "a"]).exits(exit).says(advice);
        let outcome = outcome.says(&format!("[{status} {code}, request req-7]"));
        assert!(outcome.stderr.starts_with("error: Title of"), "{}", outcome.stderr);
        assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
        assert!(!outcome.stderr.contains('\u{1b}'), "{}", outcome.stderr);
    }
}

#[test]
fn what_is_not_keyguard_is_named() {
    let stand_in = StandIn::start(|_, _| Reply::text(200, "<html>"));
    api(&stand_in, &["account", "show", "a"]).exits(3).says("isn't keyguard's");
    let stand_in = StandIn::start(|_, _| Reply::json(200, &json!({ "id": 1 })));
    api(&stand_in, &["account", "show", "a"]).exits(3).says("same version");
}

#[test]
fn lost_connections_and_busy_servers_are_tried_again_with_the_same_idempotency_key() {
    let stand_in = StandIn::start(|_, number| match number {
        0 => Reply::none(),
        1 => Reply::problem(503, "store-unavailable", "later").with("retry-after", "0"),
        2 => Reply::problem(429, "rate-limited", "slower").with("retry-after", "1"),
        _ => Reply::json(202, &json!({ "queued": 0 })),
    });
    let started = Instant::now();
    api(&stand_in, &["account", "project", "acct_1", "--no-wait"]).exits(0);
    assert!(started.elapsed() >= Duration::from_secs(1), "Retry-After is heeded");
    let asked = stand_in.asked();
    assert_eq!(asked.len(), 4);
    let keys: Vec<_> = asked.iter().map(|asked| asked.header("idempotency-key").unwrap()).collect();
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");

    let stand_in = StandIn::start(|_, _| Reply::problem(503, "store-unavailable", "later"));
    api(&stand_in, &["account", "show", "a"]).exits(3).says("store-unavailable");
    assert_eq!(stand_in.asked().len(), 4, "and then it gives up");

    let stand_in = StandIn::start(|_, _| {
        Reply::problem(503, "store-unavailable", "later").with("retry-after", "3600")
    });
    api(&stand_in, &["account", "show", "a"]).exits(3);
    assert_eq!(stand_in.asked().len(), 1, "nobody waits an hour");
}

#[test]
fn two_changes_have_two_idempotency_keys() {
    let stand_in = StandIn::start(|_, _| Reply::json(202, &json!({ "queued": 0 })));
    for _ in 0..2 {
        api(&stand_in, &["account", "project", "acct_1", "--no-wait"]).exits(0);
    }
    let asked = stand_in.asked();
    assert_ne!(asked[0].header("idempotency-key"), asked[1].header("idempotency-key"));
}

#[test]
fn change_without_an_answer_is_told_with_its_idempotency_key() {
    let issue = ["key", "issue", "a", "--kind", "secret", "--mode", "test"];
    for reply in [
        || Reply::none(),
        || Reply::problem(500, "internal", "broke"),
        || Reply::text(504, "<html>"),
        || Reply::text(200, "<html>"),
    ] {
        let stand_in = StandIn::start(move |_, _| reply());
        let outcome = api(&stand_in, &issue).exits(3).says("it may have been done");
        let sent = stand_in.asked()[0].header("idempotency-key").unwrap().to_owned();
        outcome.says(&format!("`--idempotency-key {sent}`"));
    }
    let stand_in = StandIn::start(|_, _| Reply::problem(500, "internal", "broke"));
    for arguments in [&["account", "show", "a"][..], &[&issue[..], &["--dry-run"]].concat()] {
        let outcome = api(&stand_in, arguments).exits(3);
        assert!(!outcome.stderr.contains("may have been done"), "{}", outcome.stderr);
    }
}

#[test]
fn idempotency_key_of_a_change_is_the_operators_if_there_is_one() {
    let stand_in = StandIn::start(|_, _| Reply::json(202, &json!({ "queued": 0 })));
    let project = ["account", "project", "acct_1", "--no-wait"];
    api(&stand_in, &[&project[..], &["--idempotency-key", "once"]].concat()).exits(0);
    let mut by_variable = api_command(&stand_in, &project);
    let output = by_variable.env("KEYGUARD_IDEMPOTENCY_KEY", "again").output().unwrap();
    crate::support::Outcome::from(output).exits(0);
    let asked = stand_in.asked();
    let keys: Vec<_> = asked.iter().map(|asked| asked.header("idempotency-key")).collect();
    assert_eq!(keys, [Some("once"), Some("again")]);
}

#[test]
fn change_that_was_refused_or_never_sent_was_not_done() {
    let stand_in = StandIn::start(|_, _| Reply::problem(422, "idempotency-key-reused", "Another."));
    let project = ["account", "project", "a"];
    let refused = api(&stand_in, &project).exits(1).says("--idempotency-key repeats the very same");
    let config = file("config.toml", "[env.local]\nurl = \"http://127.0.0.1:1\"\n");
    let mut command = command(&project);
    command.env("KEYGUARD_CREDENTIAL", credential()).env("KEYGUARD_CONFIG", config);
    let unsent: crate::support::Outcome = command.output().unwrap().into();
    for outcome in [refused, unsent.exits(3).says("could not reach")] {
        assert!(!outcome.stderr.contains("may have been done"), "{}", outcome.stderr);
    }
}

#[test]
fn what_can_be_no_idempotency_key_is_refused_and_not_shown() {
    let stand_in = StandIn::start(|_, _| Reply::json(202, &json!({ "queued": 0 })));
    for text in ["", "a b", "ä", &"a".repeat(256), &issued(Kind::Secret, Mode::Live)] {
        let mut command = api_command(&stand_in, &["account", "project", "a"]);
        let command = command.env("KEYGUARD_IDEMPOTENCY_KEY", text).output().unwrap();
        let outcome = crate::support::Outcome::from(command).exits(2).says("1 to 255 visible");
        assert!(text.is_empty() || !outcome.stderr.contains(text), "{}", outcome.stderr);
    }
    assert!(stand_in.asked().is_empty());
}

#[test]
fn nothing_listening_is_told() {
    let config = file("config.toml", "[env.local]\nurl = \"http://127.0.0.1:1\"\n");
    let mut command = command(&["account", "list", "--config", config.to_str().unwrap()]);
    let outcome: crate::support::Outcome =
        command.env("KEYGUARD_CREDENTIAL", credential()).output().unwrap().into();
    outcome.exits(3).says("could not reach http://127.0.0.1:1 (environment `local`)");
}

#[test]
fn environments_come_from_the_configuration() {
    let stand_in = StandIn::start(|_, _| Reply::json(200, &account(0)));
    api(&stand_in, &["account", "show", "a", "--env", "production"])
        .exits(2)
        .says("there is no environment `production`");
    let outcome: crate::support::Outcome = api_command(&stand_in, &["account", "show", "a"])
        .env("KEYGUARD_ACTOR", "Alice Liddell")
        .output()
        .unwrap()
        .into();
    outcome.exits(2).says("KEYGUARD_ACTOR must be");
    let outcome: crate::support::Outcome = api_command(&stand_in, &["account", "show", "a"])
        .env_remove("KEYGUARD_ACTOR")
        .env("USER", "bob")
        .env("HOSTNAME", "desk")
        .output()
        .unwrap()
        .into();
    outcome.exits(0);
    assert_eq!(stand_in.asked()[0].header("keyguard-actor"), Some("bob@desk"));
}

#[test]
fn ids_that_could_leave_their_path_are_refused() {
    let stand_in = StandIn::start(|_, _| Reply::json(200, &account(0)));
    for id in ["..", "a/b", "a?b", "a%2f", ""] {
        api(&stand_in, &["account", "show", id]).exits(2);
    }
    assert!(stand_in.asked().is_empty());
}
