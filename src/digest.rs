//! The digest under which a key is stored.

use alloc::{format, string::String};
use core::fmt;

use sha2::{Digest as _, Sha256};

/// SHA-256 of a key's text (FIPS 180-4): all that is ever stored of it.
///
/// A plain digest is enough where a password needs a slow one, since a random key can't be guessed: an
/// issued key has about 154 bits, and NIST SP 800-63B §5.1.2.2 allows a plain approved hash from 112 bits
/// on. A key that is imported must have that much entropy as well.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
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
}

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
