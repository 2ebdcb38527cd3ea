//! A key as accounts have kept it, from the first version on.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use super::{ManagedKey, Settings, Version};
use crate::{
    Kind, Mode, UnixTime,
    record::{Exposure, Revocation},
};

/// What is kept. Before each version had an exposure of its own, the key had one for all of them.
///
/// A program of that time may still come by, after a rollback: it reads the exposure of the key alone, and leaves out of what it saves
/// whatever else it doesn't know. So the key's exposure is there for it as well, and what it saved is told by `by_version`: the exposure
/// counts for all versions then, since nothing else says which of them it was.
#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    id: String,
    account: String,
    kind: Kind,
    mode: Mode,
    created_at: UnixTime,
    settings: Settings,
    revoked: Option<Revocation>,
    exposed: Option<Exposure>,
    #[serde(default)]
    by_version: bool,
    versions: Vec<Version>,
}

impl From<Stored> for ManagedKey {
    fn from(stored: Stored) -> Self {
        let Stored {
            id,
            account,
            kind,
            mode,
            created_at,
            settings,
            revoked,
            exposed,
            by_version,
            mut versions,
        } = stored;
        if !by_version {
            for version in &mut versions {
                version.exposed = version.exposed.take().or_else(|| exposed.clone());
            }
        }
        Self { id, account, kind, mode, created_at, settings, revoked, versions }
    }
}

impl From<ManagedKey> for Stored {
    fn from(key: ManagedKey) -> Self {
        let ManagedKey { id, account, kind, mode, created_at, settings, revoked, versions } = key;
        let exposed = versions.iter().rev().find_map(|version| version.exposed.clone());
        Self {
            id,
            account,
            kind,
            mode,
            created_at,
            settings,
            revoked,
            exposed,
            by_version: true,
            versions,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::life::Status;

    const OLD: &str = r#"{"id":"key_1","account":"acct_1","kind":"secret","mode":"live","created_at":1,
        "settings":{"label":null,"origins":null,"scopes":null,"rate":null,"browser_headers":false},"revoked":null,
        "exposed":null,"versions":[
            {"number":1,"digest":"6c279a44598e1c90d7af4b213d767a974484a08b16d9703f12102bcae3d0cd3e","created_at":1,
                "expires_at":99,"rotated_at":2,"last_four":null},
            {"number":2,"digest":"370924b928b25dbd2aecb9ee58a3289bb007ce9134cabb2cf79f325f54b64f24","created_at":2,
                "expires_at":null,"rotated_at":null,"last_four":"9Mj0"}]}"#;

    #[test]
    fn what_was_kept_before_versions_had_an_exposure_is_read() {
        let key: ManagedKey = serde_json::from_str(OLD).unwrap();
        assert_eq!((key.versions().len(), key.exposed()), (2, None));
        assert_eq!(key.status(UnixTime(3)), Status::Active);
    }

    #[test]
    fn what_was_exposed_as_a_whole_is_so_in_every_version() {
        let old = OLD.replace(r#""exposed":null"#, r#""exposed":{"at":3,"channel":"browser"}"#);
        let key: ManagedKey = serde_json::from_str(&old).unwrap();
        let exposure = Exposure::new(UnixTime(3), "browser", None);
        assert!(key.versions().iter().all(|version| version.exposed.as_ref() == Some(&exposure)));
        assert_eq!(key.status(UnixTime(4)), Status::Exposed);
    }

    #[test]
    fn when_a_version_was_lifted_is_kept_and_was_unknown_before() {
        let mut key = exposed_in_one(0);
        key.lift(UnixTime(4)).unwrap();
        let kept = serde_json::to_string(&key).unwrap();
        assert_eq!(kept.matches("lifted_at").count(), 1);
        assert_eq!(serde_json::from_str::<ManagedKey>(&kept).unwrap(), key);
        let old: ManagedKey = serde_json::from_str(OLD).unwrap();
        assert!(old.versions().iter().all(|version| version.lifted_at.is_none()));
    }

    fn exposed_in_one(number: usize) -> ManagedKey {
        let mut key: ManagedKey = serde_json::from_str(OLD).unwrap();
        let digest = key.versions()[number].digest;
        key.expose(&digest, Exposure::new(UnixTime(3), "query", None)).unwrap();
        key
    }

    #[test]
    fn exposure_of_one_version_is_read_as_it_was_kept() {
        for number in [0, 1] {
            let key = exposed_in_one(number);
            let read: ManagedKey =
                serde_json::from_str(&serde_json::to_string(&key).unwrap()).unwrap();
            assert_eq!(read, key);
        }
    }

    /// It may block a text too many: which one it was is lost.
    #[test]
    fn no_exposure_is_lost_by_a_program_that_knows_none_of_versions() {
        for number in [0, 1] {
            let mut kept = serde_json::to_value(exposed_in_one(number)).unwrap();
            let fields = kept.as_object_mut().unwrap();
            assert_eq!(fields["exposed"]["channel"], "query");
            fields.remove("by_version");
            for version in fields["versions"].as_array_mut().unwrap() {
                version.as_object_mut().unwrap().remove("exposed");
            }
            let key: ManagedKey = serde_json::from_value(kept).unwrap();
            assert!(key.versions()[number].exposed.is_some());
        }
    }
}
