//! The life of a key: each rule by itself, and all of them over random lives.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::arithmetic_side_effects)]

use std::collections::{BTreeMap, BTreeSet};

use keyguard::{
    KeyDigest, KeyRecord, Kind, LifeError, ManagedKey, Mode, UnixTime,
    life::{END_OF_TIME, MAX_GRACE, Settings, SettingsChange, Status, Version, VersionEnd},
    record::{Exposure, Revocation},
};
use proptest::prelude::*;

const NOW: UnixTime = UnixTime(1_760_000_000);

fn after(seconds: u64) -> UnixTime {
    UnixTime(NOW.0 + seconds)
}

fn version(text: &str, created_at: UnixTime) -> Version {
    Version {
        number: 1,
        digest: KeyDigest::of(text),
        created_at,
        expires_at: None,
        rotated_at: None,
        last_four: None,
        exposed: None,
        lifted_at: None,
    }
}

fn key() -> ManagedKey {
    let what = (Kind::Secret, Mode::Live);
    ManagedKey::new(
        "key_1".into(),
        "acct_1".into(),
        what,
        Settings::default(),
        version("first", NOW),
    )
}

fn revocation(at: UnixTime) -> Revocation {
    Revocation { at, reason: "leaked".into() }
}

fn statuses(key: &ManagedKey, now: UnixTime) -> Vec<(u32, Status)> {
    key.records()
        .map(|(version, record)| (version.number, VersionEnd::of(&record).status(now)))
        .collect()
}

#[test]
fn rotation_keeps_the_id_counts_versions_and_lets_the_old_one_work_through_its_grace() {
    let mut key = key();
    let over = key.rotate(version("second", after(10)), 60, false, after(10)).unwrap();
    assert!(over.is_empty());
    assert_eq!((key.id.as_str(), key.current().unwrap().number), ("key_1", 2));
    assert_eq!(statuses(&key, after(69)), [(1, Status::Retiring), (2, Status::Active)]);
    assert_eq!(statuses(&key, after(70)), [(1, Status::Expired), (2, Status::Active)]);
    let old = key.records().next().unwrap().1;
    assert_eq!((old.rotated_at, old.expires_at), (Some(after(10)), Some(after(70))));
}

#[test]
fn rotation_without_grace_revokes_the_old_version() {
    let mut key = key();
    let over = key.rotate(version("second", NOW), 0, false, NOW).unwrap();
    assert_eq!(over.len(), 1);
    assert_eq!(over[0].1.revoked.as_ref().unwrap().reason, "rotated");
    assert_eq!(statuses(&key, NOW), [(2, Status::Active)]);
}

#[test]
fn a_grace_never_outlives_the_versions_own_expiry() {
    let mut key = key();
    let expires_at = Some(Some(after(30)));
    key.update(&SettingsChange { expires_at, ..SettingsChange::default() }, NOW).unwrap();
    key.rotate(version("second", NOW), 60, false, NOW).unwrap();
    assert_eq!(key.versions()[0].expires_at, Some(after(30)));
    // A later one is the current version's alone.
    for expires_at in [Some(Some(after(9999))), Some(None)] {
        key.update(&SettingsChange { expires_at, ..SettingsChange::default() }, NOW).unwrap();
        assert_eq!(key.versions()[0].expires_at, Some(after(30)));
    }
}

#[test]
fn when_a_key_expires_its_retiring_version_does_too() {
    let mut rotated = key();
    rotated.rotate(version("second", NOW), 60, false, NOW).unwrap();
    let expires_at = Some(Some(after(20)));
    rotated.update(&SettingsChange { expires_at, ..SettingsChange::default() }, NOW).unwrap();
    assert_eq!(statuses(&rotated, after(20)), [(1, Status::Expired), (2, Status::Expired)]);

    let mut rotated = key();
    let new = Version { expires_at: Some(after(20)), ..version("second", NOW) };
    rotated.rotate(new, 60, false, NOW).unwrap();
    assert_eq!(statuses(&rotated, after(20)), [(1, Status::Expired), (2, Status::Expired)]);
}

