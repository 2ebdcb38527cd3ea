//! One character, as JavaScript, JSON, C, a URL or HTML may write it.

use super::units::Units;

/// What an escape stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escape {
    /// A character; what is beyond ASCII is [`OTHER`].
    Char(u8),
    /// Nothing: a line that goes on in the next one.
    Nothing,
}

/// A character that no key has.
pub(super) const OTHER: u8 = 0xff;

/// Whether a character may start an escape.
pub(super) fn is_start(unit: u8) -> bool {
    matches!(unit, b'\\' | b'%' | b'&')
}

/// Takes an escape, if one starts here. One that was escaped again counts too: `\\u0073`, `%2573`, `&amp;#115;`.
pub(super) fn take(units: &mut Units<'_>) -> Option<Escape> {
    let mut rest = *units;
    let escape = match rest.next()? {
        b'\\' => backslash(&mut rest)?,
        b'%' => Escape::Char(percent(&mut rest)?),
        b'&' => Escape::Char(entity(&mut rest)?),
        _ => return None,
    };
    *units = rest;
    Some(escape)
}

/// After a backslash: ECMA-262 §12.9.4, RFC 8259 §7, and the octal and long forms of C and Python.
fn backslash(units: &mut Units<'_>) -> Option<Escape> {
    units.take_while(MOST_LAYERS, |unit| unit == b'\\');
    let digits = *units;
    Some(Escape::Char(match units.next()? {
        b'u' if units.take_word("{") => {
            let value = number(units, 1..=8, 16)?;
            units.take(|unit| unit == b'}')?;
            value
        }
        b'u' => number(units, 4..=4, 16)?,
        b'U' => number(units, 8..=8, 16)?,
        b'x' => number(units, 2..=2, 16)?,
        // Up to 0o377.
        first @ b'0'..=b'7' => {
            *units = digits;
            number(units, 1..=if first < b'4' { 3 } else { 2 }, 8)?
        }
        b'\n' => return Some(Escape::Nothing),
        b'\r' => {
            units.take_word("\n");
            return Some(Escape::Nothing);
        }
        b'n' | b'r' | b't' | b'b' | b'f' | b'v' => b'\n',
        other if !other.is_ascii_alphanumeric() => other,
        _ => return None,
    }))
}

/// After a percent sign: RFC 3986 §2.1, and the `%uXXXX` of JavaScript's `escape`.
fn percent(units: &mut Units<'_>) -> Option<u8> {
    for _ in 0..MOST_LAYERS {
        let mut after = *units;
        let is_again = after.take_word("25")
            && after.peek().is_some_and(|unit| unit == b'u' || unit.is_ascii_hexdigit());
        if !is_again {
            break;
        }
        *units = after;
    }
    if units.take_word("u") { number(units, 4..=4, 16) } else { number(units, 2..=2, 16) }
}

/// After an ampersand: HTML §13.5. Only characters that a key has or that a key is quoted with have a name here.
fn entity(units: &mut Units<'_>) -> Option<u8> {
    (0..MOST_LAYERS).take_while(|_| units.take_word("amp;")).count();
    if units.take_word("#") {
        let value = if units.take_word("x") || units.take_word("X") {
            number(units, 1..=8, 16)?
        } else {
            number(units, 1..=8, 10)?
        };
        // HTML reads it without, too.
        units.take_word(";");
        return Some(value);
    }
    let (_, value) = NAMES.iter().find(|(name, _)| units.take_word(name))?;
    Some(*value)
}

/// A number of so many digits.
fn number(
    units: &mut Units<'_>,
    digits: core::ops::RangeInclusive<usize>,
    radix: u32,
) -> Option<u8> {
    let mut value = 0_u32;
    let mut count = 0_usize;
    while count < *digits.end() {
        let mut next = *units;
        let Some(digit) = next.next().and_then(|unit| char::from(unit).to_digit(radix)) else {
            break;
        };
        value = value.saturating_mul(radix).saturating_add(digit);
        count = count.saturating_add(1);
        *units = next;
    }
    let value = u8::try_from(value).ok().filter(u8::is_ascii).unwrap_or(OTHER);
    (count >= *digits.start()).then_some(value)
}

const NAMES: [(&str, u8); 10] = [
    ("lowbar;", b'_'),
    ("UnderBar;", b'_'),
    ("quot;", b'"'),
    ("apos;", b'\''),
    ("grave;", b'`'),
    ("lt;", b'<'),
    ("gt;", b'>'),
    ("nbsp;", b' '),
    ("equals;", b'='),
    ("plus;", b'+'),
];

/// Escaped over and over: deeper nesting is no accident any more.
const MOST_LAYERS: usize = 8;
