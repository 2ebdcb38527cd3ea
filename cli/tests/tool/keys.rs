//! The life of a key.

use keyguard::{ApiKey, Kind, Mode};
use serde_json::json;

use crate::{
    stand_in::{Reply, StandIn},
    support::{account, api, api_command, api_into, api_unread, digest, issued, key, run_with},
};

/// A key in this mode, whatever is asked.
fn with_key(mode: &'static str) -> StandIn {
    StandIn::start(move |_, _| Reply::json(200, &key(mode, &json!({}))))
}

#[test]
fn new_key_is_alone_on_standard_output() {
    let text = issued(Kind::Secret, Mode::Test);
    let (answer, shown) = (json!({ "key": text.clone() }), format!("{text}\n"));
    let stand_in = StandIn::start(move |_, _| Reply::json(201, &key("test", &answer)));
    let arguments = [
        "key",
        "issue",
        "acct_1",
        "--kind",
        "secret",
        "--mode",
        "test",
        "--label",
        "Shop",
        "--origin",
        "https://a.example",
        "--origin",
        "https://b.example",
        "--scope",
        "refunds",
        "--rate",
        "gold",
        "--expires",
        "2030-01-01",
        "--browser-headers",
    ];
    let outcome = api(&stand_in, &arguments).exits(0).says("shown once").says("key_1 issued");
    assert_eq!(outcome.stdout, shown);
    assert!(!outcome.stderr.contains(&text));
    assert_eq!(
        stand_in.asked()[0].json(),
        json!({
            "kind": "secret", "mode": "test", "label": "Shop", "origins": ["https://a.example", "https://b.example"],
            "scopes": ["refunds"], "rate": "gold", "expires_at": 1_893_456_000, "browser_headers": true,
        })
    );
}

#[test]
fn new_key_whose_answer_was_lost_is_named() {
    let stand_in = StandIn::start(|_, _| {
        Reply::json(201, &key("live", &json!({}))).with("idempotent-replayed", "true")
    });
    let issue = ["key", "issue", "acct_1", "--kind", "secret", "--mode", "live"];
    api(&stand_in, &issue)
        .exits(1)
        .says("lost on the way")
        .says("keyguard key rotate acct_1 key_1 --grace 0");
    api_unread(&stand_in, &issue).exits(1).says("lost on the way");
    api(&stand_in, &["account", "create"]).exits(3);
}

#[test]
fn new_key_that_could_not_be_printed_is_named() {
    let text = issued(Kind::Secret, Mode::Live);
    let shown = text.clone();
    let stand_in = StandIn::start(move |asked, _| {
        let key = key("live", &json!({ "key": text }));
        if asked.target.ends_with("/accounts") {
            Reply::json(201, &json!({ "account": account(0), "keys": [key] }))
        } else {
            Reply::json(200, &key)
        }
    });
    let rotate = ["key", "rotate", "acct_1", "key_1", "--grace", "0", "--yes", "key_1"];
    for arguments in [
        &["key", "issue", "acct_1", "--kind", "secret", "--mode", "live"][..],
        &["key", "issue", "acct_1", "--kind", "secret", "--mode", "live", "--json"],
        &["account", "create"],
        &["account", "create", "--json"],
        &rotate,
    ] {
        let full = cfg!(target_os = "linux").then(|| {
            let full = std::fs::File::create("/dev/full").unwrap();
            api_into(&stand_in, arguments, full).says("No space left on device")
        });
        for outcome in full.into_iter().chain([api_unread(&stand_in, arguments)]) {
            let outcome = outcome
                .exits(1)
                .says("error: done, but standard output failed")
                .says("nobody has the new key's text")
                .says("keyguard key rotate acct_1 key_1 --grace 0");
            assert!(!outcome.stderr.contains(&shown) && !outcome.stderr.contains("shown once"));
        }
    }
}

