//! The package's functions as WebAssembly in a browser, before JavaScript wraps them. What the finished package promises is
//! tested in tests/browser.
#![cfg(target_arch = "wasm32")]
#![allow(missing_docs)]

use keyguard::{
    KeyError, Mode,
    browser::{are_settings, check_options, judge, wait},
    page::{InitRule, OptionRule, PathRule, Place, Refusal},
};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const KEY: &str = "pk_WeHsNn87r4gtNc5BQT9Mj";
const TEST_KEY: &str = "pk_test_WeHsNn87r4gtNc5BQT9Mj";
const SECRET: &str = "sk_vYZCAeHawUqDCmVpEKh2U";

fn ask(question: u32, text: &str, number: u32) -> u32 {
    judge(question, Some(text.as_bytes().into()), number)
}

#[track_caller]
fn refused(verdict: u32, refusal: Refusal) {
    assert_eq!(verdict, refusal.number(), "{refusal:?}");
}

#[wasm_bindgen_test]
fn publishable_key_is_allowed_and_told_by_its_mode() {
    for (key, is_test, numbers) in [(KEY, 0, [0, 4, 2, 6]), (TEST_KEY, 1, [0, 4, 1, 5])] {
        assert_eq!(ask(0, key, 0), 0);
        for number in numbers {
            assert_eq!(ask(1, key, number), 0, "{number}");
        }
        assert_eq!(ask(2, key, 0), is_test);
    }
    refused(ask(1, KEY, 1), Refusal::WrongMode(Mode::Test));
    refused(ask(1, TEST_KEY, 2), Refusal::WrongMode(Mode::Live));
}

#[wasm_bindgen_test]
fn what_is_no_publishable_key_is_refused() {
    refused(judge(0, None, 0), Refusal::NotAString);
    for key in [SECRET, "%73k%5FvYZCAeHawUqDCmVpEKh2U", "ѕк_"] {
        refused(ask(0, key, 0), Refusal::SecretKey(Place::Key));
        refused(ask(1, key, 0), Refusal::SecretKey(Place::Key));
    }
    let garbage = judge(1, Some((*b"pk_WeHsNn87r4gtNc5BQT9Mj\xff").into()), 0);
    refused(garbage, Refusal::MalformedKey(KeyError::Character));
    let task = "task_vYZCAeHawUqDCmVpEKh2U";
    assert_eq!(ask(0, task, 0), 0);
    refused(ask(1, task, 0), Refusal::MalformedKey(KeyError::Prefix));
    refused(judge(1, None, 0), Refusal::MalformedKey(KeyError::Prefix));
    let mistyped = "pk_test_1aZ9bY8cX7dW6eV5fU4gT3hS2i2CpBbi";
    refused(ask(1, mistyped, 0), Refusal::Checksum);
    assert_eq!(ask(1, mistyped, 4), 0);
}

#[wasm_bindgen_test]
fn options_are_what_they_may_be() {
    assert_eq!(check_options(0, 0, 0, 0), 0);
    assert_eq!(check_options(2, 2, 3, 1), 0);
    for (places, rule) in [
        ([-1, 0, 0, 0], OptionRule::Mode),
        ([0, -1, 0, 0], OptionRule::AcceptForeignKeys),
        ([0, 0, -1, 0], OptionRule::Environment),
        ([0, 0, 0, -1], OptionRule::OnEvent),
    ] {
        let [mode, foreign, environment, listener] = places;
        let verdict = check_options(mode, foreign, environment, listener);
        refused(verdict, Refusal::InvalidOptions(rule));
    }
    assert!(are_settings(2.0, 30_000.0) && !are_settings(f64::NAN, 0.0));
    assert_eq!(ask(4, "https://api.example/v1", 0), 0);
    refused(ask(4, "http://api.example/", 0), Refusal::InvalidOptions(OptionRule::Scheme));
}

