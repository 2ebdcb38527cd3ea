//! The few bytes that no key is without, for which a file is searched.

use alloc::vec::Vec;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind, Span, packed};

use super::vendors;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    /// `sk_`.
    Plain,
    /// An escape of one of its characters, or a cut between two of them.
    Disguised,
    /// `sk_` in UTF-16.
    Utf16,
    /// `sk_` in base64: so many bytes on is a character of it whose group of four began so many characters before.
    Base64 { skipped: usize, back: usize },
    /// The beginning of another vendor's keys, the one at this place in the list.
    Vendor(usize),
    /// A line of PEM.
    Pem,
}

/// All of them, ready to be searched for.
#[derive(Debug)]
pub(super) struct Anchors {
    groups: Vec<Group>,
}

/// Some of them, that are searched for at once.
#[derive(Debug)]
struct Group {
    anchors: Vec<Anchor>,
    search: Engine,
}

/// Vector instructions where the processor has them, else an automaton.
#[derive(Debug)]
enum Engine {
    Packed(packed::Searcher),
    Automaton(AhoCorasick),
}

impl Anchors {
    pub(super) fn new() -> Self {
        let mut all: Vec<(&[u8], Anchor)> = all().collect();
        // The more first bytes a group's texts have in common to be compared, the less often one seems to be there.
        all.sort_by_key(|(text, _)| core::cmp::Reverse(text.len().min(COMPARED)));
        let packed: Option<Vec<Group>> = all.chunks(GROUP).map(Group::packed).collect();
        let groups = packed.unwrap_or_else(|| Group::automaton(&all).into_iter().collect());
        Self { groups }
    }

    /// A search that begins.
    pub(super) fn cursors(&self) -> Vec<Cursor> {
        self.groups.iter().map(|_| Cursor::Unknown).collect()
    }

    /// The first anchor from a place on, and where it starts.
    ///
    /// `cursors` are of the same bytes and an earlier place, or new.
    pub(super) fn find(
        &self,
        bytes: &[u8],
        from: usize,
        end: usize,
        cursors: &mut [Cursor],
    ) -> Option<(usize, Anchor)> {
        let mut first: Option<(usize, Anchor)> = None;
        for (group, cursor) in self.groups.iter().zip(cursors) {
            let is_passed = match cursor {
                Cursor::Unknown => true,
                Cursor::At(at, _) => *at < from,
                Cursor::None => false,
            };
            if is_passed {
                *cursor = group
                    .find(bytes, from, end)
                    .map_or(Cursor::None, |(at, anchor)| Cursor::At(at, anchor));
            }
            if let Cursor::At(at, anchor) = *cursor
                && first.is_none_or(|(first, _)| at < first)
            {
                first = Some((at, anchor));
            }
        }
        first
    }
}

/// Where a group's next anchor is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cursor {
    Unknown,
    At(usize, Anchor),
    /// There is none up to the end.
    None,
}

impl Group {
    fn packed(all: &[(&[u8], Anchor)]) -> Option<Self> {
        let search = packed::Config::new()
            .match_kind(packed::MatchKind::LeftmostFirst)
            .builder()
            .extend(all.iter().map(|(text, _)| text))
            .build()?;
        Some(Self::of(all, Engine::Packed(search)))
    }

    /// `None` only for texts that are too many or too long for one, which a test would see.
    fn automaton(all: &[(&[u8], Anchor)]) -> Option<Self> {
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .kind(Some(AhoCorasickKind::DFA))
            .prefilter(false)
            .build(all.iter().map(|(text, _)| text))
            .ok()?;
        Some(Self::of(all, Engine::Automaton(automaton)))
    }

    fn of(all: &[(&[u8], Anchor)], search: Engine) -> Self {
        Self { anchors: all.iter().map(|(_, anchor)| *anchor).collect(), search }
    }

    fn find(&self, bytes: &[u8], from: usize, end: usize) -> Option<(usize, Anchor)> {
        if from >= end {
            return None;
        }
        let span = Span { start: from, end };
        let found = match &self.search {
            Engine::Packed(searcher) => searcher.find_in(bytes, span),
            Engine::Automaton(automaton) => automaton.find(Input::new(bytes).span(span)),
        }?;
        Some((found.start(), *self.anchors.get(found.pattern().as_usize())?))
    }
}

