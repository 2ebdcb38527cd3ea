//! API keys: four kinds of text that look alike and must never be mixed up.
//!
//! | | secret key | publishable key |
//! |---|---|---|
//! | live | `sk_<body>` | `pk_<body>` |
//! | test | `sk_test_<body>` | `pk_test_<body>` |
//!
//! A body is 16 to 128 ASCII letters and digits. It has no `_`, so `sk_test_…` is never a live key.
//!
//! [`ApiKey`] is the parsed form, with one type per kind: a [`PublishableKey`] may be shown and
//! copied, a [`SecretKey`] can do neither and is wiped when dropped.

pub(crate) mod checksum;
pub(crate) mod issue;

use alloc::string::{String, ToString};
use core::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::digest::KeyDigest;

pub use issue::IssuedKey;

/// Any API key: parsed, and not yet believed.
///
/// ```
/// use keyguard::{ApiKey, Kind, Mode};
///
/// let key = ApiKey::parse("pk_WeHsNn87r4gtNc5BQT9Mj")?;
/// assert_eq!((key.kind(), key.mode()), (Kind::Publishable, Mode::Live));
/// # Ok::<(), keyguard::KeyError>(())
/// ```
#[derive(Debug)]
pub enum ApiKey {
    /// A key that a page may hold.
    Publishable(PublishableKey),
    /// A key that belongs on a server.
    Secret(SecretKey),
}

impl ApiKey {
    /// Reads a key by the grammar above, exactly: nothing is trimmed, no case is folded.
    ///
    /// A wrong checksum is no error here, since keys that were issued elsewhere have none: see
    /// [`Form`] and [`ApiKey::checksum_failed`].
    ///
    /// # Errors
    /// [`KeyError`] names the first rule that is broken; it never holds the text.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let reading = Reading::of(text.as_bytes())?;
        let parts = Parts { reading, text: Zeroizing::new(text.to_string()) };
        Ok(match reading.kind {
            Kind::Publishable => Self::Publishable(PublishableKey(parts)),
            Kind::Secret => Self::Secret(SecretKey(parts)),
        })
    }

    /// Publishable or secret, from the prefix.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Publishable(_) => Kind::Publishable,
            Self::Secret(_) => Kind::Secret,
        }
    }

    /// Test or live, from the prefix.
    pub fn mode(&self) -> Mode {
        self.parts().reading.mode
    }

    /// Whether this system issued the key, as far as its body tells.
    pub fn form(&self) -> Form {
        self.parts().reading.form
    }

    /// Whether the body has an issued key's length and another checksum: most likely a typing error.
    pub fn checksum_failed(&self) -> bool {
        self.parts().reading.checksum_failed
    }

    /// The digest under which the key is stored.
    pub fn digest(&self) -> KeyDigest {
        KeyDigest::of(&self.parts().text)
    }

    /// What a log may show: the prefix and the last four characters.
    pub fn redacted(&self) -> Redacted {
        self.parts().redacted(self.kind())
    }

    fn parts(&self) -> &Parts {
        match self {
            Self::Publishable(key) => &key.0,
            Self::Secret(key) => &key.0,
        }
    }
}

/// A publishable key: harmless in a page, so it can be cloned and shown.
#[derive(Clone)]
pub struct PublishableKey(Parts);

impl PublishableKey {
    /// The key as it is sent.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Test or live.
    pub fn mode(&self) -> Mode {
        self.0.reading.mode
    }

    /// Whether this system issued the key, as far as its body tells.
    pub fn form(&self) -> Form {
        self.0.reading.form
    }

    /// Whether the body has an issued key's length and another checksum.
    pub fn checksum_failed(&self) -> bool {
        self.0.reading.checksum_failed
    }
}

impl fmt::Display for PublishableKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for PublishableKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublishableKey").field(&self.as_str()).finish()
    }
}

/// A secret key: it leaves this type as a digest and in no other way.
///
/// It is not `Clone`, since every copy is one more to wipe and to leak; not `Display`, `Serialize`
/// or `AsRef<str>`; its `Debug` is [`Redacted`]; its memory is wiped on drop.
pub struct SecretKey(Parts);

impl SecretKey {
    /// Test or live.
    pub fn mode(&self) -> Mode {
        self.0.reading.mode
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.0.redacted(Kind::Secret))
    }
}

/// What a key may do at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A few harmless things, from a page.
    Publishable,
    /// Everything, from a server.
    Secret,
}

impl Kind {
    /// The word for it, as in records and headers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Publishable => "publishable",
            Self::Secret => "secret",
        }
    }

    /// What every key of this kind and mode begins with.
    pub const fn prefix(self, mode: Mode) -> &'static str {
        match (self, mode) {
            (Self::Publishable, Mode::Live) => "pk_",
            (Self::Publishable, Mode::Test) => "pk_test_",
            (Self::Secret, Mode::Live) => "sk_",
            (Self::Secret, Mode::Test) => "sk_test_",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether money moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It doesn't.
    Test,
    /// It does.
    Live,
}

