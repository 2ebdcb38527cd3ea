//! What a character passes for in a key.

use core::str::{Chars, Utf8Chunks};

/// A character, as far as a key's grammar cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Symbol {
    /// An ASCII letter or digit, or something that is drawn like it.
    Letter(u8),
    /// `_`, or something that is drawn like it.
    Underscore,
    /// A hyphen or dash, which takes the place of `_` in typeset text.
    Dash,
    /// The end of a line.
    LineBreak,
    /// Any other white space.
    Space,
    /// Nothing to be seen: a control, a joiner, a mark of direction, an accent on the letter before.
    Invisible,
    /// Anything else.
    Other,
}

impl Symbol {
    pub(crate) fn of(char: char) -> Self {
        match char {
            'a'..='z' | 'A'..='Z' | '0'..='9' => Self::Letter(char as u8),
            '_' | '\u{2017}' | '\u{2dd}' | '\u{fe4d}'..='\u{fe4f}' => Self::Underscore,
            '-'
            | '\u{2010}'..='\u{2015}'
            | '\u{2212}'
            | '\u{2043}'
            | '\u{2cd}'
            | '\u{fe58}'
            | '\u{fe63}' => Self::Dash,
            '!'..='~' => Self::Other,
            '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Self::LineBreak,
            '\t'
            | '\u{b}'
            | '\u{c}'
            | ' '
            | '\u{a0}'
            | '\u{1680}'
            | '\u{2000}'..='\u{200a}'
            | '\u{202f}'
            | '\u{205f}'
            | '\u{3000}' => Self::Space,
            '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{ad}'
            | '\u{300}'..='\u{36f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}' => Self::Invisible,
            // Fullwidth ASCII.
            '\u{ff01}'..='\u{ff5e}' => offset(char, '\u{ff01}', '!').map_or(Self::Other, Self::of),
            // Letters in bold, italic, script and so on: thirteen alphabets of 52, then digits of five.
            '\u{1d400}'..='\u{1d6a3}' => {
                Self::Letter(alphabet((char as u32).wrapping_sub(0x1d400)))
            }
            '\u{1d7ce}'..='\u{1d7ff}' => {
                Self::Letter(b'0'.wrapping_add(((char as u32).wrapping_sub(0x1d7ce) % 10) as u8))
            }
            // Circled letters.
            '\u{24b6}'..='\u{24e9}' => Self::Letter(alphabet((char as u32).wrapping_sub(0x24b6))),
            _ => look_alike(char).map_or(Self::Other, Self::Letter),
        }
    }
}

/// The symbols of bytes that are mostly UTF-8.
#[derive(Clone)]
pub(super) struct Symbols<'a> {
    chunks: Utf8Chunks<'a>,
    chars: Chars<'a>,
    is_after_garbage: bool,
}

impl<'a> Symbols<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self { chunks: bytes.utf8_chunks(), chars: "".chars(), is_after_garbage: false }
    }

    /// The next character, be it one that a reader doesn't see. What is no text is U+FFFD.
    pub(super) fn next_char(&mut self) -> Option<char> {
        loop {
            if let Some(char) = self.chars.next() {
                return Some(char);
            }
            if core::mem::take(&mut self.is_after_garbage) {
                return Some(char::REPLACEMENT_CHARACTER);
            }
            let chunk = self.chunks.next()?;
            self.chars = chunk.valid().chars();
            self.is_after_garbage = !chunk.invalid().is_empty();
        }
    }
}

/// As a reader sees them: without what is invisible.
impl Iterator for Symbols<'_> {
    type Item = Symbol;

    fn next(&mut self) -> Option<Symbol> {
        loop {
            let symbol = Symbol::of(self.next_char()?);
            if symbol != Symbol::Invisible {
                return Some(symbol);
            }
        }
    }
}

/// The character as far from `to` as `char` is from `from`.
fn offset(char: char, from: char, to: char) -> Option<char> {
    char::from_u32((char as u32).wrapping_sub(from as u32).wrapping_add(to as u32))
}

/// The letter at a place in alphabets that follow each other: capitals, then small letters.
fn alphabet(place: u32) -> u8 {
    let place = (place % 52) as u8;
    if place < 26 { b'A'.wrapping_add(place) } else { b'a'.wrapping_add(place.wrapping_sub(26)) }
}

fn look_alike(char: char) -> Option<u8> {
    let mut letter = 0;
    LOOK_ALIKES.chars().find_map(|entry| {
        if entry.is_ascii() {
            letter = entry as u8;
        }
        (entry == char).then_some(letter)
    })
}

/// Each Latin letter, then Cyrillic, Greek and phonetic ones that are drawn like it: Unicode's confusables
/// (UTS #39) of the letters in a prefix, and the commonest of those in a body. One text, since a table would
/// weigh three times as much in a page.
const LOOK_ALIKES: &str = "sѕſꜱSЅkкκĸᴋϰKКΚ\u{212a}tтτᴛTТΤeеёEЕΕpрρPРΡaаαAАΑBВΒcсϲCСϹdԁhһHНΗiіιıIІΙ\
                           jјϳJЈMМΜNΝoоοOОΟvѵνxхχXХΧyуγYУΥZΖ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_in_other_alphabets_pass_for_themselves() {
        for (char, letter) in [
            ('𝐀', b'A'),
            ('𝐙', b'Z'),
            ('𝐚', b'a'),
            ('𝐳', b'z'),
            ('𝟎', b'0'),
            ('𝟗', b'9'),
            ('𝟿', b'9'),
            ('Ⓩ', b'Z'),
            ('ⓐ', b'a'),
            ('ｓ', b's'),
            ('ѕ', b's'),
        ] {
            assert_eq!(Symbol::of(char), Symbol::Letter(letter), "{char}");
        }
        assert_eq!(Symbol::of('ж'), Symbol::Other);
    }
}
