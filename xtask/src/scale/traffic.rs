//! Ordinary traffic at one location: who calls with which key, and what the core makes of it.

use std::{
    collections::{HashMap, hash_map::Entry},
    rc::Rc,
};

use anyhow::{Context as _, Result};
use keyguard::{
    ApiKey, CanonicalPath, IssuedKey, KeyRecord, Kind, Lookup, Memory, Mode, Policy, RequestFacts,
    UnixTime, decide::decide, memory::Recall, record::Revocation,
};
use rand::{RngExt as _, SeedableRng as _, rngs::Xoshiro256PlusPlus};
use rand_distr::{Distribution as _, Exp1, Zipf};

use super::{KEYS, LOCATIONS, PROPAGATION_MS, SEED};

/// A key of the ten million: publishable ones have even numbers. The busiest of each kind comes first.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key(pub(super) u64);

impl Key {
    pub(super) fn new(kind: Kind, rank: u64) -> Self {
        Self(rank * 2 + u64::from(kind == Kind::Secret))
    }

    fn kind(self) -> Kind {
        if self.0.is_multiple_of(2) { Kind::Publishable } else { Kind::Secret }
    }

    /// The key as a request brings it, issued from its number and read back by the core.
    pub(super) fn lookup(self, policy: &Policy) -> Result<Lookup> {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&mix(self.0).to_le_bytes());
        seed[8..16].copy_from_slice(&self.0.to_le_bytes());
        let text = IssuedKey::issue(self.kind(), Mode::Live, &seed).into_text();
        Lookup::of(ApiKey::parse(&text)?, policy).ok().context("a key of ours is no key")
    }

    pub(super) fn record(self, revoked_at: Option<u64>) -> KeyRecord {
        let (id, account) = (format!("key_{}", self.0), format!("acct_{}", self.0 / 8));
        let mut record = KeyRecord::active(id, account, self.kind(), Mode::Live, UnixTime(1));
        record.revoked = revoked_at
            .map(|at| Revocation { at: UnixTime(at / 1000), reason: "simulated".to_owned() });
        record
    }
}

/// What is simulated.
pub(super) struct Scene<'a> {
    pub(super) policy: &'a Policy,
    /// Requests a second, all over the world.
    pub(super) rate: f64,
    pub(super) seconds: u64,
    /// Keys that are revoked, and when the store is told, in milliseconds.
    pub(super) revoked: &'a HashMap<Key, u64>,
}

/// What came of it.
#[derive(Clone, Default)]
pub(super) struct Tally {
    pub(super) requests: u64,
    /// Questions to KV, each of which is paid.
    pub(super) reads: u64,
    /// Those that the location's cache couldn't answer.
    pub(super) fetches: u64,
    /// Refused though active, or allowed beyond the bound.
    pub(super) wrong: u64,
    /// When a revoked key was allowed last.
    pub(super) last_allowed: HashMap<Key, u64>,
}

impl Tally {
    pub(super) fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.reads += other.reads;
        self.fetches += other.fetches;
        self.wrong += other.wrong;
        for (key, at) in &other.last_allowed {
            let latest = self.last_allowed.entry(*key).or_default();
            *latest = (*latest).max(*at);
        }
    }
}

/// A location's share of the traffic: some are a hundred times as busy as others.
pub(super) fn share(location: u64) -> f64 {
    let weight = |location: u64| ((location + 1) as f64).powf(-0.8);
    weight(location) / (0..LOCATIONS).map(weight).sum::<f64>()
}

/// Plays a location's traffic from its first request to its last. Half of it is publishable keys, which shoppers anywhere use; half is
/// secret ones, each called from one location.
pub(super) fn play(location: u64, scene: &Scene<'_>) -> Result<Tally> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(SEED ^ mix(location));
    let rate = scene.rate * share(location);
    let own = ((KEYS / 2) as f64 * share(location)).max(1.0);
    let (everybodys, own) = (Zipf::new((KEYS / 2) as f64, 1.0)?, Zipf::new(own, 1.0)?);
    let mut place =
        Place::new(location, scene, (rate / REQUESTS_OF_AN_ISOLATE).ceil().max(1.0) as usize);
    let mut now = 0.0;
    loop {
        let pause: f64 = Exp1.sample(&mut random);
        now += pause / rate;
        if now >= scene.seconds as f64 {
            return Ok(place.tally);
        }
        let key = if random.random::<bool>() {
            Key::new(Kind::Publishable, everybodys.sample(&mut random) as u64 - 1)
        } else {
            // Every 300th of all secret keys is this location's.
            Key::new(Kind::Secret, (own.sample(&mut random) as u64 - 1) * LOCATIONS + location)
        };
        let isolate = random.random_range(0..place.isolates.len());
        place.request(key, isolate, (now * 1000.0) as u64)?;
    }
}

