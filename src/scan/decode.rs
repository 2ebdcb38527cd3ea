//! Taking escapes off.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::escape::escape;

/// The bytes with one layer of escapes taken off: `%XX` of URLs, `\uXXXX`, `\n` and their kin of JSON.
/// `None` if there is nothing to take off.
///
/// The copy may hold a secret key, so it is wiped; it never grows, which would leave copies unwiped.
pub(super) fn decoded(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut output = Zeroizing::new(Vec::with_capacity(bytes.len()));
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        let unescaped = match byte {
            b'%' => escape(after).map(|value| (value, 2)),
            b'\\' => json_escape(after),
            _ => None,
        };
        let (value, length) = unescaped.unwrap_or((byte, 0));
        output.push(value);
        rest = after.get(length..).unwrap_or_default();
    }
    (output.len() < bytes.len()).then_some(output)
}

/// The byte for what follows a backslash, and how long that is. `\uXXXX` beyond Latin-1 is left alone: no
/// serialiser writes ASCII with it, and what it spells is read after the text was parsed.
fn json_escape(after: &[u8]) -> Option<(u8, usize)> {
    match after {
        [b'n' | b'r' | b't' | b'b' | b'f', ..] => Some((b'\n', 1)),
        [b'u', b'0', b'0', digits @ ..] => escape(digits).map(|value| (value, 5)),
        [other, ..] if !other.is_ascii_alphanumeric() => Some((*other, 1)),
        _ => None,
    }
}
