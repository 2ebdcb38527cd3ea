//! What one isolate remembers of the store, so that a key in use costs one read in a while.
//!
//! Pure, as everything here: a face brings digests, values and the clock. Keys that are there and keys that are not are remembered
//! apart, so that a flood of made-up keys pushes out none that is real, and each space is bounded in bytes.

use alloc::rc::Rc;
use core::{
    cell::Cell,
    fmt,
    hash::{BuildHasher, Hasher},
    num::NonZeroU64,
};

use quick_cache::{
    Weighter,
    unsync::{Cache, DefaultLifecycle},
};

use crate::KeyDigest;

/// Values by digest, each for a bounded time.
///
/// All times are in milliseconds of one clock. An entry is as old as the *question* that brought it, since what the store said is at
/// best what was true when it was asked. A clock that is seen to jump back empties the memory: by how much it jumped nobody can tell, and no
/// entry may live longer by it.
///
/// What is pushed out first is what was used least, and what was used once is pushed out before what is used again: a pass over a
/// million keys leaves the busy ones where they are.
///
/// ```
/// use std::rc::Rc;
/// use keyguard::{KeyDigest, Memory, memory::Recall};
///
/// let mut memory = Memory::new(10_000, 2_000);
/// let digest = KeyDigest::of("sk_vYZCAeHawUqDCmVpEKh2U");
/// memory.keep(digest, Some((Rc::new("record"), 6)), 0, 40);
/// assert!(matches!(memory.recall(&digest, 9_999), Recall::Known(record) if *record == "record"));
/// assert!(matches!(memory.recall(&digest, 10_000), Recall::Nothing));
/// ```
pub struct Memory<T> {
    ttl: u64,
    unknown_ttl: u64,
    latest: u64,
    known: Cache<KeyDigest, Entry<T>, ByWeight, ByDigest>,
    unknown: Cache<KeyDigest, Entry<T>, ByWeight, ByDigest>,
}

/// What is remembered of a digest.
#[derive(Debug)]
pub enum Recall<T> {
    /// The store had this for it.
    Known(Rc<T>),
    /// The store had nothing for it.
    Unknown,
    /// Nothing: ask the store.
    Nothing,
}

impl<T> Memory<T> {
    /// A memory for keys that are there and for keys that are not, each with its bound in milliseconds; 0 remembers nothing.
    pub fn new(ttl: u64, unknown_ttl: u64) -> Self {
        Self {
            ttl,
            unknown_ttl,
            latest: 0,
            known: space(MAX_KNOWN_WEIGHT),
            unknown: space(MAX_UNKNOWN_WEIGHT),
        }
    }

    /// What is remembered of a digest now.
    pub fn recall(&mut self, digest: &KeyDigest, now: u64) -> Recall<T> {
        self.watch_clock(now);
        let Some(entry) = self.known.get(digest).or_else(|| self.unknown.get(digest)) else {
            return Recall::Nothing;
        };
        match &entry.value {
            _ if now >= entry.until.get() => Recall::Nothing,
            Some(value) => Recall::Known(Rc::clone(value)),
            None => Recall::Unknown,
        }
    }

    /// Remembers what the store said when it was asked at `asked_at`: a value with its size in bytes, or that there is none.
    ///
    /// A [pinned](Self::pin) value stays until its time is over, and so does what a later question brought.
    pub fn keep(
        &mut self,
        digest: KeyDigest,
        found: Option<(Rc<T>, usize)>,
        asked_at: u64,
        now: u64,
    ) {
        self.watch_clock(now);
        // A question from the future was asked by a clock that has jumped since.
        if asked_at > now {
            return;
        }
        let before = self.known.peek(&digest);
        if before.is_some_and(|entry| {
            entry.asked_at > asked_at || (entry.pinned_for.is_some() && now < entry.until.get())
        }) {
            return;
        }
        let told = before.map_or_else(untold, |entry| entry.told.clone());
        let (space, other, ttl) = match found {
            Some(_) => (&mut self.known, &mut self.unknown, self.ttl),
            None => (&mut self.unknown, &mut self.known, self.unknown_ttl),
        };
        let (value, bytes) = found.map_or((None, 0), |(value, bytes)| (Some(value), bytes));
        let until = Cell::new(asked_at.saturating_add(ttl));
        other.remove(&digest);
        space.insert(digest, Entry { value, bytes, asked_at, until, pinned_for: None, told });
    }

    /// Remembers a value until a time, whatever the store says in between: for what was learned here and has still to reach it.
    /// [`unpin`](Self::unpin) brings that time nearer, once it is on its way there.
    pub fn pin(&mut self, digest: KeyDigest, (value, bytes): (Rc<T>, usize), now: u64, until: u64) {
        self.watch_clock(now);
        self.unknown.remove(&digest);
        let (value, told) = (Some(value), untold());
        let pinned_for = Some(until.saturating_sub(now));
        let until = Cell::new(until);
        let entry = Entry { value, bytes, asked_at: now, until, pinned_for, told };
        self.known.insert(digest, entry);
    }

