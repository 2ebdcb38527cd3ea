//! The bench's keys: the same ones in every run, so that runs can be compared.

use std::{fmt::Write as _, fs, path::Path};

use anyhow::{Context as _, Result};
use keyguard::{IssuedKey, Kind, Mode};

/// The files of keys, below the bench's folder.
pub(super) const COLD: &str = "cold.txt";
/// Keys that the store never had.
pub(super) const UNKNOWN: &str = "unknown.txt";
/// What the store knows: a digest for each record.
pub(super) const DIGESTS: &str = "digests.bin";

/// The two keys that are used again and again.
#[derive(Debug)]
pub(super) struct HotKeys {
    pub(super) publishable: String,
    pub(super) secret: String,
}

/// Issues the keys and writes what wrk and the store read.
pub(super) fn write(folder: &Path, count: u32) -> Result<HotKeys> {
    let (mut digests, mut cold, mut unknown) = (String::new(), String::new(), String::new());
    let mut stored = |key: IssuedKey| {
        let _ = write!(digests, "{}", key.digest());
        key.into_text().as_str().to_owned()
    };
    let publishable = stored(key(Kind::Publishable, 0));
    let secret = stored(key(Kind::Secret, 1));
    for number in 2..count.saturating_add(2) {
        cold.push_str(&stored(key(Kind::Secret, number)));
        cold.push('\n');
        unknown.push_str(key(Kind::Secret, u32::MAX.wrapping_sub(number)).into_text().as_str());
        unknown.push('\n');
    }
    let write = |name: &str, bytes: &[u8]| {
        fs::write(folder.join(name), bytes).with_context(|| format!("cannot write {name}"))
    };
    write(COLD, cold.as_bytes())?;
    write(UNKNOWN, unknown.as_bytes())?;
    write(DIGESTS, &bytes(&digests))?;
    Ok(HotKeys { publishable, secret })
}

/// A live key that is made from nothing but its number: of no use to anybody, and the same for all.
fn key(kind: Kind, number: u32) -> IssuedKey {
    let mut state = u64::from(number).wrapping_add(1);
    let mut entropy = [0; 32];
    for chunk in entropy.chunks_mut(8) {
        // SplitMix64.
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = state;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        chunk.copy_from_slice(&(word ^ (word >> 31)).to_le_bytes());
    }
    IssuedKey::issue(kind, Mode::Live, &entropy)
}

fn bytes(hex: &str) -> Vec<u8> {
    let value =
        |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    hex.as_bytes()
        .chunks_exact(2)
        .filter_map(|pair| match pair {
            [high, low] => Some((value(*high)? << 4) | value(*low)?),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_has_a_digest_for_each_key_and_none_for_the_unknown() {
        let folder =
            std::env::temp_dir().join(format!("keyguard-bench-keys-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let hot = write(&folder, 3).unwrap();
        let digests = fs::read(folder.join(DIGESTS)).unwrap();
        let known = |text: &str| {
            let digest = bytes(&keyguard::KeyDigest::of(text).to_string());
            digests.chunks(32).any(|one| one == digest)
        };
        assert_eq!(digests.len(), 5 * 32);
        assert!(known(&hot.secret) && known(&hot.publishable));
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        assert!(read(COLD).lines().all(known));
        assert!(!read(UNKNOWN).lines().any(known));
        fs::remove_dir_all(folder).unwrap();
    }
}
