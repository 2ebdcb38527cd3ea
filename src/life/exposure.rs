//! What a key's becoming public does to it.

use super::{LifeError, ManagedKey, Version};
use crate::{KeyDigest, record::Exposure};

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
    pub fn lift(&mut self) -> Result<bool, LifeError> {
        self.check_open()?;
        let mut is_lifted = false;
        for version in &mut self.versions {
            is_lifted |= version.exposed.take().is_some();
        }
        Ok(is_lifted)
    }
}

#[cfg(test)]
mod tests {
    use alloc::{string::ToString, vec::Vec};

    use super::*;
    use crate::{
        Kind, Mode, UnixTime,
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
        let before = key.clone();
        for text in ["first", "second"] {
            key.expose(&KeyDigest::of(text), seen("browser")).unwrap();
        }
        assert_eq!(key.lift(), Ok(true));
        assert_eq!(key, before);
        assert_eq!(key.lift(), Ok(false));
    }

    #[test]
    fn an_exposed_text_has_no_grace_and_no_way_back_after_a_rotation() {
        let mut key = key();
        key.expose(&KeyDigest::of("first"), seen("browser")).unwrap();
        let over = key.rotate(version("second"), 60, false, UnixTime(30)).unwrap();
        assert_eq!(over.len(), 1);
        assert!(over[0].1.revoked.is_some());
        assert_eq!(over[0].1.exposed, Some(seen("browser")));
        assert_eq!(key.lift(), Ok(false));
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
        assert_eq!(key.lift(), Err(LifeError::Revoked));
    }
}
