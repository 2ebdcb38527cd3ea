//! How long a revoked key goes on working for somebody who tries it everywhere, all the time.

use std::rc::Rc;

use anyhow::Result;
use keyguard::{Kind, Memory, Policy, UnixTime, decide::decide, memory::Recall};
use rand::{RngExt as _, SeedableRng as _, rngs::Xoshiro256PlusPlus};

use super::{
    LOCATIONS, SEED,
    traffic::{Key, delay},
};

/// Seconds from the revocation to the last request that passed.
pub(super) struct Times {
    /// At each location, for each revocation; in order.
    pub(super) location: Vec<f64>,
    /// At all of them; in order.
    pub(super) everywhere: Vec<f64>,
}

/// Revokes so many keys that are in use at every location each second.
pub(super) fn revoke(policy: &Policy, revocations: u64) -> Result<Times> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(SEED);
    let [ttl, cache_ttl, bound] =
        [policy.memory_ttl(), policy.store_cache_ttl(), policy.revocation_bound().total()]
            .map(|seconds| u64::from(seconds) * 1000);
    let mut memory = Memory::new(ttl, ttl);
    let mut times = Times { location: Vec::new(), everywhere: Vec::new() };
    let mut start = cache_ttl;
    for number in 0..revocations {
        let key = Key::new(Kind::Secret, number);
        let lookup = key.lookup(policy)?;
        let [active, revoked] = [None, Some(0)].map(|at| Rc::new(key.record(at)));
        let mut longest = 0;
        for location in 0..LOCATIONS {
            // Long enough before for memory and cache to be anywhere in their time.
            let lead = ttl + cache_ttl;
            let revoked_at = start + lead + random.random_range(0..=lead + 1000);
            let visible_at = revoked_at + delay(number, location);
            let mut cached: Option<(bool, u64)> = None;
            let mut last = 0;
            let mut now = start + random.random_range(0..1000);
            // Another isolate had the location read the key before, at any time of its cache.
            let phase = random.random_range(0..cache_ttl.max(1));
            while now <= revoked_at + bound + 2000 {
                let remembered = memory.recall(lookup.digest(), now);
                let record = if let Recall::Known(record) = remembered {
                    record
                } else {
                    let is_fresh = cached.is_some_and(|(_, read_at)| now < read_at + cache_ttl);
                    if !is_fresh {
                        let read_at =
                            if cached.is_none() { now.saturating_sub(phase) } else { now };
                        cached = Some((now >= visible_at, read_at));
                    }
                    let is_revoked = cached.is_some_and(|(is_revoked, _)| is_revoked);
                    let record = Rc::clone(if is_revoked { &revoked } else { &active });
                    memory.keep(*lookup.digest(), Some((Rc::clone(&record), 400)), now, now);
                    record
                };
                let facts = keyguard::RequestFacts {
                    method: "POST",
                    path: None,
                    origin: None,
                    fetch_site: None,
                };
                let verdict = decide(&lookup, Some(&record), &facts, policy, UnixTime(now / 1000));
                if verdict.is_ok() {
                    last = now;
                }
                now += 1000;
            }
            start = now + ttl + 1000;
            let lasted = last.saturating_sub(revoked_at);
            anyhow::ensure!(lasted <= bound, "a key was allowed for {lasted} ms, beyond {bound}");
            longest = longest.max(lasted);
            times.location.push(lasted as f64 / 1000.0);
        }
        times.everywhere.push(longest as f64 / 1000.0);
    }
    times.location.sort_by(f64::total_cmp);
    times.everywhere.sort_by(f64::total_cmp);
    Ok(times)
}

/// The value below which this part of them lies.
pub(super) fn quantile(sorted: &[f64], part: f64) -> f64 {
    let place = (part * sorted.len().saturating_sub(1) as f64).round() as usize;
    sorted.get(place).copied().unwrap_or_default()
}