#[test]
fn a_second_rotation_waits_for_the_first_ones_grace_or_says_that_it_ends_it() {
    let mut key = key();
    key.rotate(version("second", NOW), 60, false, NOW).unwrap();
    let refused = key.clone().rotate(version("third", NOW), 60, false, after(59)).unwrap_err();
    assert_eq!(refused, LifeError::RotationInProgress { until: after(60) });

    let over = key.clone().rotate(version("third", NOW), 60, true, after(59)).unwrap();
    assert_eq!(over[0].0.number, 1);
    assert!(over[0].1.revoked.is_some());

    let over = key.rotate(version("third", NOW), 60, false, after(60)).unwrap();
    assert_eq!(over.len(), 1, "what is over by time becomes revoked for good");
    assert_eq!(statuses(&key, after(60)), [(2, Status::Retiring), (3, Status::Active)]);
}

#[test]
fn a_revoked_key_refuses_every_change_and_its_first_revocation_stands() {
    let mut key = key();
    key.rotate(version("second", NOW), 60, false, NOW).unwrap();
    let over = key.revoke(revocation(after(5))).unwrap();
    assert_eq!(over.len(), 2);
    assert!(over.iter().all(|(_, record)| record.revoked.is_some()));

    let before = key.clone();
    assert_eq!(key.update(&SettingsChange::default(), after(9)).unwrap_err(), LifeError::Revoked);
    assert_eq!(
        key.rotate(version("third", NOW), 0, true, after(9)).unwrap_err(),
        LifeError::Revoked
    );
    assert_eq!(key.revoke_version(1, &revocation(after(9))).unwrap_err(), LifeError::Revoked);
    assert!(key.revoke(revocation(after(9))).is_none());
    assert_eq!(key, before);
    assert_eq!(key.status(after(9)), Status::Revoked);
}

#[test]
fn one_version_is_revoked_only_while_it_retires() {
    let mut key = key();
    key.rotate(version("second", NOW), 60, false, NOW).unwrap();
    let revoke = |key: &mut ManagedKey, number| key.revoke_version(number, &revocation(NOW));
    assert_eq!(revoke(&mut key, 2).unwrap_err(), LifeError::CurrentVersion);
    assert_eq!(revoke(&mut key, 0).unwrap_err(), LifeError::NoSuchVersion);
    assert_eq!(revoke(&mut key, 3).unwrap_err(), LifeError::NoSuchVersion);
    assert!(revoke(&mut key, 1).unwrap().unwrap().1.revoked.is_some());
    assert!(revoke(&mut key, 1).unwrap().is_none(), "over already");
    assert_eq!(statuses(&key, NOW), [(2, Status::Active)]);
}

#[test]
fn times_and_graces_out_of_bounds_change_nothing() {
    let mut key = key();
    let before = key.clone();
    let expiry = |at| SettingsChange { expires_at: Some(Some(at)), ..SettingsChange::default() };
    assert_eq!(key.update(&expiry(NOW), NOW).unwrap_err(), LifeError::ExpiryPassed);
    let milliseconds = UnixTime(NOW.0 * 1000);
    assert!(milliseconds > END_OF_TIME);
    assert_eq!(key.update(&expiry(milliseconds), NOW).unwrap_err(), LifeError::ExpiryTooFar);
    assert_eq!(
        key.rotate(version("second", NOW), MAX_GRACE + 1, false, NOW).unwrap_err(),
        LifeError::Grace
    );
    let passed = Version { expires_at: Some(NOW), ..version("second", NOW) };
    assert_eq!(key.rotate(passed, 0, false, NOW).unwrap_err(), LifeError::ExpiryPassed);
    assert_eq!(key, before);
}

#[test]
fn what_is_kept_is_what_is_read() {
    let mut key = key();
    key.rotate(version("second", NOW), 60, false, NOW).unwrap();
    let text = serde_json::to_string(&key).unwrap();
    assert_eq!(serde_json::from_str::<ManagedKey>(&text).unwrap(), key);
}

/// The text that a life makes as the first, second, ….
fn text(number: usize) -> String {
    if number == 0 { "first".to_owned() } else { format!("text {number}") }
}

