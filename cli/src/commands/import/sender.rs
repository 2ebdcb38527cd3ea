//! Sends batches, several at once, and books what came of every row.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, sync_channel},
    },
    thread,
};

use serde::Deserialize;
use ureq::http::Method;

use super::{batches::Batch, report::Report};
use crate::{client::Client, failure::Failure};

pub(super) struct Sender<'a> {
    pub(super) client: &'a Client,
    pub(super) report: &'a Report,
    pub(super) creates_accounts: bool,
    pub(super) is_dry_run: bool,
}

impl Sender<'_> {
    /// Runs `gather` with a way to hand batches over, which says whether there is use in more.
    pub(super) fn run(
        &self,
        gather: impl FnOnce(&mut dyn FnMut(Batch) -> bool) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let (sender, receiver) = sync_channel(AT_ONCE);
        let receiver = Mutex::new(receiver);
        let broken = Broken::default();
        let gathered = thread::scope(|scope| {
            for _ in 0..AT_ONCE {
                scope.spawn(|| self.send_all(&receiver, &broken));
            }
            let gathered = gather(&mut |batch| !broken.is_broken() && sender.send(batch).is_ok());
            // The senders end when there is nothing left to come.
            drop(sender);
            gathered
        });
        match broken.failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(failure) => Err(failure),
            None => gathered,
        }
    }

    fn send_all(&self, batches: &Mutex<Receiver<Batch>>, broken: &Broken) {
        loop {
            let next = batches.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(batch) = next else { return };
            if !broken.is_broken()
                && let Err(failure) = self.send(batch)
            {
                broken.stop(failure);
            }
        }
    }

    /// Sends a batch; without a row that the API finds malformed, since such a row has it refuse the whole batch.
    fn send(&self, mut batch: Batch) -> Result<(), Failure> {
        let path = format!("/accounts/{}/import", batch.account);
        let mut malformed = 0_u32;
        while !batch.entries.is_empty() {
            let body = batch.body(self.creates_accounts);
            self.report.requested();
            let failure = match self.client.change(Method::POST, &path, body, self.is_dry_run) {
                Ok(answer) => return self.book(&batch, &answer.parse()?),
                // What is in is left alone, so a batch can be sent again under any key.
                Err(failure) => failure.into_cause(),
            };
            let Failure::Refused(problem) = &failure else { return Err(failure) };
            match malformed_row(&problem.detail) {
                Some(index) if index < batch.entries.len() => {
                    malformed = malformed.saturating_add(1);
                    let entry = batch.entries.remove(index);
                    self.report.refuse(entry.line, &problem.code, &problem.detail)?;
                    if malformed > MOST_MALFORMED {
                        return self.leave(&batch);
                    }
                }
                _ if matches!(problem.status, 401 | 403 | 405) || problem.code == "not-found" => {
                    return Err(failure);
                }
                _ => {
                    let advice = if problem.code == "account-not-found" {
                        " Create it, or say --create-accounts."
                    } else {
                        ""
                    };
                    let detail = format!("{}{advice}", problem.detail);
                    for entry in &batch.entries {
                        self.report.refuse(entry.line, &problem.code, &detail)?;
                    }
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Books rows that the API was not asked about without others.
    fn leave(&self, batch: &Batch) -> Result<(), Failure> {
        let detail = format!(
            "not tried: more than {MOST_MALFORMED} malformed rows stand beside it. Mend those, and import again"
        );
        batch
            .entries
            .iter()
            .try_for_each(|entry| self.report.refuse(entry.line, "not-tried", &detail))
    }

    fn book(&self, batch: &Batch, outcome: &Outcome) -> Result<(), Failure> {
        for refusal in &outcome.refused {
            let line = batch.entries.get(refusal.index).map_or(0, |entry| entry.line);
            self.report.refuse(line, &refusal.code, &refusal.detail)?;
        }
        self.report.booked(outcome.imported, outcome.revoked, outcome.unchanged);
        Ok(())
    }
}

/// Why the sending stopped, once it has.
#[derive(Default)]
struct Broken {
    is_broken: AtomicBool,
    failure: Mutex<Option<Failure>>,
}

impl Broken {
    fn is_broken(&self) -> bool {
        self.is_broken.load(Ordering::Relaxed)
    }

    fn stop(&self, failure: Failure) {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
        self.is_broken.store(true, Ordering::Relaxed);
    }
}

#[derive(Deserialize)]
struct Outcome {
    imported: u64,
    #[serde(default)]
    revoked: u64,
    unchanged: u64,
    #[serde(default)]
    refused: Vec<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    index: usize,
    code: String,
    #[serde(default)]
    detail: String,
}

/// The row that a detail such as `keys[3].digest: …` names.
fn malformed_row(detail: &str) -> Option<usize> {
    let (index, _) = detail.split_once("keys[")?.1.split_once(']')?;
    index.parse().ok()
}

const AT_ONCE: usize = 4;

/// Of a batch with more malformed rows than this the rest is not tried: each of them costs a request.
const MOST_MALFORMED: u32 = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_row_is_read_from_the_detail() {
        assert_eq!(malformed_row("keys[3].digest: must be hex"), Some(3));
        assert_eq!(malformed_row("keys[12]: unknown field `a`"), Some(12));
        assert_eq!(malformed_row("create_account: must be a bool"), None);
    }
}
