//! Where the pieces of a cut text meet.

use super::units::Units;

/// What stands between two pieces of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Join {
    /// An operator or a call that makes one text of them.
    Certain,
    /// A comma or white space: one text if they stand in a call of `concat`, or in an array that is joined.
    Possible,
}

/// Takes what stands between a piece's closing quote and the next one's opening quote.
pub(super) fn take(units: &mut Units<'_>) -> Option<Join> {
    let mut rest = *units;
    take_quote(&mut rest)?;
    take_spaces(&mut rest);
    rest.take_while(MOST_BRACKETS, |unit| unit == b')');
    take_spaces(&mut rest);
    let is_apart = rest.at() > units.at().saturating_add(1);
    let join = if OPERATORS.iter().any(|operator| rest.take_word(operator)) {
        Join::Certain
    } else if rest.take_word(",") || is_apart {
        Join::Possible
    } else {
        return None;
    };
    take_spaces(&mut rest);
    rest.take_while(MOST_BRACKETS, |unit| unit == b'(');
    take_spaces(&mut rest);
    take_quote(&mut rest)?;
    *units = rest;
    Some(join)
}

/// Takes the way from a template literal into a text inside: `${"`.
pub(super) fn take_into(units: &mut Units<'_>) -> bool {
    let mut rest = *units;
    take_backslashes(&mut rest);
    let is_there = rest.take_word("${") && {
        take_spaces(&mut rest);
        take_quote(&mut rest).is_some()
    };
    if is_there {
        *units = rest;
    }
    is_there
}

/// Takes the way back: `"}`.
pub(super) fn take_out_of(units: &mut Units<'_>) -> bool {
    let mut rest = *units;
    let is_there = take_quote(&mut rest).is_some() && {
        take_spaces(&mut rest);
        rest.take_word("}")
    };
    if is_there {
        *units = rest;
    }
    is_there
}

/// Whether a text that ends here is the last of an array whose pieces are joined: `"].join("")`.
pub(super) fn ends_joined_array(mut units: Units<'_>) -> bool {
    take_quote(&mut units).is_some() && {
        take_spaces(&mut units);
        units.take_word(",");
        take_spaces(&mut units);
        units.take_word("]") && {
            take_spaces(&mut units);
            units.take_word(".join(") && {
                take_spaces(&mut units);
                take_quote(&mut units).is_some() && take_quote(&mut units).is_some()
            }
        }
    }
}

/// Whether a text that starts here is the first argument of `concat`: `.concat("`.
pub(super) fn starts_concat(bytes: &[u8], start: usize) -> bool {
    let before = bytes.get(start.saturating_sub(super::REACH)..start).unwrap_or_default();
    let Some(before) = before.strip_suffix(b"\"").or_else(|| before.strip_suffix(b"'")) else {
        return false;
    };
    let before = before.strip_suffix(b"\\").unwrap_or(before);
    before.trim_ascii_end().ends_with(b".concat(")
}

/// A quote, which JSON may have escaped.
fn take_quote(units: &mut Units<'_>) -> Option<u8> {
    take_backslashes(units);
    units.take(is_quote)
}

pub(super) fn is_quote(unit: u8) -> bool {
    matches!(unit, b'"' | b'\'' | b'`')
}

fn take_backslashes(units: &mut Units<'_>) {
    units.take_while(MOST_BACKSLASHES, |unit| unit == b'\\');
}

/// White space, as it is or as `\n` and its kin.
fn take_spaces(units: &mut Units<'_>) -> usize {
    (0..MOST_SPACES)
        .take_while(|_| {
            if units.take(|unit| unit.is_ascii_whitespace()).is_some() {
                return true;
            }
            let mut rest = *units;
            rest.take_while(MOST_BACKSLASHES, |unit| unit == b'\\') > 0
                && rest.take(|unit| matches!(unit, b'n' | b'r' | b't')).is_some()
                && {
                    *units = rest;
                    true
                }
        })
        .count()
}

/// Of JavaScript and most others; SQL; Lua; PHP and Perl; Basic; Elixir. Longer ones before their own beginnings.
const OPERATORS: [&str; 9] = [".concat(", ".append(", "++", "+", "||", "..", ".", "&", "<>"];

const MOST_BRACKETS: usize = 4;
const MOST_BACKSLASHES: usize = 8;
/// An indented next line.
const MOST_SPACES: usize = 64;
