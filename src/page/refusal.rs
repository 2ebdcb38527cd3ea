//! Why the package refuses, and what a developer reads.

use core::fmt;

use crate::key::{KeyError, Mode};

/// A refusal: its code is part of the package's types, its message says what to do.
///
/// No refusal holds anything of what was given, so that no error can give a key away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A secret key, whole or not, where a page can see it.
    SecretKey(Place),
    /// The key is no primitive string.
    NotAString,
    /// The key breaks the grammar.
    MalformedKey(KeyError),
    /// The key has the length of an issued one and another checksum.
    Checksum,
    /// The key is of the other mode than the one that the options ask for, which is this.
    WrongMode(Mode),
    /// The key is of this mode, and out of place on the page's host.
    WrongEnvironment(Mode),
    /// An option is missing or of no use.
    InvalidOptions(OptionRule),
    /// The path could lead elsewhere, or is no path.
    InvalidPath(PathRule),
    /// The second argument of `request` or `fetch` asks for what a guarded request never does.
    InvalidInit(InitRule),
    /// The body can't be read without using it up.
    UnreadableBody,
    /// The finished request is not what was asked for.
    UnverifiedRequest,
}

/// Where a secret key was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It was given as the key.
    Key,
    /// In the base URL or in the path.
    Url,
    /// In a header, or in another part of the request that is sent ahead of the body.
    Header,
    /// In the body.
    Body,
}

/// What is wrong with the options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionRule {
    /// They are no object, `baseUrl` is missing or no URL, or reading one failed; `cause` tells.
    Unreadable,
    /// `baseUrl` has no host, or leads elsewhere.
    BaseUrl,
    /// `baseUrl` is not `https`, and not this machine either.
    Scheme,
    /// `baseUrl` has a user name, a password, a query or a fragment.
    Surplus,
    /// `mode` is neither `test` nor `live`.
    Mode,
    /// `acceptForeignKeys` is no boolean.
    AcceptForeignKeys,
    /// `environment` is none of its three words.
    Environment,
    /// `retries` or `timeout` is no number that can be meant.
    Number,
    /// `onEvent` is no function.
    OnEvent,
}

/// What is wrong with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathRule {
    /// It is no primitive string.
    NotAString,
    /// It doesn't begin with one slash.
    Start,
    /// It holds a character that URL parsers drop, turn into a slash or cut at.
    Character,
    /// It has a segment that climbs.
    DotSegment,
}

/// What is wrong with the second argument of `request` and `fetch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitRule {
    /// It is no object, or the browser refused it; `cause` tells.
    Rejected,
    /// It brings its own `Authorization`.
    Authorization,
    /// A header holds an API key.
    KeyInHeader,
    /// A member that the guard sets itself has another value.
    Pinned,
    /// The `Idempotency-Key` is empty, too long, or not in visible ASCII.
    IdempotencyKey,
    /// `retries` or `timeout` is no number that can be meant.
    Number,
}

impl Refusal {
    /// Every refusal: those of one code follow each other, in the order of their numbers.
    pub const ALL: [Self; 35] = [
        Self::SecretKey(Place::Key),
        Self::SecretKey(Place::Url),
        Self::SecretKey(Place::Header),
        Self::SecretKey(Place::Body),
        Self::NotAString,
        Self::MalformedKey(KeyError::Prefix),
        Self::MalformedKey(KeyError::TooShort),
        Self::MalformedKey(KeyError::TooLong),
        Self::MalformedKey(KeyError::Character),
        Self::Checksum,
        Self::WrongMode(Mode::Test),
        Self::WrongMode(Mode::Live),
        Self::WrongEnvironment(Mode::Test),
        Self::WrongEnvironment(Mode::Live),
        Self::InvalidOptions(OptionRule::Unreadable),
        Self::InvalidOptions(OptionRule::BaseUrl),
        Self::InvalidOptions(OptionRule::Scheme),
        Self::InvalidOptions(OptionRule::Surplus),
        Self::InvalidOptions(OptionRule::Mode),
        Self::InvalidOptions(OptionRule::AcceptForeignKeys),
        Self::InvalidOptions(OptionRule::Environment),
        Self::InvalidOptions(OptionRule::Number),
        Self::InvalidOptions(OptionRule::OnEvent),
        Self::InvalidPath(PathRule::NotAString),
        Self::InvalidPath(PathRule::Start),
        Self::InvalidPath(PathRule::Character),
        Self::InvalidPath(PathRule::DotSegment),
        Self::InvalidInit(InitRule::Rejected),
        Self::InvalidInit(InitRule::Authorization),
        Self::InvalidInit(InitRule::KeyInHeader),
        Self::InvalidInit(InitRule::Pinned),
        Self::InvalidInit(InitRule::IdempotencyKey),
        Self::InvalidInit(InitRule::Number),
        Self::UnreadableBody,
        Self::UnverifiedRequest,
    ];

    /// What the WebAssembly says to JavaScript instead of the words, which are text that JavaScript has anyway: sixteen times
    /// the place of the code, counted from 1, and the place of the message among the code's.
    pub const fn number(self) -> u32 {
        let (code, message) = match self {
            Self::SecretKey(place) => (1, place as u32),
            Self::NotAString => (2, 0),
            Self::MalformedKey(error) => (3, error as u32),
            Self::Checksum => (4, 0),
            Self::WrongMode(mode) => (5, mode as u32),
            Self::WrongEnvironment(mode) => (6, mode as u32),
            Self::InvalidOptions(rule) => (7, rule as u32),
            Self::InvalidPath(rule) => (8, rule as u32),
            Self::InvalidInit(rule) => (9, rule as u32),
            Self::UnreadableBody => (10, 0),
            Self::UnverifiedRequest => (11, 0),
        };
        (code << 4) | message
    }