#[test]
fn text_that_is_no_key_is_not_printed() {
    let stand_in = StandIn::start(|asked, _| {
        let key =
            key("live", &json!({ "key": "sk_test_\u{1b}]0;owned\u{7}\u{1b}[2Jabcdefghijklmnop" }));
        if asked.target.ends_with("/accounts") {
            Reply::json(201, &json!({ "account": account(0), "keys": [key] }))
        } else {
            Reply::json(200, &key)
        }
    });
    for arguments in [
        &["key", "issue", "acct_1", "--kind", "secret", "--mode", "live"][..],
        &["key", "issue", "acct_1", "--kind", "secret", "--mode", "live", "--json"],
        &["key", "rotate", "acct_1", "key_1"],
        &["account", "create"],
        &["account", "create", "--json"],
    ] {
        let outcome = api(&stand_in, arguments)
            .exits(1)
            .says("done, but what came as the key's text is no key, and is not shown")
            .says("keyguard key rotate acct_1 key_1 --grace 0");
        assert_eq!(outcome.stdout, "");
        assert!(!outcome.stderr.contains("owned"), "{}", outcome.stderr);
    }
}

#[test]
fn lost_text_beside_one_in_its_grace_is_told_with_what_ends_that() {
    let retiring = json!({
        "version": 1, "digest": digest(1), "created_at": 1, "expires_at": 4_000_000_000_u64, "status": "retiring",
        "last_four": "abcd", "projection": "written",
    });
    let more = json!({
        "version": 2, "versions": [retiring], "key": issued(Kind::Secret, Mode::Live),
    });
    let stand_in = StandIn::start(move |_, _| Reply::json(200, &key("live", &more)));
    api_unread(&stand_in, &["key", "rotate", "acct_1", "key_1"])
        .exits(1)
        .says("keyguard key rotate acct_1 key_1 --grace 0 --end-grace");
}

#[test]
fn change_without_a_text_is_told_where_output_fails() {
    let stand_in = with_key("live");
    let revoke = ["key", "revoke", "acct_1", "key_1", "--reason", "x", "--yes", "key_1"];
    let json = [&revoke[..], &["--json"]].concat();
    for arguments in [&revoke[..], &json] {
        // Who closes the output has seen enough.
        api_unread(&stand_in, arguments).exits(0).says("key_1 revoked");
        if cfg!(target_os = "linux") {
            let full = std::fs::File::create("/dev/full").unwrap();
            api_into(&stand_in, arguments, full)
                .exits(1)
                .says("key_1 revoked")
                .says("`keyguard key show acct_1 key_1` shows what it came to");
        }
    }
}

#[test]
fn live_key_is_lifted_after_its_id_was_typed() {
    let lift = ["key", "lift", "acct_1", "key_1"];
    let stand_in = with_key("live");
    api(&stand_in, &lift).exits(2).says("--yes key_1");
    assert!(stand_in.asked().iter().all(|asked| asked.method == "GET"), "{:?}", stand_in.lines());
    api(&stand_in, &[&lift[..], &["--yes", "key_1"]].concat()).exits(0).says("works again");
    let last = stand_in.asked().pop().unwrap();
    assert_eq!(last.line(), "POST /_keyguard/v1/accounts/acct_1/keys/key_1/lift");
    assert_eq!(last.json(), json!({}));

    let stand_in = with_key("test");
    api(&stand_in, &lift).exits(0);
}

#[test]
fn exposure_and_last_use_are_shown() {
    let exposed =
        json!({ "at": 1_790_000_000_u64, "channel": "browser", "place": "https://shop.example" });
    let more =
        json!({ "status": "exposed", "exposed": exposed, "last_used_at": 1_790_000_040_u64 });
    let stand_in = StandIn::start(move |_, _| Reply::json(200, &key("live", &more)));
    let shown = api(&stand_in, &["key", "show", "acct_1", "key_1"]).exits(0).stdout;
    assert!(shown.contains("browser (https://shop.example)"), "{shown}");
    assert!(shown.contains("last used"), "{shown}");
    assert!(shown.contains("2026-09-21T14:14:00Z"), "{shown}");

    // An edge of before knows of neither.
    let shown = api(&with_key("live"), &["key", "show", "acct_1", "key_1"]).exits(0).stdout;
    assert!(!shown.contains("exposed") && shown.contains("never"), "{shown}");
}

