//! Compressed files and archives: what is in them, with a bound on how much.

use std::{
    io::{self, Read},
    path::Path,
};

use flate2::read::MultiGzDecoder;
use keyguard::scan::file::Scanner;
use ruzstd::decoding::StreamingDecoder;

use super::{Outcome, files};

/// What is around the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    /// RFC 1952.
    Gzip,
    /// RFC 7932; it has no mark of its own, so the file's name tells.
    Brotli,
    /// RFC 8878.
    Zstandard,
    /// POSIX ustar.
    Tar,
}

impl Layer {
    /// By the first bytes, whatever the file is called.
    pub(super) fn of(head: &[u8], name: &str) -> Option<Self> {
        if head.starts_with(&[0x1f, 0x8b, 8]) {
            Some(Self::Gzip)
        } else if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            Some(Self::Zstandard)
        } else if head.get(257..262) == Some(b"ustar") {
            Some(Self::Tar)
        } else if Path::new(name).extension().is_some_and(|extension| extension == "br") {
            Some(Self::Brotli)
        } else {
            None
        }
    }
}

/// How much is still taken out of one file: a few kilobytes can be told to unfold into terabytes.
#[derive(Debug)]
pub(super) struct Budget {
    bytes: u64,
    layers: u8,
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: MOST_BYTES, layers: MOST_LAYERS }
    }
}

/// Looks at what is inside.
pub(super) fn look(
    layer: Layer,
    reader: &mut dyn Read,
    name: &str,
    budget: &mut Budget,
    scanner: &Scanner,
    outcome: &mut Outcome,
) {
    let Some(layers) = budget.layers.checked_sub(1) else {
        outcome.notes.push(format!("{name}: not looked into, so deep inside of other archives"));
        return;
    };
    budget.layers = layers;
    match layer {
        Layer::Gzip => inside(&mut MultiGzDecoder::new(reader), name, budget, scanner, outcome),
        Layer::Brotli => {
            let mut decoder = brotli_decompressor::Decompressor::new(reader, BUFFER);
            inside(&mut decoder, name, budget, scanner, outcome);
        }
        Layer::Zstandard => match StreamingDecoder::new(reader) {
            Ok(mut decoder) => inside(&mut decoder, name, budget, scanner, outcome),
            Err(error) => outcome.notes.push(format!("{name}: not looked into: {error}")),
        },
        Layer::Tar => tar(reader, name, budget, scanner, outcome),
    }
    budget.layers = layers.saturating_add(1);
}

/// Looks at what comes out of a decoder, which may have layers of its own.
fn inside(
    decoder: &mut dyn Read,
    name: &str,
    budget: &mut Budget,
    scanner: &Scanner,
    outcome: &mut Outcome,
) {
    let mut bounded =
        Bounded { reader: decoder, left: &mut budget.bytes, is_cut: false, error: None };
    let mut head = Vec::with_capacity(HEAD);
    // What it says of a broken stream comes below.
    let _ = (&mut bounded).take(HEAD as u64).read_to_end(&mut head);
    let inner = name.strip_suffix(".br").unwrap_or(name);
    let layer = Layer::of(&head, inner);
    let mut rest = head.chain(&mut bounded);
    if let Some(layer) = layer {
        let mut inner_budget = Budget { bytes: MOST_BYTES, layers: budget.layers };
        look(layer, &mut rest, name, &mut inner_budget, scanner, outcome);
    } else {
        files::stream(&mut rest, name, scanner, outcome);
    }
    if bounded.is_cut {
        outcome
            .notes
            .push(format!("{name}: looked at its first {} MB only", MOST_BYTES / 1_000_000));
    }
    if let Some(error) = bounded.error {
        outcome
            .notes
            .push(format!("{name}: looked at as far as it could be decompressed: {error}"));
    }
}

fn tar(
    reader: &mut dyn Read,
    name: &str,
    budget: &mut Budget,
    scanner: &Scanner,
    outcome: &mut Outcome,
) {
    let mut archive = tar::Archive::new(reader);
    let entries = match archive.entries() {
        Ok(entries) => entries,
        Err(error) => {
            outcome.notes.push(format!("{name}: not looked into: {error}"));
            return;
        }
    };
    for entry in entries.take(MOST_ENTRIES) {
        let mut entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                outcome
                    .notes
                    .push(format!("{name}: looked into as far as it is an archive: {error}"));
                return;
            }
        };
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        inside(&mut entry, &format!("{name}!{path}"), budget, scanner, outcome);
    }
}

/// Reads no more than is left, and ends where decoding fails.
struct Bounded<'a> {
    reader: &'a mut dyn Read,
    left: &'a mut u64,
    is_cut: bool,
    error: Option<io::Error>,
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.error.is_some() || self.is_cut {
            return Ok(0);
        }
        if *self.left == 0 {
            // Whether there is more, one byte tells.
            self.is_cut = self.reader.read(&mut [0]).is_ok_and(|count| count > 0);
            return Ok(0);
        }
        let most = usize::try_from(*self.left).unwrap_or(usize::MAX).min(buffer.len());
        match self.reader.read(buffer.get_mut(..most).unwrap_or_default()) {
            Ok(count) => {
                *self.left = self.left.saturating_sub(count as u64);
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                self.error = Some(error);
                Ok(0)
            }
        }
    }
}

/// Of one file, all that it unfolds into.
const MOST_BYTES: u64 = 256_000_000;
/// A tarball in a tarball has four.
const MOST_LAYERS: u8 = 5;
const MOST_ENTRIES: usize = 1_000_000;
const BUFFER: usize = 64 * 1024;
/// As much as a tar needs to be recognised.
const HEAD: usize = 512;
