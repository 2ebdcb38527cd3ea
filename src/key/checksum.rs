//! The checksum in an issued key's body: CRC-32 in base62.
//!
//! It finds typing, truncation and copying errors before any look-up. It is no security feature:
//! whoever can read this can compute it.

use crc::{CRC_32_ISO_HDLC, Crc, NoTable};

use super::{Form, ISSUED_BODY_LENGTH};

/// The base62 digits that 32 bits need.
pub(super) const LENGTH: usize = 6;

/// Digits of base62, in order of value: the order of ASCII.
pub(super) const ALPHABET: &[u8; 62] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The checksum of everything before it, prefix included; most significant digit first.
pub(crate) fn digits(before: impl AsRef<[u8]>) -> [u8; LENGTH] {
    let mut rest = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC).checksum(before.as_ref());
    let mut digits = [b'0'; LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = base62_digit((rest % 62) as u8);
        rest /= 62;
    }
    digits
}

/// The digit of a value below 62.
pub(super) fn base62_digit(value: u8) -> u8 {
    ALPHABET.get(usize::from(value)).copied().unwrap_or(b'0')
}

/// Whether `body`, the end of `text`, has the length and the checksum of an issued key.
pub(crate) fn form(text: impl AsRef<[u8]>, body: impl AsRef<[u8]>) -> Form {
    let matches = body.as_ref().len() == ISSUED_BODY_LENGTH
        && text
            .as_ref()
            .split_last_chunk()
            .is_some_and(|(before, checksum)| *checksum == digits(before));
    if matches { Form::Issued } else { Form::Foreign }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_the_published_crc_32_in_base62() {
        // CRC-32/ISO-HDLC of "123456789" is published as 0xCBF43926 = 3421780262.
        let value = digits("123456789").iter().fold(0_u64, |sum, digit| {
            sum * 62 + ALPHABET.iter().position(|a| a == digit).unwrap() as u64
        });
        assert_eq!(value, 0xCBF4_3926);
    }
}
