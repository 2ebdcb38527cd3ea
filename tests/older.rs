//! What is written is read by the first programs that there were, beside which this one runs while it is brought out, and after a rollback.
//!
//! Their readers stand here as they were: no field that they know may be renamed, left out or take another form, and what they don't know
//! may only be what they can do without.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::arithmetic_side_effects, clippy::unwrap_used)]

use keyguard::{
    KeyDigest, KeyRecord, Kind, ManagedKey, Mode, UnixTime,
    life::{Settings, Status, Version, VersionEnd},
    record::{Exposure, Revocation},
};
use serde::Deserialize;

const NOW: UnixTime = UnixTime(1_760_000_000);

/// The edge's first reader of a store's entry.
#[derive(Debug, PartialEq, Deserialize)]
struct FirstRecord {
    v: u64,
    id: String,
    account: String,
    kind: Word,
    mode: Word,
    created_at: u64,
    #[serde(default)]
    expires_at: Option<u64>,
    #[serde(default)]
    rotated_at: Option<u64>,
    #[serde(default)]
    revoked: Option<FirstRevocation>,
    #[serde(default)]
    exposed: Option<FirstExposure>,
    #[serde(default)]
    origins: Option<Vec<String>>,
    #[serde(default)]
    scopes: Option<Vec<String>>,
    #[serde(default)]
    rate: Option<String>,
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    browser_headers: bool,
}

#[derive(Debug, PartialEq, Deserialize)]
struct FirstRevocation {
    at: u64,
    #[serde(default)]
    reason: String,
}

#[derive(Debug, PartialEq, Deserialize)]
struct FirstExposure {
    at: u64,
    #[serde(default)]
    channel: String,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Publishable,
    Secret,
    Test,
    Live,
}

impl FirstRecord {
    /// By the rules of the time, which of them refuses.
    fn status(&self, now: UnixTime) -> Status {
        if self.revoked.is_some() {
            Status::Revoked
        } else if self.expires_at.is_some_and(|at| now.0 >= at) {
            Status::Expired
        } else if self.exposed.is_some() {
            Status::Exposed
        } else if self.rotated_at.is_some() {
            Status::Retiring
        } else {
            Status::Active
        }
    }
}

