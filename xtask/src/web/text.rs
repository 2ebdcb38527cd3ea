//! Bytes as text in a JavaScript string.

/// Writes bytes so that the printable ones stand for themselves.
///
/// base64 cuts bytes apart, and a compressor then finds neither the opcodes nor the messages again: after brotli
/// it is a third larger than the bytes. Here a byte is one character, or two where it isn't printable: a page of 91
/// (space or `!`) and a place in it. `"` and `\` are never used. www/index.js reads it back.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for &byte in bytes {
        let place = match byte {
            b'#'..=b'[' | b']'..=b'~' => {
                text.push(char::from(byte));
                continue;
            }
            0..=b'"' => byte,
            b'\\' => 35,
            127.. => byte.saturating_sub(91),
        };
        text.push(if place < PAGE { ' ' } else { '!' });
        let digit = place % PAGE;
        // The digits are the characters that stand for themselves; one is missing in the middle.
        let skipped = u8::from(digit > b'['.saturating_sub(b'#'));
        text.push(char::from(b'#'.saturating_add(digit).saturating_add(skipped)));
    }
    text
}

const PAGE: u8 = 91;

#[cfg(test)]
mod tests {
    use super::*;

    /// As www/index.js does.
    fn decode(text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut page = None;
        for code in text.chars().map(u32::from) {
            match page.take() {
                _ if code < 35 => page = Some(code.wrapping_sub(32).wrapping_mul(91)),
                None => bytes.push(code),
                Some(page) => {
                    let start = if code > 92 { 36_u32 } else { 35 };
                    let place = code.wrapping_sub(start).wrapping_add(page);
                    bytes.push(match place {
                        0..35 => place,
                        35 => 92,
                        _ => place.wrapping_add(91),
                    });
                }
            }
        }
        bytes.into_iter().map(|byte| u8::try_from(byte).unwrap()).collect()
    }

    #[test]
    fn every_byte_comes_back_after_every_other() {
        let bytes: Vec<u8> = (0..=255).flat_map(|a| (0..=255).flat_map(move |b| [a, b])).collect();
        let text = encode(&bytes);
        assert_eq!(decode(&text), bytes);
        assert!(
            text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\')
        );
        assert_eq!(encode(b"secret-key"), "secret-key");
    }
}
