//! Keys are found however they are wrapped, and nothing else is: properties over texts that nobody thought of.

use keyguard::{
    ApiKey, KeyError,
    page::{KeyRules, Refusal},
    scan::{bytes_hold_secret_key, holds_key, holds_secret_key, starts_secret_key},
};
use proptest::prelude::*;

use crate::many;

const SECRET_KEY: &str = "sk_(test_)?[A-Za-z0-9]{16,128}";
const PUBLISHABLE_KEY: &str = "pk_(test_)?[A-Za-z0-9]{16,128}";

/// Percent-encodes the characters that `picks` picks.
fn percent_encoded(text: &str, picks: &[bool]) -> String {
    text.bytes()
        .zip(picks.iter().cycle())
        .map(|(byte, &pick)| {
            if pick || !byte.is_ascii() {
                format!("%{byte:02x}")
            } else {
                char::from(byte).to_string()
            }
        })
        .collect()
}

/// Puts a character that nobody sees before each that `picks` picks.
fn dotted(text: &str, invisible: char, picks: &[bool]) -> String {
    let mut output = String::new();
    for (char, &pick) in text.chars().zip(picks.iter().cycle()) {
        if pick {
            output.push(invisible);
        }
        output.push(char);
    }
    output
}

fn full_width(text: &str) -> String {
    text.chars()
        .map(|char| char::from_u32(u32::from(char).wrapping_add(0xfee0)).unwrap_or(char))
        .collect()
}

fn picks() -> impl Strategy<Value = Vec<bool>> {
    prop::collection::vec(any::<bool>(), 1..40)
}

fn invisible() -> impl Strategy<Value = char> {
    prop::sample::select(vec![
        '\u{ad}',
        '\u{200b}',
        '\u{200c}',
        '\u{200d}',
        '\u{2060}',
        '\u{feff}',
        '\u{202e}',
        '\u{2066}',
        '\u{fe0f}',
        '\u{e0020}',
        '\0',
        '\u{301}',
    ])
}

proptest! {
    #![proptest_config(many())]

    /// In the middle of a longer token, such as a JWT, it is none: what `-` or `_` joins to a word before it.
    #[test]
    fn secret_key_is_found_in_any_text(
        before in "([ -~]*[^A-Za-z0-9%\\\\_-])?", key in SECRET_KEY, after in "([^A-Za-z0-9]\\PC*)?",
    ) {
        let text = [before, key, after].concat();
        prop_assert!(holds_secret_key(&text));
        prop_assert!(holds_key(&text));
        prop_assert!(starts_secret_key(&text));
    }

    #[test]
    fn secret_key_is_found_in_any_case(key in SECRET_KEY, picks in picks()) {
        let mixed: String = key
            .chars()
            .zip(picks.iter().cycle())
            .map(|(char, &pick)| if pick { char.to_ascii_uppercase() } else { char })
            .collect();
        prop_assert!(holds_secret_key(&mixed));
    }

    #[test]
    fn secret_key_is_found_under_layers_of_escapes(
        key in SECRET_KEY, first in picks(), second in picks(), third in picks(),
    ) {
        let once = percent_encoded(&key, &first);
        prop_assert!(holds_secret_key(&once));
        let twice = percent_encoded(&once, &second);
        prop_assert!(holds_secret_key(&twice));
        prop_assert!(holds_secret_key(&percent_encoded(&twice, &third)));
    }

    #[test]
    fn secret_key_is_found_through_invisible_characters(
        key in SECRET_KEY, invisible in invisible(), picks in picks(), encoded in picks(),
    ) {
        let dotted = dotted(&key, invisible, &picks);
        prop_assert!(holds_secret_key(&dotted));
        prop_assert!(holds_secret_key(&percent_encoded(&dotted, &encoded)));
    }

    #[test]
    fn secret_key_is_found_in_full_width(key in SECRET_KEY) {
        prop_assert!(holds_secret_key(&full_width(&key)));
    }

    #[test]
    fn secret_key_is_found_among_bytes(
        before in prop::collection::vec(128_u8.., 0..20), key in SECRET_KEY, after in prop::collection::vec(128_u8.., 0..20),
    ) {
        prop_assert!(bytes_hold_secret_key(&[&before, key.as_bytes(), &after].concat()));
    }

    #[test]
    fn start_of_a_secret_key_is_enough_where_a_key_is_expected(
        key in "sk_(test_)?[A-Za-z0-9]{0,15}", spaces in picks(),
    ) {
        prop_assert!(starts_secret_key(&key));
        prop_assert!(starts_secret_key(&dotted(&key, ' ', &spaces)));
    }

    #[test]
    fn publishable_key_is_never_taken_for_a_secret_one(key in PUBLISHABLE_KEY, picks in picks()) {
        prop_assert!(!holds_secret_key(&key));
        prop_assert!(!starts_secret_key(&key));
        prop_assert!(!starts_secret_key(&percent_encoded(&key, &picks)));
        prop_assert!(holds_key(&key));
    }

    #[test]
    fn words_that_end_like_a_prefix_are_other_words(
        word in "[A-Za-z0-9]{0,8}[A-Za-rt-z0-9]sk_[A-Za-z0-9]{16,40}",
    ) {
        prop_assert!(!holds_secret_key(&word));
        prop_assert!(!starts_secret_key(&word));
    }

    #[test]
    fn text_without_the_letter_holds_no_key(text in "[ -$&-RT-\\[\\]-rt-~\\n]*") {
        // Beyond ASCII there are letters that are drawn like an s; `%` and `\` can spell one.
        prop_assert!(!holds_secret_key(&text));
        prop_assert!(!starts_secret_key(&text));
    }

    #[test]
    fn no_url_of_words_and_numbers_raises_an_alarm(
        path in "(/([a-z]{1,10}|[0-9]{1,8}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})){0,5}",
        query in "([a-z_]{1,8}=[a-zA-Z0-9.,+-]{0,15}(%20|%2F)?&){0,4}",
    ) {
        prop_assert!(!holds_secret_key(&path), "{path}");
        // A name that itself ends in the prefix would be one, but no value of fifteen characters is a body.
        prop_assert!(!holds_secret_key(&query), "{query}");
    }

    #[test]
    fn every_text_gets_a_verdict_and_a_secret_key_never_a_good_one(text in "\\PC*") {
        let verdict = KeyRules { accepts_foreign_keys: true, ..KeyRules::default() }.accept(&text);
        prop_assert_eq!(
            matches!(verdict, Err(Refusal::SecretKey(_))), starts_secret_key(&text),
        );
        prop_assert!(!holds_secret_key(&text) || starts_secret_key(&text));
        if let Ok(key) = verdict {
            prop_assert_eq!(key.as_str(), text);
        }
    }

    #[test]
    fn what_the_parser_takes_for_a_secret_key_is_found(text in "[ps]k_(test_)?[A-Za-z0-9_ -]{14,130}") {
        match ApiKey::parse(&text) {
            Ok(ApiKey::Secret(_)) => prop_assert!(holds_secret_key(&text)),
            Ok(ApiKey::Publishable(_)) => prop_assert!(!holds_secret_key(&text) && holds_key(&text)),
            Err(error) => prop_assert!(!matches!(error, KeyError::Prefix)),
        }
    }

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        // Whether there is a finding doesn't hang on what stands after it.
        let mut more = bytes.clone();
        more.extend_from_slice(b" .");
        prop_assert!(!bytes_hold_secret_key(&bytes) || bytes_hold_secret_key(&more));
    }
}
