//! Finding API keys in any text, however they got there.
//!
//! The rule is the grammar of [`key`](crate::key), read the way a person reads it. A key is pasted with its
//! quotes, upper-cased by a form, wrapped by a terminal, escaped by a URL or by JSON, broken up by a
//! word processor's soft hyphens: a parser refuses all of these, and a secret key in any of them is given
//! away all the same.
//!
//! What is found is a prefix at the start of a word and a body of at least [`MIN_BODY_LENGTH`] letters and
//! digits. `task_…`, `risk_…` and `disk_…` are other words. A spelling that ordinary text has as well, with
//! `-` for `_` or with a line break inside, counts only where the body looks random; one in the middle of a
//! longer token, such as a JWT, doesn't count.

mod ahead;
mod decode;
#[cfg(feature = "scan")]
pub mod file;
mod find;
pub(crate) mod symbol;

use crate::key::{MAX_BODY_LENGTH, MIN_BODY_LENGTH};
use ahead::Sight;
use decode::decoded;
pub(crate) use find::find_key;
use symbol::{Symbol, Symbols};

/// Whether a text holds a secret key.
///
/// ```
/// use keyguard::scan::holds_secret_key;
///
/// assert!(holds_secret_key("{\"key\": \"SK_vYZCAeHawUqDCmVpEKh2U\"}"));
/// assert!(holds_secret_key("?next=%2Fpay%3Fkey%3Dsk%255FvYZCAeHawUqDCmVpEKh2U"));
/// assert!(!holds_secret_key("/tasks/task_vYZCAeHawUqDCmVpEKh2U"));
/// assert!(!holds_secret_key("pk_WeHsNn87r4gtNc5BQT9Mj"));
/// ```
pub fn holds_secret_key(text: &str) -> bool {
    bytes_hold_secret_key(text.as_bytes())
}

/// Whether a text could show a secret key, be it glued to another word.
///
/// For what is about to be shown: a false alarm costs a line of help, a miss the key. So no letter before a key
/// makes it another word, and what is escaped over and over counts as a key.
///
/// ```
/// assert!(keyguard::scan::might_show_secret_key("/v1tokensk_vYZCAeHawUqDCmVpEKh2U"));
/// assert!(!keyguard::scan::might_show_secret_key("/collect/payment_sessions"));
/// ```
pub fn might_show_secret_key(text: &str) -> bool {
    might_show(text.as_bytes(), Kinds::Secret)
}

/// Whether bytes, read as UTF-8, could show a key of either kind, as [`might_show_secret_key`] has it.
pub fn bytes_might_show_key(bytes: &[u8]) -> bool {
    might_show(bytes, Kinds::Both)
}

fn might_show(bytes: &[u8], kinds: Kinds) -> bool {
    bytes.windows(3).any(|part| part == b"%25")
        || Search { kinds, asks: Asks::Letters }.finds(bytes)
}

/// Whether bytes, read as UTF-8, hold a secret key.
pub fn bytes_hold_secret_key(bytes: &[u8]) -> bool {
    Search { kinds: Kinds::Secret, asks: Asks::Words }.finds(bytes)
}

/// Whether a text holds a key of either kind.
///
/// ```
/// assert!(keyguard::scan::holds_key("key=pk_WeHsNn87r4gtNc5BQT9Mj"));
/// ```
pub fn holds_key(text: &str) -> bool {
    bytes_hold_key(text.as_bytes())
}

/// Whether bytes, read as UTF-8, hold a key of either kind.
pub fn bytes_hold_key(bytes: &[u8]) -> bool {
    Search { kinds: Kinds::Both, asks: Asks::Words }.finds(bytes)
}

/// Whether somebody who was asked for a key gave one that starts as a secret key does, whole or not.
///
/// Stricter than [`holds_secret_key`], for the one place where nothing but a key is expected: a prefix is
/// enough, and spaces anywhere are ignored. No publishable key is ever taken for a secret one.
///
/// ```
/// use keyguard::scan::starts_secret_key;
///
/// assert!(starts_secret_key("sk_test_tooShort"));
/// assert!(starts_secret_key(" 's k _ 4 5"));
/// assert!(!starts_secret_key("pk_test_tooShort"));
/// ```
pub fn starts_secret_key(text: &str) -> bool {
    bytes_start_secret_key(text.as_bytes())
}

/// As [`starts_secret_key`], of bytes that are read as UTF-8.
pub fn bytes_start_secret_key(bytes: &[u8]) -> bool {
    Search { kinds: Kinds::Secret, asks: Asks::Start }.finds(bytes)
}

