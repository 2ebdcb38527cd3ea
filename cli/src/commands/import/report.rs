//! What became of the rows.

use std::{
    fs::File,
    io::{BufWriter, ErrorKind, Write as _},
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use indicatif::ProgressBar;
use serde_json::json;

use crate::{
    failure::Failure,
    output::{self, plain},
};

/// Counts, and tells of refused rows as they come; shared by the threads that send.
pub(super) struct Report {
    state: Mutex<State>,
    bar: ProgressBar,
}

struct State {
    tally: Tally,
    refused: Option<BufWriter<File>>,
}

/// How many rows came to what.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) rows: u64,
    pub(super) imported: u64,
    pub(super) revoked: u64,
    pub(super) unchanged: u64,
    pub(super) refused: u64,
    pub(super) requests: u64,
}

impl Report {
    pub(super) fn new(refused: Option<&Path>, bar: ProgressBar) -> Result<Self, Failure> {
        let refused = refused.map(create).transpose()?.map(BufWriter::new);
        Ok(Self { state: Mutex::new(State { tally: Tally::default(), refused }), bar })
    }

    pub(super) fn read(&self) {
        let mut state = self.lock();
        state.tally.rows = state.tally.rows.saturating_add(1);
    }

    pub(super) fn requested(&self) {
        let mut state = self.lock();
        state.tally.requests = state.tally.requests.saturating_add(1);
    }

    pub(super) fn booked(&self, imported: u64, revoked: u64, unchanged: u64) {
        let mut state = self.lock();
        let tally = &mut state.tally;
        tally.imported = tally.imported.saturating_add(imported);
        tally.revoked = tally.revoked.saturating_add(revoked);
        tally.unchanged = tally.unchanged.saturating_add(unchanged);
        let known = tally.revoked.saturating_add(tally.unchanged);
        self.bar.set_message(format!("{} in", tally.imported.saturating_add(known)));
    }

    /// Books a refused row, by its line number: what it holds is not repeated.
    pub(super) fn refuse(&self, line: u64, code: &str, detail: &str) -> Result<(), Failure> {
        let mut state = self.lock();
        state.tally.refused = state.tally.refused.saturating_add(1);
        match state.tally.refused {
            0..=MOST_TOLD => self.bar.suspend(|| {
                output::note(&format!("line {line}: {} [{}]", plain(detail), plain(code)));
            }),
            FIRST_UNTOLD => self.bar.suspend(|| {
                output::note("Further refused rows are counted; --refused FILE names all of them.");
            }),
            _ => {}
        }
        if let Some(file) = &mut state.refused {
            writeln!(file, "{}", json!({ "line": line, "code": code, "detail": detail }))?;
        }
        Ok(())
    }

    pub(super) fn finish(&self) -> Result<Tally, Failure> {
        let mut state = self.lock();
        if let Some(file) = &mut state.refused {
            file.flush()?;
        }
        Ok(state.tally)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Never over what is there: it may be an earlier run's, or the very file that is imported. An earlier run without a refused row has
/// left nothing to lose.
fn create(path: &Path) -> Result<File, Failure> {
    let is_empty = || path.metadata().is_ok_and(|there| there.is_file() && there.len() == 0);
    let file = match File::create_new(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && is_empty() => {
            File::options().append(true).open(path)
        }
        result => result,
    };
    file.map_err(|error| {
        let path = path.display();
        Failure::Usage(if error.kind() == ErrorKind::AlreadyExists {
            format!(
                "{path} is there already, perhaps with the rows that an earlier run refused, and is not written over: give \
                 --refused another file, or move that one away. Nothing was sent."
            )
        } else {
            format!("{path}: {error}")
        })
    })
}

const MOST_TOLD: u64 = 20;
const FIRST_UNTOLD: u64 = MOST_TOLD + 1;
