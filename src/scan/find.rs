//! Finding a key's exact text, to know whose it is.

use super::{MAX_ENCODINGS, decode::decoded};
use crate::{ApiKey, Kind, Mode, key::MAX_BODY_LENGTH};

/// Offers every secret key that stands in the bytes, or in what they decode to, until one is taken.
///
/// Unlike its siblings this reads exactly, since only the exact text has the key's digest: lower-case prefix, and letters and digits up
/// to something else. The text goes into an [`ApiKey`], which shows it to nobody.
pub(crate) fn find_key<T>(bytes: &[u8], take: &mut dyn FnMut(ApiKey) -> Option<T>) -> Option<T> {
    find_in(bytes, MAX_ENCODINGS, take)
}

fn find_in<T>(bytes: &[u8], encodings: u8, take: &mut dyn FnMut(ApiKey) -> Option<T>) -> Option<T> {
    let mut before = None;
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        let is_word_start = !before.is_some_and(|byte: u8| byte.is_ascii_alphanumeric());
        if is_word_start
            && byte == b's'
            && let Some(taken) = key_at(rest).and_then(&mut *take)
        {
            return Some(taken);
        }
        before = Some(byte);
        rest = after;
    }
    let encodings = encodings.checked_sub(1)?;
    find_in(&decoded(bytes)?, encodings, take)
}

/// The secret key at the start of the bytes. The longer prefix is tried first: what follows `sk_` may be `test_`.
fn key_at(bytes: &[u8]) -> Option<ApiKey> {
    let prefix = [Mode::Test, Mode::Live]
        .map(|mode| Kind::Secret.prefix(mode))
        .into_iter()
        .find(|prefix| bytes.starts_with(prefix.as_bytes()))?;
    let body = bytes.get(prefix.len()..)?;
    // One more than a body may have, so that a longer run is no key.
    let is_letter = |byte: &&u8| byte.is_ascii_alphanumeric();
    let length = body.iter().take(MAX_BODY_LENGTH.saturating_add(1)).take_while(is_letter).count();
    let text = bytes.get(..prefix.len().checked_add(length)?)?;
    ApiKey::parse(core::str::from_utf8(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use alloc::{format, vec::Vec};

    use super::*;
    use crate::KeyDigest;

    const KEY: &str = "sk_test_vYZCAeHawUqDCmVpEKh2U";

    /// The digests of all keys that are offered; one that no escape touches stands in every layer.
    fn offered(text: &str) -> Vec<KeyDigest> {
        let mut digests = Vec::new();
        let taken = find_key(text.as_bytes(), &mut |key| {
            digests.push(key.digest());
            None::<()>
        });
        assert!(taken.is_none());
        digests.dedup();
        digests
    }

    #[test]
    fn exact_text_is_found_as_queries_carry_it() {
        let escaped = KEY.replace('_', "%5F");
        for text in [
            KEY.into(),
            format!("key={KEY}&a=b"),
            format!("my_{KEY}"),
            format!("key=+{KEY}%20"),
            format!("key={escaped}"),
            format!("next={}", format!("https://a/?k={escaped}").replace('%', "%25")),
            format!("%22{KEY}%22"),
            format!("\u{200b}{KEY}"),
            format!("Bearer {KEY}"),
        ] {
            assert_eq!(offered(&text), [KeyDigest::of(KEY)], "{text}");
        }
    }

    #[test]
    fn every_key_is_offered_until_one_is_taken() {
        let other = "sk_vYZCAeHawUqDCmVpEKh2X";
        let text = format!("a={KEY}&b=pk_WeHsNn87r4gtNc5BQT9Mj&c={other}");
        assert_eq!(offered(&text), [KeyDigest::of(KEY), KeyDigest::of(other)]);
        let mut count = 0;
        let taken = find_key(text.as_bytes(), &mut |key| {
            count += 1;
            Some(key.digest())
        });
        assert_eq!((taken, count), (Some(KeyDigest::of(KEY)), 1));
    }

    #[test]
    fn what_has_no_exact_key_offers_none() {
        for text in [
            "",
            "sk_",
            "sk_short",
            "task_vYZCAeHawUqDCmVpEKh2U",
            "SK_vYZCAeHawUqDCmVpEKh2U",
            "pk_WeHsNn87r4gtNc5BQT9Mj",
            "sk-vYZCAeHawUqDCmVpEKh2U",
            &format!("sk_{}", "a".repeat(129)),
            "%",
            "%73%",
        ] {
            assert!(offered(text).is_empty(), "{text}");
        }
    }
}
