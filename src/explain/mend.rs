//! A pasted key read the way a person reads it, with everything that is wrong in it noted.

use alloc::{string::String, vec::Vec};

use zeroize::Zeroizing;

use super::{Alphabet, Finding, unwrap::Piece};
use crate::{Kind, Mode, escape::escape, scan::symbol::Symbol};

/// What a piece was meant to be: ASCII letters, digits and underscores alone.
pub(super) struct Mended {
    text: Zeroizing<String>,
    /// Where each character of the text stood.
    columns: Vec<usize>,
    findings: Vec<Finding>,
    is_certain: bool,
}

impl Mended {
    pub(super) fn of(piece: &Piece<'_>) -> Self {
        let mut mended = Self {
            // Room for all of it at once: a string that grows leaves copies behind unwiped.
            text: Zeroizing::new(String::with_capacity(piece.text().len())),
            columns: Vec::with_capacity(piece.text().len()),
            findings: Vec::new(),
            is_certain: true,
        };
        let mut characters = piece.characters();
        let mut rest = piece.text();
        while let Some((column, char)) = characters.next() {
            rest = rest.get(char.len_utf8()..).unwrap_or_default();
            if char == '%'
                && let Some(byte) = escape(rest.as_bytes())
                && byte.is_ascii_graphic()
            {
                mended.findings.push(Finding::Escaped { column });
                mended.take(column, char::from(byte));
                rest = rest.get(2..).unwrap_or_default();
                characters.nth(1);
            } else if is_elision(char, rest) {
                mended.findings.push(Finding::Elided { column });
                break;
            } else {
                mended.take(column, char);
            }
        }
        mended
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Whether nothing was left out that may have stood for something.
    pub(super) fn is_certain(&self) -> bool {
        self.is_certain
    }

    /// Where a character of the text stood.
    pub(super) fn column(&self, index: usize) -> usize {
        self.columns.get(index).copied().unwrap_or_default()
    }

    /// What the prefix says, whatever its case, and its length.
    pub(super) fn prefix(&self) -> Option<(Kind, Mode, usize)> {
        [
            (Kind::Secret, Mode::Test),
            (Kind::Secret, Mode::Live),
            (Kind::Publishable, Mode::Test),
            (Kind::Publishable, Mode::Live),
        ]
        .into_iter()
        .find_map(|(kind, mode)| {
            let length = kind.prefix(mode).len();
            let start = self.text.get(..length)?;
            start.eq_ignore_ascii_case(kind.prefix(mode)).then_some((kind, mode, length))
        })
    }

    fn take(&mut self, column: usize, char: char) {
        match Symbol::of(char) {
            Symbol::Letter(letter) => self.take_as(column, char, char::from(letter)),
            Symbol::Underscore => self.take_as(column, char, '_'),
            Symbol::Dash => {
                let for_underscore = self.wants_underscore();
                self.findings.push(Finding::Dash { column, character: char, for_underscore });
                if for_underscore {
                    self.push(column, '_');
                } else {
                    self.is_certain = false;
                }
            }
            Symbol::LineBreak => {
                self.findings.push(Finding::Space { column, is_line_break: true });
            }
            Symbol::Space => self.findings.push(Finding::Space { column, is_line_break: false }),
            Symbol::Invisible => self.findings.push(Finding::Invisible { column, character: char }),
            Symbol::Other => {
                // A letter of a further alphabet stood for something, and to name it would tell what.
                self.findings.push(if char.is_alphanumeric() {
                    Finding::LookAlike { column, alphabet: Alphabet::of(char) }
                } else {
                    Finding::Character { column, character: char }
                });
                self.is_certain = false;
            }
        }
    }

    fn take_as(&mut self, column: usize, char: char, meant: char) {
        if char != meant {
            self.findings.push(Finding::LookAlike { column, alphabet: Alphabet::of(char) });
        }
        self.push(column, meant);
    }

    fn push(&mut self, column: usize, char: char) {
        self.text.push(char);
        self.columns.push(column);
    }

    /// Whether an underscore of the prefix comes next.
    fn wants_underscore(&self) -> bool {
        ["sk", "pk", "sk_test", "pk_test"].iter().any(|start| self.text.eq_ignore_ascii_case(start))
    }
}

/// What stands for characters that are not shown.
fn is_elision(char: char, rest: &str) -> bool {
    matches!(char, '…' | '*' | '•' | '●' | '·') || (char == '.' && rest.starts_with(".."))
}
