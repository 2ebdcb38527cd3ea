//! Keys, and what is told from them.

use keyguard::{ApiKey, Form, IssuedKey, Kind, Mode};
use proptest::prelude::*;

use crate::{
    inputs::{kind, mode},
    many,
};

proptest! {
    #![proptest_config(many())]

    #[test]
    fn issued_keys_parse_as_what_they_were_issued_as(kind in kind(), mode in mode(), entropy: [u8; 32]) {
        let issued = IssuedKey::issue(kind, mode, &entropy);
        let digest = issued.digest();
        let key = ApiKey::parse(&issued.into_text()).unwrap();
        prop_assert_eq!((key.kind(), key.mode(), key.form()), (kind, mode, Form::Issued));
        prop_assert_eq!(key.digest(), digest);
    }

    #[test]
    fn one_wrong_character_fails_the_checksum(entropy: [u8; 32], at in 8_usize..40, to in "[0-9A-Za-z]") {
        let text = IssuedKey::issue(Kind::Publishable, Mode::Test, &entropy).into_text();
        let (before, rest) = text.split_at(at);
        let wrong = format!("{before}{to}{}", rest.split_at(1).1);
        let key = ApiKey::parse(&wrong).unwrap();
        prop_assert_eq!(key.checksum_failed(), wrong != *text);
    }

    #[test]
    fn grammar_is_the_published_one(text in "([ps]k|[sS]K|sk )_(test_|live_|TEST_)?[0-9A-Za-z_ é]{0,2}[0-9A-Za-z]{10,130}") {
        let body = ["sk_test_", "pk_test_", "sk_", "pk_"].iter().find_map(|prefix| text.strip_prefix(prefix));
        let is_key = body.is_some_and(|body| {
            (16..=128).contains(&body.len()) && body.chars().all(|char| char.is_ascii_alphanumeric())
        });
        prop_assert_eq!(ApiKey::parse(&text).is_ok(), is_key);
    }
}