/// What is looked for.
#[derive(Clone, Copy)]
struct Search {
    kinds: Kinds,
    asks: Asks,
}

/// Which keys are looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kinds {
    Secret,
    Both,
}

/// Where a key is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    /// Where a word starts.
    Words,
    /// At each letter.
    Letters,
    /// Where a word starts, and there for its prefix alone, be it with spaces in it.
    Start,
}

impl Search {
    /// Looks into the bytes, and into what they decode to.
    fn finds(self, bytes: &[u8]) -> bool {
        self.finds_in(bytes, MAX_ENCODINGS)
    }

    fn finds_in(self, bytes: &[u8], encodings: u8) -> bool {
        let (is_there, may_be_escaped) = match self.asks {
            Asks::Start => (self.walks_to_one(bytes), true),
            Asks::Words | Asks::Letters => self.jumps_to_one(bytes),
        };
        let inside =
            |encodings| decoded(bytes).is_some_and(|bytes| self.finds_in(&bytes, encodings));
        is_there || may_be_escaped && encodings.checked_sub(1).is_some_and(inside)
    }

    /// As [`Self::walks_to_one`], but jumps over nearly all of a text; and whether there may be escapes.
    fn jumps_to_one(self, bytes: &[u8]) -> (bool, bool) {
        let mut may_be_escaped = false;
        let is_there = ahead::sights(bytes).find_map(|sight| {
            let Sight::Middle(at) = sight else {
                may_be_escaped = true;
                return None;
            };
            let (before, from_there) =
                at.checked_sub(1).and_then(|at| bytes.split_at_checked(at)).unwrap_or_default();
            match from_there {
                [b's' | b'S' | b'p' | b'P', ..] => {
                    let place = self.places(from_there).behind(before).next();
                    place.is_some_and(|place| self.is_at(place)).then_some(true)
                }
                // Something that isn't seen may be in between, or something drawn alike before: too rare to be quick at. What is
                // asked of all places once needn't be asked again.
                [first, ..] if is_unclear(*first) => {
                    may_be_escaped = true;
                    Some(self.walks_to_one(bytes))
                }
                _ => None,
            }
        });
        (is_there.unwrap_or_default(), may_be_escaped)
    }

    /// Whether it is at one of the places.
    fn walks_to_one(self, bytes: &[u8]) -> bool {
        self.places(bytes).any(|place| self.is_at(place))
    }

    fn places(self, bytes: &[u8]) -> Places<'_> {
        Places {
            symbols: Symbols::of(bytes),
            is_inside: false,
            is_joined: false,
            wants_every_letter: self.asks == Asks::Letters,
        }
    }

    fn is_at(self, place: Place<'_>) -> bool {
        let is_kind = match place.first {
            b's' => true,
            b'p' => self.kinds == Kinds::Both,
            _ => false,
        };
        is_kind && if self.asks == Asks::Start { place.starts_prefix() } else { place.starts_key() }
    }
}

/// Whether a byte is no character that a reader sees.
fn is_unclear(byte: u8) -> bool {
    !byte.is_ascii() || Symbol::of(char::from(byte)) == Symbol::Invisible
}

/// The places in a text where a key may start: every letter, or the first of each word. Only a plain letter or digit before it makes it
/// part of another word: a key that something invisible, or another script's letter, sets apart is still a key.
struct Places<'a> {
    symbols: Symbols<'a>,
    is_inside: bool,
    is_joined: bool,
    wants_every_letter: bool,
}

impl<'a> Iterator for Places<'a> {
    type Item = Place<'a>;

    fn next(&mut self) -> Option<Place<'a>> {
        loop {
            let char = self.symbols.next_char()?;
            let was_inside = core::mem::replace(&mut self.is_inside, char.is_ascii_alphanumeric());
            let is_bridge = matches!(char, '-' | '_') && (was_inside || self.is_joined);
            let was_joined = core::mem::replace(&mut self.is_joined, is_bridge);
            if let Symbol::Letter(letter) = Symbol::of(char)
                && (self.wants_every_letter || !was_inside)
            {
                return Some(Place {
                    first: letter.to_ascii_lowercase(),
                    is_joined: was_joined && !self.wants_every_letter,
                    rest: self.symbols.clone(),
                });
            }
        }
    }
}

impl Places<'_> {
    /// The same places, behind these bytes.
    fn behind(mut self, bytes: &[u8]) -> Self {
        let word = bytes.iter().rposition(|byte| !matches!(byte, b'-' | b'_'));
        let is_word = word.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphanumeric);
        let ends_there = word == bytes.len().checked_sub(1);
        self.is_inside = is_word && ends_there;
        self.is_joined = is_word && !ends_there;
        self
    }
}

