//! What exactly is wrong with a text that should be a key.
//!
//! [`ApiKey::parse`] says no and names the first rule. A person who pasted a key wants to know what to do:
//! which character it is, and whether the text would be a key without it. Findings hold positions and names, and
//! nothing of the key.

mod character;
mod finding;
mod mend;
mod unwrap;
mod vendor;

use alloc::{string::String, vec::Vec};

use zeroize::Zeroizing;

use crate::{
    AdminCredential, ApiKey, Form, Kind, Mode, Redacted,
    key::{ISSUED_BODY_LENGTH, MAX_BODY_LENGTH, MIN_BODY_LENGTH},
};
use mend::Mended;
use unwrap::Piece;

pub use character::{Alphabet, invisible_name};
pub use finding::Finding;
pub use unwrap::Wrapper;
pub use vendor::Vendor;

/// Says what is wrong with a text, and what it would be without that.
///
/// ```
/// use keyguard::{Finding, Kind, explain};
///
/// let explanation = explain("sk_test–vYZCAeHawUqDCmVpEKh2U\n", None, None);
/// assert_eq!(
///     explanation.findings()[..2],
///     [Finding::SpaceAfter { characters: 1, is_line_break: true }, Finding::Dash { column: 8, character: '–', for_underscore: true }],
/// );
/// assert_eq!(explanation.key().unwrap().redacted.to_string(), "sk_test_…Kh2U");
/// ```
pub fn explain(text: &str, kind: Option<Kind>, mode: Option<Mode>) -> Explanation {
    let mut explanation = Explanation::default();
    explanation.read(text);
    explanation.compare(kind, mode);
    explanation
}

/// What is to be said of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    findings: Vec<Finding>,
    key: Option<Likely>,
}

/// The key that a text is, or would be once everything that was found is mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Likely {
    /// From the prefix.
    pub kind: Kind,
    /// From the prefix.
    pub mode: Mode,
    /// Issued: then the checksum says that nothing else is wrong.
    pub form: Form,
    /// What may be shown of it.
    pub redacted: Redacted,
}

impl Explanation {
    /// What was found, in the order in which to mend it.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The key that it is, or would be.
    pub fn key(&self) -> Option<&Likely> {
        self.key.as_ref()
    }

    /// Whether the text is a key just as it stands.
    pub fn is_fine(&self) -> bool {
        self.key.is_some() && self.findings.iter().all(Finding::is_remark)
    }

    fn read(&mut self, text: &str) {
        let piece = Piece::of(text).trimmed(&mut self.findings);
        if piece.text().is_empty() {
            // The spaces are all there is.
            self.findings = alloc::vec![Finding::Empty];
            return;
        }
        let piece = piece.unwrapped(&mut self.findings);
        if let Some(other) = other_thing(piece.text()) {
            self.findings.push(other);
            return;
        }
        let mended = Mended::of(&piece);
        let Some((kind, mode, prefix_length)) = mended.prefix() else {
            self.findings.push(Finding::NoPrefix);
            return;
        };
        self.findings.extend(mended.findings().iter().cloned());
        let prefix = kind.prefix(mode);
        if !mended.text().starts_with(prefix) {
            self.findings.push(Finding::PrefixCase);
        }
        let mut body = mended.text().get(prefix_length..).unwrap_or_default();
        if let Some(place) = second_key(body) {
            let column = mended.column(prefix_length.saturating_add(place));
            self.findings.push(Finding::SecondKey { column });
            body = body.get(..place).unwrap_or_default();
        } else if let Some(place) = body.find('_') {
            let column = mended.column(prefix_length.saturating_add(place));
            self.findings.push(Finding::Character { column, character: '_' });
            return;
        }
        if !self.findings.iter().any(|finding| matches!(finding, Finding::Elided { .. })) {
            self.judge(prefix, body, mended.is_certain());
        }
    }

    /// Judges a body of letters and digits alone.
    fn judge(&mut self, prefix: &str, body: &str, is_certain: bool) {
        let length = body.len();
        if length < MIN_BODY_LENGTH {
            let missing = ISSUED_BODY_LENGTH.saturating_sub(length);
            self.findings.push(Finding::TooShort { missing });
            return;
        }
        if let Some(key) = parse(prefix, body.get(..ISSUED_BODY_LENGTH))
            && key.form() == Form::Issued
        {
            let characters = length.saturating_sub(ISSUED_BODY_LENGTH);
            if characters > 0 {
                self.findings.push(Finding::Surplus { characters });
            }
            self.key = Some(Likely::of(&key));
            return;
        }
        if length > MAX_BODY_LENGTH {
            let surplus = length.saturating_sub(MAX_BODY_LENGTH);
            self.findings.push(Finding::TooLong { surplus });
            return;
        }
        let has_one_case = |is_other: fn(&u8) -> bool| {
            body.bytes().any(|byte| byte.is_ascii_alphabetic())
                && !body.bytes().any(|byte| is_other(&byte))
        };
        if has_one_case(u8::is_ascii_lowercase) || has_one_case(u8::is_ascii_uppercase) {
            self.findings.push(Finding::CaseLost);
        } else if length == ISSUED_BODY_LENGTH {
            self.findings.push(Finding::Checksum);
        } else {
            self.findings.push(Finding::OddLength { length, issued: ISSUED_BODY_LENGTH });
            // Without a checksum nothing says that leaving a character out was right.
            self.key = parse(prefix, Some(body)).filter(|_| is_certain).map(|key| Likely::of(&key));
        }
    }

    fn compare(&mut self, kind: Option<Kind>, mode: Option<Mode>) {
        let Some(key) = &self.key else { return };
        if kind.is_some_and(|kind| kind != key.kind) {
            self.findings.push(Finding::WrongKind { found: key.kind });
        }
        if mode.is_some_and(|mode| mode != key.mode) {
            self.findings.push(Finding::WrongMode { found: key.mode });
        }
    }
}

impl Likely {
    fn of(key: &ApiKey) -> Self {
        Self { kind: key.kind(), mode: key.mode(), form: key.form(), redacted: key.redacted() }
    }
}

fn parse(prefix: &str, body: Option<&str>) -> Option<ApiKey> {
    let body = body?;
    let mut text = Zeroizing::new(String::with_capacity(prefix.len().saturating_add(body.len())));
    text.push_str(prefix);
    text.push_str(body);
    ApiKey::parse(&text).ok()
}

/// What a text is, where it is no key and no try at one.
fn other_thing(text: &str) -> Option<Finding> {
    let digest = text.strip_prefix("key:v1:").unwrap_or(text);
    if digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some(Finding::Digest);
    }
    let is_credential = text
        .get(..AdminCredential::PREFIX.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(AdminCredential::PREFIX));
    if is_credential {
        return Some(Finding::AdminCredential);
    }
    Vendor::of(text).map(Finding::OtherVendor)
}

/// Where a second key starts in a body: a body has no underscore.
fn second_key(body: &str) -> Option<usize> {
    let underscore = body.find('_')?;
    let start = underscore.checked_sub("sk".len())?;
    let is_prefix = body
        .get(start..underscore)
        .is_some_and(|word| word.eq_ignore_ascii_case("sk") || word.eq_ignore_ascii_case("pk"));
    (is_prefix && start >= MIN_BODY_LENGTH).then_some(start)
}

#[cfg(test)]
mod tests;
