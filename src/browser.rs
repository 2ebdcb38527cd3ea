//! The npm package's functions: bytes in, one number out.
//!
//! Nothing here decides: [`page`](crate::page) does. JavaScript reads each of a page's values once, into copies, asks here about
//! the copies and sends those. A text comes as UTF-8, and what is no primitive string as nothing. The number is 0 where all is well, and
//! otherwise the refusal's. No JavaScript object gets in here and nothing stays here, so little has to be downloaded for both.

#![expect(clippy::needless_pass_by_value, reason = "what may be missing can only be handed over")]

use alloc::boxed::Box;

use wasm_bindgen::prelude::*;

use crate::{
    key::{Kind, Mode},
    page::{self, InitRule, KeyRules, OptionRule, PathRule, Place, Refusal},
    scan::bytes_hold_key,
};

/// Refuses what is no primitive string, and a text that holds a secret key: ahead of the options, since whoever gives a
/// secret key away has to hear of that first.
#[wasm_bindgen(js_name = checkKey)]
pub fn check_key(key: Option<Box<[u8]>>) -> u32 {
    verdict(match &key {
        Some(key) => KeyRules::refuse_secret(text(key)),
        None => Err(Refusal::NotAString),
    })
}

/// Judges a key and its options. The words are `mode`, `acceptForeignKeys` and `environment`, each after its type
/// (`stringlive`, `booleantrue`), and the type of `onEvent`, one a line. A value with line breaks makes too many.
#[wasm_bindgen(js_name = checkOptions)]
pub fn check_options(key: &[u8], href: &[u8], words: &[u8], retries: f64, timeout: f64) -> u32 {
    let check = || {
        page::check_base_url(text(href))?;
        let mut words = words.split(|byte| *byte == b'\n');
        let mut word = || words.next().unwrap_or_default();
        let rules = KeyRules {
            mode: match word() {
                UNSET => None,
                b"stringtest" => Some(Mode::Test),
                b"stringlive" => Some(Mode::Live),
                _ => return Err(Refusal::InvalidOptions(OptionRule::Mode)),
            },
            accepts_foreign_keys: match word() {
                UNSET | b"booleanfalse" => false,
                b"booleantrue" => true,
                _ => return Err(Refusal::InvalidOptions(OptionRule::AcceptForeignKeys)),
            },
        };
        if !matches!(word(), UNSET | b"stringwarn" | b"stringrefuse" | b"stringignore") {
            return Err(Refusal::InvalidOptions(OptionRule::Environment));
        }
        if !matches!(word(), b"undefined" | b"function") || words.next().is_some() {
            return Err(Refusal::InvalidOptions(OptionRule::OnEvent));
        }
        if !page::are_settings(retries, timeout) {
            return Err(Refusal::InvalidOptions(OptionRule::Number));
        }
        rules.accept(text(key)).map(drop)
    };
    verdict(check())
}

/// Judges whether a key that was judged is in place on a page of this host.
#[wasm_bindgen(js_name = checkPlace)]
pub fn check_place(key: &[u8], host: &[u8]) -> u32 {
    let mode = if is_test(key) { Mode::Test } else { Mode::Live };
    let is_misplaced = page::is_misplaced(mode, text(host));
    verdict(if is_misplaced { Err(Refusal::WrongEnvironment(mode)) } else { Ok(()) })
}

/// Whether a key that was judged is for testing.
#[wasm_bindgen(js_name = isTest)]
pub fn is_test(key: &[u8]) -> bool {
    key.starts_with(Kind::Publishable.prefix(Mode::Test).as_bytes())
}

/// Judges a path, which will follow the base URL.
#[wasm_bindgen(js_name = checkPath)]
pub fn check_path(path: Option<Box<[u8]>>) -> u32 {
    verdict(match &path {
        Some(path) => page::check_path(text(path)),
        None => Err(Refusal::InvalidPath(PathRule::NotAString)),
    })
}

/// Judges what goes along: the members that the guard pins, one a line; the method and the headers, names and values in turn, one a line; and the body, if
/// it can be read on the spot.
#[wasm_bindgen(js_name = checkInit)]
pub fn check_init(
    pinned: &[u8],
    headers: &[u8],
    body: Option<Box<[u8]>>,
    retries: f64,
    timeout: f64,
) -> u32 {
    let check = || {
        page::check_pinned(pinned)?;
        if !page::are_settings(retries, timeout) {
            return Err(Refusal::InvalidInit(InitRule::Number));
        }
        let mut lines = headers.split(|byte| *byte == b'\n');
        while let (Some(name), Some(value)) = (lines.next(), lines.next()) {
            page::check_header(name, value)?;
        }
        page::check_body(body.as_ref().ok_or(Refusal::UnreadableBody)?)
    };
    verdict(check())
}

/// Judges a finished request by what it says of itself.
#[wasm_bindgen(js_name = checkRequest)]
pub fn check_request(asked: &[u8], finished: &[u8]) -> u32 {
    verdict(page::check_request(asked, finished))
}

/// Judges the message of what was thrown. Runtimes quote the value that they don't like: an error that quotes a key is not
/// handed on.
#[wasm_bindgen(js_name = checkCause)]
pub fn check_cause(message: Option<Box<[u8]>>) -> u32 {
    let quotes_key = message.is_some_and(|message| bytes_hold_key(&message));
    verdict(if quotes_key { Err(Refusal::SecretKey(Place::Header)) } else { Ok(()) })
}

/// Whether a call of this method gets an `Idempotency-Key`.
#[wasm_bindgen(js_name = wantsIdempotencyKey)]
pub fn wants_idempotency_key(method: &[u8]) -> bool {
    page::wants_idempotency_key(method)
}

/// The milliseconds until a call is tried again, less than 0 if it isn't; see [`page::Try`].
#[wasm_bindgen]
pub fn wait(
    method: &[u8],
    has_idempotency_key: bool,
    status: u16,
    earlier: u32,
    retries: f64,
    retry_after: f64,
    random: f64,
) -> f64 {
    let is_repeatable = page::is_repeatable(method, has_idempotency_key);
    page::Try { status, earlier, is_repeatable, retry_after }.wait(retries, random).unwrap_or(-1.0)
}

fn verdict(result: Result<(), Refusal>) -> u32 {
    result.map_or_else(Refusal::number, |()| 0)
}

/// UTF-8 as text. What is none, which JavaScript never makes, is no key and no path either.
fn text(bytes: &[u8]) -> &str {
    match bytes.utf8_chunks().next() {
        Some(chunk) if chunk.invalid().is_empty() => chunk.valid(),
        _ => "",
    }
}

/// An option that is not there.
const UNSET: &[u8] = b"undefinedundefined";

/// Says on the console what a panic said, in development builds.
#[cfg(feature = "panic-hook")]
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}
