//! The keys of this grammar.

use alloc::{format, string::String, vec::Vec};
use core::fmt;

use zeroize::Zeroizing;

use super::{
    Confidence, Disguise, Found, Rule, Severity,
    before::Before,
    escapes,
    joins::{self, Join},
    random,
    reader::{Reader, Step},
    units::Units,
};
use crate::{
    Form,
    key::{MAX_BODY_LENGTH, MIN_BODY_LENGTH, checksum},
};

/// A live secret key.
pub const LIVE: Rule = Rule {
    id: "keyguard-live-secret-key",
    name: "live secret key",
    severity: Severity::Error,
    advice: "Rotate it now (`keyguard key rotate`), and let only a server have the next one.",
};

/// A test secret key.
pub const TEST: Rule = Rule {
    id: "keyguard-test-secret-key",
    name: "test secret key",
    severity: Severity::Warning,
    advice: "Rotate it (`keyguard key rotate`), and let only a server have the next one: where a test key is, a live one follows.",
};

/// The key that starts at a place, as it is written or with escapes and cuts after its first letter.
pub(super) fn find(bytes: &[u8], start: usize, stride: usize) -> Option<Found> {
    let before = Before::of(bytes, start, stride);
    if before == Before::Word {
        return None;
    }
    let mut candidate = Candidate::read(Units::new(bytes, start, stride), || {
        stride == 1 && joins::starts_concat(bytes, start)
    })?;
    // In the middle of a longer token, such as a JWT.
    let is_inside = before == Before::Bridge
        && (candidate.is_followed_by_bridge || is_long_token(bytes, start));
    if is_inside && candidate.confidence != Confidence::Certain {
        return None;
    }
    if stride > 1 {
        candidate.disguise = Disguise::Utf16;
    }
    Some(candidate.found(start))
}

/// The key that starts at a place, if that is a letter or an escape of one.
pub(super) fn find_disguised(bytes: &[u8], start: usize) -> Option<Found> {
    let first = *bytes.get(start)?;
    if first == b's' || escapes::is_start(first) { find(bytes, start, 1) } else { None }
}

/// The text of a key that was found: shown redacted, wiped on drop.
pub(super) struct Text {
    bytes: Zeroizing<Vec<u8>>,
    /// How much of its start may be shown.
    prefix: usize,
    /// Whether its last four characters may be, too.
    has_end: bool,
}

impl Text {
    /// Room for all of it at once: a vector that grows leaves copies behind unwiped.
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self { bytes: Zeroizing::new(Vec::with_capacity(capacity)), prefix: 0, has_end: true }
    }

    pub(super) fn with_prefix(mut self, prefix: usize) -> Self {
        self.prefix = prefix;
        self
    }

    pub(super) fn without_end(mut self) -> Self {
        self.has_end = false;
        self
    }

    /// Adds a character; what is no ASCII, no key has.
    pub(super) fn push(&mut self, char: u8) -> bool {
        let has_room = self.bytes.len() < self.bytes.capacity() && char.is_ascii();
        if has_room {
            self.bytes.push(char);
        }
        has_room
    }

    pub(super) fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes).unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn redacted(&self) -> String {
        let end =
            if self.has_end { self.len().saturating_sub(4).max(self.prefix) } else { self.len() };
        let text = self.as_str();
        format!(
            "{}…{}",
            text.get(..self.prefix).unwrap_or_default(),
            text.get(end..).unwrap_or_default()
        )
    }

    fn body(&self) -> &str {
        let text = self.as_str();
        text.strip_prefix("sk_test_").or_else(|| text.strip_prefix("sk_")).unwrap_or_default()
    }

    /// Whether the grammar lets this character follow.
    pub(super) fn may_be_followed_by(&self, char: u8) -> bool {
        match self.bytes.as_slice() {
            [] => char == b's',
            b"s" => char == b'k',
            b"sk" => char == b'_',
            b"sk_test" => char == b'_' || char.is_ascii_alphanumeric(),
            _ => char.is_ascii_alphanumeric(),
        }
    }

    fn is_issued(&self) -> bool {
        checksum::form(self.as_str(), self.body()) == Form::Issued
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted())
    }
}

