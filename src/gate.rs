//! Addresses that present too many refused credentials: what of theirs is still looked up.
//!
//! A guess costs its sender nothing and the store a read. So an address over its limit gets no more reads for keys that nobody has seen, until
//! its time is over. It must not lock out a key's owner, who may share the address with whoever guesses: keys that were ever seen
//! here are looked up all the same, only refusals count, and even of the others one is looked up now and then, so that an
//! owner's first request gets through within a few tries and is known from then on.

use alloc::{
    collections::BTreeMap,
    string::{String, ToString},
};
use core::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

/// Addresses over their limit, as far as this isolate was told. Times are in milliseconds of one clock.
///
/// ```
/// use keyguard::Gate;
///
/// let mut gate = Gate::new();
/// gate.close("192.0.2.1", 10_000);
/// assert!(gate.lets_pass("192.0.2.1", 0), "the first is given the benefit of the doubt");
/// assert!(!gate.lets_pass("192.0.2.1", 50));
/// assert!(gate.lets_pass("192.0.2.2", 50));
/// assert!(gate.lets_pass("192.0.2.1", 10_000), "its time is over");
/// ```
pub struct Gate {
    closed: BTreeMap<String, Closed>,
}

impl Gate {
    /// A gate that lets everybody pass.
    pub fn new() -> Self {
        Self { closed: BTreeMap::new() }
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
        self.closed.insert(network, Closed { until, doubted_at: None });
    }

    /// Whether an unknown key of this address may be looked up.
    pub fn lets_pass(&mut self, address: &str, now: u64) -> bool {
        let Some(closed) = self.closed.get_mut(&network(address)) else { return true };
        // A clock that has jumped back opens the gate sooner, never later.
        let is_closed = now < closed.until && closed.until.saturating_sub(now) <= LONGEST;
        let is_recent = |at: u64| at <= now && now.saturating_sub(at) < DOUBT_EVERY;
        if is_closed && closed.doubted_at.is_some_and(is_recent) {
            return false;
        }
        closed.doubted_at = Some(now);
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

struct Closed {
    until: u64,
    doubted_at: Option<u64>,
}

const MAX_ADDRESSES: usize = 1024;

/// One look-up in this time for all that an address over its limit asks: no more than ten reads a second.
const DOUBT_EVERY: u64 = 100;

/// The longest period of a limiter, in milliseconds.
const LONGEST: u64 = 60_000;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn an_owner_behind_a_flooding_address_gets_through() {
        let mut gate = Gate::new();
        gate.close("192.0.2.1", 60_000);
        let passed = (0..1_000).filter(|now| gate.lets_pass("192.0.2.1", *now)).count();
        assert_eq!(passed, 10);
    }

    #[test]
    fn a_subscriber_has_one_network() {
        let mut gate = Gate::new();
        gate.close("2001:db8::1", 60_000);
        assert!(gate.lets_pass("2001:db8::2", 0));
        assert!(!gate.lets_pass("2001:db8::3", 1));
        assert!(gate.lets_pass("2001:db8:0:1::3", 1));
    }

    #[test]
    fn closing_again_gives_no_new_benefit_of_the_doubt() {
        let mut gate = Gate::new();
        gate.close("192.0.2.1", 10_000);
        assert!(gate.lets_pass("192.0.2.1", 0));
        gate.close("192.0.2.1", 10_001);
        assert!(!gate.lets_pass("192.0.2.1", 1));
    }

    #[test]
    fn a_clock_that_jumps_back_closes_for_no_longer() {
        let mut gate = Gate::new();
        gate.close("192.0.2.1", 100_000_000);
        assert!(gate.lets_pass("192.0.2.1", 99_999_000));
        assert!(!gate.lets_pass("192.0.2.1", 99_999_001));
        assert!(gate.lets_pass("192.0.2.1", 5));
        assert!(gate.lets_pass("192.0.2.1", 6));
    }

    #[test]
    fn addresses_are_bounded() {
        let mut gate = Gate::new();
        for n in 0..10_000_u32 {
            gate.close(&format!("192.{}.{}.{}", n >> 16, (n >> 8) & 255, n & 255), 60_000);
        }
        assert!(gate.closed.len() <= MAX_ADDRESSES);
    }
}
