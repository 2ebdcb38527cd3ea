//! Addresses that present too many refused credentials: what of theirs is still looked up.
//!
//! A guess costs its sender nothing and the store a read. So an address over its limit gets no more reads for keys that nobody has seen, until
//! its time is over. It must not lock out a key's owner, who may share the address with whoever guesses: keys that were ever seen
//! here are looked up all the same, and only refusals count. Of the others one is looked up now and then, and a key that comes
//! again has its own turn: an owner tries the same key again, and a guess that failed is not worth another try. Of those the one that
//! came most often goes first. So an owner's first request gets through within a few tries, and is known from then on: at one try more than the flood
//! spends on each guess, which so costs it as many requests.

use alloc::{
    collections::{BTreeMap, VecDeque},
    string::{String, ToString},
};
use core::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

use crate::KeyDigest;

/// Addresses over their limit, as far as this isolate was told. Times are in milliseconds of one clock.
///
/// ```
/// use keyguard::{Gate, KeyDigest};
///
/// let mut gate = Gate::new();
/// let (guess, own) = (KeyDigest::of("guess"), KeyDigest::of("own"));
/// gate.close("192.0.2.1", 10_000);
/// assert!(gate.lets_pass("192.0.2.1", &guess, 0), "the first is given the benefit of the doubt");
/// assert!(!gate.lets_pass("192.0.2.1", &own, 50));
/// assert!(gate.lets_pass("192.0.2.1", &own, 51), "a key that comes again has its own turn");
/// assert!(gate.lets_pass("192.0.2.2", &guess, 52));
/// assert!(gate.lets_pass("192.0.2.1", &guess, 10_000), "its time is over");
/// ```
pub struct Gate {
    turned_away: VecDeque<TurnedAway>,
    closed: BTreeMap<String, Closed>,
    /// How many addresses were closed: each has its number.
    count: u64,
}

impl Gate {
    /// A gate that lets everybody pass.
    pub fn new() -> Self {
        Self { turned_away: VecDeque::new(), closed: BTreeMap::new(), count: 0 }
    }

    /// Takes in that an address is over its limit until a time.
    pub fn close(&mut self, address: &str, until: u64) {
        let network = network(address);
        if let Some(closed) = self.closed.get_mut(&network) {
            closed.until = until;
            return;
        }
        if self.closed.len() >= MAX_ADDRESSES {
            // The one whose time is over first. So many at once come from one sender, who is let pass a little more.
            let first = self.closed.iter().min_by_key(|(_, closed)| closed.until);
            if let Some(network) = first.map(|(network, _)| network.clone()) {
                self.closed.remove(&network);
            }
        }
        self.count = self.count.wrapping_add(1);
        let closed = Closed { number: self.count, until, looked_up_at: [None, None] };
        self.closed.insert(network, closed);
    }

    /// Whether an unknown key of this address may be looked up.
    pub fn lets_pass(&mut self, address: &str, digest: &KeyDigest, now: u64) -> bool {
        let Some(closed) = self.closed.get_mut(&network(address)) else { return true };
        // A clock that has jumped back opens the gate sooner, never later.
        if now >= closed.until || closed.until.saturating_sub(now) > LONGEST {
            return true;
        }
        let number = closed.number;
        let is_this = |one: &TurnedAway| one.address == number && one.digest == *digest;
        let earlier = self.turned_away.iter().position(is_this);
        let earlier = earlier.and_then(|index| self.turned_away.remove(index));
        let tries = earlier.map_or(0, |own| own.tries).saturating_add(1);
        // Who doesn't come any more holds up nobody.
        let goes_first = |one: &TurnedAway| {
            one.address == number
                && one.tries > tries
                && one.at <= now
                && now.saturating_sub(one.at) < PATIENCE
        };
        let [first, again] = &mut closed.looked_up_at;
        let looked_up_at = if tries == 1 { first } else { again };
        let is_closed =
            looked_up_at.is_some_and(|at| at <= now && now.saturating_sub(at) < LOOK_UP_EVERY);
        if is_closed || (tries > 1 && self.turned_away.iter().any(goes_first)) {
            if self.turned_away.len() >= MAX_TURNED_AWAY {
                self.turned_away.pop_front();
            }
            self.turned_away.push_back(TurnedAway {
                address: number,
                digest: *digest,
                tries,
                at: now,
            });
            return false;
        }
        *looked_up_at = Some(now);
        true
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("closed", &self.closed.len()).finish_non_exhaustive()
    }
}