/// A key, as far as the grammar tells.
#[derive(Debug)]
pub(super) struct Candidate {
    text: Text,
    end: usize,
    pub(super) confidence: Confidence,
    disguise: Disguise,
    is_followed_by_bridge: bool,
}

impl Candidate {
    /// Reads one that starts here. A comma is believed to join pieces where `is_in_concat` or `].join("")` says so, or
    /// where the checksum does.
    pub(super) fn read(units: Units<'_>, is_in_concat: impl FnOnce() -> bool) -> Option<Self> {
        let mut reader = Reader::new(units);
        let mut text = Text::with_capacity(MOST_CHARACTERS);
        let mut end = units;
        // The last place before a comma.
        let mut whole: Option<(usize, Units<'_>, Disguise)> = None;
        let (mut is_doubtful, mut is_calling) = (false, false);
        let mut disguise = Disguise::None;
        let mut next = None;
        while let Some(step) = reader.next() {
            match step {
                Step::Char(char) if text.may_be_followed_by(char) => {
                    if !text.push(char) {
                        return None;
                    }
                    end = reader.units();
                    disguise = match (reader.is_joined, reader.is_escaped) {
                        (true, _) => Disguise::Joined,
                        (false, true) => Disguise::Escaped,
                        (false, false) => Disguise::None,
                    };
                }
                // What stands before a key is no part of it.
                Step::Join(_) if text.len() == 0 => return None,
                Step::Join(_) if text.is_issued() => break,
                Step::Join(Join::Certain) => is_calling = true,
                Step::Join(Join::Possible) => {
                    if !is_doubtful {
                        is_doubtful = true;
                        whole = Some((text.len(), end, disguise));
                    }
                }
                Step::Char(char) => {
                    next = Some(char);
                    break;
                }
            }
        }
        let mut is_issued = text.is_issued();
        let is_one_text = is_issued
            || !is_doubtful
            || is_calling
            || joins::ends_joined_array(end)
            || is_in_concat();
        if !is_one_text && let Some((length, place, was)) = whole {
            text.bytes.truncate(length);
            (end, disguise) = (place, was);
            is_issued = text.is_issued();
            next = None;
        }
        let body = text.body();
        if !(MIN_BODY_LENGTH..=MAX_BODY_LENGTH).contains(&body.len()) {
            return None;
        }
        let confidence = match (is_issued, random::looks_random(body.as_bytes())) {
            (true, _) => Confidence::Certain,
            (false, true) => Confidence::Likely,
            (false, false) => Confidence::Possible,
        };
        Some(Self {
            text,
            end: end.last_end(),
            confidence,
            disguise,
            is_followed_by_bridge: matches!(next, Some(b'_' | b'-')),
        })
    }

    /// How long the source is that it was read from.
    pub(super) fn end(&self) -> usize {
        self.end
    }

    pub(super) fn in_base64(self, start: usize, end: usize) -> Found {
        Found { disguise: Disguise::Base64, end, ..self.found(start) }
    }

    fn found(self, start: usize) -> Found {
        let is_test = self.text.as_str().starts_with("sk_test_");
        let (rule, prefix) = if is_test { (&TEST, "sk_test_") } else { (&LIVE, "sk_") };
        Found {
            rule,
            confidence: self.confidence,
            disguise: self.disguise,
            start,
            end: self.end,
            text: self.text.with_prefix(prefix.len()),
        }
    }
}

/// Whether a long run of letters, digits, `_` and `-` ends here: random base64url rather than a name.
fn is_long_token(bytes: &[u8], start: usize) -> bool {
    let before = bytes.get(start.saturating_sub(LONG_TOKEN)..start).unwrap_or_default();
    before.len() == LONG_TOKEN
        && before.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// The longest prefix and the longest body.
const MOST_CHARACTERS: usize = "sk_test_".len() + MAX_BODY_LENGTH;

/// No variable that a key is assigned to has so long a name.
const LONG_TOKEN: usize = 32;