impl Mode {
    /// The word for it, as in records and headers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Live => "live",
        }
    }
}

impl core::str::FromStr for Kind {
    type Err = NoSuchWord;

    fn from_str(word: &str) -> Result<Self, NoSuchWord> {
        [Self::Publishable, Self::Secret]
            .into_iter()
            .find(|kind| kind.as_str() == word)
            .ok_or(NoSuchWord)
    }
}

impl core::str::FromStr for Mode {
    type Err = NoSuchWord;

    fn from_str(word: &str) -> Result<Self, NoSuchWord> {
        [Self::Test, Self::Live].into_iter().find(|mode| mode.as_str() == word).ok_or(NoSuchWord)
    }
}

/// A word that is none of a [`Kind`]'s or [`Mode`]'s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of publishable and secret, or of test and live")]
pub struct NoSuchWord;

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a key comes from, as far as its body tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// 32 characters that end in the right checksum: issued by this system.
    Issued,
    /// Anything else that the grammar allows: issued elsewhere and imported, or mistyped.
    Foreign,
}

/// Why a text is no key. No variant holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It begins with none of the four prefixes.
    #[error("the key begins with none of sk_, sk_test_, pk_, pk_test_")]
    Prefix,
    /// The body has fewer than 16 characters.
    #[error("the key is too short: at least 16 letters and digits follow the prefix")]
    TooShort,
    /// The body has more than 128 characters.
    #[error("the key is too long: at most 128 letters and digits follow the prefix")]
    TooLong,
    /// The body has something other than ASCII letters and digits.
    #[error("the key holds a character other than an ASCII letter or digit after its prefix")]
    Character,
}

/// What may be shown of any key: its prefix and its last four characters.
///
/// ```
/// let key = keyguard::ApiKey::parse("sk_vYZCAeHawUqDCmVpEKh2U").unwrap();
/// assert_eq!(key.redacted().to_string(), "sk_…Kh2U");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redacted {
    prefix: &'static str,
    last: String,
}

impl Redacted {
    /// The last four characters alone.
    pub fn last_four(&self) -> &str {
        &self.last
    }

    fn of(text: &str, kind: Kind, mode: Mode) -> Self {
        let start = text.len().saturating_sub(SHOWN_CHARACTERS);
        Self { prefix: kind.prefix(mode), last: text.get(start..).unwrap_or_default().to_string() }
    }
}

impl fmt::Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…{}", self.prefix, self.last)
    }
}

#[derive(Clone)]
struct Parts {
    reading: Reading,
    text: Zeroizing<String>,
}

impl Parts {
    fn redacted(&self, kind: Kind) -> Redacted {
        Redacted::of(&self.text, kind, self.reading.mode)
    }
}

/// What a key's text says of it, without a copy of the text.
#[derive(Clone, Copy)]
pub(crate) struct Reading {
    pub(crate) kind: Kind,
    pub(crate) mode: Mode,
    pub(crate) form: Form,
    pub(crate) checksum_failed: bool,
}

impl Reading {
    pub(crate) fn of(text: &[u8]) -> Result<Self, KeyError> {
        let (kind, rest) = match text {
            [b's', b'k', b'_', rest @ ..] => (Kind::Secret, rest),
            [b'p', b'k', b'_', rest @ ..] => (Kind::Publishable, rest),
            _ => return Err(KeyError::Prefix),
        };
        let (mode, body) =
            rest.strip_prefix(b"test_").map_or((Mode::Live, rest), |body| (Mode::Test, body));
        if !body.iter().all(u8::is_ascii_alphanumeric) {
            return Err(KeyError::Character);
        }
        if body.len() < MIN_BODY_LENGTH {
            return Err(KeyError::TooShort);
        }
        if body.len() > MAX_BODY_LENGTH {
            return Err(KeyError::TooLong);
        }
        let form = checksum::form(text, body);
        let checksum_failed = form == Form::Foreign && body.len() == ISSUED_BODY_LENGTH;
        Ok(Self { kind, mode, form, checksum_failed })
    }
}

/// The least number of characters after the prefix.
pub const MIN_BODY_LENGTH: usize = 16;
/// The greatest number of characters after the prefix.
pub const MAX_BODY_LENGTH: usize = 128;
/// The number of characters after the prefix of a key that this system issues.
pub const ISSUED_BODY_LENGTH: usize = issue::RANDOM_LENGTH + checksum::LENGTH;

