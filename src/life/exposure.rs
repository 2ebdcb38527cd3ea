//! What a key's becoming public does to it.

use super::{LifeError, ManagedKey, Version};
use crate::{KeyDigest, UnixTime, record::Exposure};

impl ManagedKey {
    /// That and how the current version became public.
    pub fn exposed(&self) -> Option<&Exposure> {
        self.current()?.exposed.as_ref()
    }

    /// The open version that has this text.
    pub fn version_of(&self, digest: &KeyDigest) -> Option<&Version> {
        self.versions.iter().find(|version| version.digest == *digest)
    }

    /// Blocks the version that has this text, and no other, until [`lift`](Self::lift); whether that changed anything.
    ///
    /// A version that was exposed before stays as it is: the first exposure stands.
    ///
    /// # Errors
    /// [`LifeError::Revoked`]; [`LifeError::NoSuchVersion`] for a text that no open version has.
    pub fn expose(&mut self, digest: &KeyDigest, exposure: Exposure) -> Result<bool, LifeError> {
        self.check_open()?;
        let version = self.versions.iter_mut().find(|version| version.digest == *digest);
        let exposed = &mut version.ok_or(LifeError::NoSuchVersion)?.exposed;
        if exposed.is_some() {
            return Ok(false);
        }
        *exposed = Some(exposure);
        Ok(true)
    }

    /// Unblocks all open versions; whether one was blocked.
    ///
    /// # Errors
    /// [`LifeError::Revoked`]: nothing brings back what is over.
    pub fn lift(&mut self, now: UnixTime) -> Result<bool, LifeError> {
        self.check_open()?;
        let mut is_lifted = false;
        for version in &mut self.versions {
            if version.exposed.take().is_some() {
                version.lifted_at = Some(now);
                is_lifted = true;
            }
        }
        Ok(is_lifted)
    }
}

impl Version {
    /// Whether it was unblocked since `seen_at`: what was seen of it then is settled, however late it is told.
    ///
    /// Not by a time that is still to come: the clock jumped back.
    pub fn was_lifted(&self, seen_at: UnixTime, now: UnixTime) -> bool {
        self.lifted_at.is_some_and(|lifted_at| (seen_at..=now).contains(&lifted_at))
    }
}

#[cfg(test)]
mod tests {
    use alloc::{string::ToString, vec::Vec};

    use super::*;
    use crate::{
        Kind, Mode,
        life::{Settings, Status, VersionEnd},
        record::Revocation,
    };

    fn version(text: &str) -> Version {
        Version {
            number: 1,
            digest: KeyDigest::of(text),
            created_at: UnixTime(1),
            expires_at: None,
            rotated_at: None,
            last_four: None,
            exposed: None,
            lifted_at: None,
        }
    }

    fn key() -> ManagedKey {
        let (id, account) = ("key_1".to_string(), "acct_1".to_string());
        ManagedKey::new(
            id,
            account,
            (Kind::Secret, Mode::Live),
            Settings::default(),
            version("first"),
        )
    }

    fn rotating() -> ManagedKey {
        let mut key = key();
        key.rotate(version("second"), 60, false, UnixTime(10)).unwrap();
        key
    }

    fn seen(channel: &str) -> Exposure {
        Exposure::new(UnixTime(20), channel, Some("https://shop.example"))
    }

    fn statuses(key: &ManagedKey) -> Vec<Status> {
        key.records().map(|(_, record)| VersionEnd::of(&record).status(UnixTime(30))).collect()
    }

    #[test]
    fn an_exposure_blocks_the_text_that_was_seen_and_no_other() {
        let mut current = rotating();
        assert_eq!(current.expose(&KeyDigest::of("second"), seen("browser")), Ok(true));
        assert_eq!(statuses(&current), [Status::Retiring, Status::Exposed]);
        assert_eq!(current.status(UnixTime(30)), Status::Exposed);
        assert_eq!(current.exposed(), Some(&seen("browser")));

        let mut retiring = rotating();
        assert_eq!(retiring.expose(&KeyDigest::of("first"), seen("query")), Ok(true));
        assert_eq!(statuses(&retiring), [Status::Exposed, Status::Active]);
        assert_eq!(retiring.status(UnixTime(30)), Status::Active);
        assert_eq!(retiring.records().next().unwrap().1.exposed, Some(seen("query")));
    }

    #[test]
    fn the_first_exposure_stands() {
        let mut key = key();
        let digest = KeyDigest::of("first");
        key.expose(&digest, seen("browser")).unwrap();
        assert_eq!(key.expose(&digest, seen("http")), Ok(false));
        assert_eq!(key.exposed(), Some(&seen("browser")));
        assert_eq!(
            key.expose(&KeyDigest::of("third"), seen("http")),
            Err(LifeError::NoSuchVersion)
        );
    }

    #[test]
    fn lifting_brings_back_what_was_blocked() {
        let mut key = rotating();
        let before: Vec<_> = key.records().map(|(_, record)| record).collect();
        for text in ["first", "second"] {
            key.expose(&KeyDigest::of(text), seen("browser")).unwrap();
        }
        assert_eq!(key.lift(UnixTime(25)), Ok(true));
        assert_eq!(key.records().map(|(_, record)| record).collect::<Vec<_>>(), before);
        assert_eq!(key.lift(UnixTime(26)), Ok(false));
    }

    #[test]
    fn lifting_settles_what_was_seen_until_then_of_the_text_that_was_blocked() {
        let mut key = rotating();
        key.expose(&KeyDigest::of("second"), seen("browser")).unwrap();
        key.lift(UnixTime(25)).unwrap();
        let was_lifted = |text, seen_at, now| {
            key.version_of(&KeyDigest::of(text))
                .unwrap()
                .was_lifted(UnixTime(seen_at), UnixTime(now))
        };
        assert!(was_lifted("second", 20, 30));
        assert!(was_lifted("second", 25, 25));
        assert!(!was_lifted("second", 26, 30));
        assert!(!was_lifted("second", 20, 24), "it is still to come");
        assert!(!was_lifted("first", 20, 30));
    }

    #[test]
    fn an_exposed_text_has_no_grace_and_no_way_back_after_a_rotation() {
        let mut key = key();
        key.expose(&KeyDigest::of("first"), seen("browser")).unwrap();
        let over = key.rotate(version("second"), 60, false, UnixTime(30)).unwrap();
        assert_eq!(over.len(), 1);
        assert!(over[0].1.revoked.is_some());
        assert_eq!(over[0].1.exposed, Some(seen("browser")));
        assert_eq!(key.lift(UnixTime(30)), Ok(false));
        assert_eq!(statuses(&key), [Status::Active]);
    }

    #[test]
    fn an_exposed_grace_is_no_rotation_in_progress() {
        let mut key = rotating();
        key.expose(&KeyDigest::of("first"), seen("browser")).unwrap();
        assert_eq!(key.retiring(UnixTime(30)), None);
        let over = key.rotate(version("third"), 60, false, UnixTime(30)).unwrap();
        assert_eq!(over.len(), 1);
        assert_eq!(over[0].0.digest, KeyDigest::of("first"));
        assert_eq!(statuses(&key), [Status::Retiring, Status::Active]);
    }

    #[test]
    fn a_revoked_key_is_neither_exposed_nor_lifted() {
        let mut key = key();
        key.revoke(Revocation { at: UnixTime(5), reason: "over".to_string() }).unwrap();
        assert_eq!(key.expose(&KeyDigest::of("first"), seen("browser")), Err(LifeError::Revoked));
        assert_eq!(key.lift(UnixTime(30)), Err(LifeError::Revoked));
    }
}
