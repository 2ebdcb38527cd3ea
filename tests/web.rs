//! The package's functions as WebAssembly in a browser, before JavaScript wraps them. What the finished package promises is
//! tested in tests/browser.
#![cfg(target_arch = "wasm32")]
#![allow(missing_docs, clippy::indexing_slicing)]

use keyguard::{
    KeyError,
    browser::{
        check_cause, check_init, check_key, check_options, check_path, check_place, check_request,
        is_test, wait, wants_idempotency_key,
    },
    page::{InitRule, OptionRule, PathRule, Place, Refusal},
};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const KEY: &[u8] = b"pk_WeHsNn87r4gtNc5BQT9Mj";
const SECRET: &[u8] = b"sk_vYZCAeHawUqDCmVpEKh2U";
const BASE: &[u8] = b"https://api.example/v1";
const PINNED: &[u8] = b"omit\nerror\ncors\nabout:client\nstrict-origin";

/// Judges a key with these words of `mode`, `acceptForeignKeys`, `environment` and `onEvent`, as far as they are there.
fn options(key: &[u8], base: &[u8], words: [&str; 4]) -> u32 {
    let unset = ["undefinedundefined", "undefinedundefined", "undefinedundefined", "undefined"];
    let words: Vec<&str> = words
        .into_iter()
        .zip(unset)
        .map(|(word, unset)| if word == UNSET { unset } else { word })
        .collect();
    check_options(key, base, words.join("\n").as_bytes(), 2.0, 30_000.0)
}

const UNSET: &str = "?";

#[track_caller]
fn refused(verdict: u32, refusal: Refusal) {
    assert_eq!(verdict, refusal.number(), "{refusal:?}");
}

#[wasm_bindgen_test]
fn publishable_key_is_allowed_and_told_by_its_mode() {
    for (key, is_test_key) in [(KEY, false), (b"pk_test_WeHsNn87r4gtNc5BQT9Mj", true)] {
        assert_eq!(check_key(Some(key.into())), 0);
        assert_eq!(options(key, BASE, [UNSET; 4]), 0);
        assert_eq!(options(key, BASE, [UNSET, "booleantrue", UNSET, UNSET]), 0);
        assert_eq!(is_test(key), is_test_key);
    }
}

#[wasm_bindgen_test]
fn what_is_no_publishable_key_is_refused() {
    refused(check_key(None), Refusal::NotAString);
    for key in [SECRET, b"%73k%5FvYZCAeHawUqDCmVpEKh2U", "ѕк_".as_bytes()] {
        refused(check_key(Some(key.into())), Refusal::SecretKey(Place::Key));
        refused(options(key, BASE, [UNSET; 4]), Refusal::SecretKey(Place::Key));
    }
    let garbage = options(b"pk_WeHsNn87r4gtNc5BQT9Mj\xff", BASE, [UNSET; 4]);
    refused(garbage, Refusal::MalformedKey(KeyError::Prefix));
    let task = b"task_vYZCAeHawUqDCmVpEKh2U";
    assert_eq!(check_key(Some((*task).into())), 0);
    refused(options(task, BASE, [UNSET; 4]), Refusal::MalformedKey(KeyError::Prefix));
}

#[wasm_bindgen_test]
fn options_are_judged_by_type_and_value() {
    assert_eq!(options(KEY, BASE, ["stringlive", "booleanfalse", "stringrefuse", "function"]), 0);
    let other = options(KEY, BASE, ["stringtest", UNSET, UNSET, UNSET]);
    refused(other, Refusal::WrongMode(keyguard::Mode::Test));
    for word in [
        "",
        "stringLIVE",
        "objectlive",
        "objectnull",
        "live",
        "stringtrue",
        "number1",
        "stringlive\nbooleantrue",
    ] {
        for (place, rule) in [
            OptionRule::Mode,
            OptionRule::AcceptForeignKeys,
            OptionRule::Environment,
            OptionRule::OnEvent,
        ]
        .into_iter()
        .enumerate()
        {
            let mut words = [UNSET; 4];
            words[place] = word;
            let verdict = options(KEY, BASE, words);
            // What follows a line break is taken for the next word, and then there is one too many.
            if word.contains('\n') {
                assert_ne!(verdict, 0, "{rule:?}");
            } else {
                refused(verdict, Refusal::InvalidOptions(rule));
            }
        }
    }
    let shifted = b"stringlive\nbooleanfalse\nundefinedundefined\nundefined\nundefined";
    assert_ne!(check_options(KEY, BASE, shifted, 2.0, 0.0), 0);
    let plain = options(KEY, b"http://api.example/", [UNSET; 4]);
    refused(plain, Refusal::InvalidOptions(OptionRule::Scheme));
    let words = b"undefinedundefined\nundefinedundefined\nundefinedundefined\nundefined";
    for (retries, timeout) in [(f64::NAN, 0.0), (11.0, 0.0), (0.0, -1.0)] {
        let verdict = check_options(KEY, BASE, words, retries, timeout);
        refused(verdict, Refusal::InvalidOptions(OptionRule::Number));
    }
}

