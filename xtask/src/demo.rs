//! The demo account: its keys, which stay the same for a clone, and the operator's credential of this clone.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result, ensure};
use keyguard::{AdminCredential, IssuedKey, Kind, Mode};
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// A demo key and what is stored of it.
#[derive(Debug)]
pub(crate) struct DemoKey {
    /// The key itself.
    pub(crate) text: String,
    kind: Kind,
    mode: Mode,
    /// What is to be seen with it.
    pub(crate) note: &'static str,
    /// How it is imported, unless it is to stay unknown.
    row: Option<Value>,
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
        let keys = KEYS.iter().zip(entropy).map(|((kind, mode, state, note), entropy)| {
            let key = IssuedKey::issue(*kind, *mode, entropy);
            let digest = key.digest().to_string();
            let row = state.row(*kind, *mode, &digest, now);
            let text = key.into_text().as_str().to_owned();
            DemoKey { text, kind: *kind, mode: *mode, note, row }
        });
        Self(keys.collect())
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

    /// What `keyguard import` reads: a line of JSON for each key that is known.
    pub(crate) fn import(&self) -> String {
        let rows = self.0.iter().filter_map(|key| key.row.as_ref());
        rows.map(|row| row.to_string() + "\n").collect()
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
    fn row(self, kind: Kind, mode: Mode, digest: &str, now: u64) -> Option<Value> {
        let ago = |days: u64| now.saturating_sub(days.saturating_mul(86_400));
        let (name, field) = match self {
            Self::Active => ("active", None),
            Self::Revoked => {
                ("revoked", Some(("revoked", json!({ "at": ago(2), "reason": "demo" }))))
            }
            Self::Expired => ("expired", Some(("expires_at", json!(ago(2))))),
            Self::Unknown => return None,
        };
        let mut row = json!({
            "account": ACCOUNT,
            "id": format!("key_demo_{kind}_{mode}_{name}"),
            "digest": digest,
            "kind": kind,
            "mode": mode,
            "created_at": ago(40),
        });
        if let (Some((field, value)), Some(row)) = (field, row.as_object_mut()) {
            row.insert(field.to_owned(), value);
        }
        Some(row)
    }
}

/// The account that the demo keys are of.
pub(crate) const ACCOUNT: &str = "acct_demo";

/// The operator's credential of this clone, and the secret by which the edge knows it.
pub(crate) fn admin_credential(file: &Path) -> Result<(Zeroizing<String>, String)> {
    let [entropy] = entropy::<1>(file)?;
    let text = AdminCredential::issue(&entropy);
    let credential = AdminCredential::parse(&text).context("no credential could be made")?;
    let secret = format!("dev:{}", credential.digest());
    Ok((text, secret))
}

/// Entropy that is drawn once and kept in a file for this user's eyes alone.
fn entropy<const N: usize>(file: &Path) -> Result<[[u8; 32]; N]> {
    let mut entropy = [[0; 32]; N];
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
    fn every_key_is_issued_form_and_is_imported_by_its_digest() {
        let keys = keys();
        for key in keys.iter() {
            assert_eq!(ApiKey::parse(&key.text).unwrap().form(), Form::Issued, "{}", key.note);
            let Some(row) = &key.row else { continue };
            assert_eq!(row["digest"], ApiKey::parse(&key.text).unwrap().digest().to_string());
        }
        assert_eq!(keys.import().lines().count(), 6, "all but the unknown one");
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
            let row = keys.iter().find(|key| key.text == text).unwrap().row.clone().unwrap();
            assert!(row.get("revoked").is_none() && row.get("expires_at").is_none(), "{text}");
        }
    }

    #[test]
    fn entropy_is_drawn_once_and_kept() {
        let file =
            std::env::temp_dir().join(format!("keyguard-xtask-entropy-{}", std::process::id()));
        let first = entropy::<2>(&file).unwrap();
        assert_eq!(entropy::<2>(&file).unwrap(), first);
        fs::write(&file, "short").unwrap();
        assert_ne!(entropy::<2>(&file).unwrap(), first);
        fs::remove_file(file).unwrap();
    }
}
