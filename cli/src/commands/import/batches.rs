//! Rows gathered by account, as many as one request takes.

use std::collections::HashMap;

/// Rows of one account, ready to be sent.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) account: String,
    pub(super) entries: Vec<Entry>,
    bytes: usize,
}

/// A row as the API takes it, and where it stood.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) line: u64,
    pub(super) json: String,
}

impl Batch {
    fn is_full(&self) -> bool {
        self.entries.len() >= MOST_ROWS || self.bytes >= MOST_BYTES
    }

    /// The body of the request.
    pub(super) fn body(&self, creates_account: bool) -> String {
        let rows: Vec<&str> = self.entries.iter().map(|entry| entry.json.as_str()).collect();
        format!("{{\"create_account\":{creates_account},\"keys\":[{}]}}", rows.join(","))
    }
}

/// What was read and not yet sent, of every account: bounded, however many accounts a file names in turn.
#[derive(Debug, Default)]
pub(super) struct Batches {
    open: HashMap<String, Batch>,
    rows: usize,
}

impl Batches {
    /// Takes a row; returns a batch when one is to be sent.
    pub(super) fn add(&mut self, account: String, line: u64, json: String) -> Option<Batch> {
        let batch = self.open.entry(account.clone()).or_insert_with(|| Batch {
            account: account.clone(),
            entries: Vec::new(),
            bytes: 0,
        });
        batch.bytes = batch.bytes.saturating_add(json.len());
        batch.entries.push(Entry { line, json });
        self.rows = self.rows.saturating_add(1);
        let due = if batch.is_full() {
            account
        } else if self.rows >= MOST_HELD {
            self.open.values().max_by_key(|batch| batch.entries.len())?.account.clone()
        } else {
            return None;
        };
        let batch = self.open.remove(&due)?;
        self.rows = self.rows.saturating_sub(batch.entries.len());
        Some(batch)
    }

    /// What is left at the end.
    pub(super) fn into_rest(self) -> impl Iterator<Item = Batch> {
        self.open.into_values()
    }
}

/// As many as the API takes at once.
const MOST_ROWS: usize = 1_000;
/// The API takes 1 MiB; this leaves room for a last long row.
const MOST_BYTES: usize = 700_000;
/// Rows held in all.
const MOST_HELD: usize = 8_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_gathered_by_account_and_bounded() {
        let mut batches = Batches::default();
        for line in 0..999 {
            assert!(batches.add("a".to_owned(), line, "{}".to_owned()).is_none());
            assert!(batches.add("b".to_owned(), line, "{}".to_owned()).is_none());
        }
        let full = batches.add("a".to_owned(), 999, "{}".to_owned()).unwrap();
        assert_eq!((full.account.as_str(), full.entries.len()), ("a", 1_000));
        assert!(full.body(true).starts_with("{\"create_account\":true,\"keys\":[{},{}"));
        for line in 0..50_000 {
            batches.add(format!("account-{line}"), line, "{}".to_owned());
            assert!(batches.rows <= MOST_HELD);
        }
        let long = batches.add("c".to_owned(), 1, " ".repeat(MOST_BYTES)).unwrap();
        assert!(long.account == "c" || batches.rows < MOST_HELD);
    }
}
