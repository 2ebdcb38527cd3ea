//! Making a key from entropy that the caller brings.

use alloc::string::String;
use core::fmt;

use zeroize::{Zeroize, Zeroizing};

use super::{Kind, Mode, Redacted, checksum};
use crate::digest::KeyDigest;

/// Random base62 characters in an issued key: 26 × log₂ 62 ≈ 154 bits.
pub(super) const RANDOM_LENGTH: usize = 26;

/// A key that was just made, and the one value from which its text can still be read.
///
/// The text is shown once, to whoever asked for the key; what is stored is the digest.
pub struct IssuedKey {
    text: Zeroizing<String>,
    kind: Kind,
    mode: Mode,
}

impl IssuedKey {
    /// Makes a key: prefix, 26 base62 characters of the entropy, 6 of checksum.
    ///
    /// `entropy` must come from a cryptographic random source and be used for one key only. Its
    /// 256 bits are taken as one number and reduced modulo 62²⁶, which favours no key by more than 2⁻¹⁰¹.
    ///
    /// ```
    /// use keyguard::{ApiKey, Form, IssuedKey, Kind, Mode};
    ///
    /// # let entropy = [42; 32];
    /// let text = IssuedKey::issue(Kind::Secret, Mode::Test, &entropy).into_text();
    /// assert_eq!(ApiKey::parse(&text)?.form(), Form::Issued);
    /// # Ok::<(), keyguard::KeyError>(())
    /// ```
    pub fn issue(kind: Kind, mode: Mode, entropy: &[u8; 32]) -> Self {
        let text = random_text(kind.prefix(mode), entropy);
        Self { text, kind, mode }
    }

    /// The digest to store.
    pub fn digest(&self) -> KeyDigest {
        KeyDigest::of(&self.text)
    }

    /// What may be shown of it.
    pub fn redacted(&self) -> Redacted {
        Redacted::of(&self.text, self.kind, self.mode)
    }

    /// Publishable or secret.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Test or live.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The key itself, to be shown once.
    pub fn into_text(self) -> Zeroizing<String> {
        self.text
    }
}

/// A prefix, [`RANDOM_LENGTH`] digits of the entropy, and their checksum.
pub(crate) fn random_text(prefix: &str, entropy: &[u8; 32]) -> Zeroizing<String> {
    // Room for all of it at once: a string that grows leaves copies behind unwiped.
    let mut text = Zeroizing::new(String::with_capacity(
        prefix.len().saturating_add(super::ISSUED_BODY_LENGTH),
    ));
    text.push_str(prefix);
    let mut number = Zeroizing::new(*entropy);
    for _ in 0..RANDOM_LENGTH {
        text.push(char::from(checksum::base62_digit(divide_by_62(&mut number))));
    }
    let mut digits = checksum::digits(&text);
    text.extend(digits.iter().copied().map(char::from));
    digits.zeroize();
    text
}

impl fmt::Debug for IssuedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IssuedKey({}…)", self.kind.prefix(self.mode))
    }
}

/// Divides a big-endian number in place; returns the remainder.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a remainder is below 62, so each quotient below 256"
)]
fn divide_by_62(number: &mut [u8; 32]) -> u8 {
    let mut remainder = 0_u16;
    for byte in number.iter_mut() {
        let dividend = (remainder << 8) | u16::from(*byte);
        *byte = (dividend / 62) as u8;
        remainder = dividend % 62;
    }
    remainder as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_is_the_entropy_in_base62_least_digit_first() {
        let mut entropy = [0; 32];
        entropy[31] = 61;
        entropy[30] = 0;
        let text = IssuedKey::issue(Kind::Secret, Mode::Live, &entropy).into_text();
        assert!(text.starts_with("sk_z0000000000000000000000000"), "{}", *text);
        assert_eq!(text.len(), "sk_".len() + super::super::ISSUED_BODY_LENGTH);
    }

    #[test]
    fn every_byte_of_the_entropy_counts() {
        let mut entropy = [0; 32];
        let number = 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10_u128;
        entropy[16..].copy_from_slice(&number.to_be_bytes());
        let digits = (0_u32..).take(RANDOM_LENGTH).map(|place| {
            // Below 62²², so that what is beyond is 0.
            let rest = 62_u128.checked_pow(place).map_or(0, |power| number / power);
            char::from(checksum::ALPHABET[(rest % 62) as usize])
        });
        let expected: String = "sk_".chars().chain(digits).collect();
        let text = IssuedKey::issue(Kind::Secret, Mode::Live, &entropy).into_text();
        assert!(text.starts_with(&expected), "{}", *text);
    }

    #[test]
    fn one_bit_of_entropy_makes_another_key() {
        let issue = |entropy| IssuedKey::issue(Kind::Secret, Mode::Live, &entropy).into_text();
        assert_ne!(issue([0; 32]), issue([1; 32]));
    }
}
