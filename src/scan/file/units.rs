//! Bytes, one character of ASCII a step.

/// A place in bytes: of ASCII, where each is a character, or of UTF-16, where every second one is.
///
/// In UTF-16 of either byte order there is a zero between the bytes of two ASCII characters; where there is none, the
/// text ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Units<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
    stride: usize,
}

impl<'a> Units<'a> {
    /// From a place on, no further than a key can reach.
    pub(super) fn new(bytes: &'a [u8], at: usize, stride: usize) -> Self {
        let end = at.saturating_add(super::MOST_BYTES_OF_A_KEY).min(bytes.len());
        Self { bytes, at, end, stride }
    }

    /// Where the next character starts.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Where the last character ended.
    pub(super) fn last_end(&self) -> usize {
        self.at.saturating_sub(self.stride.saturating_sub(1)).min(self.bytes.len())
    }

    pub(super) fn peek(&self) -> Option<u8> {
        if self.at < self.end { self.bytes.get(self.at).copied() } else { None }
    }

    pub(super) fn next(&mut self) -> Option<u8> {
        let unit = self.peek()?;
        let after = self.at.saturating_add(1);
        if self.stride > 1 && self.bytes.get(after).is_some_and(|&between| between != 0) {
            self.end = after;
        }
        self.at = self.at.saturating_add(self.stride);
        Some(unit)
    }

    /// Takes a character if it is one of these.
    pub(super) fn take(&mut self, is_wanted: impl Fn(u8) -> bool) -> Option<u8> {
        self.peek().filter(|&unit| is_wanted(unit))?;
        self.next()
    }

    /// Takes characters as long as they are among these, at most so many; tells how many.
    pub(super) fn take_while(&mut self, most: usize, is_wanted: impl Fn(u8) -> bool) -> usize {
        (0..most).take_while(|_| self.take(&is_wanted).is_some()).count()
    }

    /// Takes a word, or nothing.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let mut rest = *self;
        let is_there = word.bytes().all(|wanted| rest.take(|unit| unit == wanted).is_some());
        if is_there {
            *self = rest;
        }
        is_there
    }
}
