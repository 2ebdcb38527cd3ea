//! Looking ahead: where in a text the middle of a prefix stands.
//!
//! Ordinary text has few letters `k`, and hardly one that a `_` or `-` follows. So those are looked for, eight bytes at once, and all
//! else is jumped over.

use super::{
    separator,
    symbol::{Symbol, Symbols},
};

/// What is looked for.
pub(super) enum Sight {
    /// A `k` that a separator follows, both in any spelling; and where.
    Middle(usize),
    /// A `%` or `\`.
    Escape,
}

/// What stands in a text of all that is looked for, in order.
pub(super) fn sights(bytes: &[u8]) -> impl Iterator<Item = Sight> {
    let mut rest = bytes;
    core::iter::from_fn(move || {
        loop {
            rest = from_first(rest);
            let (&first, after) = rest.split_first()?;
            let from_there = core::mem::replace(&mut rest, after);
            if matches!(first, b'%' | b'\\') {
                return Some(Sight::Escape);
            }
            if starts_k(first) && is_middle(from_there) {
                return bytes.len().checked_sub(from_there.len()).map(Sight::Middle);
            }
        }
    })
}

fn is_middle(bytes: &[u8]) -> bool {
    let mut symbols = Symbols::of(bytes);
    matches!(symbols.next_char().map(Symbol::of), Some(Symbol::Letter(b'k' | b'K')))
        && separator(&mut symbols).is_some()
}

/// Whether a byte is a `k`, or the first of a character that is drawn like one.
fn starts_k(byte: u8) -> bool {
    matches!(byte, b'k' | b'K' | 0xc4 | 0xce..=0xd0 | 0xe1 | 0xe2 | 0xef | 0xf0)
}

/// The bytes from the first one on that is a `k`, an escape or no ASCII.
fn from_first(mut rest: &[u8]) -> &[u8] {
    while let Some((word, after)) = rest.split_first_chunk() {
        match mask(u64::from_le_bytes(*word)).trailing_zeros() {
            64 => rest = after,
            zeros => return rest.get((zeros / 8) as usize..).unwrap_or_default(),
        }
    }
    while let Some((&byte, after)) = rest.split_first()
        && mask(u64::from(byte)) & HIGH_OF_FIRST == 0
    {
        rest = after;
    }
    rest
}

/// The highest bit of each byte that is looked for, counted from the first such byte.
fn mask(word: u64) -> u64 {
    // With this bit a capital is a small letter. It makes a `|` of a `\`, too, and a `%` of a control: nothing follows from those.
    let small = word | repeat(0x20);
    zeros(small ^ repeat(b'k'))
        | zeros(small ^ repeat(b'%'))
        | zeros(small ^ repeat(b'|'))
        | word & HIGH
}

/// The highest bit of each byte that is 0. Above the first such byte others may have it too.
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(repeat(1)) & !word & HIGH
}

const HIGH: u64 = repeat(0x80);
const HIGH_OF_FIRST: u64 = 0x80;

/// A word of this byte alone.
const fn repeat(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