const SHOWN_CHARACTERS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, error: KeyError) {
        assert_eq!(ApiKey::parse(text).unwrap_err(), error, "{text:?}");
    }

    #[test]
    fn grammar_refuses_what_is_almost_a_key() {
        refused("", KeyError::Prefix);
        refused("rk_vYZCAeHawUqDCmVpEKh2U", KeyError::Prefix);
        refused("SK_vYZCAeHawUqDCmVpEKh2U", KeyError::Prefix);
        refused(" sk_vYZCAeHawUqDCmVpEKh2U", KeyError::Prefix);
        refused("sk_vYZCAeHawUqDCmVpEKh2U ", KeyError::Character);
        refused("sk_live_vYZCAeHawUqDCmVpEKh2U", KeyError::Character);
        refused("sk_test_test_vYZCAeHawUqDCmVp", KeyError::Character);
        refused("sk_vYZCAeHawUqDCmVpEKh2Ü", KeyError::Character);
        refused("sk_vYZCAeHawUqDCmV", KeyError::TooShort);
        refused(&alloc::format!("sk_{}", "a".repeat(129)), KeyError::TooLong);
    }

    #[test]
    fn shortest_and_longest_bodies_are_bodies() {
        for length in [MIN_BODY_LENGTH, MAX_BODY_LENGTH] {
            let text = alloc::format!("sk_{}wxyz", "a".repeat(length - 4));
            assert_eq!(ApiKey::parse(&text).unwrap().redacted().last_four(), "wxyz");
        }
    }

    #[test]
    fn wrong_checksum_is_told_from_no_checksum() {
        let issued = IssuedKey::issue(Kind::Publishable, Mode::Test, &[7; 32]).into_text();
        let key = ApiKey::parse(&issued).unwrap();
        assert_eq!((key.form(), key.checksum_failed()), (Form::Issued, false));

        let mut mistyped = issued.to_string();
        let last = mistyped.pop();
        mistyped.push(if last == Some('0') { '1' } else { '0' });
        let key = ApiKey::parse(&mistyped).unwrap();
        assert_eq!((key.form(), key.checksum_failed()), (Form::Foreign, true));

        let key = ApiKey::parse("pk_WeHsNn87r4gtNc5BQT9Mj").unwrap();
        assert_eq!((key.form(), key.checksum_failed()), (Form::Foreign, false));
    }

    #[test]
    fn words_are_those_of_records_and_headers() {
        let words = [Kind::Publishable, Kind::Secret].map(|kind| kind.to_string());
        assert_eq!(words, ["publishable", "secret"]);
        assert_eq!([Mode::Test, Mode::Live].map(|mode| mode.to_string()), ["test", "live"]);
        assert_eq!(["secret".parse(), "Secret".parse()], [Ok(Kind::Secret), Err(NoSuchWord)]);
        assert_eq!(["live".parse(), "".parse()], [Ok(Mode::Live), Err(NoSuchWord)]);
    }

    #[test]
    fn publishable_key_is_shown_whole() {
        let ApiKey::Publishable(key) = ApiKey::parse("pk_WeHsNn87r4gtNc5BQT9Mj").unwrap() else {
            panic!("not publishable")
        };
        assert_eq!(key.to_string(), "pk_WeHsNn87r4gtNc5BQT9Mj");
        assert_eq!((key.as_str(), key.mode()), ("pk_WeHsNn87r4gtNc5BQT9Mj", Mode::Live));
    }

    #[test]
    fn debug_shows_prefix_and_last_four_of_a_secret_key() {
        let key = ApiKey::parse("sk_test_vYZCAeHawUqDCmVpEKh2U").unwrap();
        assert_eq!(alloc::format!("{key:?}"), "Secret(SecretKey(sk_test_…Kh2U))");
    }

    #[test]
    fn publishable_key_tells_what_it_is_and_shows_itself() {
        let issued = IssuedKey::issue(Kind::Publishable, Mode::Test, &[7; 32]);
        assert_eq!((issued.kind(), issued.mode()), (Kind::Publishable, Mode::Test));
        let redacted = issued.redacted();
        let text = issued.into_text();
        let ApiKey::Publishable(key) = ApiKey::parse(&text).unwrap() else { panic!("{}", *text) };
        assert_eq!(
            (key.mode(), key.form(), key.checksum_failed()),
            (Mode::Test, Form::Issued, false)
        );
        assert_eq!(alloc::format!("{key}"), *text);
        assert_eq!(alloc::format!("{key:?}"), alloc::format!("PublishableKey({:?})", *text));
        assert!(text.ends_with(redacted.last_four()));
    }

    #[test]
    fn secret_key_tells_its_mode_and_shows_its_end_alone() {
        for mode in [Mode::Test, Mode::Live] {
            let text = IssuedKey::issue(Kind::Secret, mode, &[7; 32]).into_text();
            let ApiKey::Secret(key) = ApiKey::parse(&text).unwrap() else { panic!("a secret key") };
            assert_eq!(key.mode(), mode);
            let shown = alloc::format!("{key:?}");
            let body = text.strip_prefix(Kind::Secret.prefix(mode)).unwrap();
            assert!(
                body.as_bytes()
                    .windows(5)
                    .all(|part| { !shown.contains(core::str::from_utf8(part).unwrap()) })
            );
        }
    }
}
