//! What is told of a key that was found.

use alloc::string::{String, ToString as _};
use core::fmt;

use serde::{Serialize, Serializer, ser::SerializeStruct as _};

use super::{Found, Rule, lines::Lines};
use crate::digest::KeyDigest;

/// A key in a file: which, where, how sure, and never its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    rule: &'static Rule,
    confidence: Confidence,
    disguise: Disguise,
    start: u64,
    end: u64,
    line: u64,
    column: u64,
    redacted: String,
    fingerprint: String,
}

impl Finding {
    pub(super) fn of(found: &Found, start: u64, end: u64, lines: &Lines) -> Self {
        Self {
            rule: found.rule,
            confidence: found.confidence,
            disguise: found.disguise,
            start,
            end,
            line: lines.line(),
            column: lines.column(),
            redacted: found.text.redacted(),
            fingerprint: KeyDigest::of(found.text.as_str())
                .to_string()
                .chars()
                .take(FINGERPRINT_DIGITS)
                .collect(),
        }
    }

    /// The kind of key.
    pub fn rule(&self) -> &'static Rule {
        self.rule
    }

    /// How sure it is that this is a key.
    pub fn confidence(&self) -> Confidence {
        self.confidence
    }

    /// How it is written there.
    pub fn disguise(&self) -> Disguise {
        self.disguise
    }

    /// The bytes of the file that it takes, disguise included.
    pub fn range(&self) -> core::ops::Range<u64> {
        self.start..self.end
    }

    /// The line of its first character, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The column of its first character, from 1, in Unicode's code points.
    pub fn column(&self) -> u64 {
        self.column
    }

    /// Its prefix and its last four characters.
    pub fn redacted(&self) -> &str {
        &self.redacted
    }

    /// 128 bits of its SHA-256 digest, in hexadecimal: the same wherever the key is found and however it is written.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

/// As JSON has it, for every face.
impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut finding = serializer.serialize_struct("Finding", 12)?;
        finding.serialize_field("rule", self.rule.id)?;
        finding.serialize_field("name", self.rule.name)?;
        finding.serialize_field("severity", self.rule.severity.as_str())?;
        finding.serialize_field("confidence", self.confidence.as_str())?;
        finding.serialize_field("disguise", self.disguise.as_str())?;
        finding.serialize_field("start", &self.start)?;
        finding.serialize_field("end", &self.end)?;
        finding.serialize_field("line", &self.line)?;
        finding.serialize_field("column", &self.column)?;
        finding.serialize_field("redacted", &self.redacted)?;
        finding.serialize_field("fingerprint", &self.fingerprint)?;
        finding.serialize_field("advice", self.rule.advice)?;
        finding.end()
    }
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// It has the form and reads like words, or like a key that somebody made up.
    Possible,
    /// It has the form and looks random: a key from elsewhere, or one with a typing error.
    Likely,
    /// Its checksum is right, which 1 in 4,294,967,296 others would be.
    Certain,
}

impl Confidence {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// What a leak means. The words are SARIF's levels (SARIF 2.1.0 §3.27.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The key is made to be seen, and dangerous only where its use isn't restricted.
    Note,
    /// No money moves, or the key is half of what is needed.
    Warning,
    /// Whoever has it can act as its owner.
    Error,
}

impl Severity {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// How a key is written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Disguise {
    /// As it is.
    None,
    /// With escapes in it.
    Escaped,
    /// In pieces that the program puts together, with or without escapes.
    Joined,
    /// In base64.
    Base64,
    /// In UTF-16.
    Utf16,
}

impl Disguise {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Escaped => "escaped",
            Self::Joined => "joined",
            Self::Base64 => "base64",
            Self::Utf16 => "utf-16",
        }
    }
}

macro_rules! display_as_str {
    ($($type:ty),*) => {$(
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )*};
}

display_as_str!(Confidence, Severity, Disguise);

const FINGERPRINT_DIGITS: usize = 32;
