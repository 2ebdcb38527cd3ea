//! What people copy along with a key: spaces, quotes, the header or the line of a file where it stood.

use alloc::vec::Vec;

use super::Finding;
use crate::scan::symbol::Symbol;

/// What stands around a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wrapper {
    /// Quotes of any form.
    Quotes,
    /// `Authorization:`.
    Header,
    /// `Bearer `.
    Scheme,
    /// `NAME=` or `NAME:`, with or without `export`.
    Assignment,
    /// Brackets, commas, semicolons.
    Punctuation,
    /// Other text, with the key somewhere in it.
    Text,
}

/// A part of a text, which knows where it starts.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    text: &'a str,
    /// The characters before it.
    before: usize,
}

impl<'a> Piece<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { text, before: 0 }
    }

    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// Every character with its column.
    pub(super) fn characters(&self) -> impl Iterator<Item = (usize, char)> + use<'a> {
        let first = self.before.saturating_add(1);
        self.text.chars().enumerate().map(move |(index, char)| (first.saturating_add(index), char))
    }

    /// The piece without the white space around it, and a finding for either end.
    pub(super) fn trimmed(self, findings: &mut Vec<Finding>) -> Self {
        let spaces = |text: &str| (text.chars().count(), text.chars().any(is_line_break));
        let start = self.text.trim_start_matches(is_space);
        let (characters, is_line_break) = spaces(self.text.strip_suffix(start).unwrap_or_default());
        if characters > 0 {
            findings.push(Finding::SpaceBefore { characters, is_line_break });
        }
        let piece = self.after(start);
        let end = start.trim_end_matches(is_space);
        let (characters, is_line_break) = spaces(start.strip_prefix(end).unwrap_or_default());
        if characters > 0 {
            findings.push(Finding::SpaceAfter { characters, is_line_break });
        }
        Self { text: end, ..piece }
    }

    /// The piece without what was copied along, and a finding for each kind of that.
    pub(super) fn unwrapped(self, findings: &mut Vec<Finding>) -> Self {
        let mut piece = self;
        while let Some((inner, wrapper)) =
            piece.peeled().filter(|(inner, _)| inner.text.len() < piece.text.len())
        {
            let finding = Finding::Wrapped(wrapper);
            if !findings.contains(&finding) {
                findings.push(finding);
            }
            // Spaces inside of a wrapper are the wrapper's.
            piece = inner.trimmed(&mut Vec::new());
        }
        piece
    }

    /// Takes one layer off.
    fn peeled(self) -> Option<(Self, Wrapper)> {
        if let Some(rest) = strip_word(self.text, "Authorization:") {
            return Some((self.after(rest), Wrapper::Header));
        }
        if let Some(rest) = strip_word(self.text, "Bearer ") {
            return Some((self.after(rest), Wrapper::Scheme));
        }
        if let Some(rest) = strip_name(self.text) {
            return Some((self.after(rest), Wrapper::Assignment));
        }
        for (wrapper, characters) in
            [(Wrapper::Quotes, QUOTES), (Wrapper::Punctuation, PUNCTUATION)]
        {
            let is_one = |char: char| characters.contains(char);
            let start = self.text.trim_start_matches(is_one);
            let inner = start.trim_end_matches(is_one);
            // Dots at the end stand for something that was left out.
            if inner.len() < self.text.len() && !inner.is_empty() {
                return Some((Self { text: inner, ..self.after(start) }, wrapper));
            }
        }
        let embedded = embedded(self.text)?;
        let mut piece = self.after(self.text.get(embedded..)?);
        let end = piece.text.find(|char: char| ends_embedded(char)).unwrap_or(piece.text.len());
        piece.text = piece.text.get(..end)?;
        Some((piece, Wrapper::Text))
    }

    /// What is left when `rest` is the end of the piece.
    fn after(self, rest: &'a str) -> Self {
        let skipped = self.text.len().saturating_sub(rest.len());
        let skipped = self.text.get(..skipped).unwrap_or_default().chars().count();
        Self { text: rest, before: self.before.saturating_add(skipped) }
    }
}

/// White space that a reader doesn't see at the end of a line.
fn is_space(char: char) -> bool {
    matches!(Symbol::of(char), Symbol::Space | Symbol::LineBreak)
}

fn is_line_break(char: char) -> bool {
    Symbol::of(char) == Symbol::LineBreak
}

fn strip_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(word.len())?;
    start.eq_ignore_ascii_case(word).then_some(rest)
}

/// Takes a variable's or field's name off: `NAME=`, `export NAME=`, `"name":`.
fn strip_name(text: &str) -> Option<&str> {
    let rest = ["export ", "set ", "$env:", "const ", "let ", "var "]
        .into_iter()
        .find_map(|word| strip_word(text, word))
        .unwrap_or(text)
        .trim_start_matches([' ', '"', '\'', '{']);
    let end = rest.find(|char: char| !(char.is_ascii_alphanumeric() || "_-.".contains(char)))?;
    let (name, rest) = rest.split_at_checked(end)?;
    let rest = rest.trim_start_matches(['"', '\'']).trim_start_matches(' ');
    let rest = rest.strip_prefix(['=', ':'])?;
    let is_name = !name.is_empty() && !starts_key(name);
    // `key:v1:…` is a name of its own, and `https://…` an address.
    (is_name && !rest.is_empty() && !rest.starts_with("//") && !rest.starts_with("v1:"))
        .then_some(rest)
}

/// Where a key starts inside of other text.
fn embedded(text: &str) -> Option<usize> {
    if seems_key(text) {
        // A key that only something follows.
        return text.contains(ENDS_OF_OTHER_TEXT).then_some(0);
    }
    let mut is_inside = false;
    text.char_indices()
        .map(|(index, char)| {
            let was_inside = core::mem::replace(&mut is_inside, char.is_ascii_alphanumeric());
            (index, was_inside)
        })
        .find(|(index, was_inside)| {
            *index > 0 && !was_inside && text.get(*index..).is_some_and(starts_key)
        })
        .map(|(index, _)| index)
}

/// Whether a reader sees a key's start there, whatever it is written with.
fn seems_key(text: &str) -> bool {
    let mut symbols = text.chars().map(Symbol::of).filter(|symbol| *symbol != Symbol::Invisible);
    let mut is_letter = |letters: &[u8]| matches!(symbols.next(), Some(Symbol::Letter(letter)) if letters.contains(&letter.to_ascii_lowercase()));
    is_letter(b"sp") && is_letter(b"k") && !is_letter(ALPHANUMERIC)
}

fn starts_key(text: &str) -> bool {
    ["sk_", "pk_", "kgadmin_"].into_iter().any(|prefix| strip_word(text, prefix).is_some())
}

/// What ends a key inside of other text.
fn ends_embedded(char: char) -> bool {
    char.is_ascii() && !(char.is_ascii_alphanumeric() || "_-%*.".contains(char))
}

/// What may follow a key in an address or in JSON.
const ENDS_OF_OTHER_TEXT: [char; 6] = ['/', '&', '"', '\'', '?', '#'];
const ALPHANUMERIC: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const QUOTES: &str = "\"'`“”„‟‘’‚‛«»‹›＂＇";
const PUNCTUATION: &str = "()[]{}<>,;";
