//! The npm package's functions: bytes in, one number out.
//!
//! Nothing here decides: [`page`] does. JavaScript reads each of a page's values once, into copies, asks here about
//! the copies and sends those. A text comes as UTF-8, and what is no primitive string as nothing. The number is 0 where all is well, and
//! otherwise the refusal's. No JavaScript object gets in here and nothing stays here, so little has to be downloaded for both.

#![expect(clippy::needless_pass_by_value, reason = "what may be missing can only be handed over")]

use alloc::boxed::Box;

use wasm_bindgen::prelude::*;

use crate::{
    key::{Kind, Mode},
    page::{self, KeyRules, OptionRule, PathRule, Place, Refusal},
    scan::{bytes_hold_secret_key, bytes_might_show_key},
};

/// Judges a text, or bytes. `question` says as what, and `number` what else there is to know.
///
/// | question | text | number | answer |
/// |---|---|---|---|
/// | 0 | a key, ahead of the options: whoever gives a secret key away has to hear of that first | | verdict |
/// | 1 | a key | the option `mode` (0 for none, 1 `test`, 2 `live`), and 4 where foreign keys are accepted | verdict |
/// | 2 | a key that was judged | | 1 for a test key |
/// | 3 | the page's host | what 2 answered | verdict |
/// | 4 | a base URL | | verdict |
/// | 5 | a path, which will follow it | | verdict |
/// | 6 | what is sent ahead of the body, one a line: the members that the guard pins; the headers and the method, names and values in turn | the lines | verdict |
/// | 7 | a body, if it can be read on the spot | | verdict |
/// | 8 | what was asked for, and what the finished request says of itself | bytes of the first | verdict |
/// | 9 | what was thrown at the guard | | verdict, if it quotes a secret key |
/// | 10 | what somebody else says and will be shown | | verdict, if it might show a key |
/// | 11 | a method | | 2 if it gets an `Idempotency-Key`, 1 if it can be repeated without, 0 |
#[wasm_bindgen]
pub fn judge(question: u32, given: Option<Box<[u8]>>, number: u32) -> u32 {
    let bytes = given.as_deref().unwrap_or_default();
    verdict(match question {
        0 if given.is_none() => Err(Refusal::NotAString),
        0 => KeyRules::refuse_secret(bytes),
        1 => accepts(bytes, number),
        2 => return u32::from(is_test(bytes)),
        3 => check_place(bytes, number == 1),
        4 => page::check_base_url(bytes),
        5 if given.is_none() => Err(Refusal::InvalidPath(PathRule::NotAString)),
        5 => page::check_path(bytes),
        6 => page::check_head(bytes, usize::try_from(number).unwrap_or_default()),
        7 if given.is_none() => Err(Refusal::UnreadableBody),
        7 => page::check_body(bytes),
        8 => check_request(bytes, number),
        9 if bytes_hold_secret_key(bytes) => Err(Refusal::SecretKey(Place::Header)),
        10 if bytes_might_show_key(bytes) => Err(Refusal::SecretKey(Place::Header)),
        9 | 10 => Ok(()),
        11 if page::wants_idempotency_key(bytes) => return 2,
        11 => return u32::from(page::is_repeatable(bytes, false)),
        _ => Err(Refusal::UnverifiedRequest),
    })
}

/// Judges options by their places in the lists of what they may be; the first is that they are not there.
#[wasm_bindgen(js_name = checkOptions)]
pub fn check_options(mode: i32, accept_foreign_keys: i32, environment: i32, listener: i32) -> u32 {
    let rules = [
        (mode, OptionRule::Mode),
        (accept_foreign_keys, OptionRule::AcceptForeignKeys),
        (environment, OptionRule::Environment),
        (listener, OptionRule::OnEvent),
    ];
    let broken = rules.iter().find(|(place, _)| *place < 0);
    verdict(broken.map_or(Ok(()), |(_, rule)| Err(Refusal::InvalidOptions(*rule))))
}

/// Whether `retries` and `timeout` can be meant.
#[wasm_bindgen(js_name = areSettings)]
pub fn are_settings(retries: f64, timeout: f64) -> bool {
    page::are_settings(retries, timeout)
}

/// The milliseconds until a call is tried again, less than 0 if it isn't; see [`page::Try`].
#[wasm_bindgen]
pub fn wait(
    status: u16,
    earlier: u32,
    is_repeatable: bool,
    retries: f64,
    retry_after: f64,
    random: f64,
) -> f64 {
    page::Try { status, earlier, is_repeatable, retry_after }.wait(retries, random).unwrap_or(-1.0)
}

fn accepts(key: &[u8], number: u32) -> Result<(), Refusal> {
    let mode = match number & 3 {
        0 => None,
        1 => Some(Mode::Test),
        _ => Some(Mode::Live),
    };
    KeyRules { mode, accepts_foreign_keys: number & 4 != 0 }.check(key)
}

fn is_test(key: &[u8]) -> bool {
    key.starts_with(Kind::Publishable.prefix(Mode::Test).as_bytes())
}

fn check_place(host: &[u8], is_test: bool) -> Result<(), Refusal> {
    let mode = if is_test { Mode::Test } else { Mode::Live };
    let is_misplaced = page::is_misplaced(mode, host);
    if is_misplaced { Err(Refusal::WrongEnvironment(mode)) } else { Ok(()) }
}

fn check_request(told: &[u8], length: u32) -> Result<(), Refusal> {
    let parts = usize::try_from(length).ok().and_then(|length| told.split_at_checked(length));
    parts.map_or(Err(Refusal::UnverifiedRequest), |(asked, finished)| {
        page::check_request(asked, finished)
    })
}

fn verdict(result: Result<(), Refusal>) -> u32 {
    result.map_or_else(Refusal::number, |()| 0)
}

/// Says on the console what a panic said, in development builds.
#[cfg(feature = "panic-hook")]
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}
