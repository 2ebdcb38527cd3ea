//! An account, its store and an edge, as they are at a moment.

use keyguard::{
    KeyDigest, ManagedKey, UnixTime,
    life::{SettingsChange, Version},
    record::Revocation,
};

use super::outbox::{Name, Outbox, Record, Sent, Time, UNCERTAIN};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) now: Time,
    /// The account's: the core's own [`ManagedKey`] as it is kept, and the record of every version.
    pub(crate) key: String,
    pub(crate) records: Vec<Record>,
    pub(crate) outbox: Outbox,
    pub(crate) is_running: bool,
    /// Puts of the run, each with whether the store has taken it.
    pub(crate) puts: Vec<(Sent, bool)>,
    /// Puts that nobody waits for any more, and until when they could arrive.
    pub(crate) late: Vec<(Name, Record, Time)>,
    pub(crate) store: Vec<Option<Record>>,
    pub(crate) is_revoked_by_first: bool,
    pub(crate) changes_left: u8,
    pub(crate) faults_left: u8,
    /// Whether the revocation of a version was acknowledged.
    pub(crate) acknowledged: Vec<bool>,
    /// When the outbox let go of the first name's revocation.
    pub(crate) told_at: Option<Time>,
    /// What the store had for the first name, and until when a location may still read it.
    pub(crate) past: Vec<(Record, Time)>,
    /// What the location read of the first name, and when.
    pub(crate) location: Option<(Record, Time)>,
    pub(crate) isolate: Isolate,
}

/// An isolate's view of the first name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Isolate {
    Nothing,
    Asked {
        at: Time,
    },
    /// The location has answered, and the answer is on its way.
    Answered {
        asked_at: Time,
        record: Record,
    },
    Known {
        record: Record,
        until: Time,
    },
}

impl State {
    pub(crate) fn tick(&mut self) {
        self.now += 1;
        let now = self.now;
        self.late.retain(|(_, _, until)| now < *until);
        self.outbox.forget(now);
        self.past.retain(|(_, until)| now <= *until);
        // What no longer counts makes no other state.
        if self.location.is_some_and(|(_, at)| now > at + STORE_CACHE_TTL) {
            self.location = None;
        }
        if matches!(self.isolate, Isolate::Known { until, .. } if now > until) {
            self.isolate = Isolate::Nothing;
        }
    }

    pub(crate) fn revoke(&mut self) -> Option<()> {
        self.change(|key, _| {
            let over = key.revoke(Revocation { at: UnixTime(0), reason: String::new() })?;
            Some(over.into_iter().map(|(version, _)| version).collect())
        })
    }

    pub(crate) fn rotate(&mut self, grace: Time) -> Option<()> {
        let now = UnixTime(self.now.into());
        self.change(|key, number| {
            let new = Version { expires_at: key.expires_at(), ..version(number) };
            let over = key.rotate(new, grace.into(), true, now).ok()?;
            Some(over.into_iter().map(|(version, _)| version).collect())
        })
    }

    pub(crate) fn expire(&mut self, after: Time) -> Option<()> {
        let now = UnixTime(self.now.into());
        let expires_at = Some(Some(UnixTime(u64::from(self.now + after))));
        let change = SettingsChange { expires_at, ..SettingsChange::default() };
        self.change(|key, _| {
            key.update(&change, now).ok()?;
            Some(vec![])
        })
    }

    /// A change of the key in one transaction, with everything that is to be brought to the store. Nothing if it is refused.
    fn change(
        &mut self,
        make: impl FnOnce(&mut ManagedKey, u32) -> Option<Vec<Version>>,
    ) -> Option<()> {
        let mut key: ManagedKey = serde_json::from_str(&self.key).unwrap();
        let before = key.clone();
        let over = make(&mut key, u32::try_from(self.records.len() + 1).unwrap())?;
        let open: Vec<_> = key
            .records()
            .map(|(version, record)| (version.clone(), record.revoked.is_some()))
            .collect();
        for (version, is_revoked) in over.into_iter().map(|version| (version, true)).chain(open) {
            let expires_at = version.expires_at.map(|at| Time::try_from(at.0).unwrap());
            self.save(version.number, Record { is_revoked, expires_at });
        }
        (key != before).then(|| self.key = serde_json::to_string(&key).unwrap())
    }