/// Texts that are searched for at once. Measured: 16 go at 15 GB/s, 32 at 4, 64 at 1.4, so several passes over
/// what is in the processor's cache beat one.
const GROUP: usize = 16;

/// First bytes that the vector search compares.
const COMPARED: usize = 4;

/// Each with its bytes. None is the beginning of another, or the other would never be found.
fn all() -> impl Iterator<Item = (&'static [u8], Anchor)> {
    let own = PLAIN.iter().map(|text| (text.as_bytes(), Anchor::Plain));
    let disguised = DISGUISED.iter().map(|text| (text.as_bytes(), Anchor::Disguised));
    let base64 = BASE64.iter().map(|(text, skipped, back)| {
        (text.as_bytes(), Anchor::Base64 { skipped: *skipped, back: *back })
    });
    let vendors = vendors::anchors().map(|(text, index)| (text.as_bytes(), Anchor::Vendor(index)));
    own.chain(disguised)
        .chain([("s\0k\0_".as_bytes(), Anchor::Utf16), ("-----BEGIN".as_bytes(), Anchor::Pem)])
        .chain(base64)
        .chain(vendors)
}

const PLAIN: [&str; 1] = ["sk_"];

/// Escapes of `s`, `k` and `_`, each by the part that no spelling of it is without; and cuts between two of them.
const DISGUISED: &[&str] = &[
    // `\u0073`, `%u0073`, `\u{0073}`, `\U00000073`, `&#x0073;`
    "0073",
    "006b",
    "006B",
    "005f",
    "005F", // `\u{73}`
    "{73}",
    "{6b}",
    "{6B}",
    "{5f}",
    "{5F}", // Hexadecimal and octal.
    "\\x73",
    "\\x6b",
    "\\x6B",
    "\\x5f",
    "\\x5F",
    "\\163",
    "\\153",
    "\\137", // URLs, once or more.
    "%73",
    "%6b",
    "%6B",
    "%5f",
    "%5F",
    "2573",
    "256b",
    "256B",
    "255f",
    "255F", // HTML.
    "#115",
    "#107",
    "#95;",
    "#095",
    "#x73",
    "#x6b",
    "#x6B",
    "#x5f",
    "#x5F",
    "#X73",
    "#X6b",
    "#X6B",
    "#X5f",
    "#X5F",
    "lowbar;",
    "UnderBar;", // Cuts.
    "\"k_",
    "'k_",
    "`k_",
    "sk\"",
    "sk'",
    "sk`",
    "sk\\",
    "sk$",
    "\"k\"",
    "'k'",
    "`k`",
    "\"k\\",
    "'k\\",
];

/// `sk_` in base64 takes four characters, or parts of five. Where it begins with a group's second or third byte, the
/// last of them has bits of the body's first letter or digit, which leaves few. A line may break between groups.
const BASE64: [(&str, usize, usize); 12] = [
    ("c2tf", 0, 0),
    ("NrXz", 0, 2),
    ("NrX0", 0, 2),
    ("NrX1", 0, 2),
    ("NrX2", 0, 2),
    ("NrX3", 0, 2),
    ("Nr\n", 0, 2),
    ("Nr\r", 0, 2),
    ("za18", 0, 3),
    ("za19", 0, 3),
    ("\na18", 1, 4),
    ("\na19", 1, 4),
];

/// The length of the longest.
pub(super) const LONGEST: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_anchor_hides_another() {
        let texts: Vec<&[u8]> = all().map(|(text, _)| text).collect();
        for (index, text) in texts.iter().enumerate() {
            assert!(text.len() <= LONGEST && text.len() >= 3);
            for (other_index, other) in texts.iter().enumerate() {
                assert!(
                    index == other_index || !other.starts_with(text),
                    "{} begins {}",
                    text.escape_ascii(),
                    other.escape_ascii()
                );
            }
        }
    }
}
