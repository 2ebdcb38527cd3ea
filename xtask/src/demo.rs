//! The demo account: its keys, which stay the same for a clone, and their records.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result, ensure};
use keyguard::{IssuedKey, KeyRecord, Kind, Mode, UnixTime, record::Revocation};
use serde_json::{Value, json};

/// A demo key and what is stored of it.
#[derive(Debug)]
pub(crate) struct DemoKey {
    /// The key itself.
    pub(crate) text: String,
    kind: Kind,
    mode: Mode,
    /// What is to be seen with it.
    pub(crate) note: &'static str,
    /// The name and value of its entry, unless it has none.
    entry: Option<(String, String)>,
}

/// The demo account's keys: the four that work, then a revoked, an expired and an unknown one.
#[derive(Debug)]
pub(crate) struct DemoKeys(Vec<DemoKey>);

impl DemoKeys {
    /// Issues the keys from entropy that is drawn once and kept in a file.
    pub(crate) fn of_clone(entropy_file: &Path) -> Result<Self> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .context("the clock is before 1970")?
            .as_secs();
        Ok(Self::issue(&entropy(entropy_file)?, now))
    }

    fn issue(entropy: &[[u8; 32]; KEYS.len()], now: u64) -> Self {
        let issue = |((kind, mode, state, note), entropy): (
            &(Kind, Mode, State, &'static str),
            &[u8; 32],
        )| {
            let key = IssuedKey::issue(*kind, *mode, entropy);
            let name = key.digest().store_name();
            let value = state.record(*kind, *mode, now).map(|record| record.to_json());
            let text = key.into_text().as_str().to_owned();
            DemoKey {
                text,
                kind: *kind,
                mode: *mode,
                note,
                entry: value.map(|value| (name, value)),
            }
        };
        Self(KEYS.iter().zip(entropy).map(issue).collect())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &DemoKey> {
        self.0.iter()
    }

    /// The key of that kind and mode that works.
    pub(crate) fn working(&self, kind: Kind, mode: Mode) -> &str {
        // The working ones come first, and there is one of each.
        self.0
            .iter()
            .find(|key| (key.kind, key.mode) == (kind, mode))
            .map_or("", |key| key.text.as_str())
    }

    /// What `wrangler kv bulk put` reads.
    pub(crate) fn bulk(&self) -> Value {
        let entries = self.0.iter().filter_map(|key| key.entry.as_ref());
        entries.map(|(key, value)| json!({ "key": key, "value": value })).collect()
    }
}

const KEYS: [(Kind, Mode, State, &str); 7] = [
    (Kind::Publishable, Mode::Test, State::Active, "publishable, test mode: what a page holds"),
    (Kind::Secret, Mode::Test, State::Active, "secret, test mode: for servers alone"),
    (Kind::Publishable, Mode::Live, State::Active, "publishable, live mode"),
    (Kind::Secret, Mode::Live, State::Active, "secret, live mode"),
    (Kind::Secret, Mode::Test, State::Revoked, "revoked: 403 key-revoked"),
    (Kind::Publishable, Mode::Test, State::Expired, "expired: 403 key-expired"),
    (Kind::Publishable, Mode::Test, State::Unknown, "never stored: 400 invalid-key"),
];

#[derive(Clone, Copy, Debug)]
enum State {
    Active,
    Revoked,
    Expired,
    Unknown,
}

impl State {
    fn record(self, kind: Kind, mode: Mode, now: u64) -> Option<KeyRecord> {
        let state = match self {
            Self::Active => "active",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Unknown => return None,
        };
        let ago = |days: u64| UnixTime(now.saturating_sub(days.saturating_mul(86_400)));
        let id = format!("key_demo_{kind}_{mode}_{state}");
        let mut record = KeyRecord::active(id, "acct_demo".to_owned(), kind, mode, ago(40));
        match self {
            Self::Active | Self::Unknown => {}
            Self::Revoked => {
                record.revoked = Some(Revocation { at: ago(2), reason: "demo".to_owned() });
            }
            Self::Expired => record.expires_at = Some(ago(2)),
        }
        Some(record)
    }
}

fn entropy(file: &Path) -> Result<[[u8; 32]; KEYS.len()]> {
    let mut entropy = [[0; 32]; KEYS.len()];
    match fs::read(file) {
        Ok(bytes) if bytes.len() == entropy.as_flattened().len() => {
            entropy.as_flattened_mut().copy_from_slice(&bytes);
        }
        // Of another version of this list, or cut off: new keys do no harm.
        _ => {
            getrandom::fill(entropy.as_flattened_mut()).context("no entropy")?;
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(file)
                .with_context(|| format!("cannot write {}", file.display()))?;
            file.write_all(entropy.as_flattened())?;
        }
    }
    ensure!(entropy.iter().all(|one| one.iter().any(|byte| *byte != 0)), "no entropy");
    Ok(entropy)
}

#[cfg(test)]
mod tests {
    use keyguard::{ApiKey, Form};

    use super::*;

    fn keys() -> DemoKeys {
        let entropy =
            std::array::from_fn(|index| [u8::try_from(index).unwrap().wrapping_add(1); 32]);
        DemoKeys::issue(&entropy, 1_760_000_000)
    }

    #[test]
    fn every_key_is_issued_form_and_every_record_can_be_read() {
        let keys = keys();
        for key in keys.iter() {
            assert_eq!(ApiKey::parse(&key.text).unwrap().form(), Form::Issued, "{}", key.note);
            let Some((name, value)) = &key.entry else { continue };
            assert_eq!(*name, ApiKey::parse(&key.text).unwrap().digest().store_name());
            KeyRecord::from_json(value).unwrap();
        }
        assert_eq!(keys.bulk().as_array().unwrap().len(), 6, "all but the unknown one");
    }

    #[test]
    fn the_first_four_are_the_accounts_working_keys() {
        let keys = keys();
        for (kind, mode) in [Kind::Publishable, Kind::Secret]
            .into_iter()
            .flat_map(|kind| [(kind, Mode::Test), (kind, Mode::Live)])
        {
            let text = keys.working(kind, mode);
            assert!(text.starts_with(kind.prefix(mode)), "{text}");
            let (_, value) =
                keys.iter().find(|key| key.text == text).unwrap().entry.clone().unwrap();
            let record = KeyRecord::from_json(&value).unwrap();
            assert!(record.revoked.is_none() && record.expires_at.is_none(), "{text}");
        }
    }

    #[test]
    fn entropy_is_drawn_once_and_kept() {
        let file =
            std::env::temp_dir().join(format!("keyguard-xtask-entropy-{}", std::process::id()));
        let first = entropy(&file).unwrap();
        assert_eq!(entropy(&file).unwrap(), first);
        fs::write(&file, "short").unwrap();
        assert_ne!(entropy(&file).unwrap(), first);
        fs::remove_file(file).unwrap();
    }
}