    /// Lets a pinned value stay no longer than until a time.
    pub fn unpin(&mut self, digest: &KeyDigest, now: u64, until: u64) {
        self.watch_clock(now);
        if let Some(mut entry) = self.known.peek_mut(digest)
            && entry.pinned_for.is_some()
        {
            let until = until.min(entry.until.get());
            entry.until.set(until);
            entry.pinned_for = Some(until.saturating_sub(now));
        }
    }

    /// Whether a key is known to have been there, however long ago it was looked up.
    pub fn has_seen(&self, digest: &KeyDigest) -> bool {
        self.known.contains_key(digest)
    }

    /// Whether this is the first use of a remembered key in this period, and remembers that it isn't from now on. Always in periods of
    /// one length: they are told apart by their number.
    pub fn is_first_use(&self, digest: &KeyDigest, now: u64, period: NonZeroU64) -> bool {
        self.is_first(digest, now / period, |[used_in, ..]| used_in)
    }

    /// Whether this is the first incident with a remembered key in this minute, and remembers that it isn't from now on. One that is certain
    /// is the first even where another one came before.
    pub fn is_first_report(&self, digest: &KeyDigest, is_certain: bool, now: u64) -> bool {
        self.is_first(
            digest,
            now / 60_000,
            |[_, certain_in, other_in]| {
                if is_certain { certain_in } else { other_in }
            },
        )
    }

    fn is_first(
        &self,
        digest: &KeyDigest,
        period: u64,
        of: impl Fn(&[Cell<u64>; 3]) -> &Cell<u64>,
    ) -> bool {
        self.known.peek(digest).is_some_and(|entry| of(&entry.told).replace(period) != period)
    }

    /// How many bytes it takes at most, by its own estimate.
    pub fn weight(&self) -> u64 {
        self.known.weight().saturating_add(self.unknown.weight())
    }

    fn watch_clock(&mut self, now: u64) {
        if now < self.latest {
            // What is pinned refuses a key: to forget it would let the key in again.
            self.known.retain(|_, entry| entry.pinned_for.is_some());
            self.unknown.clear();
            // Nor may it refuse for longer than it was to: its time counts anew, since nobody can tell how much of it has passed.
            for (_, entry) in self.known.iter() {
                let longest = now.saturating_add(entry.pinned_for.unwrap_or_default());
                entry.until.set(entry.until.get().min(longest));
            }
        }
        self.latest = now;
    }
}

impl<T> fmt::Debug for Memory<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory")
            .field("known", &self.known.len())
            .field("unknown", &self.unknown.len())
            .finish_non_exhaustive()
    }
}

struct Entry<T> {
    /// None for a key that isn't there.
    value: Option<Rc<T>>,
    bytes: usize,
    asked_at: u64,
    until: Cell<u64>,
    /// For how long it refuses a key whatever the store says, if it does.
    pinned_for: Option<u64>,
    /// The periods of its last use that was told, of its last certain incident, and of its last other one.
    told: [Cell<u64>; 3],
}

/// Bytes of an entry: what the face says of the value, and the tables' own share.
#[derive(Clone, Copy)]
struct ByWeight;

impl<T> Weighter<KeyDigest, Entry<T>> for ByWeight {
    fn weight(&self, _: &KeyDigest, entry: &Entry<T>) -> u64 {
        LEAST_WEIGHT.saturating_add(entry.bytes as u64)
    }
}

/// A digest is as random as a hash can be.
#[derive(Clone, Copy, Default)]
struct ByDigest(u64);

impl BuildHasher for ByDigest {
    type Hasher = Self;

    fn build_hasher(&self) -> Self {
        Self(0)
    }
}

impl Hasher for ByDigest {
    fn finish(&self) -> u64 {
        self.0
    }

    /// The digest comes last, after its length.
    fn write(&mut self, bytes: &[u8]) {
        if let Some(bytes) = bytes.last_chunk() {
            self.0 = u64::from_le_bytes(*bytes);
        }
    }
}

fn space<T>(max_weight: u64) -> Cache<KeyDigest, Entry<T>, ByWeight, ByDigest> {
    let items = usize::try_from(max_weight.div_ceil(LEAST_WEIGHT)).unwrap_or(usize::MAX);
    Cache::with(items, max_weight, ByWeight, ByDigest::default(), DefaultLifecycle::default())
}

const NEVER: u64 = u64::MAX;

fn untold() -> [Cell<u64>; 3] {
    [NEVER; 3].map(Cell::new)
}

