//! What may be wrong with a text.

use super::{Alphabet, Vendor, Wrapper};
use crate::{Kind, Mode};

/// One thing that is wrong or odd. Columns count characters, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// There is no text.
    Empty,
    /// White space stands before it.
    SpaceBefore {
        /// How many characters.
        characters: usize,
        /// Whether the end of a line is among them.
        is_line_break: bool,
    },
    /// White space stands after it.
    SpaceAfter {
        /// How many characters.
        characters: usize,
        /// Whether the end of a line is among them.
        is_line_break: bool,
    },
    /// Something that isn't the key's stands around it.
    Wrapped(Wrapper),
    /// White space in the middle.
    Space {
        /// Where.
        column: usize,
        /// Whether it is the end of a line.
        is_line_break: bool,
    },
    /// A character that can't be seen.
    Invisible {
        /// Where.
        column: usize,
        /// Which; [`invisible_name`](super::invisible_name) has its name.
        character: char,
    },
    /// A letter, digit or underscore of another alphabet, which looks right.
    LookAlike {
        /// Where.
        column: usize,
        /// Whose it is. Not which: it would tell a character of the key.
        alphabet: Alphabet,
    },
    /// A dash: where an underscore should be, or where nothing should.
    Dash {
        /// Where.
        column: usize,
        /// Which.
        character: char,
        /// Whether an underscore of the prefix should stand there.
        for_underscore: bool,
    },
    /// An escape of a URL, such as `%5F`.
    Escaped {
        /// Where.
        column: usize,
    },
    /// A character that no key has.
    Character {
        /// Where.
        column: usize,
        /// Which; never a letter or digit.
        character: char,
    },
    /// Dots or stars stand for the middle of the key: this is what is shown of a key, not the key.
    Elided {
        /// Where.
        column: usize,
    },
    /// The prefix is not in lower case.
    PrefixCase,
    /// All letters have one case: capitals and small letters differ in a key, so it can't be restored.
    CaseLost,
    /// It begins like no key of this API.
    NoPrefix,
    /// It is another vendor's key.
    OtherVendor(Vendor),
    /// It is a credential of the admin API.
    AdminCredential,
    /// It is a digest, or the name of a record.
    Digest,
    /// A second key follows the first.
    SecondKey {
        /// Where.
        column: usize,
    },
    /// Too short for any key.
    TooShort {
        /// How many characters an issued key has more.
        missing: usize,
    },
    /// Too long for any key.
    TooLong {
        /// By how many characters.
        surplus: usize,
    },
    /// An issued key, and more after it.
    Surplus {
        /// How many characters more.
        characters: usize,
    },
    /// Shorter or longer than an issued key: right for a key from elsewhere, and wrong for one of keyguard's.
    OddLength {
        /// The length of what follows the prefix.
        length: usize,
        /// How long it is in an issued key.
        issued: usize,
    },
    /// The length of an issued key, and the wrong checksum: a character is wrong, or two changed places.
    Checksum,
    /// Another kind than was asked for.
    WrongKind {
        /// The kind that it is.
        found: Kind,
    },
    /// Another mode than was asked for.
    WrongMode {
        /// The mode that it is.
        found: Mode,
    },
}

impl Finding {
    /// Whether it may just as well be right.
    pub fn is_remark(&self) -> bool {
        matches!(self, Self::OddLength { .. })
    }
}
