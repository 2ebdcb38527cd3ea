//! What a character passes for in a key.

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
            // Where the look-alikes are: what is no text, as in a picture, and other scripts needn't be searched for.
            '\u{131}'..='\u{58f}' | '\u{1d00}'..='\u{1d7f}' | '\u{212a}' | '\u{a731}' => {
                look_alike(char).map_or(Self::Other, Self::Letter)
            }
            _ => Self::Other,
        }
    }
}

/// The symbols of bytes that are mostly UTF-8.
#[derive(Clone)]
pub(super) struct Symbols<'a> {
    rest: &'a [u8],
}

impl<'a> Symbols<'a> {
    pub(super) fn of(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// The next character, be it one that a reader doesn't see. Each byte that is no text is U+FFFD.
    ///
    /// By hand (RFC 3629, section 3), since what the standard library reads UTF-8 with weighs three hundred bytes in a page.
    pub(super) fn next_char(&mut self) -> Option<char> {
        let (&first, after) = self.rest.split_first()?;
        self.rest = after;
        if first.is_ascii() {
            return Some(char::from(first));
        }
        let length = first.leading_ones();
        let mut code = u32::from(first) & 0x7f_u32.wrapping_shr(length);
        let mut rest = after;
        for _ in 1..length {
            let (&byte, after) = rest.split_first().unwrap_or((&0, &[]));
            if byte & 0xc0 != 0x80 {
                return Some(char::REPLACEMENT_CHARACTER);
            }
            code = (code << 6) | u32::from(byte & 0x3f);
            rest = after;
        }
        // A byte in the middle of a character is none, and neither is too long a form of one or half of a pair.
        match char::from_u32(code) {
            Some(char) if length > 1 && char.len_utf8() == length as usize => {
                self.rest = rest;
                Some(char)
            }
            _ => Some(char::REPLACEMENT_CHARACTER),
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
    let mut entries = Symbols::of(LOOK_ALIKES.as_bytes());
    while let Some(entry) = entries.next_char() {
        if entry.is_ascii() {
            letter = entry as u8;
        }
        if entry == char {
            return Some(letter);
        }
    }
    None
}

/// Each Latin letter, then Cyrillic, Greek and phonetic ones that are drawn like it: Unicode's confusables
/// (UTS #39) of the letters in a prefix, and the commonest of those in a body. One text, since a table would
/// weigh three times as much in a page.
const LOOK_ALIKES: &str = "sѕſꜱSЅkкκĸᴋϰKКΚ\u{212a}tтτᴛTТΤeеёEЕΕpрρPРΡaаαAАΑBВΒcсϲCСϹdԁhһHНΗiіιıIІΙ\
                           jјϳJЈMМΜNΝoоοOОΟvѵνxхχXХΧyуγYУΥZΖ";

#[cfg(test)]
mod tests {
    use alloc::{string::String, vec::Vec};

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
        for char in LOOK_ALIKES.chars() {
            assert!(matches!(Symbol::of(char), Symbol::Letter(_)), "{char}");
        }
    }

    /// What the standard library makes of the bytes, with one U+FFFD however many bytes in a row are no text.
    fn by_the_library(bytes: &[u8]) -> Vec<char> {
        let mut chars: Vec<char> = String::from_utf8_lossy(bytes).chars().collect();
        chars.dedup_by(|a, b| *a == char::REPLACEMENT_CHARACTER && a == b);
        chars
    }

    fn by_symbols(bytes: &[u8]) -> Vec<char> {
        let mut symbols = Symbols::of(bytes);
        let mut chars: Vec<char> = core::iter::from_fn(|| symbols.next_char()).collect();
        chars.dedup_by(|a, b| *a == char::REPLACEMENT_CHARACTER && a == b);
        chars
    }

    #[test]
    fn every_character_is_read_and_each_cut_short_is_none() {
        for char in '\0'..=char::MAX {
            let mut buffer = [0; 4];
            let bytes = char.encode_utf8(&mut buffer).as_bytes();
            let mut symbols = Symbols::of(bytes);
            assert_eq!((symbols.next_char(), symbols.next_char()), (Some(char), None));
            for end in 1..bytes.len() {
                assert_eq!(by_symbols(&bytes[..end]), [char::REPLACEMENT_CHARACTER], "{char:?}");
            }
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_read_as_the_library_does() {
        // Around each border of RFC 3629's table: continuations, forms that are too long, half pairs, what is above U+10FFFF.
        let bytes = [
            0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0,
            0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf7, 0xf8, 0xfc, 0xfe,
            0xff,
        ];
        for a in bytes {
            for b in bytes {
                for c in bytes {
                    for d in bytes {
                        let text = [a, b, c, d, b'k'];
                        assert_eq!(by_symbols(&text), by_the_library(&text), "{text:x?}");
                    }
                }
            }
        }
    }
}
