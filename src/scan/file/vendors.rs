//! Other vendors' secret keys, by how they begin.
//!
//! The forms are those that vendors publish, or that other scanners look for; docs/scan.md names the source of each.

mod list;

pub use list::VENDORS;

use super::{
    Confidence, Disguise, Found, Rule,
    own::Text,
    pem::PRIVATE_KEY,
    random,
    reader::{Reader, Step},
    units::Units,
};
use crate::key::checksum;

/// A vendor's keys of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Vendor {
    rule: Rule,
    prefix: &'static str,
    /// What is searched for: the prefix, a rarer part of it, or what stands inside of the key.
    anchor: &'static str,
    parts: &'static [Part],
    check: Check,
}

impl Vendor {
    /// What its findings are called.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// How all of these keys begin.
    pub fn prefix(&self) -> &'static str {
        self.prefix
    }
}

/// A part of a key after its prefix.
#[derive(Clone, Copy, Debug)]
enum Part {
    /// This text.
    Word(&'static str),
    /// So many characters of a kind.
    Run(Class, usize, usize),
}

/// A kind of character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// Letters and digits.
    Letters,
    /// Capitals and digits.
    Capitals,
    Digits,
    /// Hexadecimal digits of either case.
    Hex,
    /// Letters, digits and `_`.
    Word,
    /// base64url.
    Url,
    /// base64.
    Base64,
}

impl Class {
    fn has(self, char: u8) -> bool {
        match self {
            Self::Letters => char.is_ascii_alphanumeric(),
            Self::Capitals => char.is_ascii_uppercase() || char.is_ascii_digit(),
            Self::Digits => char.is_ascii_digit(),
            Self::Hex => char.is_ascii_hexdigit(),
            Self::Word => char.is_ascii_alphanumeric() || char == b'_',
            Self::Url => char.is_ascii_alphanumeric() || matches!(char, b'_' | b'-'),
            Self::Base64 => char.is_ascii_alphanumeric() || matches!(char, b'+' | b'/'),
        }
    }
}

/// What tells a key from what only looks like one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    /// It looks like no placeholder.
    Form,
    /// Its last six characters are the CRC-32 of the thirty before, in base62.
    Crc32,
}

/// Every kind that is looked for.
pub(super) fn rules() -> impl Iterator<Item = &'static Rule> {
    VENDORS.iter().map(|vendor| &vendor.rule).chain([&PRIVATE_KEY])
}

/// What is searched for, each text once. Those that begin as our own keys do are tried where those are.
pub(super) fn anchors() -> impl Iterator<Item = &'static str> {
    VENDORS.iter().enumerate().filter_map(|(index, Vendor { anchor, .. })| {
        let is_new = VENDORS.iter().take(index).all(|earlier| earlier.anchor != *anchor);
        (is_new && *anchor != "sk_").then_some(*anchor)
    })
}

/// The key at an anchor, of those that have it.
pub(super) fn find(bytes: &[u8], at: usize, anchor: &str) -> Option<Found> {
    VENDORS
        .iter()
        .filter(|vendor| vendor.anchor == anchor)
        .find_map(|vendor| vendor.find(bytes, at))
}

impl Vendor {
    fn find(&'static self, bytes: &[u8], at: usize) -> Option<Found> {
        let start = match self.prefix.find(self.anchor) {
            Some(offset) => at.checked_sub(offset)?,
            None => self.start_before(bytes, at)?,
        };
        let is_inside = start
            .checked_sub(1)
            .and_then(|before| bytes.get(before))
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        // `\n` before a key is no letter.
        if is_inside && !is_after_escape(bytes, start) {
            return None;
        }
        let mut reader = Reader::new(Units::new(bytes, start, 1));
        let mut text = Text::with_capacity(MOST_CHARACTERS);
        let mut end = start;
        let mut take = |reader: &mut Reader<'_>, is_wanted: &dyn Fn(u8) -> bool| {
            let mut ahead = reader.clone();
            let mut char = ahead.next()?;
            // Pieces meet anywhere in it.
            if matches!(char, Step::Join(super::joins::Join::Certain)) {
                char = ahead.next()?;
            }
            let Step::Char(char) = char else { return None };
            (is_wanted(char) && text.push(char)).then(|| {
                *reader = ahead;
                end = reader.units().last_end();
            })
        };
        for wanted in self.prefix.bytes() {
            take(&mut reader, &|char| char == wanted)?;
        }
        let mut last = None;
        for part in self.parts {
            match *part {
                Part::Word(word) => {
                    for wanted in word.bytes() {
                        take(&mut reader, &|char| char == wanted)?;
                    }
                }
                Part::Run(class, fewest, most) => {
                    last = Some(class);
                    let count = (0..most)
                        .take_while(|_| take(&mut reader, &|char| class.has(char)).is_some())
                        .count();
                    if count < fewest {
                        return None;
                    }
                }
            }
        }
        // A longer run is something else.
        if let Some(class) = last
            && take(&mut reader, &|char| class.has(char) || Class::Word.has(char)).is_some()
        {
            return None;
        }
        let body = text.as_str().get(self.prefix.len()..)?;
        let confidence = match self.check {
            _ if random::is_placeholder(body.as_bytes()) => return None,
            Check::Form => Confidence::Likely,
            Check::Crc32 => {
                let (random, sum) = body.split_at_checked(body.len().checked_sub(6)?)?;
                if checksum::digits(random) == sum.as_bytes() {
                    Confidence::Certain
                } else {
                    Confidence::Possible
                }
            }
        };
        Some(Found {
            rule: &self.rule,
            confidence,
            disguise: match (reader.is_joined, reader.is_escaped) {
                (true, _) => Disguise::Joined,
                (false, true) => Disguise::Escaped,
                (false, false) => Disguise::None,
            },
            start,
            end,
            text: text.with_prefix(self.prefix.len()),
        })
    }

    /// The prefix in the run of characters that leads up to the anchor.
    fn start_before(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let first = at.saturating_sub(FURTHEST_PREFIX);
        let lead = bytes.get(first..at)?;
        let run = lead.iter().rev().take_while(|byte| Class::Url.has(**byte)).count();
        let run = lead.get(lead.len().saturating_sub(run)..)?;
        let place =
            run.windows(self.prefix.len()).position(|part| part == self.prefix.as_bytes())?;
        Some(at.saturating_sub(run.len()).saturating_add(place))
    }
}

fn is_after_escape(bytes: &[u8], start: usize) -> bool {
    super::before::Before::of(bytes, start, 1) == super::before::Before::Nothing
}

/// A token of `PyPI` that is limited to some projects.
const MOST_CHARACTERS: usize = 1_100;
/// Between `sk-` and the middle of one of `OpenAI`'s keys.
const FURTHEST_PREFIX: usize = 120;

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    clippy::format_push_string,
    reason = "a test's numbers and texts are small"
)]
mod tests;