    fn save(&mut self, number: u32, record: Record) {
        let name = Name::try_from(number - 1).unwrap();
        let index = usize::from(name);
        if index == self.records.len() {
            self.records.push(record);
            self.store.push(None);
            self.acknowledged.push(false);
        } else if self.records[index] == record {
            return;
        }
        self.records[index] = record;
        self.acknowledged[index] |= record.is_revoked;
        self.outbox.put(name, record, false);
    }

    pub(crate) fn write(&mut self, name: Name, value: Record, has_reader: bool) {
        let before = self.store[usize::from(name)].replace(value);
        if let (0, Some(before), true) = (name, before, has_reader) {
            let old = (before, self.now + PROPAGATION);
            if before != value && !self.past.contains(&old) {
                self.past.push(old);
                self.past.sort_unstable();
            }
        }
    }

    pub(crate) fn lose(&mut self, sent: &Sent, is_applied: bool) {
        if !is_applied {
            self.late.push((sent.name, sent.value, self.now + UNCERTAIN));
            self.late.sort_unstable();
        }
    }

    fn in_the_air(&self, name: Name) -> impl Iterator<Item = Record> + '_ {
        let puts = self
            .puts
            .iter()
            .filter(|(_, is_applied)| !is_applied)
            .map(|(sent, _)| (sent.name, sent.value));
        let late = self.late.iter().map(|(name, value, _)| (*name, *value));
        puts.chain(late).filter(move |(one, _)| *one == name).map(|(_, value)| value)
    }

    pub(crate) fn keeps_its_revocations(&self) -> bool {
        let acknowledged =
            (0..).zip(&self.acknowledged).filter(|(_, is)| **is).map(|(name, _)| name);
        acknowledged.into_iter().all(|name: Name| {
            let is_kept = self.records[usize::from(name)].is_revoked;
            let is_on_its_way = self.outbox.0.get(&name).is_some_and(|row| row.value.is_revoked);
            let has_arrived = self.store[usize::from(name)].is_some_and(|record| record.is_revoked);
            is_kept
                && (is_on_its_way
                    || (has_arrived && self.in_the_air(name).all(|record| record.is_revoked)))
        })
    }

    pub(crate) fn has_what_the_account_has(&self) -> bool {
        (0..).zip(&self.records).filter(|(name, _)| !self.outbox.0.contains_key(name)).all(
            |(name, record)| {
                self.store[usize::from(name)] == Some(*record)
                    && self.in_the_air(name).all(|value| value == *record)
            },
        )
    }

    /// Whether the edge would let the first text pass, so long after the store was told for good that it is revoked.
    pub(crate) fn is_allowed_after(&self, bound: Time) -> bool {
        let Isolate::Known { record, until } = self.isolate else { return false };
        let is_over = self.told_at.is_some_and(|told_at| self.now > told_at + bound);
        is_over && self.now <= until && record.allows(self.now)
    }
}

pub(crate) fn version(number: u32) -> Version {
    Version {
        number,
        digest: KeyDigest::of(&number.to_string()),
        // When matters to nothing here.
        created_at: UnixTime(0),
        expires_at: None,
        rotated_at: None,
        last_four: None,
        exposed: None,
        lifted_at: None,
    }
}

/// How long a location may read what the store no longer has, and go on with it; and how long an isolate remembers, in ticks. A
/// moment is as long as a tick here, so each of them includes its last one.
pub(crate) const PROPAGATION: Time = 1;
pub(crate) const STORE_CACHE_TTL: Time = 1;
pub(crate) const MEMORY_TTL: Time = 1;
/// The stated bound: `Policy::revocation_bound`.
pub(crate) const BOUND: Time = PROPAGATION + STORE_CACHE_TTL + MEMORY_TTL;
