//! Moving keys in.

use std::{collections::BTreeMap, fmt::Write as _, fs};

use keyguard::{Kind, Mode};
use serde_json::{Value, json};

use crate::{
    stand_in::{Reply, StandIn},
    support::{api, api_command, api_unread, digest, file, issued, run_with},
};

/// Takes every row.
fn taking_all() -> StandIn {
    StandIn::start(|asked, _| {
        let count = asked.json()["keys"].as_array().unwrap().len();
        Reply::json(200, &json!({ "imported": count, "unchanged": 0, "refused": [] }))
    })
}

fn row(number: usize, more: &str) -> String {
    format!("{{\"digest\":\"{}\",\"kind\":\"secret\",\"mode\":\"live\"{more}}}\n", digest(number))
}

#[test]
fn rows_are_sent_by_account_in_batches() {
    let stand_in = taking_all();
    let mut rows = String::new();
    for number in 0..2_500 {
        rows.push_str(&row(number, &format!(",\"account\":\"acct_{}\"", number % 2)));
    }
    let path = file("keys.jsonl", &rows);
    let outcome =
        api(&stand_in, &["import", path.to_str().unwrap(), "--create-accounts", "--json"]).exits(0);
    let tally = outcome.json();
    assert_eq!((&tally["imported"], &tally["requests"]), (&json!(2_500), &json!(4)));
    let mut by_account = BTreeMap::<String, Vec<usize>>::new();
    for asked in stand_in.asked() {
        assert_eq!(asked.json()["create_account"], json!(true));
        assert!(asked.json()["keys"][0].get("account").is_none());
        let count = asked.json()["keys"].as_array().unwrap().len();
        by_account.entry(asked.target.clone()).or_default().push(count);
    }
    for counts in by_account.values_mut() {
        counts.sort_unstable();
        assert_eq!(counts, &[250, 1_000]);
    }
    assert_eq!(by_account.len(), 2);
}

#[test]
fn csv_is_read_with_its_columns() {
    let stand_in = taking_all();
    let csv = format!(
        "\u{feff}digest,kind,mode,account,label,expires_at,revoked_at,revoked_reason,origins,browser_headers\r\n\
         {},secret,live,acct_1,\"Shop, Ltd\",2030-01-01,,,https://a.example https://b.example,true\r\n\
         {},publishable,test,,,,1700000000,left,,\r\n",
        digest(1).to_uppercase(),
        digest(2),
    );
    run_with(api_command(&stand_in, &["import", "-", "--account", "acct_1"]), &csv)
        .exits(0)
        .prints("2 imported");
    assert_eq!(
        stand_in.asked()[0].json(),
        json!({ "create_account": false, "keys": [
            { "digest": digest(1), "kind": "secret", "mode": "live", "label": "Shop, Ltd", "expires_at": 1_893_456_000,
              "origins": ["https://a.example", "https://b.example"], "browser_headers": true },
            { "digest": digest(2), "kind": "publishable", "mode": "test",
              "revoked": { "at": 1_700_000_000, "reason": "left" } },
        ]})
    );
}

