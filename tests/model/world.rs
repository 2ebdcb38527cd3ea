//! Everything that can happen to an account, its store and an edge, in any order, and what has to hold whenever.

use keyguard::{Kind, ManagedKey, Mode, life::Settings};
use stateright::{Model, Property};

use super::{
    Mutant,
    outbox::{Name, Outbox, Record, Sent, Time},
    state::{BOUND, Isolate, MEMORY_TTL, STORE_CACHE_TTL, State, version},
};

/// What is checked, and how far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct World {
    pub(crate) mutant: Option<Mutant>,
    /// Changes that the second operator makes beside the first one's revocation.
    pub(crate) changes: u8,
    /// Puts that fail and instances that die.
    pub(crate) faults: u8,
    /// The last tick.
    pub(crate) end: Time,
    /// Whether an edge reads the first name.
    pub(crate) has_reader: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Tick,
    /// The first operator's.
    Revoke,
    /// The second operator's.
    Rotate {
        grace: Time,
    },
    Expire {
        after: Time,
    },
    Project,
    /// A run of the outbox begins, puts, hears of each put, and breaks off.
    Start,
    Put,
    Apply(usize),
    Answer(usize),
    Fail(usize),
    Die,
    Arrive(usize),
    Ask,
    Read(Option<Record>),
    Remember,
}

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let record = Record { is_revoked: false, expires_at: None };
        let (kind, mode) = (Kind::Secret, Mode::Live);
        let settings = Settings::default();
        let key = ManagedKey::new("k".into(), "a".into(), (kind, mode), settings, version(1));
        vec![State {
            now: 0,
            key: serde_json::to_string(&key).unwrap(),
            records: vec![record],
            outbox: Outbox::default(),
            is_running: true,
            puts: vec![],
            late: vec![],
            store: vec![Some(record)],
            is_revoked_by_first: false,
            changes_left: self.changes,
            faults_left: self.faults,
            acknowledged: vec![false],
            told_at: None,
            past: vec![],
            location: None,
            isolate: Isolate::Nothing,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.now < self.end {
            actions.push(Action::Tick);
        }
        if !state.is_revoked_by_first {
            actions.push(Action::Revoke);
        }
        if state.changes_left > 0 {
            actions.push(Action::Project);
            if !self.has_reader {
                actions.extend([
                    Action::Rotate { grace: 0 },
                    Action::Rotate { grace: 2 },
                    Action::Expire { after: 1 },
                ]);
            }
        }
        if !state.is_running {
            actions.push(Action::Start);
        } else if state.puts.is_empty() {
            actions.push(Action::Put);
        }
        for (index, (_, is_applied)) in state.puts.iter().enumerate() {
            actions.push(if *is_applied { Action::Answer(index) } else { Action::Apply(index) });
            if state.faults_left > 0 {
                actions.push(Action::Fail(index));
            }
        }
        if state.faults_left > 0 && !state.puts.is_empty() {
            actions.push(Action::Die);
        }
        actions.extend((0..state.late.len()).map(Action::Arrive));
        if self.has_reader {
            match state.isolate {
                Isolate::Known { until, .. } if state.now <= until => {}
                Isolate::Nothing | Isolate::Known { .. } => actions.push(Action::Ask),
                Isolate::Asked { .. } => match state.location {
                    Some((_, at)) if state.now <= at + STORE_CACHE_TTL => {
                        actions.push(Action::Read(None));
                    }
                    _ => actions.extend(
                        state
                            .past
                            .iter()
                            .map(|(record, _)| *record)
                            .chain(state.store[0])
                            .map(|record| Action::Read(Some(record))),
                    ),
                },
                Isolate::Answered { .. } => actions.push(Action::Remember),
            }
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        let now = state.now;
        match action {
            Action::Tick => state.tick(),
            Action::Revoke => {
                state.is_revoked_by_first = true;
                state.revoke()?;
            }
            Action::Rotate { grace } => {
                state.changes_left -= 1;
                state.rotate(grace)?;
            }
            Action::Expire { after } => {
                state.changes_left -= 1;
                state.expire(after)?;
            }
            Action::Project => {
                state.changes_left -= 1;
                let records: Vec<_> = (0..).zip(state.records.iter().copied()).collect();
                for (name, record) in records {
                    state.outbox.put(name, record, true);
                }
            }
            Action::Start => {
                state.outbox.recover(now, self.mutant);
                state.is_running = true;
            }
            Action::Put => {
                let sent = state.outbox.due(now);
                if sent.is_empty() {
                    return None;
                }
                state.puts = sent.into_iter().map(|sent| (sent, false)).collect();
            }
            Action::Apply(index) => {
                let (Sent { name, value, .. }, is_applied) = &mut state.puts[index];
                *is_applied = true;
                let (name, value) = (*name, *value);
                state.write(name, value, self.has_reader);
            }
            Action::Answer(index) => {
                let (sent, _) = state.puts.remove(index);
                state.outbox.answered(&sent, now, self.mutant);
                let is_told = state.records[0].is_revoked && !state.outbox.0.contains_key(&0);
                if self.has_reader && sent.name == 0 && is_told {
                    state.told_at.get_or_insert(now);
                }
            }
            Action::Fail(index) => {
                state.faults_left -= 1;
                let (sent, is_applied) = state.puts.remove(index);
                state.outbox.failed(&sent, now);
                state.lose(&sent, is_applied);
            }
            Action::Die => {
                state.faults_left -= 1;
                state.is_running = false;
                for (sent, is_applied) in std::mem::take(&mut state.puts) {
                    state.lose(&sent, is_applied);
                }
            }
            Action::Arrive(index) => {
                let (name, value, _) = state.late.remove(index);
                state.write(name, value, self.has_reader);
            }
            Action::Ask => state.isolate = Isolate::Asked { at: now },
            Action::Read(fresh) => {
                if let Some(record) = fresh {
                    state.location = Some((record, now));
                }
                let (Isolate::Asked { at }, Some((record, _))) = (state.isolate, state.location)
                else {
                    return None;
                };
                state.isolate = Isolate::Answered { asked_at: at, record };
            }
            Action::Remember => {
                let Isolate::Answered { asked_at, record } = state.isolate else { return None };
                // The store's time limit: a request that waits is judged by the answer, however old it is.
                if now > asked_at + MEMORY_TTL {
                    state.isolate = Isolate::Nothing;
                    return Some(state);
                }
                let since =
                    if self.mutant == Some(Mutant::AgeOfTheAnswer) { now } else { asked_at };
                state.isolate = Isolate::Known { record, until: since + MEMORY_TTL };
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(NEVER_LOST, |_, state: &State| state.keeps_its_revocations()),
            Property::always(SAME, |_, state: &State| state.has_what_the_account_has()),
            Property::always(BOUNDED, |_, state: &State| !state.is_allowed_after(BOUND)),
            // That the model can do what it is to withstand.
            Property::sometimes(
                "a late write undoes a revocation for a while",
                |_, state: &State| {
                    let is_undone = |name: &Name| {
                        state.store[usize::from(*name)].is_some_and(|record| !record.is_revoked)
                    };
                    state.outbox.0.iter().any(|(name, row)| {
                        row.is_confirming && row.value.is_revoked && is_undone(name)
                    })
                },
            ),
            Property::sometimes(
                "an edge allows until the last moment of the bound",
                |world: &World, state: &State| {
                    !world.has_reader || state.is_allowed_after(BOUND - 1)
                },
            ),
            Property::sometimes("everything has arrived", |_, state: &State| {
                state.acknowledged.contains(&true) && state.outbox.0.is_empty()
            }),
        ]
    }
}

pub(crate) const NEVER_LOST: &str = "an acknowledged revocation is never lost";
pub(crate) const SAME: &str = "what the outbox let go of is what the store has, for good";
pub(crate) const BOUNDED: &str = "no allow after the stated bound";
