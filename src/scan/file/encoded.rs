//! Keys in base64 (RFC 4648 §4, §5), with or without line breaks and padding.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::{
    Confidence, Found,
    own::Candidate,
    reader::{Reader, Step},
    units::Units,
};

/// The key whose base64 is at a place: the group of four characters in which it begins starts so many characters before.
pub(super) fn find(bytes: &[u8], at: usize, back: usize) -> Option<Found> {
    let group = step_back(bytes, at, back)?;
    let (decoded, places) = decode(Units::new(bytes, group, 1));
    let start = decoded.windows(3).take(3).position(|window| window == b"sk_")?;
    let candidate = Candidate::read(Units::new(&decoded, start, 1), || false)?;
    if candidate.confidence != Confidence::Certain && is_in_word(bytes, group, &decoded, start) {
        return None;
    }
    let first =
        places.get(start.checked_sub(1).unwrap_or(usize::MAX)).map_or(group, |place| place.end);
    let end = places.get(candidate.end().checked_sub(1)?)?.end;
    Some(candidate.in_base64(first, end))
}

/// Where a decoded byte comes from: the character that completes it ends here.
struct Place {
    end: usize,
}

/// Decodes until something is no base64, or a key would have ended.
fn decode(units: Units<'_>) -> (Zeroizing<Vec<u8>>, Vec<Place>) {
    let mut decoded = Zeroizing::new(Vec::with_capacity(MOST_BYTES));
    let mut places = Vec::with_capacity(MOST_BYTES);
    let (mut bits, mut count) = (0_u32, 0_u32);
    let mut reader = Reader::new(units);
    while let Some(step) = reader.next() {
        let value = match step {
            Step::Char(b'\n' | b'\r' | b' ' | b'\t') | Step::Join(_) => continue,
            Step::Char(char) => value(char),
        };
        let Some(value) = value else { break };
        bits = (bits << 6) | u32::from(value);
        count = count.saturating_add(6);
        if count >= 8 {
            count = count.saturating_sub(8);
            decoded.push((bits >> count).to_le_bytes()[0]);
            places.push(Place { end: reader.units().last_end() });
            if decoded.len() == MOST_BYTES {
                break;
            }
        }
    }
    (decoded, places)
}

/// Goes so many characters back, past line breaks.
fn step_back(bytes: &[u8], at: usize, count: usize) -> Option<usize> {
    let mut place = at;
    let mut left = count;
    while left > 0 {
        place = place.checked_sub(1)?;
        match *bytes.get(place)? {
            b'\r' | b'\n' => {}
            byte => {
                value(byte)?;
                left = left.saturating_sub(1);
            }
        }
        if at.saturating_sub(place) > FURTHEST_BACK {
            return None;
        }
    }
    Some(place)
}

/// Whether a letter or digit stands before the key: in its own group, or at the end of the one before if that is text too.
fn is_in_word(bytes: &[u8], group: usize, decoded: &[u8], start: usize) -> bool {
    if let Some(&before) = start.checked_sub(1).and_then(|index| decoded.get(index)) {
        return before.is_ascii_alphanumeric();
    }
    let Some(previous) = step_back(bytes, group, 4) else { return false };
    let (text, _) = decode(Units::new(bytes, previous, 1));
    matches!(text.get(..3), Some([a, b, c])
        if [a, b].iter().all(|byte| (b' '..=b'~').contains(byte) || byte.is_ascii_whitespace()) && c.is_ascii_alphanumeric())
}

fn value(char: u8) -> Option<u8> {
    Some(match char {
        b'A'..=b'Z' => char.saturating_sub(b'A'),
        b'a'..=b'z' => char.saturating_sub(b'a').saturating_add(26),
        b'0'..=b'9' => char.saturating_sub(b'0').saturating_add(52),
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

/// Two bytes before a key, the longest prefix and body, and something that ends it.
const MOST_BYTES: usize = 2 + "sk_test_".len() + 130;
/// Four characters with a line break in between.
const FURTHEST_BACK: usize = 8;