/// A place where a key may start.
struct Place<'a> {
    /// The letter that stands there, in lower case.
    first: u8,
    /// Whether a word runs up to it by a `-` or `_`, as in `my_sk_…` and inside random base64url.
    is_joined: bool,
    rest: Symbols<'a>,
}

impl Place<'_> {
    /// Whether a prefix starts there: `first` is known, and spaces count for nothing.
    fn starts_prefix(self) -> bool {
        let is_seen = |symbol: &Symbol| !matches!(symbol, Symbol::Space | Symbol::LineBreak);
        let mut rest = self.rest.filter(is_seen);
        spells(&mut rest, "k") && separator(&mut rest).is_some()
    }

    /// Whether a key starts there: `first` is known, the rest of the prefix and a body follow.
    fn starts_key(self) -> bool {
        let Self { is_joined, mut rest, .. } = self;
        if !spells(&mut rest, "k") {
            return false;
        }
        let Some(mut is_exact) = separator(&mut rest) else { return false };
        let mut after_mode = rest.clone();
        if spells(&mut after_mode, "test")
            && let Some(is_exact_too) = separator(&mut after_mode)
        {
            is_exact &= is_exact_too;
            rest = after_mode;
        }

        let mut body = Body::default();
        let mut is_broken = false;
        for symbol in rest {
            match symbol {
                Symbol::Letter(letter) => body.push(letter),
                // After the prefix; or where a long line was wrapped, with the next line's indentation.
                // Never after `sk-`, which addresses and locales have too.
                Symbol::LineBreak
                    if is_exact && (body.length == 0 || body.length >= LEAST_WRAPPED) =>
                {
                    is_broken = true;
                }
                Symbol::Space if body.length == 0 || is_broken => is_broken = true,
                // In the middle of a longer token, such as a JWT: what no word runs up to was found before.
                Symbol::Underscore | Symbol::Dash => return false,
                _ => break,
            }
            if !is_joined && body.looks_like_key(is_exact && !is_broken) {
                return true;
            }
            if body.length > MAX_BODY_LENGTH {
                return false;
            }
        }
        body.looks_like_key(is_exact && !is_broken)
    }
}

/// Takes a word, whatever its case.
fn spells(symbols: &mut impl Iterator<Item = Symbol>, word: &str) -> bool {
    word.bytes().all(|expected| {
        matches!(symbols.next(), Some(Symbol::Letter(letter)) if letter.eq_ignore_ascii_case(&expected))
    })
}

/// Takes an underscore (`Some(true)`), or what passes for one.
fn separator(symbols: &mut impl Iterator<Item = Symbol>) -> Option<bool> {
    match symbols.next()? {
        Symbol::Underscore => Some(true),
        Symbol::Dash => Some(false),
        _ => None,
    }
}

/// What was seen of a body.
#[derive(Default)]
struct Body {
    length: usize,
    has_digit: bool,
    has_lower: bool,
    has_later_upper: bool,
}

impl Body {
    fn push(&mut self, letter: u8) {
        self.has_digit |= letter.is_ascii_digit();
        self.has_lower |= letter.is_ascii_lowercase();
        self.has_later_upper |= self.length > 0 && letter.is_ascii_uppercase();
        self.length = self.length.saturating_add(1);
    }

    /// Whether it is long enough, and either plainly spelled or random.
    fn looks_like_key(&self, is_plain: bool) -> bool {
        self.length >= MIN_BODY_LENGTH && (is_plain || self.looks_random())
    }

    /// Words have no digits and a capital at their start if at all, and article numbers have one case. Of issued
    /// bodies about 4 in 1,000 lack a digit, a small letter or a later capital.
    fn looks_random(&self) -> bool {
        self.has_digit && self.has_lower && self.has_later_upper
    }
}

/// A URL in a URL in a URL: deeper nesting is no accident any more.
const MAX_ENCODINGS: u8 = 3;