    /// The word that a program tells refusals apart by.
    pub const fn code(self) -> &'static str {
        match self {
            Self::SecretKey(_) => "secret-key",
            Self::NotAString => "not-a-string",
            Self::MalformedKey(_) => "malformed-key",
            Self::Checksum => "checksum",
            Self::WrongMode(_) => "wrong-mode",
            Self::WrongEnvironment(_) => "wrong-environment",
            Self::InvalidOptions(_) => "invalid-options",
            Self::InvalidPath(_) => "invalid-path",
            Self::InvalidInit(_) => "invalid-init",
            Self::UnreadableBody => "unreadable-body",
            Self::UnverifiedRequest => "unverified-request",
        }
    }

    /// What went wrong and what to do, for a developer.
    pub const fn message(self) -> &'static str {
        match self {
            Self::SecretKey(place) => match place {
                Place::Key => {
                    "This is a secret key (sk_…). Revoke it: this page has shown it to whoever opens it. Load a publishable key (pk_…)."
                }
                Place::Url => {
                    "A secret key (sk_…) is in the URL. Nothing was sent. Revoke it: this page has it."
                }
                Place::Header => {
                    "A secret key (sk_…) is in a header. Nothing was sent. Revoke it: this page has it."
                }
                Place::Body => {
                    "A secret key (sk_…) is in the body. Nothing was sent. Revoke it: this page has it."
                }
            },
            Self::NotAString => "The key must be a string",
            Self::MalformedKey(error) => match error {
                KeyError::Prefix => "A publishable key begins with pk_test_ or pk_",
                KeyError::TooShort => "The key is too short: was it copied whole?",
                KeyError::TooLong => "The key is too long: was more copied?",
                KeyError::Character => {
                    "After its prefix a key has only letters and digits: was more copied?"
                }
            },
            Self::Checksum => {
                "The key's checksum is wrong: copy it again. (Was it issued elsewhere? Set acceptForeignKeys.)"
            }
            Self::WrongMode(Mode::Test) => "This is a live key, and mode is 'test'",
            Self::WrongMode(Mode::Live) => "This is a test key, and mode is 'live'",
            Self::WrongEnvironment(Mode::Test) => {
                "This is a test key, and this page is in production. Load a live key, or set environment to 'ignore'."
            }
            Self::WrongEnvironment(Mode::Live) => {
                "This is a live key, and this page is on a developer's machine. Load a test key, or set environment to 'ignore'."
            }
            Self::InvalidOptions(rule) => match rule {
                OptionRule::Unreadable => {
                    "The options must be an object whose baseUrl is an absolute URL"
                }
                OptionRule::BaseUrl => "baseUrl must have a plain host and path",
                OptionRule::Scheme => {
                    "baseUrl must be https (http for localhost, 127.0.0.1 and [::1] alone)"
                }
                OptionRule::Surplus => {
                    "baseUrl must have no user name, password, query or fragment"
                }
                OptionRule::Mode => "mode must be 'test' or 'live'",
                OptionRule::AcceptForeignKeys => "acceptForeignKeys must be true or false",
                OptionRule::Environment => "environment must be 'warn', 'refuse' or 'ignore'",
                OptionRule::Number => NUMBERS,
                OptionRule::OnEvent => "onEvent must be a function",
            },
            Self::InvalidPath(rule) => match rule {
                PathRule::NotAString => "The path must be a string",
                PathRule::Start => "The path must begin with one slash: it is added to baseUrl",
                PathRule::Character => {
                    "The path holds a backslash, #, space or control: use encodeURIComponent on its parts"
                }
                PathRule::DotSegment => "The path must have no . or .. segment, however spelled",
            },
            Self::InvalidInit(rule) => match rule {
                InitRule::Rejected => "No request can be made of this: see cause",
                InitRule::Authorization => {
                    "Leave Authorization to the guard: it sends the publishable key"
                }
                InitRule::KeyInHeader => "A header holds an API key: leave keys to the guard",
                InitRule::Pinned => {
                    "Leave credentials, redirect, mode, referrer and referrerPolicy to the guard, or make them stricter"
                }
                InitRule::IdempotencyKey => {
                    "An Idempotency-Key has 1 to 255 visible ASCII characters"
                }
                InitRule::Number => NUMBERS,
            },
            Self::UnreadableBody => {
                "The guard can't look into this body. Send json, text, bytes, URLSearchParams or FormData; files by fetch, a stream with allowStream."
            }
            Self::UnverifiedRequest => {
                "The finished request is not what was asked for. Was this page's Request replaced?"
            }
        }
    }
}

const NUMBERS: &str = "retries must be 0 to 10, and timeout in milliseconds, 0 for none";

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl core::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_the_codes_and_the_messages_of_each() {
        let (mut code, mut messages, mut numbers) = ("", 0, 0);
        for refusal in Refusal::ALL {
            if refusal.code() == code {
                messages += 1;
            } else {
                (code, messages, numbers) = (refusal.code(), 0, numbers + 1);
            }
            assert_eq!(refusal.number(), numbers * 16 + messages, "{refusal:?}");
            assert!(messages < 16 && !refusal.message().is_empty());
        }
    }
}
