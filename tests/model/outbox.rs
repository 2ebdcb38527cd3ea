//! The outbox of an account, statement by statement as worker/src/accounts/outbox.rs has it in SQL.
//!
//! Left out is what no invariant hangs on: metadata, the number of attempts, how long a failed row waits (any time here), and a clock that
//! jumps back, after which nothing waits for longer than it would have at most. What can't matter any more is forgotten, so that there are fewer states: a generation while no put is on its way, a doubt that is over.

use std::collections::BTreeMap;

use super::Mutant;

/// A moment, in ticks.
pub(crate) type Time = u8;

/// For how long a put that failed could still arrive: `UNCERTAIN_MS`.
pub(crate) const UNCERTAIN: Time = 1;

/// What the store has of one text of the key: all that an edge judges here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Record {
    pub(crate) is_revoked: bool,
    pub(crate) expires_at: Option<Time>,
}

impl Record {
    pub(crate) fn allows(self, now: Time) -> bool {
        !self.is_revoked && self.expires_at.is_none_or(|expires_at| now < expires_at)
    }
}

/// A name in the store: the version's number.
pub(crate) type Name = u8;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    pub(crate) value: Record,
    generation: u8,
    due_at: Time,
    is_in_flight: bool,
    uncertain_until: Time,
    pub(crate) is_confirming: bool,
    is_bulk: bool,
}

/// A row on its way: `Due`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Sent {
    pub(crate) name: Name,
    pub(crate) value: Record,
    generation: u8,
    started: Time,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Outbox(pub(crate) BTreeMap<Name, Row>);

impl Outbox {
    /// `put` and `put_all`.
    pub(crate) fn put(&mut self, name: Name, value: Record, is_bulk: bool) {
        let row = self.0.entry(name).or_insert(Row {
            value,
            generation: 0,
            due_at: 0,
            is_in_flight: false,
            uncertain_until: 0,
            is_confirming: false,
            is_bulk,
        });
        row.value = value;
        row.generation = u8::from(row.is_in_flight);
        row.due_at = 0;
        row.is_bulk = if row.is_confirming { is_bulk } else { row.is_bulk && is_bulk };
        row.is_confirming = false;
    }

    /// `due`: all that are, since there are fewer names here than puts at once. What is in bulk comes last.
    pub(crate) fn due(&mut self, now: Time) -> Vec<Sent> {
        let mut due: Vec<_> =
            self.0.iter_mut().filter(|(_, row)| row.due_at <= now && !row.is_in_flight).collect();
        due.sort_by_key(|(_, row)| (row.is_bulk, row.due_at));
        let sent = due.into_iter().map(|(&name, row)| {
            row.is_in_flight = true;
            row.generation = 0;
            Sent { name, value: row.value, generation: 0, started: now }
        });
        sent.collect()
    }

    /// `recover`.
    pub(crate) fn recover(&mut self, now: Time, mutant: Option<Mutant>) {
        for row in self.0.values_mut().filter(|row| row.is_in_flight) {
            row.is_in_flight = false;
            if mutant != Some(Mutant::RestartForgets) {
                row.uncertain_until = now + UNCERTAIN;
            }
        }
    }

    /// `settle`, of a put that was answered.
    pub(crate) fn answered(&mut self, sent: &Sent, now: Time, mutant: Option<Mutant>) {
        let Some(row) = self.0.get_mut(&sent.name) else { return };
        let is_newest = row.generation == sent.generation || mutant == Some(Mutant::AnyGeneration);
        let is_last = match mutant {
            Some(Mutant::NoRepair) => true,
            Some(Mutant::RepairTooEarly) => row.uncertain_until <= now,
            _ => row.uncertain_until <= sent.started,
        };
        if is_newest && is_last {
            self.0.remove(&sent.name);
            return;
        }
        row.is_in_flight = false;
        if is_newest {
            row.is_confirming = true;
            row.is_bulk = false;
            row.due_at = row.uncertain_until;
        } else {
            row.due_at = 0;
        }
    }

    /// `settle`, of a put that failed.
    pub(crate) fn failed(&mut self, sent: &Sent, now: Time) {
        if let Some(row) = self.0.get_mut(&sent.name) {
            row.is_in_flight = false;
            row.uncertain_until = now + UNCERTAIN;
            row.due_at = 0;
        }
    }

    /// Forgets what is over.
    pub(crate) fn forget(&mut self, now: Time) {
        for row in self.0.values_mut().filter(|row| !row.is_in_flight && row.uncertain_until <= now)
        {
            row.uncertain_until = 0;
            row.due_at = 0;
        }
    }
}