#[wasm_bindgen_test]
fn key_out_of_place_is_told() {
    for (host, is_test, mode) in [("localhost", 0, Mode::Live), ("shop.example", 1, Mode::Test)] {
        refused(ask(3, host, is_test), Refusal::WrongEnvironment(mode));
        assert_eq!(ask(3, host, is_test ^ 1), 0);
    }
    assert_eq!((judge(3, None, 0), judge(3, None, 1)), (0, 0));
}

#[wasm_bindgen_test]
fn what_may_pass_later_is_waited_for() {
    assert_eq!(["POST", "GET", "FROB"].map(|method| ask(11, method, 0)), [2, 1, 0]);
    assert!((wait(503, 0, true, 2.0, f64::NAN, 0.5) - 250.0).abs() < 0.001);
    assert!((wait(0, 0, true, 2.0, 3.0, 0.0) - 3_000.0).abs() < 0.001);
    assert!(wait(0, 0, false, 2.0, f64::NAN, 0.5) < 0.0);
    assert!(wait(200, 0, true, 2.0, f64::NAN, 0.5) < 0.0);
}

#[wasm_bindgen_test]
fn nothing_leads_elsewhere_and_no_secret_key_goes_along() {
    assert_eq!(ask(5, "/a?b=c", 0), 0);
    refused(judge(5, None, 0), Refusal::InvalidPath(PathRule::NotAString));
    refused(ask(5, "//evil.example", 0), Refusal::InvalidPath(PathRule::Start));

    let pinned = "omit\nerror\ncors\nabout:client\nstrict-origin";
    let sent = |lines: &str| ask(6, &[pinned, "\n", lines, "\nmethod\nPOST"].concat(), 9);
    assert_eq!(ask(6, pinned, 5), 0);
    refused(ask(6, &pinned.replace("omit", "include"), 5), Refusal::InvalidInit(InitRule::Pinned));
    refused(ask(6, pinned, 6), Refusal::InvalidInit(InitRule::Rejected));
    refused(judge(6, None, 0), Refusal::InvalidInit(InitRule::Rejected));
    assert_eq!(sent("x-test\ny"), 0);
    refused(sent(&["x-test\n", SECRET].concat()), Refusal::SecretKey(Place::Header));
    refused(sent("authorization\nx"), Refusal::InvalidInit(InitRule::Authorization));

    assert_eq!((ask(7, "{}", 0), ask(7, "", 0)), (0, 0));
    refused(judge(7, None, 0), Refusal::UnreadableBody);
    refused(ask(7, SECRET, 0), Refusal::SecretKey(Place::Body));
}

#[wasm_bindgen_test]
fn finished_request_is_the_one_that_was_asked_for() {
    let told = "omit\nhttps://api.example/v1omit\nhttps://api.example/v1/a";
    assert_eq!(ask(8, told, 27), 0);
    for length in [0, 26, 28, 54, 55, u32::MAX] {
        refused(ask(8, told, length), Refusal::UnverifiedRequest);
    }
    let elsewhere = "omit\nhttps://api.example/v1omit\nhttps://evil.example/";
    refused(ask(8, elsewhere, 27), Refusal::UnverifiedRequest);
    refused(judge(8, None, 0), Refusal::UnverifiedRequest);
}

#[wasm_bindgen_test]
fn who_quotes_a_key_is_told() {
    for question in [9, 10] {
        assert_eq!((judge(question, None, 0), ask(question, "not a URL", 0)), (0, 0));
        refused(ask(question, SECRET, 0), Refusal::SecretKey(Place::Header));
    }
    for shown in [KEY, "tokensk_vYZCAeHawUqDCmVpEKh2U", "%25"] {
        assert_eq!(ask(9, shown, 0), 0, "{shown}");
        refused(ask(10, shown, 0), Refusal::SecretKey(Place::Header));
    }
}

#[wasm_bindgen_test]
fn question_that_nobody_knows_is_refused() {
    refused(ask(12, "", 0), Refusal::UnverifiedRequest);
}
