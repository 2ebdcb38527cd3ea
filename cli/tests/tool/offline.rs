//! What needs no network: `key inspect`, `explain`, `completions`, help.

use keyguard::{ApiKey, Kind, Mode};
use serde_json::json;

use crate::support::{credential, issued, keyguard, keyguard_with};

#[test]
fn inspect_tells_all_but_the_key() {
    let text = issued(Kind::Secret, Mode::Test);
    let key = ApiKey::parse(&text).unwrap();
    let outcome = keyguard_with(&["key", "inspect", "--json"], &format!("{text}\n")).exits(0);
    assert_eq!(
        outcome.json(),
        json!({
            "kind": "secret", "mode": "test", "form": "issued", "checksum": "right", "digest": key.digest().to_string(),
            "store_name": key.digest().store_name(), "redacted": key.redacted().to_string(),
        })
    );
    let outcome =
        keyguard_with(&["key", "inspect"], &text).exits(0).prints("issued").prints("sk_test_…");
    assert!(!outcome.stdout.contains(&text[8..20]));
    keyguard_with(&["key", "inspect"], "sk_vYZCAeHawUqDCmVpEKh2U")
        .exits(0)
        .prints("foreign")
        .prints("none");
    let outcome = keyguard_with(&["key", "inspect"], "sk_vYZCAeHawU qDCmVpEKh2U")
        .exits(1)
        .says("keyguard explain");
    assert!(!outcome.stderr.contains("vYZC"));
    keyguard_with(&["key", "inspect"], &"a".repeat(100_000)).exits(2);
}

#[test]
fn explain_says_what_is_wrong_and_never_the_key() {
    let text = issued(Kind::Secret, Mode::Test);
    let (start, end) = text.split_at(11);
    let admin = credential();
    for (input, said) in [
        (format!("{start}–{end}"), "An en dash (U+2013) at column 12"),
        (format!("{text}\n"), "A line break stands after the key"),
        (format!("{start}\u{200b}{end}"), "at column 12: ZERO WIDTH SPACE (U+200B)"),
        (text.replace('s', "ѕ"), "at column 1 only looks right: it is a Cyrillic letter"),
        (format!("“{text}”"), "Quotes stand around the key"),
        (format!("Bearer {text}"), "leave out `Bearer`"),
        (format!("SECRET_KEY={text}"), "A name was copied along"),
        (text[..15].to_owned(), "cut off. A key of keyguard's has 25 characters more"),
        (format!("{text}xyz"), "3 characters too many"),
        (text.replace("sk_test_", "SK_TEST_"), "prefix must be in lower case"),
        ("sk_live_vYZCAeHawUqDCmVpEKh2U".to_owned(), "begins with sk_live_"),
        ("glpat-vYZCAeHawUqDCmVpEKh2U".to_owned(), "GitLab's"),
        (format!("{text}{text}"), "At column 41 a second key begins"),
        (ApiKey::parse(&text).unwrap().digest().to_string(), "It is a digest"),
        (admin.clone(), "credential of the admin API"),
        ("sk_test_…abcd".to_owned(), "not the key"),
        (String::new(), "There is no text"),
        ("hunter2".to_owned(), "begins like no key"),
    ] {
        let outcome = keyguard_with(&["explain"], &input);
        assert!(outcome.stdout.contains(said), "{said:?} is not in {}", outcome.stdout);
        assert_eq!(outcome.code, 1, "{said}");
        let json = keyguard_with(&["explain", "--json"], &input).exits(1);
        assert_eq!(json.json()["ok"], json!(false));
        for shown in [&outcome.stdout, &outcome.stderr, &json.stdout] {
            assert!(!shown.contains(&text[8..14]) && !shown.contains(&end[..6]), "{shown}");
            assert!(!shown.contains(&admin[8..14]), "{shown}");
        }
    }
}

#[test]
fn explain_says_what_it_would_be_and_what_was_expected() {
    let text = issued(Kind::Publishable, Mode::Test);
    keyguard_with(&["explain"], &text).exits(0).prints("This is a test publishable key (pk_test_…");
    keyguard_with(&["explain"], &format!(" {text}"))
        .exits(1)
        .prints("Without what is named above it is a test publishable key");
    keyguard_with(&["explain", "--expect", "secret"], &text)
        .exits(1)
        .prints("a secret one (sk_) was expected");
    keyguard_with(&["explain", "--expect-mode", "live"], &text)
        .exits(1)
        .prints("a live one was expected");
    keyguard_with(&["explain", "--expect", "publishable", "--expect-mode", "test"], &text).exits(0);
    keyguard_with(&["explain"], "sk_vYZCAeHawUqDCmVpEKh2U")
        .exits(0)
        .prints("If keyguard issued the key, 11 characters are missing");
}

#[test]
fn help_lists_the_exit_codes_and_completions_know_the_commands() {
    keyguard(&["--help"]).exits(0).prints("Exit codes:").prints("KEYGUARD_CREDENTIAL");
    keyguard(&["--version"]).exits(0).prints("keyguard ");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        keyguard(&["completions", shell]).exits(0).prints("admin-credential");
    }
    keyguard(&["completions", "cmd"]).exits(2);
}

#[test]
fn colours_are_for_terminals_and_for_who_asks() {
    let plain = keyguard_with(&["explain"], "hunter2");
    assert!(!plain.stdout.contains('\u{1b}'));
    let asked = keyguard_with(&["explain", "--color", "always"], "hunter2");
    assert!(asked.stdout.contains('\u{1b}'));
}