#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    Rotate {
        grace: u64,
        ends_grace: bool,
    },
    Revoke,
    RevokeVersion(u32),
    Expire(Option<u64>),
    /// The text that was made as this one, if it is open.
    Expose(usize),
    Lift,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..200_u64).prop_map(Step::Wait),
        5 => (prop_oneof![Just(0), 1..100_u64], any::<bool>())
            .prop_map(|(grace, ends_grace)| Step::Rotate { grace, ends_grace }),
        1 => Just(Step::Revoke),
        2 => (0..6_u32).prop_map(Step::RevokeVersion),
        2 => proptest::option::of(1..300_u64).prop_map(Step::Expire),
        3 => (0..12_usize).prop_map(Step::Expose),
        1 => Just(Step::Lift),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// The store as the records would leave it, looked at after each step.
    #[test]
    fn no_life_brings_a_revoked_or_exposed_version_back_or_leaves_two_beyond_a_grace(steps in prop::collection::vec(step(), 1..30)) {
        let mut key = key();
        let mut now = NOW;
        let mut store: BTreeMap<String, KeyRecord> = BTreeMap::new();
        let mut made = 1;
        let mut is_revoked = false;
        let mut exposed: BTreeSet<String> = BTreeSet::new();
        for step in steps {
            let mut over = Vec::new();
            match step {
                Step::Wait(seconds) => now = UnixTime(now.0 + seconds),
                Step::Rotate { grace, ends_grace } => {
                    let new = version(&text(made), now);
                    if let Ok(some) = key.rotate(new, grace, ends_grace, now) {
                        prop_assert!(!is_revoked);
                        made += 1;
                        over = some;
                    }
                }
                Step::Revoke => {
                    over = key.revoke(revocation(now)).unwrap_or_default();
                    is_revoked = true;
                }
                Step::RevokeVersion(number) => {
                    over.extend(key.revoke_version(number, &revocation(now)).ok().flatten());
                }
                Step::Expire(in_seconds) => {
                    let expires_at = Some(in_seconds.map(|seconds| UnixTime(now.0 + seconds)));
                    let _ = key.update(&SettingsChange { expires_at, ..SettingsChange::default() }, now);
                }
                Step::Expose(number) => {
                    let digest = KeyDigest::of(&text(number));
                    let before = statuses(&key, now);
                    let open = key.version_of(&digest).map(|version| version.number);
                    if key.expose(&digest, Exposure::new(now, "browser", None)).is_ok() {
                        exposed.insert(digest.store_name());
                        let after = statuses(&key, now);
                        let changed = before.iter().zip(&after).filter(|(one, other)| one != other);
                        prop_assert!(changed.map(|(_, (number, _))| Some(*number)).all(|number| number == open));
                    } else {
                        prop_assert!(is_revoked || open.is_none());
                    }
                }
                Step::Lift => {
                    if key.lift(now).is_ok() {
                        let open = key.versions().iter().map(|version| version.digest.store_name());
                        open.for_each(|name| { exposed.remove(&name); });
                    }
                }
            }
            let open = key.records().map(|(version, record)| (version.clone(), record));
            for (version, record) in over.into_iter().chain(open) {
                let before = store.insert(version.digest.store_name(), record.clone());
                let was_revoked = before.is_some_and(|before| before.revoked.is_some());
                prop_assert!(!was_revoked || record.revoked.is_some(), "{record:?}");
            }
            let working: Vec<_> = store
                .values()
                .filter(|record| record.revoked.is_none() && record.exposed.is_none())
                .filter(|record| record.expires_at.is_none_or(|at| now < at))
                .collect();
            prop_assert!(working.len() <= 2, "{working:?}");
            prop_assert!(working.iter().filter(|record| record.rotated_at.is_none()).count() <= 1);
            prop_assert!(!is_revoked || working.is_empty(), "{working:?}");
            for name in &exposed {
                let record = &store[name];
                prop_assert!(record.exposed.is_some(), "{:?}", record);
            }
            prop_assert_eq!(store.len(), made);
        }
    }
}