/// What the tables take for one entry, in bytes: digest, times and links, with room for growth.
const LEAST_WEIGHT: u64 = 192;
/// Some tens of thousands of ordinary records, of an isolate's 128 MB.
const MAX_KNOWN_WEIGHT: u64 = 16 << 20;
/// Some ten thousand made-up keys.
const MAX_UNKNOWN_WEIGHT: u64 = 2 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::String};

    fn digest(text: &str) -> KeyDigest {
        KeyDigest::of(text)
    }

    #[track_caller]
    fn known(
        memory: &mut Memory<&'static str>,
        digest: &KeyDigest,
        now: u64,
    ) -> Option<&'static str> {
        match memory.recall(digest, now) {
            Recall::Known(value) => Some(*value),
            Recall::Unknown => panic!("unknown at {now}"),
            Recall::Nothing => None,
        }
    }

    #[test]
    fn an_entry_is_as_old_as_its_question() {
        let (mut memory, key) = (Memory::new(10_000, 2_000), digest("a"));
        memory.keep(key, Some((Rc::new("a"), 1)), 1_000, 3_000);
        assert_eq!(known(&mut memory, &key, 10_999), Some("a"));
        assert_eq!(known(&mut memory, &key, 11_000), None);
    }

    #[test]
    fn an_absent_key_is_remembered_for_its_own_time() {
        let (mut memory, key) = (Memory::<()>::new(10_000, 2_000), digest("a"));
        memory.keep(key, None, 0, 0);
        assert!(matches!(memory.recall(&key, 1_999), Recall::Unknown));
        assert!(matches!(memory.recall(&key, 2_000), Recall::Nothing));
    }

    #[test]
    fn what_the_store_says_last_counts() {
        let (mut memory, key) = (Memory::new(10_000, 2_000), digest("a"));
        memory.keep(key, None, 0, 0);
        memory.keep(key, Some((Rc::new("a"), 1)), 1, 1);
        assert_eq!(known(&mut memory, &key, 2), Some("a"));
        memory.keep(key, None, 3, 3);
        assert!(matches!(memory.recall(&key, 4), Recall::Unknown));
    }

    #[test]
    fn a_late_answer_to_an_earlier_question_changes_nothing() {
        let (mut memory, key) = (Memory::new(10_000, 2_000), digest("a"));
        memory.keep(key, Some((Rc::new("revoked"), 1)), 500, 600);
        memory.keep(key, Some((Rc::new("active"), 1)), 400, 900);
        assert_eq!(known(&mut memory, &key, 901), Some("revoked"));
    }

    #[test]
    fn a_clock_that_jumps_back_lengthens_no_entry() {
        let (mut memory, key) = (Memory::new(10_000, 10_000), digest("a"));
        memory.keep(key, Some((Rc::new("a"), 1)), 50_000, 50_000);
        assert_eq!(known(&mut memory, &key, 55_000), Some("a"));
        assert_eq!(known(&mut memory, &key, 54_999), None);
        assert_eq!(known(&mut memory, &key, 55_001), None);
        // Asked before the jump, answered after it.
        memory.keep(key, Some((Rc::new("a"), 1)), 60_000, 55_002);
        assert_eq!(known(&mut memory, &key, 55_003), None);
    }

    #[test]
    fn a_pinned_value_outlives_what_the_store_says() {
        let (mut memory, key) = (Memory::new(10_000, 2_000), digest("a"));
        memory.pin(key, (Rc::new("exposed"), 1), 1_000, 100_000);
        memory.keep(key, Some((Rc::new("active"), 1)), 2_000, 2_000);
        memory.keep(key, None, 3_000, 3_000);
        assert_eq!(known(&mut memory, &key, 99_999), Some("exposed"));
        assert_eq!(known(&mut memory, &key, 100_000), None);
        memory.keep(key, Some((Rc::new("active"), 1)), 100_001, 100_001);
        assert_eq!(known(&mut memory, &key, 100_002), Some("active"));
    }

    #[test]
    fn a_pinned_value_ends_sooner_when_it_is_unpinned_and_never_later() {
        let (mut memory, key) = (Memory::new(10_000, 2_000), digest("a"));
        memory.pin(key, (Rc::new("exposed"), 1), 1_000, 100_000);
        memory.unpin(&key, 2_000, 50_000);
        memory.unpin(&key, 3_000, 60_000);
        assert_eq!(known(&mut memory, &key, 49_999), Some("exposed"));
        // By the clock as it is now, for as long as was left when it was unpinned last.
        assert_eq!(known(&mut memory, &key, 10_000), Some("exposed"));
        assert_eq!(known(&mut memory, &key, 49_999), Some("exposed"));
        assert_eq!(known(&mut memory, &key, 50_000), None);
        // What isn't pinned, or isn't there, is not touched.
        memory.keep(key, Some((Rc::new("active"), 1)), 100_001, 100_001);
        memory.unpin(&key, 100_002, 100_003);
        memory.unpin(&digest("b"), 100_002, 100_003);
        assert_eq!(known(&mut memory, &key, 100_004), Some("active"));
    }

    #[test]
    fn a_clock_that_jumps_back_unpins_nothing() {
        let (mut memory, key) = (Memory::new(10_000, 2_000), digest("a"));
        memory.pin(key, (Rc::new("exposed"), 1), 50_000, 100_000);
        assert_eq!(known(&mut memory, &key, 49_000), Some("exposed"));
        // For as long as it was pinned, by the clock as it is now, and no longer.
        assert_eq!(known(&mut memory, &key, 98_999), Some("exposed"));
        assert_eq!(known(&mut memory, &key, 2_000), Some("exposed"));
        assert_eq!(known(&mut memory, &key, 51_999), Some("exposed"));
        assert_eq!(known(&mut memory, &key, 52_000), None);
    }

    #[test]
    fn nothing_is_remembered_for_no_time() {
        let (mut memory, key) = (Memory::new(0, 0), digest("a"));
        memory.keep(key, Some((Rc::new("a"), 1)), 5, 5);
        assert_eq!(known(&mut memory, &key, 5), None);
        assert!(memory.has_seen(&key));
    }

    #[test]
    fn a_use_is_told_once_in_a_period() {
        for period in [60_000, 3_600_000].map(|period| NonZeroU64::new(period).unwrap()) {
            let (mut memory, key) = (Memory::new(10_000, 2_000), digest("a"));
            let last = period.get() - 1;
            assert!(!memory.is_first_use(&key, 0, period));
            memory.keep(key, Some((Rc::new("a"), 1)), 0, 0);
            assert!(memory.is_first_use(&key, 1, period));
            assert!(!memory.is_first_use(&key, last, period));
            memory.keep(key, Some((Rc::new("a"), 1)), last, last);
            assert!(!memory.is_first_use(&key, last, period));
            assert!(memory.is_first_use(&key, period.get(), period));
        }
    }

    /// A million keys pass, made-up ones and real ones that come once; a hundred are busy.
    #[test]
    fn a_flood_pushes_out_no_key_in_use_and_memory_stays_bounded() {
        let mut memory = Memory::new(1_000_000_000, 1_000_000_000);
        let busy: alloc::vec::Vec<KeyDigest> =
            (0..100).map(|n| digest(&format!("busy{n}"))).collect();
        for key in &busy {
            memory.keep(*key, Some((Rc::new(String::from("busy")), 400)), 0, 0);
            assert!(matches!(memory.recall(key, 0), Recall::Known(_)));
        }
        for n in 0..1_000_000_u64 {
            let key = digest(&format!("flood{n}"));
            let found = (n % 2 == 0).then(|| (Rc::new(String::from("once")), 400));
            memory.keep(key, found, n, n);
            if n % 1_000 == 0 {
                for key in &busy {
                    assert!(matches!(memory.recall(key, n), Recall::Known(_)), "after {n}");
                }
            }
            assert!(memory.weight() <= MAX_KNOWN_WEIGHT + MAX_UNKNOWN_WEIGHT);
        }
        let tables = memory.known.memory_used().total() + memory.unknown.memory_used().total();
        assert!(tables < 24 << 20, "{tables}");
    }

    #[test]
    fn made_up_keys_alone_push_out_nothing_even_once_used() {
        let (mut memory, key) = (Memory::new(1_000_000_000, 1_000_000_000), digest("a"));
        memory.keep(key, Some((Rc::new("a"), 400)), 0, 0);
        for n in 0..200_000_u64 {
            memory.keep(digest(&format!("made-up{n}")), None, n, n);
        }
        assert_eq!(known(&mut memory, &key, 200_000), Some("a"));
    }

    #[test]
    fn an_incident_is_new_once_a_minute_and_only_of_a_remembered_key() {
        let (mut memory, key) = (Memory::new(300_000, 2_000), digest("a"));
        assert!(!memory.is_first_report(&key, true, 60_000));
        memory.keep(key, Some((Rc::new("a"), 1)), 60_000, 60_000);
        let key = digest("a");
        let first = [60_000, 60_001, 119_999, 120_000, 120_001]
            .map(|now| memory.is_first_report(&key, false, now));
        assert_eq!(first, [true, false, false, true, false]);
        // What is certain isn't hidden by what was not.
        assert!(memory.is_first_report(&key, true, 120_001));
        assert!(!memory.is_first_report(&key, true, 120_002));
        // A use is counted by itself.
        assert!(memory.is_first_use(&key, 120_002, NonZeroU64::new(60_000).unwrap()));
        assert_eq!(format!("{memory:?}"), "Memory { known: 1, unknown: 0, .. }");
    }
}
