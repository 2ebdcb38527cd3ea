//! A flood of made-up keys at one location, beside its ordinary traffic.

use std::{net::Ipv4Addr, rc::Rc};

use anyhow::Result;
use keyguard::{
    ApiKey, Gate, IssuedKey, KeyDigest, Kind, Lookup, Memory, Mode, Policy, memory::Recall,
};
use rand::{RngExt as _, SeedableRng as _, rngs::Xoshiro256PlusPlus};
use rand_distr::{Distribution as _, Zipf};

use super::{SEED, traffic::Key};

/// Who floods, and how.
pub(super) struct Flood {
    pub(super) title: &'static str,
    pub(super) addresses: u32,
    /// Refused credentials that an address may present in a minute before it is turned away; none for no limit.
    pub(super) limit: Option<u32>,
    /// Whether the keys' checksums are right.
    pub(super) is_issued_form: bool,
}

/// What came of it.
pub(super) struct Toll {
    /// Questions to KV for each thousand made-up keys.
    pub(super) reads: f64,
    /// The part of ordinary requests that memory answered, without the flood and with it.
    pub(super) hits: [f64; 2],
}

/// Made-up keys a second, ordinary requests a second, and for how many seconds.
const FLOOD: u64 = 1000;
const ORDINARY: u64 = 100;
const SECONDS: u64 = 120;

pub(super) fn flood(policy: &Policy, flood: &Flood) -> Result<Toll> {
    let without = play(policy, flood, 0)?;
    let with = play(policy, flood, FLOOD)?;
    let made_up = (FLOOD * SECONDS) as f64;
    Ok(Toll { reads: with.0 as f64 * 1000.0 / made_up, hits: [without.1, with.1] })
}

/// Questions for made-up keys, and the part of ordinary requests that memory answered.
fn play(policy: &Policy, flood: &Flood, rate: u64) -> Result<(u64, f64)> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(SEED);
    let busy = Zipf::new(10_000.0, 1.0)?;
    let [ttl, unknown] =
        [policy.memory_ttl(), policy.memory_ttl_unknown()].map(|seconds| u64::from(seconds) * 1000);
    let (mut memory, mut gate) = (Memory::new(ttl, unknown), Gate::new());
    let mut struck = std::collections::HashMap::<(u32, u64), u32>::new();
    let (mut reads, mut hits) = (0_u64, 0_u64);
    for tick in 0..SECONDS * 1000 {
        for _ in 0..due(ORDINARY, tick) {
            let key = Key::new(Kind::Secret, busy.sample(&mut random) as u64);
            let lookup = key.lookup(policy)?;
            if matches!(memory.recall(lookup.digest(), tick), Recall::Known(_)) {
                hits += 1;
            } else {
                memory.keep(*lookup.digest(), Some((Rc::new(()), 400)), tick, tick);
            }
        }
        for _ in 0..due(rate, tick) {
            let from = random.random_range(0..flood.addresses);
            let address = Ipv4Addr::from_bits(0x0A00_0000 | from).to_string();
            let Some(digest) = made_up(policy, flood.is_issued_form, &random.random())? else {
                continue;
            };
            if matches!(memory.recall(&digest, tick), Recall::Nothing) {
                if flood.limit.is_some() && !gate.lets_pass(&address, &digest, tick) {
                    continue;
                }
                reads += 1;
                memory.keep(digest, None, tick, tick);
            }
            let count = struck.entry((from, tick / 60_000)).or_default();
            *count += 1;
            if flood.limit.is_some_and(|limit| *count > limit) {
                gate.close(&address, tick + 60_000);
            }
        }
    }
    Ok((reads, hits as f64 / (ORDINARY * SECONDS) as f64))
}

/// How many of so many a second are due in this millisecond.
fn due(rate: u64, tick: u64) -> u64 {
    rate * (tick + 1) / 1000 - rate * tick / 1000
}

/// The digest under which a made-up key would be looked up, if the core lets it come so far.
fn made_up(policy: &Policy, is_issued_form: bool, seed: &[u8; 32]) -> Result<Option<KeyDigest>> {
    let mut text = IssuedKey::issue(Kind::Secret, Mode::Live, seed).into_text();
    if !is_issued_form {
        let last = if text.pop() == Some('0') { '1' } else { '0' };
        text.push(last);
    }
    Ok(Lookup::of(ApiKey::parse(&text)?, policy).ok().map(|lookup| *lookup.digest()))
}
