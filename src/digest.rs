//! The digest under which a key is stored.

use alloc::{
    format,
    string::{String, ToString},
};
use core::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use sha2::{Digest as _, Sha256};

/// SHA-256 of a key's text (FIPS 180-4): all that is ever stored of it.
///
/// A plain digest is enough where a password needs a slow one, since a random key can't be guessed: an
/// issued key has about 154 bits, and NIST SP 800-63B §5.1.2.2 allows a plain approved hash from 112 bits
/// on. A key that is imported must have that much entropy as well.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyDigest([u8; 32]);

impl KeyDigest {
    /// The digest of a key's text.
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// The name of the key's record in the store: `key:v1:` and 64 hex digits.
    ///
    /// ```
    /// let digest = keyguard::KeyDigest::of("abc");
    /// assert_eq!(
    ///     digest.store_name(),
    ///     "key:v1:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    /// );
    /// ```
    pub fn store_name(&self) -> String {
        format!("{STORE_PREFIX}{self}")
    }

    /// Whether both are the same, in a time that doesn't depend on where they differ.
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
    }
}

impl FromStr for KeyDigest {
    type Err = DigestError;

    /// Reads 64 lower-case hex digits.
    fn from_str(text: &str) -> Result<Self, DigestError> {
        let mut bytes = [0; 32];
        if text.len() != 64 {
            return Err(DigestError);
        }
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = digits.iter().try_fold(0_u8, |sum, digit| {
                let value = match digit {
                    b'0'..=b'9' => digit.wrapping_sub(b'0'),
                    b'a'..=b'f' => digit.wrapping_sub(b'a').wrapping_add(10),
                    _ => return Err(DigestError),
                };
                Ok((sum << 4) | value)
            })?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for KeyDigest {
    type Error = DigestError;

    fn try_from(text: String) -> Result<Self, DigestError> {
        text.parse()
    }
}

impl From<KeyDigest> for String {
    fn from(digest: KeyDigest) -> Self {
        digest.to_string()
    }
}

/// A text that is no digest. It holds nothing of the text, which may be a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the 64 lower-case hex digits of a SHA-256 digest")]
pub struct DigestError;

impl fmt::Display for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyDigest({self})")
    }
}

const STORE_PREFIX: &str = "key:v1:";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_read() {
        let digest = KeyDigest::of("abc");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert!(digest.is_same(&KeyDigest::of("abc")) && !digest.is_same(&KeyDigest::of("abd")));
    }

    #[test]
    fn anything_else_is_no_digest() {
        let digest = KeyDigest::of("abc").to_string();
        for text in [
            "",
            "sk_vYZCAeHawUqDCmVpEKh2U",
            digest.split_at(1).1,
            &digest.to_uppercase(),
            &format!("{digest}0"),
        ] {
            assert_eq!(text.parse::<KeyDigest>(), Err(DigestError), "{text}");
        }
    }
}