/// What one subscriber has: an IPv4 address, or the first 64 bits of an IPv6 one (RFC 6177 §2), of which anyone has as many as stars.
///
/// ```
/// use keyguard::gate::network;
///
/// assert_eq!(network("2001:db8:1:2:3::4"), network("2001:db8:1:2:ffff::"));
/// assert_ne!(network("2001:db8:1:2::"), network("2001:db8:1:3::"));
/// assert_eq!(network("::ffff:192.0.2.1"), "192.0.2.1");
/// ```
pub fn network(address: &str) -> String {
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_string()
        }
        Ok(address) => address.to_string(),
        // What the platform gives in place of an address: all such count as one.
        Err(_) => String::new(),
    }
}

/// A key that was turned away.
struct TurnedAway {
    /// The number of its address.
    address: u64,
    digest: KeyDigest,
    /// How often it was, and when last.
    tries: u32,
    at: u64,
}

struct Closed {
    number: u64,
    until: u64,
    /// When a key was looked up that came for the first time, and one that came again.
    looked_up_at: [Option<u64>; 2],
}

const MAX_ADDRESSES: usize = 1024;

/// One look-up in this time for all that an address over its limit asks first, and one for all that it asks again: no more
/// than twenty reads a second.
const LOOK_UP_EVERY: u64 = 100;

/// For how long a key that came more often is waited for, in milliseconds: an owner's program tries again within that, or has to come once more.
const PATIENCE: u64 = 1_000;

/// Some hundred milliseconds of a flood, in which an owner tries again; what came least lately is forgotten first.
const MAX_TURNED_AWAY: usize = 2048;