/// The account's first reader of a key, which was exposed as a whole or not at all.
#[derive(Deserialize)]
struct FirstKey {
    id: String,
    account: String,
    kind: Word,
    mode: Word,
    created_at: u64,
    settings: FirstSettings,
    revoked: Option<FirstRevocation>,
    exposed: Option<FirstExposure>,
    versions: Vec<FirstVersion>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct FirstSettings {
    label: Option<String>,
    origins: Option<Vec<String>>,
    scopes: Option<Vec<String>>,
    rate: Option<String>,
    browser_headers: bool,
}

#[derive(Debug, PartialEq, Deserialize)]
struct FirstVersion {
    number: u32,
    digest: String,
    created_at: u64,
    expires_at: Option<u64>,
    rotated_at: Option<u64>,
    last_four: Option<String>,
}

fn version(text: &str) -> Version {
    Version {
        number: 1,
        digest: KeyDigest::of(text),
        created_at: NOW,
        expires_at: None,
        rotated_at: None,
        last_four: Some("9Mj0".into()),
        exposed: None,
        lifted_at: None,
    }
}

fn key(kind: Kind, mode: Mode, settings: Settings) -> ManagedKey {
    ManagedKey::new("key_1".into(), "acct_1".into(), (kind, mode), settings, version("first"))
}

fn revocation() -> Revocation {
    Revocation { at: NOW, reason: "leaked".into() }
}

/// A key in each state that it can be in, with the records that are written for it there.
fn written() -> Vec<(ManagedKey, Vec<KeyRecord>)> {
    let page = Settings {
        label: Some("The shop's".into()),
        origins: Some(vec!["https://shop.example".into()]),
        scopes: Some(vec!["echo".into()]),
        rate: Some("small".into()),
        browser_headers: false,
    };
    let server = Settings { origins: None, browser_headers: true, ..page.clone() };
    let mut all = Vec::new();
    for (kind, mode, settings) in [
        (Kind::Secret, Mode::Live, Settings::default()),
        (Kind::Publishable, Mode::Test, Settings::default()),
        (Kind::Publishable, Mode::Live, page),
        (Kind::Secret, Mode::Test, server),
    ] {
        let fresh = key(kind, mode, settings);
        let mut rotated = fresh.clone();
        rotated.rotate(version("second"), 60, false, NOW).unwrap();
        let mut states = vec![fresh, rotated.clone()];
        for texts in [&["first"][..], &["second"], &["first", "second"]] {
            let mut exposed = rotated.clone();
            for text in texts {
                let seen = Exposure::new(NOW, "browser", Some("https://shop.example"));
                exposed.expose(&KeyDigest::of(text), seen).unwrap();
            }
            states.push(exposed.clone());
            exposed.lift(NOW).unwrap();
            states.push(exposed);
        }
        for mut state in states {
            let open: Vec<KeyRecord> = state.records().map(|(_, record)| record).collect();
            all.push((state.clone(), open));
            let over = state.revoke(revocation()).unwrap();
            all.push((state, over.into_iter().map(|(_, record)| record).collect()));
        }
    }
    all
}

#[test]
fn each_record_means_to_the_first_edge_what_it_means_to_this_one() {
    for record in written().into_iter().flat_map(|(_, records)| records) {
        let json = record.to_json();
        let first: FirstRecord = serde_json::from_str(&json).expect(&json);
        for now in [NOW, UnixTime(NOW.0 + 59), UnixTime(NOW.0 + 60)] {
            assert_eq!(first.status(now), VersionEnd::of(&record).status(now), "{json}");
        }
        let expected = FirstRecord {
            v: 1,
            id: record.id,
            account: record.account,
            kind: word(record.kind.as_str()),
            mode: word(record.mode.as_str()),
            created_at: record.created_at.0,
            expires_at: record.expires_at.map(|at| at.0),
            rotated_at: record.rotated_at.map(|at| at.0),
            revoked: record
                .revoked
                .map(|Revocation { at, reason }| FirstRevocation { at: at.0, reason }),
            exposed: record
                .exposed
                .map(|Exposure { at, channel, .. }| FirstExposure { at: at.0, channel }),
            origins: record.origins,
            scopes: record.scopes,
            rate: record.rate,
            label: record.label,
            browser_headers: record.browser_headers,
        };
        assert_eq!(first, expected);
    }
}

#[test]
fn each_key_is_read_by_the_first_account_and_none_of_its_texts_works_again() {
    for (key, _) in written() {
        let json = serde_json::to_string(&key).unwrap();
        let first: FirstKey = serde_json::from_str(&json).expect(&json);
        assert_eq!((first.id, first.account), (key.id.clone(), key.account.clone()));
        assert_eq!((first.kind, first.mode), (word(key.kind.as_str()), word(key.mode.as_str())));
        assert_eq!(first.created_at, key.created_at.0);
        let Settings { label, origins, scopes, rate, browser_headers } = key.settings.clone();
        assert_eq!(first.settings, FirstSettings { label, origins, scopes, rate, browser_headers });
        assert_eq!(first.revoked.is_some(), key.revoked.is_some());
        // It may block a text too many, since it knows of no exposure but the key's.
        let is_exposed = key.versions().iter().any(|version| version.exposed.is_some());
        assert_eq!(first.exposed.is_some(), is_exposed, "{json}");
        let versions = key.versions().iter().map(|version| FirstVersion {
            number: version.number,
            digest: version.digest.to_string(),
            created_at: version.created_at.0,
            expires_at: version.expires_at.map(|at| at.0),
            rotated_at: version.rotated_at.map(|at| at.0),
            last_four: version.last_four.clone(),
        });
        assert_eq!(first.versions, versions.collect::<Vec<_>>());
    }
}

fn word(text: &str) -> Word {
    serde_json::from_value(text.into()).unwrap()
}
