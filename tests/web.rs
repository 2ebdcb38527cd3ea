//! The browser's classes in a browser, before JavaScript wraps them. What the finished package promises is tested in
//! tests/browser.
#![cfg(target_arch = "wasm32")]
#![allow(missing_docs, clippy::unwrap_used)]

use js_sys::{Array, Function, Object, Reflect};
use keyguard::browser::KeyGuard;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const KEY: &str = "pk_WeHsNn87r4gtNc5BQT9Mj";
const SECRET: &str = "sk_vYZCAeHawUqDCmVpEKh2U";

/// A JavaScript value, by its source.
fn js(source: &str) -> JsValue {
    Function::new_no_args(&format!("return ({source})")).call0(&JsValue::NULL).unwrap()
}

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap()
}

fn guard() -> KeyGuard {
    KeyGuard::load(&KEY.into(), &js("{ baseUrl: 'https://api.example/v1/' }")).unwrap()
}

fn headers(request: &JsValue) -> String {
    let pairs: Array = Array::from(&get(request, "headers"));
    pairs.join("\n").into()
}

#[track_caller]
fn refused<T>(result: Result<T, JsValue>, code: &str) {
    let Err(error) = result else { panic!("not refused: {code}") };
    assert!(error.is_instance_of::<js_sys::Error>());
    assert_eq!(get(&error, "name"), "KeyGuardError");
    assert_eq!(get(&error, "code"), code);
    let message = get(&error, "message").as_string().unwrap();
    assert!(!message.is_empty() && !message.contains("vYZC"), "{message}");
}

#[wasm_bindgen_test]
fn publishable_key_is_loaded() {
    assert_eq!(guard().mode(), "live");
}

#[wasm_bindgen_test]
fn what_is_no_publishable_key_is_refused() {
    let options = js("{ baseUrl: 'https://api.example' }");
    refused(KeyGuard::load(&SECRET.into(), &options), "secret-key");
    refused(KeyGuard::load(&"%73k%5FvYZCAeHawUqDCmVpEKh2U".into(), &JsValue::NULL), "secret-key");
    refused(KeyGuard::load(&"task_vYZCAeHawUqDCmVpEKh2U".into(), &options), "malformed-key");
    refused(KeyGuard::load(&js("new String('x')"), &options), "not-a-string");
    refused(KeyGuard::load(&KEY.into(), &js("{}")), "invalid-options");
    refused(KeyGuard::load(&KEY.into(), &JsValue::UNDEFINED), "invalid-options");
    refused(
        KeyGuard::load(&KEY.into(), &js("{ baseUrl: 'https://api.example', mode: 'test' }")),
        "wrong-mode",
    );
}

#[wasm_bindgen_test]
fn request_carries_the_key_to_the_base_url() {
    let init = js("{ method: 'POST', headers: { 'x-test': 'y' }, body: '{}' }");
    let request: JsValue = guard().request(&"/collect".into(), &init).unwrap().into();
    assert_eq!(get(&request, "url"), "https://api.example/v1/collect");
    assert_eq!(get(&request, "method"), "POST");
    assert_eq!(get(&request, "credentials"), "omit");
    assert_eq!(get(&request, "redirect"), "error");
    assert_eq!(get(&request, "referrerPolicy"), "strict-origin");
    assert_eq!(
        headers(&request),
        format!("authorization,Bearer {KEY}\ncontent-type,text/plain;charset=UTF-8\nx-test,y")
    );
}

#[wasm_bindgen_test]
fn nothing_leads_elsewhere_and_no_secret_key_goes_along() {
    let guard = guard();
    let path = JsValue::from("/a");
    refused(guard.request(&"//evil.example".into(), &JsValue::UNDEFINED), "invalid-path");
    refused(
        guard.request(&js("new URL('https://evil.example')"), &JsValue::UNDEFINED),
        "invalid-path",
    );
    for (init, code) in [
        ("{ mode: 'no-cors' }", "invalid-init"),
        ("{ headers: { authorization: 'x' } }", "invalid-init"),
        ("{ headers: { a: 'sk_vYZCAeHawUqDCmVpEKh2U' } }", "secret-key"),
        ("{ method: 'POST', body: 'sk_vYZCAeHawUqDCmVpEKh2U' }", "secret-key"),
        (
            "{ method: 'POST', body: new TextEncoder().encode('sk_vYZCAeHawUqDCmVpEKh2U') }",
            "secret-key",
        ),
        ("{ method: 'POST', body: new Blob(['x']) }", "unreadable-body"),
        ("{ get body() { throw new Error('mine') } }", "invalid-init"),
    ] {
        refused(guard.request(&path, &js(init)), code);
    }
}

#[wasm_bindgen_test]
fn values_are_read_once() {
    let seen = js("[]");
    let spy = Function::new_with_args(
        "seen",
        "return new Proxy({ method: 'POST', body: 'x' }, { get(target, name) { seen.push(name); return target[name] } })",
    );
    let init = spy.call1(&JsValue::NULL, &seen).unwrap();
    guard().request(&"/a".into(), &init).unwrap();
    let names: Vec<String> =
        Array::from(&seen).iter().map(|name| name.as_string().unwrap()).collect();
    let mut told_apart = names.clone();
    told_apart.sort_unstable();
    told_apart.dedup();
    assert_eq!(names.len(), told_apart.len(), "{names:?}");
    assert!(names.iter().any(|name| name == "body"));
}

#[wasm_bindgen_test]
fn option_on_the_prototype_counts_for_nothing() {
    let prototype = get(&js("Object"), "prototype");
    Reflect::set(&prototype, &"baseUrl".into(), &"https://evil.example".into()).unwrap();
    let result = KeyGuard::load(&KEY.into(), &js("{}"));
    Reflect::delete_property(prototype.unchecked_ref::<Object>(), &"baseUrl".into()).unwrap();
    refused(result, "invalid-options");
}