#[test]
fn refused_rows_are_named_by_their_lines() {
    let secret = issued(Kind::Secret, Mode::Live);
    let stand_in = StandIn::start(|asked, _| {
        let keys = asked.json()["keys"].as_array().unwrap().clone();
        // As the API does it: a malformed row refuses the batch, a taken digest the row.
        if let Some(index) = keys.iter().position(|key| key["rate"] == json!("odd")) {
            return Reply::problem(
                400,
                "invalid-body",
                &format!("keys[{index}].rate: must be a tier"),
            );
        }
        let taken = keys.iter().position(|key| key["digest"] == json!(digest(9))).unwrap();
        Reply::json(
            200,
            &json!({ "imported": keys.len() - 1, "unchanged": 0, "refused": [
                { "index": taken, "code": "digest-taken", "detail": "another account has it" },
            ]}),
        )
    });
    let mut rows = row(1, "");
    let _written =
        writeln!(rows, "\n{{\"digest\":\"{secret}\",\"kind\":\"secret\",\"mode\":\"live\"}}");
    rows.push_str(&row(4, ",\"colour\":1"));
    rows.push_str(&row(5, ",\"rate\":\"odd\""));
    rows.push_str("{\"digest\":\"abc\",\"kind\":\"secret\",\"mode\":\"live\"}\nnot json\n");
    rows.push_str(&row(9, ""));
    rows.push_str(&row(10, &format!(",\"label\":\"{secret}\"")));
    let path = file("keys.jsonl", &rows);
    let refused = path.with_file_name("refused.jsonl");
    let _none_yet = std::fs::remove_file(&refused);
    let outcome = api(
        &stand_in,
        &[
            "import",
            path.to_str().unwrap(),
            "--account",
            "a",
            "--refused",
            refused.to_str().unwrap(),
        ],
    )
    .exits(1)
    .prints("1 imported, 0 unchanged, 7 refused, of 8 rows")
    .says("line 3: holds a key itself, which is never sent: digest it first")
    .says("line 4: unknown field `colour`")
    .says("line 5: keys[1].rate: must be a tier [invalid-body]")
    .says("line 6: digest must be")
    .says("line 7: expected ident")
    .says("line 8: another account has it [digest-taken]")
    .says("line 9: holds a key itself");
    assert!(!outcome.stderr.contains(&secret) && !outcome.stdout.contains(&secret));
    assert!(!format!("{:?}", stand_in.asked()).contains(&secret), "a key never passes through");
    let refused = fs::read_to_string(refused).unwrap();
    assert!(!refused.contains(&secret));
    let mut lines: Vec<u64> = refused
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["line"].as_u64().unwrap())
        .collect();
    lines.sort_unstable();
    assert_eq!(lines, [3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn exit_code_tells_of_refused_rows_where_nobody_reads_the_sum() {
    let stand_in = taking_all();
    let import = |rows: &str| {
        let path = file("keys.jsonl", rows);
        api_unread(&stand_in, &["import", path.to_str().unwrap(), "--account", "a"])
    };
    import(&row(1, "")).exits(0);
    import(&(row(1, "") + "not json\n")).exits(1).says("line 2");
    let stand_in = StandIn::start(|_, _| Reply::problem(401, "unauthorized", "wrong credential"));
    let path = file("keys.jsonl", &row(1, ""));
    api_unread(&stand_in, &["import", path.to_str().unwrap(), "--account", "a"])
        .exits(1)
        .says("Run the same command again");
}

#[test]
fn good_rows_beside_many_malformed_ones_are_told_as_not_tried() {
    let stand_in = StandIn::start(|asked, _| {
        let keys = asked.json()["keys"].as_array().unwrap().clone();
        match keys.iter().position(|key| key["rate"] == json!("odd")) {
            Some(index) => {
                Reply::problem(400, "invalid-body", &format!("keys[{index}].rate: must be a tier"))
            }
            None => {
                Reply::json(200, &json!({ "imported": keys.len(), "unchanged": 0, "refused": [] }))
            }
        }
    });
    let import = |malformed: usize| {
        let mut rows = row(1_000, "");
        for number in 0..malformed {
            rows.push_str(&row(number, ",\"rate\":\"odd\""));
        }
        rows.push_str(&row(2_000, ""));
        let path = file("keys.jsonl", &rows);
        let refused = path.with_file_name("refused.jsonl");
        let (path, refused) = (path.to_str().unwrap(), refused.to_str().unwrap());
        let arguments = ["import", path, "--account", "a", "--refused", refused];
        let outcome = api(&stand_in, &arguments).exits(1);
        let told = fs::read_to_string(refused).unwrap();
        let told = told.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let mut by_code = BTreeMap::<String, Vec<u64>>::new();
        for refusal in told {
            let code = refusal["code"].as_str().unwrap().to_owned();
            by_code.entry(code).or_default().push(refusal["line"].as_u64().unwrap());
        }
        (outcome, by_code)
    };
    let (outcome, by_code) = import(51);
    outcome.prints("0 imported, 0 unchanged, 53 refused");
    assert_eq!(by_code["not-tried"], [1, 53]);
    assert_eq!(by_code["invalid-body"], (2..=52).collect::<Vec<_>>());

    let (outcome, by_code) = import(50);
    outcome.prints("2 imported, 0 unchanged, 50 refused");
    assert!(!by_code.contains_key("not-tried"));
}

#[test]
fn csv_rows_are_named_by_their_lines_too() {
    let stand_in = taking_all();
    let good = digest(1);
    let csv = format!(
        "digest,kind,mode\n{good},secret,live\n{good},secret\n{good},Secret,live\npk_WeHsNn87r4gtNc5BQT9Mj,publishable,live\n"
    );
    run_with(api_command(&stand_in, &["import", "-", "--account", "a"]), &csv)
        .exits(1)
        .says("line 3: has 2 fields")
        .says("line 4: unknown variant `Secret`")
        .says("line 5: holds a key itself")
        .prints("1 imported");
}

#[test]
fn files_that_are_no_rows_are_refused() {
    let stand_in = taking_all();
    let import =
        |input: &str| run_with(api_command(&stand_in, &["import", "-", "--account", "a"]), input);
    import("[{}]").exits(2).says("jq -c");
    import("digest,kind\n").exits(2).says("`mode` is missing");
    import("digest,kind,mode,colour\n").exits(2).says("no column `colour`");
    import("sk_vYZCAeHawUqDCmVpEKh2U,secret,live\n").exits(2).says("holds a key");
    import(&row(1, "").replace("live", "prod")).exits(1).says("unknown variant `prod`");
    api(&stand_in, &["import", "no-such-file", "--account", "a"]).exits(2).says("no-such-file");
    assert!(stand_in.asked().is_empty());
}

#[test]
fn rows_without_an_account_are_refused_unless_it_is_said() {
    let stand_in = taking_all();
    run_with(api_command(&stand_in, &["import", "-"]), &row(1, "")).exits(1).says("--account ID");
    assert!(stand_in.asked().is_empty());

    let stand_in =
        StandIn::start(|_, _| Reply::problem(404, "account-not-found", "No such account."));
    run_with(api_command(&stand_in, &["import", "-", "--account", "a"]), &row(1, ""))
        .exits(1)
        .says("line 1: No such account. Create it, or say --create-accounts. [account-not-found]");
}

#[test]
fn dry_run_changes_nothing() {
    let stand_in = taking_all();
    let outcome = run_with(
        api_command(&stand_in, &["import", "-", "--account", "a", "--dry-run"]),
        &row(1, ""),
    );
    outcome.exits(0).says("nothing was changed");
    assert_eq!(stand_in.lines(), ["POST /_keyguard/v1/accounts/a/import?dry_run=true"]);
}

#[test]
fn run_that_breaks_off_says_how_to_go_on() {
    let stand_in = StandIn::start(|_, _| Reply::problem(401, "unauthorized", "wrong credential"));
    let rows: String = (0..5_000).map(|number| row(number, "")).collect();
    let outcome = run_with(api_command(&stand_in, &["import", "-", "--account", "a"]), &rows);
    outcome.exits(1).says("Run the same command again").says("unauthorized").prints("0 imported");
}

#[test]
fn rows_that_revoke_are_counted() {
    let stand_in = StandIn::start(|_, _| {
        Reply::json(200, &json!({ "imported": 0, "revoked": 1, "unchanged": 1, "refused": [] }))
    });
    let import = |more: &[&'static str]| {
        let arguments = [&["import", "-", "--account", "a"][..], more].concat();
        run_with(api_command(&stand_in, &arguments), &(row(1, "") + &row(2, "")))
    };
    import(&[]).exits(0).prints("0 imported, 1 revoked, 1 unchanged, 0 refused, of 2 rows");
    assert_eq!(import(&["--json"]).exits(0).json()["revoked"], json!(1));
}

#[test]
fn batches_share_no_idempotency_key() {
    let stand_in = taking_all();
    let import = ["import", "-", "--account", "a", "--idempotency-key", "once"];
    run_with(api_command(&stand_in, &import), &row(1, "")).exits(2).says("run the import again");
    assert!(stand_in.asked().is_empty());

    let stand_in = StandIn::start(|_, _| Reply::none());
    let outcome = run_with(api_command(&stand_in, &import[..4]), &row(1, ""))
        .exits(3)
        .says("Run the same command again");
    assert!(!outcome.stderr.contains("--idempotency-key"), "{}", outcome.stderr);
}

#[test]
fn what_is_there_is_never_written_over_with_refused_rows() {
    let stand_in = taking_all();
    let path = file("precious.jsonl", &row(1, ""));
    let path = path.to_str().unwrap();
    api(&stand_in, &["import", path, "--account", "a", "--refused", path])
        .exits(2)
        .says("is not written over: give --refused another file");
    assert_eq!(std::fs::read_to_string(path).unwrap(), row(1, ""));
    assert!(stand_in.asked().is_empty());
}

#[test]
fn run_that_broke_off_is_run_again_with_its_refused_file() {
    let stand_in = StandIn::start(|_, _| Reply::problem(401, "unauthorized", "wrong credential"));
    let path = file("keys.jsonl", &row(1, ""));
    let refused = path.with_file_name("refused.jsonl");
    let (path, refused) = (path.to_str().unwrap(), refused.to_str().unwrap());
    let import = ["import", path, "--account", "a", "--refused", refused];
    for _ in 0..2 {
        // No row was refused, so there is nothing to lose.
        api(&stand_in, &import).exits(1).says("Run the same command again: what");
    }
    fs::write(path, row(1, "") + "not json\n").unwrap();
    api(&stand_in, &import).exits(1).says("with another file for --refused");
    let first = fs::read_to_string(refused).unwrap();
    api(&stand_in, &import).exits(2).says("Nothing was sent");
    assert_eq!(fs::read_to_string(refused).unwrap(), first);
    assert_eq!(first.lines().count(), 1);
}
