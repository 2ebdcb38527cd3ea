//! A file piece by piece.

use alloc::vec::Vec;

use super::{Finding, LOOK_BACK, MOST_BYTES_OF_A_KEY, Scanner, Search, anchors};

/// Takes a file's bytes in pieces of any size and finds what [`Scanner::scan`] finds in the whole.
///
/// Between two pieces it keeps some kilobytes: as many as a key can have, and what is looked at before one.
///
/// ```
/// let scanner = keyguard::scan::file::Scanner::new();
/// let mut stream = scanner.stream();
/// stream.push(b"API_KEY=sk_vYZCAeHa");
/// stream.push(b"wUqDCmVpEKh2U\n");
/// assert_eq!(stream.finish()[0].redacted(), "sk_…Kh2U");
/// ```
#[derive(Debug)]
pub struct Stream {
    scanner: Scanner,
    /// What is kept of the pieces before, then what of the last one was not yet searched.
    buffer: Vec<u8>,
    search: Search,
}

impl Stream {
    pub(super) fn new(scanner: Scanner) -> Self {
        Self { scanner, buffer: Vec::new(), search: Search::default() }
    }

    /// Takes the next piece.
    pub fn push(&mut self, piece: &[u8]) {
        for part in piece.chunks(LARGEST_PART) {
            self.buffer.extend_from_slice(part);
            let ahead = MOST_BYTES_OF_A_KEY.saturating_add(anchors::LONGEST);
            let limit = self.buffer.len().saturating_sub(ahead);
            self.search.run(&self.scanner.anchors, &self.buffer, limit);
            self.forget();
        }
    }

    /// Takes out what was found so far.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        core::mem::take(&mut self.search.findings)
    }

    /// Looks at what is left, now that nothing follows; returns all findings that were not taken out yet.
    pub fn finish(mut self) -> Vec<Finding> {
        self.search.run(&self.scanner.anchors, &self.buffer, self.buffer.len());
        self.search.findings
    }

    /// Lets go of what no later finding depends on.
    fn forget(&mut self) {
        let passed = self.search.from.saturating_sub(LOOK_BACK);
        let base = self.search.base.saturating_add(passed as u64);
        self.search.lines.advance(&self.buffer, self.search.base, base);
        self.buffer.drain(..passed);
        self.search.base = base;
        self.search.from = self.search.from.saturating_sub(passed);
        self.search.tried = self.search.tried.saturating_sub(passed);
    }
}

const LARGEST_PART: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn no_more_is_kept_than_a_later_finding_depends_on() {
        let most = MOST_BYTES_OF_A_KEY + anchors::LONGEST + LOOK_BACK;
        let mut stream = Scanner::new().stream();
        for size in [0, 1, 7, 4_000, 300, 100_000, 1, 1_000_000] {
            stream.push(&vec![b'.'; size]);
            assert!(stream.buffer.len() <= most, "{size}");
            assert!(stream.buffer.capacity() <= 2 * (most + LARGEST_PART), "{size}");
        }
        assert_eq!(stream.buffer.len(), most);
    }
}
