//! The package's functions as WebAssembly in a browser, before JavaScript wraps them. What the finished package promises is
//! tested in tests/browser.
#![cfg(target_arch = "wasm32")]
#![allow(missing_docs)]

use keyguard::{
    KeyError,
    browser::{
        check_cause, check_init, check_key, check_options, check_path, check_request, is_test,
    },
    page::{InitRule, OptionRule, PathRule, Place, Refusal},
};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const KEY: &[u8] = b"pk_WeHsNn87r4gtNc5BQT9Mj";
const SECRET: &[u8] = b"sk_vYZCAeHawUqDCmVpEKh2U";
const BASE: &[u8] = b"https://api.example/v1";
const PINNED: &[u8] = b"omit\nerror\ncors\nabout:client\nstrict-origin";
const UNSET: &[u8] = b"undefinedundefined";

#[track_caller]
fn refused(verdict: u32, refusal: Refusal) {
    assert_eq!(verdict, refusal.number(), "{refusal:?}");
}

#[wasm_bindgen_test]
fn publishable_key_is_allowed_and_told_by_its_mode() {
    for (key, is_test_key) in [(KEY, false), (b"pk_test_WeHsNn87r4gtNc5BQT9Mj", true)] {
        assert_eq!(check_key(Some(key.into())), 0);
        assert_eq!(check_options(key, BASE, UNSET, UNSET), 0);
        assert_eq!(check_options(key, BASE, UNSET, b"booleantrue"), 0);
        assert_eq!(is_test(key), is_test_key);
    }
}

#[wasm_bindgen_test]
fn what_is_no_publishable_key_is_refused() {
    refused(check_key(None), Refusal::NotAString);
    for key in [SECRET, b"%73k%5FvYZCAeHawUqDCmVpEKh2U", "ѕк_".as_bytes()] {
        refused(check_key(Some(key.into())), Refusal::SecretKey(Place::Key));
        refused(check_options(key, BASE, UNSET, UNSET), Refusal::SecretKey(Place::Key));
    }
    let garbage = check_options(b"pk_WeHsNn87r4gtNc5BQT9Mj\xff", BASE, UNSET, UNSET);
    refused(garbage, Refusal::MalformedKey(KeyError::Prefix));
    let task = b"task_vYZCAeHawUqDCmVpEKh2U";
    assert_eq!(check_key(Some((*task).into())), 0);
    refused(check_options(task, BASE, UNSET, UNSET), Refusal::MalformedKey(KeyError::Prefix));
}

#[wasm_bindgen_test]
fn options_are_judged_by_type_and_value() {
    assert_eq!(check_options(KEY, BASE, b"stringlive", b"booleanfalse"), 0);
    refused(
        check_options(KEY, BASE, b"stringtest", UNSET),
        Refusal::WrongMode(keyguard::Mode::Test),
    );
    for mode in ["", "stringLIVE", "objectlive", "objectnull", "live"] {
        let verdict = check_options(KEY, BASE, mode.as_bytes(), UNSET);
        refused(verdict, Refusal::InvalidOptions(OptionRule::Mode));
    }
    for foreign in ["", "stringtrue", "number1", "objectnull"] {
        let verdict = check_options(KEY, BASE, UNSET, foreign.as_bytes());
        refused(verdict, Refusal::InvalidOptions(OptionRule::AcceptForeignKeys));
    }
    let verdict = check_options(KEY, b"http://api.example/", UNSET, UNSET);
    refused(verdict, Refusal::InvalidOptions(OptionRule::Scheme));
}

#[wasm_bindgen_test]
fn nothing_leads_elsewhere_and_no_secret_key_goes_along() {
    assert_eq!(check_path(Some((*b"/a?b=c").into())), 0);
    refused(check_path(None), Refusal::InvalidPath(PathRule::NotAString));
    let elsewhere = check_path(Some((*b"//evil.example").into()));
    refused(elsewhere, Refusal::InvalidPath(PathRule::Start));

    let body = |text: &[u8]| Some(text.into());
    assert_eq!(check_init(PINNED, b"x-test\ny\nmethod\nPOST", body(b"{}")), 0);
    refused(check_init(PINNED, b"", None), Refusal::UnreadableBody);
    refused(check_init(PINNED, b"", body(SECRET)), Refusal::SecretKey(Place::Body));
    let headers = [b"a\nb\nx-test\n", SECRET].concat();
    refused(check_init(PINNED, &headers, body(b"")), Refusal::SecretKey(Place::Header));
    let own = check_init(PINNED, b"authorization\nx", body(b""));
    refused(own, Refusal::InvalidInit(InitRule::Authorization));
    let loose = check_init(b"include\nerror\ncors\nabout:client\nstrict-origin", b"", body(b""));
    refused(loose, Refusal::InvalidInit(InitRule::Pinned));
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
