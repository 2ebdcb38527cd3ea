//! The life of a key: issued, changed, rotated, revoked, and never back again.
//!
//! Pure, as [`decide`](mod@crate::decide) is: a face brings state, time and digests of new keys, and stores what comes out. A
//! [`ManagedKey`] is one key of an account under one id. Its text changes with each rotation; each text is a
//! [`Version`], and each version is one [`KeyRecord`] in the edge's store.
//!
//! ```text
//! issued ─ rotate ─┬ new version: current
//!                  └ version before: retiring ─ its grace ends ─ expired
//! a version ─ expose ─ exposed ┬ lift ─ as before
//!                              └ rotate, revoke ─ over, for good
//! any ─ revoke ─ revoked, with all its versions, for good
//! ```

mod exposure;
mod settings;
mod stored;

use alloc::{string::String, vec, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    KeyDigest, KeyRecord, Kind, Mode, UnixTime,
    record::{Exposure, Revocation},
};

pub use crate::credential::might_show;
pub use settings::{Settings, SettingsChange, SettingsError, check_id, check_text};

/// A key as its account keeps it: what is true of all its versions, and those that are not revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "stored::Stored", into = "stored::Stored")]
pub struct ManagedKey {
    /// The key id. It stays over rotations.
    pub id: String,
    /// The account whose key it is.
    pub account: String,
    /// Publishable or secret.
    pub kind: Kind,
    /// Test or live.
    pub mode: Mode,
    /// When it was issued first.
    pub created_at: UnixTime,
    /// What an operator may change.
    pub settings: Settings,
    /// That and why it was revoked.
    pub revoked: Option<Revocation>,
    /// The current version, and before it one that is retiring, if there is one. The last of a revoked key.
    versions: Vec<Version>,
}

/// One text of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// 1 for the first; each rotation counts one up.
    pub number: u32,
    /// The text's digest.
    pub digest: KeyDigest,
    /// When it was made.
    pub created_at: UnixTime,
    /// From when on it is refused as expired.
    pub expires_at: Option<UnixTime>,
    /// When a newer one took its place.
    pub rotated_at: Option<UnixTime>,
    /// The last four characters, where they are known.
    pub last_four: Option<String>,
    /// That and how it became public.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposed: Option<Exposure>,
    /// When it was last unblocked after an exposure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifted_at: Option<UnixTime>,
}

/// What a key can be used for just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It works.
    Active,
    /// It works until its grace ends: a version that was rotated.
    Retiring,
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
    /// It became public and is blocked.
    Exposed,
}

impl ManagedKey {
    /// A new key with one version.
    pub fn new(
        id: String,
        account: String,
        (kind, mode): (Kind, Mode),
        settings: Settings,
        version: Version,
    ) -> Self {
        let created_at = version.created_at;
        let versions = vec![version];
        Self { id, account, kind, mode, created_at, settings, revoked: None, versions }
    }

    /// The current version.
    pub fn current(&self) -> Option<&Version> {
        self.versions.last()
    }

    /// The versions that are open: the current one last.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// What it can be used for, by its current version.
    pub fn status(&self, now: UnixTime) -> Status {
        if self.revoked.is_some() {
            Status::Revoked
        } else if self.expires_at().is_some_and(|expires_at| now >= expires_at) {
            Status::Expired
        } else if self.exposed().is_some() {
            Status::Exposed
        } else {
            Status::Active
        }
    }

    /// When the current version expires.
    pub fn expires_at(&self) -> Option<UnixTime> {
        self.current()?.expires_at
    }

    /// The records of all open versions, each with the version that it is of.
    pub fn records(&self) -> impl Iterator<Item = (&Version, KeyRecord)> {
        self.versions.iter().map(|version| (version, self.record(version)))
    }

