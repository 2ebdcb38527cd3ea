//! Files, several at a time.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use ignore::{DirEntry, ParallelVisitor, ParallelVisitorBuilder, WalkBuilder, WalkState};
use keyguard::scan::file::Scanner;

use super::{Located, Outcome, layers, maps};

/// Looks into all files below the paths. Symbolic links are not followed, and git's own folder is left out.
pub(super) fn walk(paths: &[&PathBuf], no_ignore: bool, scanner: &Scanner) -> Outcome {
    let total = Mutex::new(Outcome::default());
    let Some((first, rest)) = paths.split_first() else { return Outcome::default() };
    let mut walk = WalkBuilder::new(first);
    for path in rest {
        walk.add(path);
    }
    walk.standard_filters(!no_ignore)
        // `.env` is hidden, and just what is looked for.
        .hidden(false)
        .follow_links(false)
        .filter_entry(|entry| entry.file_name() != ".git" || entry.depth() == 0)
        .threads(std::thread::available_parallelism().map_or(1, usize::from));
    walk.build_parallel().visit(&mut Builder { scanner, total: &total });
    total.into_inner().unwrap_or_else(PoisonError::into_inner)
}

struct Builder<'a> {
    scanner: &'a Scanner,
    total: &'a Mutex<Outcome>,
}

impl<'s> ParallelVisitorBuilder<'s> for Builder<'s> {
    fn build(&mut self) -> Box<dyn ParallelVisitor + 's> {
        Box::new(Visitor { looker: Looker::new(self.scanner.clone()), total: self.total })
    }
}

struct Visitor<'a> {
    looker: Looker,
    total: &'a Mutex<Outcome>,
}

impl ParallelVisitor for Visitor<'_> {
    fn visit(&mut self, entry: Result<DirEntry, ignore::Error>) -> WalkState {
        match entry {
            Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_file()) => {
                self.looker.look_at(entry.path());
            }
            Ok(entry) => {
                if let Some(error) = entry.error() {
                    self.looker.outcome.notes.push(error.to_string());
                }
            }
            Err(error) => self.looker.outcome.errors.push(error.to_string()),
        }
        WalkState::Continue
    }
}

impl Drop for Visitor<'_> {
    fn drop(&mut self) {
        let outcome = std::mem::take(&mut self.looker.outcome);
        self.total.lock().unwrap_or_else(PoisonError::into_inner).add(outcome);
    }
}

/// Looks into one file after the other, with one buffer.
#[derive(Debug)]
pub(super) struct Looker {
    scanner: Scanner,
    buffer: Vec<u8>,
    pub(super) outcome: Outcome,
}

impl Looker {
    pub(super) fn new(scanner: Scanner) -> Self {
        Self { scanner, buffer: Vec::new(), outcome: Outcome::default() }
    }

    fn look_at(&mut self, path: &Path) {
        let name = path.to_string_lossy();
        match File::open(path) {
            Ok(mut file) => self.look(&mut file, name.strip_prefix("./").unwrap_or(&name)),
            Err(error) => self.outcome.errors.push(format!("{name}: {error}")),
        }
    }

    /// Looks at what a reader has: at once if it is small, else piece by piece.
    pub(super) fn look(&mut self, reader: &mut dyn Read, name: &str) {
        self.outcome.files = self.outcome.files.saturating_add(1);
        let length = match fill(&mut self.buffer, reader) {
            Ok(length) => length,
            Err(error) => {
                self.outcome.errors.push(format!("{name}: {error}"));
                return;
            }
        };
        let head = self.buffer.get(..length).unwrap_or_default();
        if let Some(layer) = layers::Layer::of(head, name) {
            let mut rest = head.chain(reader);
            let mut budget = layers::Budget::default();
            layers::look(layer, &mut rest, name, &mut budget, &self.scanner, &mut self.outcome);
        } else if length < WHOLE {
            self.outcome.bytes = self.outcome.bytes.saturating_add(length as u64);
            let findings = self.scanner.scan(head);
            maps::place(head, name, findings, &self.scanner, &mut self.outcome.findings);
        } else {
            let mut rest = head.chain(reader);
            stream(&mut rest, name, &self.scanner, &mut self.outcome);
        }
    }
}

/// Scans piece by piece, in the same memory however long it is.
pub(super) fn stream(reader: &mut dyn Read, name: &str, scanner: &Scanner, outcome: &mut Outcome) {
    let mut stream = scanner.stream();
    let mut piece = vec![0; PIECE];
    loop {
        let length = match reader.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => {
                outcome.errors.push(format!("{name}: {error}"));
                break;
            }
        };
        outcome.bytes = outcome.bytes.saturating_add(length as u64);
        stream.push(piece.get(..length).unwrap_or_default());
    }
    outcome.findings.extend(stream.finish().into_iter().map(|finding| Located {
        file: name.to_owned(),
        source: None,
        finding,
    }));
}

/// Reads until the end, or until the buffer is as large as it may get.
fn fill(buffer: &mut Vec<u8>, reader: &mut dyn Read) -> std::io::Result<usize> {
    let mut length = 0_usize;
    loop {
        if length == buffer.len() {
            if length >= WHOLE {
                return Ok(length);
            }
            buffer.resize(length.saturating_mul(2).clamp(PIECE, WHOLE), 0);
        }
        let room = buffer.get_mut(length..).unwrap_or_default();
        match reader.read(room) {
            Ok(0) => return Ok(length),
            Ok(count) => length = length.saturating_add(count),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Files up to here are looked at as a whole, with the source maps in them.
const WHOLE: usize = 8 * 1024 * 1024;
const PIECE: usize = 256 * 1024;
