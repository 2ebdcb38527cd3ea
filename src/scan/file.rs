//! Finding secret keys in files: in any bytes, with where they are, before they ship.
//!
//! The [parent module](super) says whether a short text holds a key; this one says where in a bundle, a source map, a
//! log or a binary each one is. The grammar is the same, that of [`key`](crate::key), and exact: a file's key works only as
//! it was issued, so prefixes are in lower case. What differs is the disguises, those that compilers and tools put text in:
//!
//! | disguise | for instance |
//! |---|---|
//! | escapes of JavaScript, JSON, C, URLs and HTML, also one in the other | `\u0073k_`, `\u{73}`, `\x73`, `\163`, `%73`, `&#115;`, `&#x73;`, `&lowbar;` |
//! | a text cut into pieces | `"sk_" + "vYZC…"`, `"sk_".concat("vYZC…")`, `["sk_", "vYZC…"].join("")`, `` `sk_${"vYZC…"}` `` |
//! | base64, of both alphabets, wherever in the encoded text the key begins | `c2tf…`, `…NrX…`, `…za18…` |
//! | UTF-16 of both byte orders | `s\0k\0_\0` |
//!
//! The checksum of an issued key tells it from all that only looks like one, so each [`Finding`] has a [`Confidence`].
//! `task_…`, `risk_…` and `disk_…` are other words. Keys of other vendors are found by how they begin: [`VENDORS`].
//!
//! Bytes are searched for the few that no key is without, several gigabytes a second; only around those the grammar is
//! tried. No finding depends on more than [`MOST_BYTES_OF_A_KEY`] bytes from its start, which is all that a [`Stream`] keeps.

mod anchors;
mod before;
mod encoded;
mod escapes;
mod finding;
mod joins;
mod lines;
mod own;
mod pem;
mod random;
mod reader;
mod stream;
mod units;
mod vendors;

use alloc::{sync::Arc, vec::Vec};

use anchors::{Anchor, Anchors};
pub use finding::{Confidence, Disguise, Finding, Severity};
use lines::Lines;
pub use own::{LIVE, TEST};
use serde::Serialize;
pub use stream::Stream;
pub use vendors::VENDORS;

/// A kind of key that is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Its name in reports and baselines; it never changes.
    pub id: &'static str,
    /// Whose key, and which of theirs.
    pub name: &'static str,
    /// What a leak of it means.
    pub severity: Severity,
    /// What to do about one.
    pub advice: &'static str,
}

/// Every rule there is.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    [&LIVE, &TEST].into_iter().chain(vendors::rules())
}

/// Finds secret keys in files. Made once, it can be shared by threads; a clone shares it too.
///
/// ```
/// use keyguard::scan::file::{Confidence, Scanner};
///
/// let bundle = br#"const t="risk_vYZCAeHawUqDCmVpEKh2U";fetch(u,{headers:{a:"Bearer sk_"+"vYZCAeHawUqDCmVpEKh2U"}})"#;
/// let findings = Scanner::new().scan(bundle);
/// assert_eq!(findings.len(), 1);
/// assert_eq!((findings[0].line(), findings[0].column()), (1, 66));
/// assert_eq!(findings[0].redacted(), "sk_…Kh2U");
/// assert_eq!(findings[0].confidence(), Confidence::Likely);
/// ```
#[derive(Clone, Debug)]
pub struct Scanner {
    anchors: Arc<Anchors>,
}

impl Scanner {
    /// Prepares the search.
    pub fn new() -> Self {
        Self { anchors: Arc::new(Anchors::new()) }
    }

    /// Every key in the bytes, in the order of where it starts.
    pub fn scan(&self, bytes: &[u8]) -> Vec<Finding> {
        let mut search = Search::default();
        search.run(&self.anchors, bytes, bytes.len());
        search.findings
    }

    /// Takes bytes piece by piece, and finds the same keys wherever they are cut.
    pub fn stream(&self) -> Stream {
        Stream::new(self.clone())
    }
}

impl Default for Scanner {
    fn default() -> Self {
        Self::new()
    }
}

/// What a search has come to.
#[derive(Debug, Default)]
struct Search {
    /// How many bytes there were before those at hand.
    base: u64,
    /// From where in the bytes at hand anchors are still to be looked for.
    from: usize,
    /// Up to where in them disguised keys were looked for.
    tried: usize,
    /// Where the last finding ends, so that nothing is found twice.
    taken: u64,
    lines: Lines,
    findings: Vec<Finding>,
}

/// A key in a text, before it is known where in the file that is.
#[derive(Debug)]
struct Found {
    rule: &'static Rule,
    confidence: Confidence,
    disguise: Disguise,
    start: usize,
    end: usize,
    text: own::Text,
}

impl Search {
    /// Looks at every anchor that starts before `limit`.
    fn run(&mut self, anchors: &Anchors, bytes: &[u8], limit: usize) {
        while self.from < limit {
            let window = self.from.saturating_add(WINDOW).min(limit);
            let end = window.saturating_add(anchors::LONGEST).min(bytes.len());
            let mut cursors = anchors.cursors();
            while let Some((at, anchor)) = anchors.find(bytes, self.from, end, &mut cursors) {
                if at >= window {
                    break;
                }
                self.from = at.saturating_add(1);
                self.look(bytes, at, anchor);
            }
            self.from = window;
        }
    }

    /// Tries what an anchor may belong to.
    fn look(&mut self, bytes: &[u8], at: usize, anchor: Anchor) {
        match anchor {
            Anchor::Plain => {
                if !self.take(bytes, own::find(bytes, at, 1)) {
                    self.take(bytes, vendors::find(bytes, at, "sk_"));
                }
            }
            Anchor::Utf16 { back } => {
                self.take(bytes, own::find(bytes, at.saturating_sub(back), 2));
            }
            Anchor::Base64 { skipped, back } => {
                self.take(bytes, encoded::find(bytes, at.saturating_add(skipped), back));
            }
            Anchor::Disguised => {
                let first = at.saturating_sub(REACH).max(self.tried);
                self.tried = at.saturating_add(2);
                for start in first..self.tried {
                    self.take(bytes, own::find_disguised(bytes, start));
                }
            }
            Anchor::Vendor(text) => {
                self.take(bytes, vendors::find(bytes, at, text));
            }
            Anchor::Pem { back } => {
                self.take(bytes, pem::find(bytes, at.saturating_sub(back)));
            }
        }
    }

    fn take(&mut self, bytes: &[u8], found: Option<Found>) -> bool {
        let Some(found) = found else { return false };
        let start = self.base.saturating_add(found.start as u64);
        if start < self.taken {
            return false;
        }
        self.taken = self.base.saturating_add(found.end as u64);
        self.lines.advance(bytes, self.base, start);
        self.findings.push(Finding::of(&found, start, self.taken, &self.lines));
        true
    }
}

/// What is searched at a time: it stays in the processor's cache from pass to pass.
const WINDOW: usize = 32 * 1024;

/// How far before an escape or a cut a key's first letter may be.
const REACH: usize = 40;

/// How many bytes of a file before a place are looked at to judge it.
const LOOK_BACK: usize = 256;

/// How many bytes of a file a key is looked for in, however it is disguised.
///
/// A key of 136 characters, each of them written `\u{000073}`, has 1,360.
pub const MOST_BYTES_OF_A_KEY: usize = 4096;

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::string_slice,
    reason = "keys are ASCII, and texts are small"
)]
mod tests;
