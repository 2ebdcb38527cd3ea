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
    page::{self, KeyRules, OptionRule, PathRule, Place, Refusal},
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

/// Judges a key and its options. An option's value comes after its type: `stringlive`, `booleantrue`.
#[wasm_bindgen(js_name = checkOptions)]
pub fn check_options(key: &[u8], href: &[u8], mode: &[u8], accept_foreign_keys: &[u8]) -> u32 {
    let check = || {
        page::check_base_url(text(href))?;
        let rules = KeyRules {
            mode: match mode {
                UNSET => None,
                b"stringtest" => Some(Mode::Test),
                b"stringlive" => Some(Mode::Live),
                _ => return Err(Refusal::InvalidOptions(OptionRule::Mode)),
            },
            accepts_foreign_keys: match accept_foreign_keys {
                UNSET | b"booleanfalse" => false,
                b"booleantrue" => true,
                _ => return Err(Refusal::InvalidOptions(OptionRule::AcceptForeignKeys)),
            },
        };
        rules.accept(text(key)).map(drop)
    };
    verdict(check())
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
pub fn check_init(pinned: &[u8], headers: &[u8], body: Option<Box<[u8]>>) -> u32 {
    let check = || {
        page::check_pinned(pinned)?;
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