    /// Changes settings and expiry. With the key ends a version that is retiring, if it hasn't before.
    ///
    /// # Errors
    /// [`LifeError::Revoked`]: nothing changes a revoked key. [`LifeError::Settings`] for settings that its kind can't have;
    /// [`LifeError::ExpiryPassed`] for an expiry that is not to come.
    pub fn update(&mut self, change: &SettingsChange, now: UnixTime) -> Result<(), LifeError> {
        self.check_open()?;
        if let Some(Some(expires_at)) = change.expires_at {
            check_expiry(expires_at, now)?;
        }
        let settings = self.settings.clone().with(change);
        settings.check(self.kind)?;
        self.settings = settings;
        if let Some(expires_at) = change.expires_at {
            for version in &mut self.versions {
                // A version that is retiring ends with its grace, or sooner with the key.
                version.expires_at = match (version.rotated_at, version.expires_at, expires_at) {
                    (Some(_), Some(own), Some(new)) => Some(own.min(new)),
                    (Some(_), own, None) => own,
                    _ => expires_at,
                };
            }
        }
        Ok(())
    }

    /// Puts a new version in the current one's place, which works on for `grace` seconds.
    ///
    /// Returns the versions that are over by it, with their last records: the current one if there is no grace or if it is
    /// exposed, and one that was retiring. The new version's number is set here.
    ///
    /// # Errors
    /// [`LifeError::Revoked`]; [`LifeError::Grace`] for more than 30 days; [`LifeError::RotationInProgress`] while a version is
    /// still retiring, unless `ends_grace`; [`LifeError::ExpiryPassed`].
    pub fn rotate(
        &mut self,
        mut new: Version,
        grace: u64,
        ends_grace: bool,
        now: UnixTime,
    ) -> Result<Vec<(Version, KeyRecord)>, LifeError> {
        self.check_open()?;
        if grace > MAX_GRACE {
            return Err(LifeError::Grace);
        }
        if let Some(expires_at) = new.expires_at {
            check_expiry(expires_at, now)?;
        }
        let retiring = self.retiring(now).and_then(|version| version.expires_at);
        if let (Some(until), false) = (retiring, ends_grace) {
            return Err(LifeError::RotationInProgress { until });
        }
        let ended = UnixTime(now.0.saturating_add(grace));
        let ended = new.expires_at.map_or(ended, |at| at.min(ended));
        let mut over = Vec::new();
        for mut version in core::mem::take(&mut self.versions) {
            new.number = version.number.saturating_add(1);
            // What became public gets no grace: its text stays refused for good.
            if version.rotated_at.is_none() && version.exposed.is_none() && grace > 0 {
                version.rotated_at = Some(now);
                version.expires_at = Some(version.expires_at.map_or(ended, |at| at.min(ended)));
                self.versions.push(version);
            } else {
                let record = self.revoked_record(&version, &rotated(now));
                over.push((version, record));
            }
        }
        self.versions.push(new);
        Ok(over)
    }

    /// Revokes the key with all its versions, for good; their last records.
    ///
    /// `None` if it was revoked before: the first revocation stands.
    pub fn revoke(&mut self, revocation: Revocation) -> Option<Vec<(Version, KeyRecord)>> {
        if self.revoked.is_some() {
            return None;
        }
        let over = self
            .versions
            .iter()
            .map(|version| (version.clone(), self.revoked_record(version, &revocation)));
        let over = over.collect();
        self.revoked = Some(revocation);
        // The last one stays, as what the key was.
        let keep = self.versions.len().saturating_sub(1);
        self.versions.drain(..keep);
        Some(over)
    }

    /// Revokes one version that is retiring, before its grace ends; its last record.
    ///
    /// `None` if that version is over already.
    ///
    /// # Errors
    /// [`LifeError::CurrentVersion`] for the current one, without which the key would be none;
    /// [`LifeError::NoSuchVersion`]; [`LifeError::Revoked`].
    pub fn revoke_version(
        &mut self,
        number: u32,
        revocation: &Revocation,
    ) -> Result<Option<(Version, KeyRecord)>, LifeError> {
        self.check_open()?;
        let current = self.current().map_or(0, |version| version.number);
        if number == current {
            return Err(LifeError::CurrentVersion);
        }
        if number == 0 || number > current {
            return Err(LifeError::NoSuchVersion);
        }
        let place = self.versions.iter().position(|version| version.number == number);
        Ok(place.map(|place| {
            let version = self.versions.remove(place);
            let record = self.revoked_record(&version, revocation);
            (version, record)
        }))
    }

