//! The few bytes that no key is without, for which a file is searched.

mod texts;

use alloc::vec::Vec;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind, Span, packed};

pub(super) use texts::LONGEST;
use texts::{PASSES, Sought};

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    /// `sk_`.
    Plain,
    /// An escape of one of its characters, or a cut between two of them.
    Disguised,
    /// `sk_` in UTF-16, which begins so many bytes before.
    Utf16 { back: usize },
    /// `sk_` in base64: so many bytes on is a character of it whose group of four began so many characters before.
    Base64 { skipped: usize, back: usize },
    /// What the keys of some vendors have in common.
    Vendor(&'static str),
    /// A line of PEM, which begins so many bytes before.
    Pem { back: usize },
}

/// All of them, ready to be searched for.
#[derive(Debug)]
pub(super) struct Anchors {
    passes: Vec<Pass>,
}

/// Some of them, that are searched for at once.
#[derive(Debug)]
struct Pass {
    sought: Vec<Sought>,
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
        let all = in_order();
        let packed: Option<Vec<Pass>> = all.chunks(AT_ONCE).map(Pass::packed).collect();
        Self { passes: packed.unwrap_or_else(|| Pass::automaton(&all).into_iter().collect()) }
    }

    /// A search that begins.
    pub(super) fn cursors(&self) -> Vec<Cursor> {
        self.passes.iter().map(|_| Cursor::Unknown).collect()
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
        let mut first: Option<(usize, Sought)> = None;
        for (pass, cursor) in self.passes.iter().zip(cursors) {
            let is_passed = match cursor {
                Cursor::Unknown => true,
                Cursor::At(at, _) => *at < from,
                Cursor::None => false,
            };
            if is_passed {
                *cursor = pass
                    .find(bytes, from, end)
                    .map_or(Cursor::None, |(at, sought)| Cursor::At(at, sought));
            }
            if let Cursor::At(at, sought) = *cursor
                && first.is_none_or(|(first, _)| at < first)
            {
                first = Some((at, sought));
            }
        }
        first.map(|(at, sought)| (at, sought.anchor))
    }
}

/// Where a pass's next anchor is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cursor {
    Unknown,
    At(usize, Sought),
    /// There is none up to the end.
    None,
}

impl Pass {
    fn packed(all: &[Sought]) -> Option<Self> {
        let search = packed::Config::new()
            .match_kind(packed::MatchKind::LeftmostFirst)
            .builder()
            .extend(all.iter().map(|sought| sought.text))
            .build()?;
        Some(Self::of(all, Engine::Packed(search)))
    }

    /// `None` only for texts that are too many or too long for one, which a test would see.
    fn automaton(all: &[Sought]) -> Option<Self> {
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .kind(Some(AhoCorasickKind::DFA))
            .prefilter(false)
            .build(all.iter().map(|sought| sought.text))
            .ok()?;
        Some(Self::of(all, Engine::Automaton(automaton)))
    }

    fn of(all: &[Sought], search: Engine) -> Self {
        Self { sought: all.to_vec(), search }
    }

    fn find(&self, bytes: &[u8], from: usize, end: usize) -> Option<(usize, Sought)> {
        if from >= end {
            return None;
        }
        let span = Span { start: from, end };
        let found = match &self.search {
            Engine::Packed(searcher) => searcher.find_in(bytes, span),
            Engine::Automaton(automaton) => automaton.find(Input::new(bytes).span(span)),
        }?;
        Some((found.start(), *self.sought.get(found.pattern().as_usize())?))
    }
}

/// All texts, those of a pass after each other.
fn in_order() -> Vec<Sought> {
    let mut rest: Vec<Sought> = texts::all().collect();
    let mut all = Vec::with_capacity(rest.len());
    for text in PASSES.as_flattened().as_flattened() {
        if let Some(index) = rest.iter().position(|sought| sought.text == *text) {
            all.push(rest.swap_remove(index));
        }
    }
    // What has no place in the table is found all the same.
    all.append(&mut rest);
    all
}

/// Texts that are searched for at once: with more the vector search looks at half as many bytes a step.
const AT_ONCE: usize = 32;

#[cfg(test)]
mod tests {
    use alloc::{string::String, vec};

    use super::*;

    fn found(anchors: &Anchors, bytes: &[u8]) -> Vec<(usize, Anchor)> {
        let mut cursors = anchors.cursors();
        let mut from = 0;
        core::iter::from_fn(|| {
            let found = anchors.find(bytes, from, bytes.len(), &mut cursors)?;
            from = found.0.saturating_add(1);
            Some(found)
        })
        .collect()
    }

    #[test]
    fn both_engines_find_every_text_where_it_stands() {
        let all = in_order();
        let packed = all.chunks(AT_ONCE).map(Pass::packed).collect::<Option<Vec<Pass>>>();
        // These have the instructions; elsewhere the automaton is all there is.
        if cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
            assert!(packed.is_some());
        }
        let automaton = Anchors { passes: vec![Pass::automaton(&all).unwrap()] };
        let packed = packed.map(|passes| Anchors { passes });
        let text: String = all.iter().flat_map(|sought| ["..", sought.text, "ab"]).collect();
        let expected = found(&automaton, text.as_bytes());
        let mut at = 0;
        for Sought { text, anchor } in all {
            at += 2;
            assert!(expected.contains(&(at, anchor)), "{}", text.escape_debug());
            at += text.len() + 2;
        }
        if let Some(packed) = packed {
            assert_eq!(found(&packed, text.as_bytes()), expected);
        }
    }
}