#[test]
fn live_key_is_revoked_after_its_id_was_typed() {
    let revoke = ["key", "revoke", "acct_1", "key_1", "--reason", "left the company"];
    let yes = |id| [&revoke[..], &["--yes", id]].concat();

    let stand_in = with_key("live");
    api(&stand_in, &revoke).exits(2).says("--yes key_1");
    api(&stand_in, &yes("key_2")).exits(4).says("Nothing was changed");
    assert!(stand_in.asked().iter().all(|asked| asked.method == "GET"), "{:?}", stand_in.lines());
    api(&stand_in, &yes("key_1")).exits(0).says("revoked");
    let last = stand_in.asked().pop().unwrap();
    assert_eq!(last.line(), "POST /_keyguard/v1/accounts/acct_1/keys/key_1/revoke");
    assert_eq!(last.json(), json!({ "reason": "left the company" }));

    let stand_in = with_key("test");
    api(&stand_in, &[&revoke[..], &["--version", "1"]].concat()).exits(0);
    assert_eq!(
        stand_in.asked().pop().unwrap().json(),
        json!({ "reason": "left the company", "version": 1 })
    );
    api(&stand_in, &yes("key_2")).exits(4);
    api(&stand_in, &revoke[..4]).exits(2).says("--reason");

    let stand_in = with_key("live");
    api(&stand_in, &[&revoke[..], &["--dry-run"]].concat()).exits(0).says("nothing was changed");
    assert_eq!(
        stand_in.lines(),
        ["POST /_keyguard/v1/accounts/acct_1/keys/key_1/revoke?dry_run=true"]
    );
}

#[test]
fn rotation_asks_where_a_live_text_ends_at_once() {
    let text = issued(Kind::Secret, Mode::Live);
    let stand_in = StandIn::start(move |asked, _| {
        let more =
            if asked.method == "POST" { json!({ "key": text, "version": 2 }) } else { json!({}) };
        Reply::json(200, &key("live", &more))
    });
    let rotate = ["key", "rotate", "acct_1", "key_1"];
    let with = |more: &[&'static str]| [&rotate[..], more].concat();
    api(&stand_in, &rotate).exits(0).says("version 2").says("another 1 day");
    assert_eq!(stand_in.asked().len(), 1);
    assert_eq!(stand_in.asked()[0].json(), json!({ "grace_seconds": 86_400 }));

    api(&stand_in, &with(&["--grace", "0"])).exits(2).says("every text so far");
    api(&stand_in, &with(&["--end-grace"])).exits(2).says("earlier rotation");
    api(&stand_in, &with(&["--grace", "31d"])).exits(2).says("at most 30d");
    api(&stand_in, &with(&["--grace", "0", "--end-grace", "--yes", "key_1"])).exits(0);
    assert_eq!(
        stand_in.asked().pop().unwrap().json(),
        json!({ "grace_seconds": 0, "end_grace": true })
    );
}

#[test]
fn rotation_tells_how_long_the_old_text_really_works() {
    let rotated = |status: &'static str, expires_at: u64| {
        let version = |number: u64, created_at: u64, status: &str, expires_at: u64| {
            json!({
                "version": number, "digest": digest(1), "created_at": created_at, "expires_at": expires_at,
                "status": status, "last_four": "abcd", "projection": "written",
            })
        };
        let versions =
            [version(2, 1_000_000, "active", 1_000_600), version(1, 10, status, expires_at)];
        let text = issued(Kind::Secret, Mode::Live);
        let more = json!({ "version": 2, "versions": versions, "key": text });
        let stand_in = StandIn::start(move |_, _| Reply::json(200, &key("live", &more)));
        api(&stand_in, &["key", "rotate", "acct_1", "key_1"]).exits(0)
    };
    rotated("retiring", 1_086_400).says("its old text works for another 1 day.");
    rotated("retiring", 1_000_600)
        .says("works for another 10 minutes, until the key was to expire.");
    rotated("expired", 999_000).says("its old text has expired and stays refused.");
}