    /// The version whose grace goes on. One that became public has none.
    pub fn retiring(&self, now: UnixTime) -> Option<&Version> {
        self.versions.iter().find(|version| {
            version.rotated_at.is_some()
                && version.exposed.is_none()
                && version.expires_at.is_none_or(|until| now < until)
        })
    }

    fn check_open(&self) -> Result<(), LifeError> {
        if self.revoked.is_some() { Err(LifeError::Revoked) } else { Ok(()) }
    }

    fn revoked_record(&self, version: &Version, revocation: &Revocation) -> KeyRecord {
        KeyRecord { revoked: Some(revocation.clone()), ..self.record(version) }
    }

    fn record(&self, version: &Version) -> KeyRecord {
        let (id, account) = (self.id.clone(), self.account.clone());
        KeyRecord {
            expires_at: version.expires_at,
            rotated_at: version.rotated_at,
            revoked: self.revoked.clone(),
            exposed: version.exposed.clone(),
            origins: self.settings.origins.clone(),
            scopes: self.settings.scopes.clone(),
            rate: self.settings.rate.clone(),
            label: self.settings.label.clone(),
            browser_headers: self.settings.browser_headers,
            ..KeyRecord::active(id, account, self.kind, self.mode, version.created_at)
        }
    }
}

/// What ends a version, as its record says.
#[derive(Clone, Copy, Debug)]
pub struct VersionEnd {
    /// Whether it was revoked, alone or with its key.
    pub is_revoked: bool,
    /// Whether it became public.
    pub is_exposed: bool,
    /// From when on it is refused as expired.
    pub expires_at: Option<UnixTime>,
    /// When a newer one took its place.
    pub rotated_at: Option<UnixTime>,
}

impl VersionEnd {
    /// Reads it of a record.
    pub fn of(record: &KeyRecord) -> Self {
        Self {
            is_revoked: record.revoked.is_some(),
            is_exposed: record.exposed.is_some(),
            expires_at: record.expires_at,
            rotated_at: record.rotated_at,
        }
    }

    /// What the version can be used for.
    pub fn status(&self, now: UnixTime) -> Status {
        if self.is_revoked {
            Status::Revoked
        } else if self.expires_at.is_some_and(|expires_at| now >= expires_at) {
            Status::Expired
        } else if self.is_exposed {
            Status::Exposed
        } else if self.rotated_at.is_some() {
            Status::Retiring
        } else {
            Status::Active
        }
    }
}

/// Whether a time can be an expiry: to come, and no time in milliseconds by mistake.
///
/// # Errors
/// [`LifeError::ExpiryPassed`] or [`LifeError::ExpiryTooFar`].
pub fn check_expiry(expires_at: UnixTime, now: UnixTime) -> Result<(), LifeError> {
    if expires_at <= now {
        Err(LifeError::ExpiryPassed)
    } else if expires_at > END_OF_TIME {
        Err(LifeError::ExpiryTooFar)
    } else {
        Ok(())
    }
}

fn rotated(at: UnixTime) -> Revocation {
    Revocation { at, reason: "rotated".into() }
}

/// Why a key can't be changed like that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LifeError {
    /// It was revoked.
    #[error("the key is revoked, and stays so")]
    Revoked,
    /// A version is still retiring.
    #[error("the version before is still in its grace")]
    RotationInProgress {
        /// When its grace ends.
        until: UnixTime,
    },
    /// The current version can't be revoked alone.
    #[error("the current version is revoked with its key, or by a rotation")]
    CurrentVersion,
    /// The key has no such version.
    #[error("the key has no such version")]
    NoSuchVersion,
    /// The grace is too long.
    #[error("the grace is 0 to 2592000 seconds")]
    Grace,
    /// The expiry is over.
    #[error("the expiry must be to come")]
    ExpiryPassed,
    /// The expiry is after the year 9999.
    #[error("the expiry must be in Unix seconds, before the year 10000")]
    ExpiryTooFar,
    /// Settings that make no sense.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

/// The longest grace of a rotation: 30 days, in seconds.
pub const MAX_GRACE: u64 = 30 * 86_400;

/// 9999-12-31T23:59:59Z. A later time is one in milliseconds.
pub const END_OF_TIME: UnixTime = UnixTime(253_402_300_799);