/// Terminals and mail wrap no line as short as this.
const LEAST_WRAPPED: usize = 8;

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    const BODY: &str = "vYZCAeHawUqDCmVpEKh2U";

    #[track_caller]
    fn found(text: &str) {
        assert!(holds_secret_key(text), "{text:?}");
        assert!(starts_secret_key(text), "{text:?}");
    }

    #[track_caller]
    fn not_found(text: &str) {
        assert!(!holds_secret_key(text), "{text:?}");
    }

    #[test]
    fn secret_key_is_found_as_people_paste_it() {
        for prefix in ["sk_", "sk_test_", "SK_TEST_", "Sk_Test_"] {
            let key = format!("{prefix}{BODY}");
            found(&key);
            found(&format!(" \t{key}\r\n"));
            found(&format!("\"{key}\""));
            found(&format!("‘{key}’"));
            found(&format!("Authorization: Bearer {key}"));
            found(&format!("API_KEY={key};"));
            found(&format!("my_{key}"));
            found(&format!("密钥{key}"));
            found(&format!("наша{key}"));
            found(&format!("pk_WeHsNn87r4gtNc5BQT9Mj,{key}"));
            found(&format!("https://user:{key}@api.example/"));
            found(&format!("{key}_old"));
            found(&key.to_ascii_uppercase());
            found(&key.to_ascii_lowercase());
        }
    }

    #[test]
    fn ordinary_text_with_sk_in_it_is_no_finding() {
        not_found("SK-Bratislava\nObchodna 5");
        not_found("SK-Petrzalka\nOsuskeho 12");
        not_found("?ref=SK-2024001234567890");
        not_found("?q=sk-telecom2024conference");
        not_found("/catalog/sk-notebooky15palcovelenovo");
        not_found("en-SK-a1b2c3d4e5f6a7b8c9");
        not_found("?state=eyJhbGciOi.abc-Sk_q8ZkW1mP0aBcDeFgHiJk-xy.zz");
    }

    #[test]
    fn secret_key_is_found_through_invisible_characters() {
        for invisible in [
            '\u{ad}',
            '\u{200b}',
            '\u{200d}',
            '\u{202e}',
            '\u{2060}',
            '\u{feff}',
            '\u{e0041}',
            '\0',
            '\u{fe0f}',
        ] {
            found(&format!("{invisible}sk_{BODY}"));
            found(&format!("key{invisible}sk_{BODY}"));
            found(&format!("s{invisible}k{invisible}_{invisible}test_{invisible}{BODY}"));
            found(&format!("sk_vYZC{invisible}AeHawUqDCmVpEKh2U"));
        }
    }

    #[test]
    fn secret_key_is_found_in_look_alikes() {
        for prefix in [
            "ｓｋ＿",
            "ѕk_",
            "sк_",
            "ѕк_",
            "ЅК_",
            "sκ_",
            "ſk_",
            "s\u{212a}_",
            "𝐬𝐤_",
            "ⓢⓚ_",
            "sk‗",
            "sk-",
            "sk–",
            "sk—",
            "sk‐",
            "sk_tеst_",
            "sk_теst_",
            "sk－test－",
            "sk-test_",
        ] {
            found(&format!("{prefix}{BODY}"));
        }
        found("sk_vYZСAeНawUqDСmVрEКh2U");
        found("sk_vYZCAeHawUqDCmVpEKh𝟐U");
    }

    #[test]
    fn secret_key_is_found_under_escapes() {
        found(&format!("sk%5F{BODY}"));
        found(&format!("%73%6b%5f{BODY}"));
        found(&format!("sk%255Ftest%255F{BODY}"));
        found(&format!("sk%25255F{BODY}"));
        found(&format!("a%3Dsk_{BODY}"));
        found(&format!("a%20sk_{BODY}"));
        found(&format!("a+sk_{BODY}"));
        found("%E2%80%8Bsk_vYZC%E2%80%8BAeHawUqDCmVpEKh2U");
        found(&format!("%D1%95%D0%BA_{BODY}"));
        found(&format!(r#"{{"note":"line\nsk_{BODY}"}}"#));
        found(&format!(r#""{{\"note\":\"line\\nsk_{BODY}\"}}""#));
        found(&format!(r"\u0073k\u005f{BODY}"));
    }

    #[test]
    fn wrapped_secret_key_is_found() {
        found("sk_test_vYZCAeHawUqD\nCmVpEKh2U");
        found("sk_test_vYZCAeHawUqD\r\n    CmVpEKh2U");
        found("sk_test_\nvYZCAeHawUqDCmVpEKh2U");
        found("sk_ vYZCAeHawUqDCmVpEKh2U");
    }

    #[test]
    fn longest_body_behind_a_joined_word_is_found_and_a_longer_run_is_none() {
        let body = "aB3".repeat(43);
        let of = |length: usize| format!("my_sk_{}", body.get(..length).unwrap());
        found(&of(MAX_BODY_LENGTH));
        not_found(&of(MAX_BODY_LENGTH + 1));
    }

    /// Of the two ways to look for a key, the slow one is taken where a letter is drawn like another's.
    #[test]
    fn a_token_is_joined_however_its_key_is_looked_for() {
        for prefix in ["sk_", "ѕk_", "sк_"] {
            for bridge in ["-", "_", "--", "_-_"] {
                not_found(&format!("abc{bridge}{prefix}{BODY}-xy"));
                not_found(&format!("abc{bridge}{prefix}{BODY}_xy"));
                found(&format!("abc{bridge}{prefix}{BODY}.xy"));
                // No word runs up to these.
                found(&format!("abc {bridge}{prefix}{BODY}-xy"));
                found(&format!("{bridge}{prefix}{BODY}_xy"));
            }
        }
    }

    #[test]
    fn a_space_joins_no_words() {
        found(&format!("key sk_{BODY}-x"));
        found(&format!("key sk_{BODY}_x"));
        not_found("sk_ab12 Cdef Ghij Klmn Opqr");
    }

    #[test]
    fn typeset_prefix_needs_a_body_that_looks_random() {
        not_found("/sk-test_abcdefghijklmnopqrst");
        not_found("/sk_test-abcdefghijklmnopqrst");
        not_found("?ref=sk-Abcdefghijklmno1pq");
    }

    #[test]
    fn escaped_punctuation_is_read_as_itself() {
        found(&format!(r"sk\_{BODY}"));
        found(&format!(r"sk\_test\_{BODY}"));
        // RFC 8259 §7: before any other letter a backslash escapes nothing.
        not_found(&format!(r"s\k_{BODY}"));
    }

    #[test]
    fn what_is_no_text_ends_a_body_and_hides_no_key() {
        assert!(!bytes_hold_secret_key(b"sk_vYZCAeHa\xffwUqDCmVpEKh2U"));
        assert!(bytes_hold_secret_key(b"\xfe\xffsk_vYZCAeHawUqDCmVpEKh2U"));
    }

    #[test]
    fn other_words_are_no_keys() {
        for text in [
            "",
            "s",
            "sk",
            "sk_",
            "task_vYZCAeHawUqDCmVpEKh2U",
            "risk_vYZCAeHawUqDCmVpEKh2U",
            "disk_0123456789abcdef",
            "ta%73k_vYZCAeHawUqDCmVpEKh2U",
            "0sk_vYZCAeHawUqDCmVpEKh2U",
            "pk_WeHsNn87r4gtNc5BQT9Mj",
            "pk_test_skWeHsNn87r4gtNc5BQT9Mj",
            "psk_vYZCAeHawUqDCmVpEKh2U",
            "sk_vYZCAeHawUqDCmV",
            "sk_test_vYZCAeHawUqDCmV",
            "sk_live_vYZCAeHawUqDCmVpEKh2U",
            "sk__vYZCAeHawUqDCmVpEKh2U",
            "100%",
            "%",
            "%7",
            "\\",
            "\\u",
            "\\u00",
            "%zz",
        ] {
            not_found(text);
        }
    }

    #[test]
    fn ordinary_text_holds_no_key() {
        for text in [
            "lang=sk_SK&currency=EUR&page=12345678901234567890",
            "Accept-Language: sk-SK,sk;q=0.9,en;q=0.8",
            "locale: sk_SK\nprice: 100000000000000000000",
            "/shop/sk-telecommunications/",
            "SK-Telecommunications",
            "the sk_ prefix belongs to the server",
            "sk_ telecommunications",
            "/kosice-sk/a-sk-b/sk/",
            "desk-42-mask-4-internationalisation2",
            "https://a.example/?utm_source=sk&utm_medium=cpc1234567890123456",
            "sk_identifier\nand another line of words",
        ] {
            not_found(text);
        }
    }

    #[test]
    fn publishable_keys_are_found_where_both_kinds_are_asked_for() {
        assert!(holds_key("x-key: PK_WeHsNn87r4gtNc5BQT9Mj"));
        assert!(holds_key("sk%5FvYZCAeHawUqDCmVpEKh2U"));
        assert!(!holds_key("bpk_WeHsNn87r4gtNc5BQT9Mj"));
    }

    #[test]
    fn start_of_a_secret_key_is_enough_where_a_key_is_expected() {
        for text in [
            "sk_",
            "sk_x",
            "sk-x",
            "'sk_test_'",
            "s k _ x",
            "Bearer sk_short",
            "sk_live_x",
            "%73k_",
        ] {
            assert!(starts_secret_key(text), "{text:?}");
        }
        for text in ["", "sk", "skx", "pk_sk", "pk_test_sk0", "task_x", "PK_sk1234567890123456"] {
            assert!(!starts_secret_key(text), "{text:?}");
        }
    }
}