#[wasm_bindgen_test]
fn key_out_of_place_is_told() {
    assert_eq!(check_place(KEY, b"shop.example"), 0);
    refused(check_place(KEY, b"localhost"), Refusal::WrongEnvironment(keyguard::Mode::Live));
    let verdict = check_place(b"pk_test_WeHsNn87r4gtNc5BQT9Mj", b"shop.example");
    refused(verdict, Refusal::WrongEnvironment(keyguard::Mode::Test));
}

#[wasm_bindgen_test]
fn what_may_pass_later_is_waited_for() {
    assert!(wants_idempotency_key(b"POST") && !wants_idempotency_key(b"GET"));
    assert!((wait(b"GET", false, 503, 0, 2.0, f64::NAN, 0.5) - 250.0).abs() < 0.001);
    assert!((wait(b"POST", true, 0, 0, 2.0, 3.0, 0.0) - 3_000.0).abs() < 0.001);
    assert!(wait(b"POST", false, 0, 0, 2.0, f64::NAN, 0.5) < 0.0);
    assert!(wait(b"GET", false, 200, 0, 2.0, f64::NAN, 0.5) < 0.0);
}

#[wasm_bindgen_test]
fn nothing_leads_elsewhere_and_no_secret_key_goes_along() {
    assert_eq!(check_path(Some((*b"/a?b=c").into())), 0);
    refused(check_path(None), Refusal::InvalidPath(PathRule::NotAString));
    let elsewhere = check_path(Some((*b"//evil.example").into()));
    refused(elsewhere, Refusal::InvalidPath(PathRule::Start));

    let body = |text: &[u8]| Some(text.into());
    let init = |pinned: &[u8], headers: &[u8], body| check_init(pinned, headers, body, 2.0, 0.0);
    assert_eq!(init(PINNED, b"x-test\ny\nmethod\nPOST", body(b"{}")), 0);
    refused(init(PINNED, b"", None), Refusal::UnreadableBody);
    refused(init(PINNED, b"", body(SECRET)), Refusal::SecretKey(Place::Body));
    let headers = [b"a\nb\nx-test\n", SECRET].concat();
    refused(init(PINNED, &headers, body(b"")), Refusal::SecretKey(Place::Header));
    let own = init(PINNED, b"authorization\nx", body(b""));
    refused(own, Refusal::InvalidInit(InitRule::Authorization));
    let loose = init(b"include\nerror\ncors\nabout:client\nstrict-origin", b"", body(b""));
    refused(loose, Refusal::InvalidInit(InitRule::Pinned));
    let number = check_init(PINNED, b"", body(b""), 11.0, 0.0);
    refused(number, Refusal::InvalidInit(InitRule::Number));
}

#[wasm_bindgen_test]
fn finished_request_is_the_one_that_was_asked_for() {
    let (asked, finished) = (b"omit\nhttps://api.example/v1", b"omit\nhttps://api.example/v1/a");
    assert_eq!(check_request(asked, finished), 0);
    refused(check_request(asked, b"omit\nhttps://evil.example/"), Refusal::UnverifiedRequest);
}

#[wasm_bindgen_test]
fn cause_that_quotes_a_key_is_told() {
    assert_eq!(check_cause(None), 0);
    assert_eq!(check_cause(Some((*b"not a URL").into())), 0);
    for key in [KEY, SECRET] {
        refused(check_cause(Some(key.into())), Refusal::SecretKey(Place::Header));
    }
}