/// A location: its cache of KV, and the isolates that run there.
struct Place<'a> {
    location: u64,
    scene: &'a Scene<'a>,
    path: CanonicalPath,
    cache: HashMap<Key, (bool, u64)>,
    /// Keys as the core read them: each is issued and digested once.
    lookups: HashMap<Key, Lookup>,
    isolates: Vec<Memory<KeyRecord>>,
    tally: Tally,
}

impl<'a> Place<'a> {
    fn new(location: u64, scene: &'a Scene<'a>, isolates: usize) -> Self {
        let [ttl, unknown] = [scene.policy.memory_ttl(), scene.policy.memory_ttl_unknown()]
            .map(|seconds| u64::from(seconds) * 1000);
        let isolates = (0..isolates).map(|_| Memory::new(ttl, unknown)).collect();
        #[expect(clippy::unwrap_used, reason = "a plain path")]
        let path = CanonicalPath::parse("/pay").unwrap();
        Self {
            location,
            scene,
            path,
            cache: HashMap::new(),
            lookups: HashMap::new(),
            isolates,
            tally: Tally::default(),
        }
    }

    fn request(&mut self, key: Key, isolate: usize, now: u64) -> Result<()> {
        let policy = self.scene.policy;
        self.tally.requests += 1;
        if let Entry::Vacant(place) = self.lookups.entry(key) {
            place.insert(key.lookup(policy)?);
        }
        let digest = *self.lookups[&key].digest();
        let remembered = self.isolates[isolate].recall(&digest, now);
        let record = if let Recall::Known(record) = remembered {
            record
        } else {
            let record = Rc::new(self.read(key, now));
            let found = Some((Rc::clone(&record), 400));
            self.isolates[isolate].keep(digest, found, now, now);
            record
        };
        let facts =
            RequestFacts { method: "POST", path: Some(&self.path), origin: None, fetch_site: None };
        let is_allowed =
            decide(&self.lookups[&key], Some(&record), &facts, policy, UnixTime(now / 1000))
                .is_ok();
        match self.scene.revoked.get(&key) {
            None => self.tally.wrong += u64::from(!is_allowed),
            Some(&revoked_at) if is_allowed => {
                let bound = u64::from(policy.revocation_bound().total()) * 1000;
                self.tally.wrong += u64::from(now > revoked_at + bound);
                self.tally.last_allowed.insert(key, now);
            }
            Some(&revoked_at) => self.tally.wrong += u64::from(now < revoked_at),
        }
        Ok(())
    }

    fn read(&mut self, key: Key, now: u64) -> KeyRecord {
        self.tally.reads += 1;
        let ttl = u64::from(self.scene.policy.store_cache_ttl()) * 1000;
        let is_revoked = match self.cache.get(&key) {
            Some((is_revoked, read_at)) if now < read_at + ttl => *is_revoked,
            _ => {
                self.tally.fetches += 1;
                let is_revoked = self
                    .scene
                    .revoked
                    .get(&key)
                    .is_some_and(|revoked_at| now >= revoked_at + delay(key.0, self.location));
                self.cache.insert(key, (is_revoked, now));
                is_revoked
            }
        };
        key.record(is_revoked.then_some(now))
    }
}

/// How long a change of the store takes to a location: evenly spread up to what Cloudflare names.
pub(super) fn delay(change: u64, location: u64) -> u64 {
    mix(change.wrapping_mul(LOCATIONS).wrapping_add(location) ^ SEED) % (PROPAGATION_MS + 1)
}

/// The finalizer of `SplitMix64`: a number of its own for each number.
pub(super) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The runtime starts another isolate of a Worker at a location when it likes; nobody says when.
const REQUESTS_OF_AN_ISOLATE: f64 = 100.0;
