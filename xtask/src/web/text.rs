//! Bytes as text in a JavaScript string.

/// Writes bytes so that the commonest take one character, and the others two.
///
/// base64 cuts bytes apart, and a compressor then finds neither the opcodes nor the patterns again: after brotli
/// it is a third larger than the bytes. Here the 93 printable characters but `"` and `\` are digits. A digit below 90 is a
/// byte by itself: most opcodes and small numbers lie below 80, and those of arithmetic from 106 on. The other three begin a
/// number of two digits, in base 93. www/text.js reads it back.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for &byte in bytes {
        match byte {
            0..80 => text.push(digit(byte)),
            106..116 => text.push(digit(byte.saturating_sub(26))),
            _ => text.extend([digit((byte / 93).saturating_add(90)), digit(byte % 93)]),
        }
    }
    text
}

/// The character of a digit below 93.
fn digit(value: u8) -> char {
    let code = value.saturating_add(b' ');
    let code = if code < b'"' { code } else { code.saturating_add(1) };
    char::from(if code < b'\\' { code } else { code.saturating_add(1) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As www/text.js does.
    #[expect(clippy::arithmetic_side_effects, reason = "an overflow fails the test")]
    fn decode(text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut page = None;
        for code in text.bytes() {
            let digit = code - 32 - u8::from(code > 34) - u8::from(code > 92);
            match page.take() {
                Some(page) => bytes.push(page + digit),
                None if digit < 90 => bytes.push(if digit < 80 { digit } else { digit + 26 }),
                None => page = Some((digit - 90) * 93),
            }
        }
        bytes
    }

    #[test]
    fn every_byte_comes_back_after_every_other() {
        let bytes: Vec<u8> = (0..=255).flat_map(|a| (0..=255).flat_map(move |b| [a, b])).collect();
        let text = encode(&bytes);
        assert_eq!(decode(&text), bytes);
        assert!(
            text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\')
        );
    }

    #[test]
    fn common_bytes_take_one_character() {
        assert_eq!(encode(&[0, 1, 2, 79, 106, 115]), " !#qr{");
    }
}
