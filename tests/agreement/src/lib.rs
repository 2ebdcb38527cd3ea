//! The same requests for every build of the core: what a native one and a wasm one say of each has to be the same.
//!
//! A request is made from a seed and its number, so that each build makes it for itself. All that the core says of it is
//! one text, and the texts of a range make one digest: two builds are compared by digests, and the first request of which
//! they say different things is found by halving.

mod dice;
mod request;
mod story;

use std::collections::BTreeMap;

use keyguard::KeyDigest;

use crate::{dice::Dice, request::Request};

/// The digest of all that the core says of the requests `from` to before `to`.
pub fn digest(seed: u32, from: u32, to: u32) -> String {
    let first = KeyDigest::of("").to_string();
    (from..to)
        .fold(first, |before, number| KeyDigest::of(&(before + &story(seed, number))).to_string())
}

/// All that the core says of one request.
pub fn story(seed: u32, number: u32) -> String {
    story::of(&Request::roll(&mut Dice::new(seed, number))).text
}

/// How often each verdict was given: a comparison of requests that are all refused alike would show little.
pub fn verdicts(seed: u32, from: u32, to: u32) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for number in from..to {
        let verdict = story::of(&Request::roll(&mut Dice::new(seed, number))).verdict;
        let count: &mut u32 = counts.entry(verdict).or_default();
        *count = count.saturating_add(1);
    }
    counts
}

#[cfg(target_arch = "wasm32")]
mod wasm {
    use wasm_bindgen::prelude::wasm_bindgen;

    /// As [`digest`](super::digest).
    #[wasm_bindgen]
    pub fn digest(seed: u32, from: u32, to: u32) -> String {
        super::digest(seed, from, to)
    }

    /// As [`story`](super::story).
    #[wasm_bindgen]
    pub fn story(seed: u32, number: u32) -> String {
        super::story(seed, number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_is_made_again_from_its_number() {
        assert_eq!(digest(1, 0, 50), digest(1, 0, 50));
        assert_ne!(digest(1, 0, 50), digest(2, 0, 50));
        assert_ne!(story(1, 0), story(1, 1));
    }

    #[test]
    fn every_verdict_is_met() {
        let counts = verdicts(1, 0, 20_000);
        for verdict in [
            "allowed",
            "reported",
            "preflight",
            "misconfigured",
            "store-unavailable",
            "https-required",
            "unauthorized",
            "invalid-request",
            "invalid-key",
            "key-revoked",
            "key-expired",
            "key-exposed",
            "secret-key-in-browser",
            "origin-not-allowed",
            "insufficient-scope",
            "rate-limited",
        ] {
            assert!(counts.get(verdict).is_some_and(|count| *count >= 20), "{verdict}: {counts:?}");
        }
    }
}
