//! Private keys in PEM (RFC 7468).

use super::{
    Confidence, Disguise, Found, Rule, Severity,
    own::Text,
    reader::{Reader, Step},
    units::Units,
};

/// A private key in PEM.
pub(super) const PRIVATE_KEY: Rule = Rule {
    id: "private-key",
    name: "private key in PEM",
    severity: Severity::Error,
    advice: "Replace the key pair and whatever was issued for it, and keep the next one out of files that ship.",
};

/// The private key whose first dashes are at a place. The line alone, without a key after it, is what programs look for.
pub(super) fn find(bytes: &[u8], at: usize) -> Option<Found> {
    let mut units = Units::new(bytes, at, 1);
    if !units.take_word("-----BEGIN ") {
        return None;
    }
    let label = units;
    units.take_while(LONGEST_LABEL, |unit| {
        unit.is_ascii_uppercase() || unit.is_ascii_digit() || unit == b' '
    });
    let label = bytes.get(label.at()..units.at())?;
    let is_private = label.ends_with(b"PRIVATE KEY") || label.ends_with(b"PRIVATE KEY BLOCK");
    if !is_private || !units.take_word("-----") {
        return None;
    }
    let mut text = Text::with_capacity(MOST_CHARACTERS);
    let mut end = units.at();
    let mut reader = Reader::new(units);
    // Fields of an encrypted key or of armour may come before its base64, and end in lines of their own.
    let mut run = 0_usize;
    while let Some(step) = reader.next() {
        match step {
            Step::Char(char) if char.is_ascii_alphanumeric() || matches!(char, b'+' | b'/') => {
                run = run.saturating_add(1);
                if !text.push(char) {
                    break;
                }
                end = reader.units().last_end();
            }
            Step::Char(b'-') if run >= FEWEST_CHARACTERS => break,
            Step::Char(char) if char.is_ascii_whitespace() => {
                if run < FEWEST_CHARACTERS {
                    run = 0;
                }
            }
            Step::Char(b':' | b',' | b'.' | b'-' | b'(' | b')') => run = 0,
            Step::Char(b'=') | Step::Join(_) => {}
            Step::Char(_) => break,
        }
    }
    let is_key = run >= FEWEST_CHARACTERS;
    is_key.then(|| Found {
        rule: &PRIVATE_KEY,
        confidence: Confidence::Likely,
        disguise: match (reader.is_joined, reader.is_escaped) {
            (true, _) => Disguise::Joined,
            (false, true) => Disguise::Escaped,
            (false, false) => Disguise::None,
        },
        start: at,
        end,
        text: text.without_end(),
    })
}

const LONGEST_LABEL: usize = 40;
/// A line of PEM has 64; a key on the smallest curve in use has as many in all.
const FEWEST_CHARACTERS: usize = 40;
/// Past what all keys of one algorithm have in common.
const MOST_CHARACTERS: usize = 256;