/// The longest period of a limiter, in milliseconds.
const LONGEST: u64 = 60_000;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn key(number: u64) -> KeyDigest {
        KeyDigest::of(&format!("{number}"))
    }

    #[test]
    fn a_flood_gets_few_look_ups() {
        let mut gate = Gate::new();
        gate.close("192.0.2.1", 60_000);
        let passed = (0..1_000).filter(|now| gate.lets_pass("192.0.2.1", &key(*now), *now)).count();
        assert_eq!(passed, 10);
    }

    #[test]
    fn a_flood_that_sends_each_guess_again_gets_twice_as_many() {
        let mut gate = Gate::new();
        gate.close("192.0.2.1", 60_000);
        let guess = |now: u64| key(now / 2);
        let passed =
            (0..1_000).filter(|now| gate.lets_pass("192.0.2.1", &guess(*now), *now)).count();
        assert!((11..=20).contains(&passed), "{passed}");
    }

    /// The flood goes on, at a guess a millisecond, and is always there first.
    #[test]
    fn an_owner_behind_a_flooding_address_gets_through_at_the_second_try() {
        let mut gate = Gate::new();
        gate.close("192.0.2.1", 60_000);
        let owner = KeyDigest::of("owner");
        let mut tries = 0;
        for now in 0..1_000 {
            let _ = gate.lets_pass("192.0.2.1", &key(now), now);
            if now % 150 == 7 {
                tries += 1;
                if gate.lets_pass("192.0.2.1", &owner, now) {
                    break;
                }
            }
        }
        assert_eq!(tries, 2);
    }

    /// The flood goes on, at a try a millisecond by eight senders, each of which sends each guess so many times.
    #[test]
    fn an_owner_gets_through_at_one_try_more_than_the_flood_spends_on_a_guess() {
        for spent in 1..=8_u64 {
            let mut gate = Gate::new();
            gate.close("192.0.2.1", 60_000);
            let owner = KeyDigest::of("owner");
            let mut tries = 0;
            for now in 0..10_000 {
                let (sender, sent) = (now % 8, now / 8);
                let _ = gate.lets_pass("192.0.2.1", &key(sent / spent * 8 + sender), now);
                if now % 150 == 7 {
                    tries += 1;
                    if gate.lets_pass("192.0.2.1", &owner, now) {
                        break;
                    }
                }
            }
            assert!(tries <= spent + 2, "{tries} tries where each guess is sent {spent} times");
        }
    }

    #[test]
    fn who_doesnt_come_any_more_holds_up_nobody_and_no_other_address() {
        let mut gate = Gate::new();
        for address in ["192.0.2.1", "192.0.2.2"] {
            gate.close(address, 60_000);
            assert!(gate.lets_pass(address, &key(0), 0));
        }
        // One that comes often while another key has the turn.
        for address in ["192.0.2.1", "192.0.2.2"] {
            assert!(!gate.lets_pass(address, &key(1), 1));
            assert!(gate.lets_pass(address, &key(1), 2));
        }
        for now in 3..50 {
            assert!(!gate.lets_pass("192.0.2.1", &key(2), now));
        }
        for address in ["192.0.2.1", "192.0.2.2"] {
            assert!(!gate.lets_pass(address, &key(3), 60));
        }
        assert!(gate.lets_pass("192.0.2.2", &key(3), 200), "another address");
        assert!(!gate.lets_pass("192.0.2.1", &key(3), 200), "the other came more often");
        assert!(gate.lets_pass("192.0.2.1", &key(3), 49 + PATIENCE), "and doesn't any more");
    }

    #[test]
    fn a_subscriber_has_one_network() {
        let mut gate = Gate::new();
        gate.close("2001:db8::1", 60_000);
        assert!(gate.lets_pass("2001:db8::2", &key(1), 0));
        assert!(!gate.lets_pass("2001:db8::3", &key(2), 1));
        assert!(gate.lets_pass("2001:db8:0:1::3", &key(3), 1));
    }

    #[test]
    fn closing_again_gives_no_new_benefit_of_the_doubt() {
        let mut gate = Gate::new();
        gate.close("192.0.2.1", 10_000);
        assert!(gate.lets_pass("192.0.2.1", &key(1), 0));
        gate.close("192.0.2.1", 10_001);
        assert!(!gate.lets_pass("192.0.2.1", &key(2), 1));
    }

    #[test]
    fn a_clock_that_jumps_back_closes_for_no_longer() {
        let mut gate = Gate::new();
        gate.close("192.0.2.1", 100_000_000);
        assert!(gate.lets_pass("192.0.2.1", &key(1), 99_999_000));
        assert!(!gate.lets_pass("192.0.2.1", &key(2), 99_999_001));
        assert!(gate.lets_pass("192.0.2.1", &key(3), 5));
        assert!(gate.lets_pass("192.0.2.1", &key(4), 6));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut gate = Gate::new();
        for n in 0..10_000_u32 {
            gate.close(&format!("192.{}.{}.{}", n >> 16, (n >> 8) & 255, n & 255), 60_000);
            let _ = gate.lets_pass("192.0.0.1", &key(u64::from(n)), 1);
        }
        assert!(gate.closed.len() <= MAX_ADDRESSES);
        assert!(gate.turned_away.len() <= MAX_TURNED_AWAY);
    }

    #[test]
    fn what_is_no_address_counts_as_one() {
        for address in ["", "unknown", "192.0.2.1:80", "192.0.2.256", "[::1]"] {
            assert_eq!(network(address), "", "{address}");
        }
        let mut gate = Gate::default();
        gate.close(&network("unknown"), 60_000);
        let passed =
            (0..100).filter(|now| gate.lets_pass(&network("_hidden"), &key(*now), *now)).count();
        assert!(passed < 100);
        assert_eq!(format!("{gate:?}"), "Gate { closed: 1, .. }");
    }
}
