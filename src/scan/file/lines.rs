//! Which line and column a place in a file is.

/// A place that moves on through a file.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lines {
    at: u64,
    /// Lines that ended before it.
    ended: u64,
    /// Characters since the last of them ended.
    characters: u64,
}

impl Lines {
    /// The line, from 1.
    pub(super) fn line(&self) -> u64 {
        self.ended.saturating_add(1)
    }

    /// The column, from 1, in Unicode's code points.
    pub(super) fn column(&self) -> u64 {
        self.characters.saturating_add(1)
    }

    /// Moves on to a later place. `bytes` are those from `base` on.
    pub(super) fn advance(&mut self, bytes: &[u8], base: u64, to: u64) {
        let index = |at: u64| usize::try_from(at.saturating_sub(base)).unwrap_or(usize::MAX);
        let Some(passed) = bytes.get(index(self.at)..index(to)) else { return };
        self.at = to;
        let rest = match memchr::memrchr(b'\n', passed) {
            None => passed,
            Some(last) => {
                self.ended =
                    self.ended.saturating_add(memchr::memchr_iter(b'\n', passed).count() as u64);
                self.characters = 0;
                passed.get(last.saturating_add(1)..).unwrap_or_default()
            }
        };
        // Every byte of UTF-8 that doesn't continue a character starts one.
        let characters = rest.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
        self.characters = self.characters.saturating_add(characters as u64);
    }
}