#[test]
fn expiry_and_fields_are_patched() {
    let stand_in = with_key("live");
    let call = |more: &[&'static str]| {
        api(&stand_in, &[&["key", more[0], "acct_1", "key_1"], &more[1..]].concat())
    };
    let patched = || {
        let last = stand_in.asked().pop().unwrap();
        assert_eq!(last.line(), "PATCH /_keyguard/v1/accounts/acct_1/keys/key_1");
        last.json()
    };
    call(&["expire", "--at", "2030-01-01T00:00:00Z"]).exits(0);
    assert_eq!(patched(), json!({ "expires_at": 1_893_456_000 }));
    call(&["expire", "--never"]).exits(0);
    assert_eq!(patched(), json!({ "expires_at": null }));
    call(&["expire", "--in", "30d"]).exits(0).says("in 30 days");
    call(&["expire", "--at", "2020-01-01"]).exits(2).says("key revoke");
    call(&["expire"]).exits(2);
    call(&["expire", "--never", "--in", "1d"]).exits(2);

    call(&["update", "--label", "New", "--no-origins", "--scope", "a", "--scope", "b"]).exits(0);
    assert_eq!(patched(), json!({ "label": "New", "origins": null, "scopes": ["a", "b"] }));
    call(&["update", "--no-label", "--no-rate", "--browser-headers", "false"]).exits(0);
    assert_eq!(patched(), json!({ "label": null, "rate": null, "browser_headers": false }));
    call(&["update"]).exits(2).says("nothing to change");
    call(&["update", "--label", "a", "--no-label"]).exits(2);
}

#[test]
fn keys_are_listed_and_shown() {
    let stand_in = StandIn::start(|asked, _| {
        let key = key("live", &json!({ "expires_at": 1, "label": "Shop \u{1b}[31m" }));
        if asked.target.contains('?') {
            Reply::json(200, &json!({ "keys": [key], "next_cursor": null }))
        } else {
            Reply::json(200, &key)
        }
    });
    let list =
        ["key", "list", "acct_1", "--kind", "secret", "--mode", "live", "--status", "active"];
    let outcome = api(&stand_in, &list)
        .exits(0)
        .prints("key_1")
        .prints("abcd")
        .prints("1970-01-01T00:00:01Z (");
    assert!(!outcome.stdout.contains('\u{1b}'), "what a server sends moves no cursor");
    assert_eq!(
        stand_in.lines(),
        ["GET /_keyguard/v1/accounts/acct_1/keys?kind=secret&mode=live&status=active&limit=1000"]
    );
    api(&stand_in, &["key", "show", "acct_1", "key_1"])
        .exits(0)
        .prints(&digest(1))
        .prints("has every change");
}

#[test]
fn key_is_found_by_a_digest_that_is_made_here() {
    let stand_in = StandIn::start(|_, _| {
        Reply::json(
            200,
            &json!({ "digest": digest(1), "account": "acct_1", "key": "key_1", "version": 2 }),
        )
    });
    let text = issued(Kind::Secret, Mode::Live);
    let find = |input: &str| run_with(api_command(&stand_in, &["key", "find"]), input);
    find(&format!("{text}\n")).exits(0).prints("acct_1").prints("key_1");
    let asked = stand_in.asked();
    let of_key = ApiKey::parse(&text).unwrap().digest().to_string();
    assert_eq!(asked[0].line(), format!("GET /_keyguard/v1/digests/{of_key}"));
    assert!(!format!("{asked:?}").contains(&text));
    find(&digest(255).to_uppercase()).exits(0);
    assert!(stand_in.asked()[1].target.ends_with(&digest(255)));
    find("hunter2").exits(2).says("keyguard explain");
    assert_eq!(stand_in.asked().len(), 2);
}
