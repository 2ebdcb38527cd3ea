//! Bytes as text in a JavaScript string.

/// Writes bytes so that most take one character, and the others two.
///
/// base64 cuts bytes apart, and a compressor then finds neither the opcodes nor the patterns again: after brotli
/// it is a third larger than the bytes. Here the 92 characters from `#` to `~` are digits. A digit below 89 is a
/// byte by itself, as most of WebAssembly's are; the other three begin a number of two digits, in base 92. www/text.js reads it back: the
/// fewer steps that takes for each character, the sooner a page starts.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for &byte in bytes {
        if byte >= 89 {
            push(&mut text, (byte / 92).saturating_add(89));
        }
        push(&mut text, if byte >= 89 { byte % 92 } else { byte });
    }
    text
}

/// Writes the character of a digit below 92, as it stands in a string.
fn push(text: &mut String, digit: u8) {
    let character = char::from(digit.saturating_add(b'#'));
    if character == '\\' {
        text.push('\\');
    }
    text.push(character);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As JavaScript reads the string, and www/text.js what is in it.
    #[expect(clippy::arithmetic_side_effects, reason = "an overflow fails the test")]
    fn decode(text: &str) -> Vec<u8> {
        let text = text.replace("\\\\", "\\");
        let mut digits = text.bytes().map(|code| code - 35);
        let mut bytes = Vec::new();
        while let Some(digit) = digits.next() {
            bytes.push(if digit > 88 {
                (digit - 89) * 92 + digits.next().unwrap_or(u8::MAX)
            } else {
                digit
            });
        }
        bytes
    }

    #[test]
    fn every_byte_comes_back_after_every_other() {
        let bytes: Vec<u8> = (0..=255).flat_map(|a| (0..=255).flat_map(move |b| [a, b])).collect();
        let text = encode(&bytes);
        assert_eq!(decode(&text), bytes);
        assert!(text.bytes().all(|byte| matches!(byte, b'#'..=b'~')));
    }

    #[test]
    fn common_bytes_take_one_character() {
        assert_eq!(encode(&[0, 1, 2, 57, 88]), r"#$%\\{");
    }
}
