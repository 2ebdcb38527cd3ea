//! What each change does to its key.

use keyguard::{
    AdminDenial, Fault, IssuedKey, KeyDigest, KeyRecord, Kind, ManagedKey, Mode, Problem, UnixTime,
    life::{SettingsChange, Version, check_expiry},
    record::Revocation,
};
use zeroize::Zeroizing;

use super::{
    super::{
        audit::{self, Entry, snapshot},
        body::{CreateAccount, IssueKey, RevokeKey, RotateKey},
        outbox, read, runtime,
        sql::list,
        view::{self, ShownKey},
    },
    Change, FOUR, empty_version,
    made::{Created, Projected},
    write::{save, save_over},
};

impl Change<'_> {
    pub(super) fn create_account<'s>(
        &self,
        body: &CreateAccount,
        seeds: &mut impl Iterator<Item = &'s [u8; 32]>,
    ) -> Result<Created, Problem> {
        self.make_account(body.label.as_deref())?;
        let issued = FOUR.iter().filter(|_| body.issue);
        let keys = issued
            .map(|(kind, mode)| self.issue(&IssueKey::plain(*kind, *mode), seeds.next()))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Created { account: view::account(self.sql, self.now)?, keys, dry_run: None })
    }

    pub(super) fn issue(
        &self,
        body: &IssueKey,
        seed: Option<&[u8; 32]>,
    ) -> Result<ShownKey, Problem> {
        if let Some(expires_at) = body.expires_at {
            check_expiry(expires_at, self.now).map_err(AdminDenial::from)?;
        }
        let (text, version) = self.new_version(body.kind, body.mode, body.expires_at, seed)?;
        let key = ManagedKey::new(
            runtime::random_id("key_"),
            self.call.account.clone(),
            (body.kind, body.mode),
            body.settings(),
            version,
        );
        save(self.sql, &key, true, self.now)?;
        self.audit(&Entry {
            action: "key.issued",
            key: Some(&key.id),
            version: Some(1),
            before: None,
            after: Some(snapshot(&key)),
        })?;
        self.with_text(key, &text)
    }

    pub(super) fn update(&self, id: &str, settings: &SettingsChange) -> Result<ShownKey, Problem> {
        let before = read::key(self.sql, id)?;
        let mut key = before.clone();
        key.update(settings, self.now).map_err(AdminDenial::from)?;
        if key != before {
            save(self.sql, &key, false, self.now)?;
            self.audit(&Entry {
                action: "key.updated",
                key: Some(id),
                version: key.current().map(|version| version.number),
                before: Some(snapshot(&before)),
                after: Some(snapshot(&key)),
            })?;
        }
        Ok(view::key(self.sql, key, self.now)?)
    }

    pub(super) fn rotate(
        &self,
        id: &str,
        body: &RotateKey,
        seed: Option<&[u8; 32]>,
    ) -> Result<ShownKey, Problem> {
        let before = read::key(self.sql, id)?;
        let mut key = before.clone();
        // A key that was to end does so after a rotation, too, unless that says otherwise.
        let expires_at = body.expires_at.unwrap_or(key.expires_at());
        let (text, version) = self.new_version(key.kind, key.mode, expires_at, seed)?;
        let over = key
            .rotate(version, body.grace_seconds, body.end_grace, self.now)
            .map_err(AdminDenial::from)?;
        save_over(self.sql, &over, self.now)?;
        save(self.sql, &key, false, self.now)?;
        self.audit(&Entry {
            action: "key.rotated",
            key: Some(id),
            version: key.current().map(|version| version.number),
            before: Some(snapshot(&before)),
            after: Some(snapshot(&key)),
        })?;
        self.audit_over(id, &before, &over)?;
        self.with_text(key, &text)
    }

    pub(super) fn revoke(&self, id: &str, body: &RevokeKey) -> Result<ShownKey, Problem> {
        let before = read::key(self.sql, id)?;
        let revocation = Revocation { at: self.now, reason: body.reason.clone() };
        let key = self.end(&before, body.version, revocation)?;
        Ok(view::key(self.sql, key, self.now)?)
    }

    /// Revokes the version of a key that has this digest, with the key if it is the current one; whether that changed anything.
    pub(crate) fn revoke_digest(
        &self,
        id: &str,
        digest: &KeyDigest,
        revocation: Revocation,
    ) -> Result<bool, Problem> {
        let before = read::key(self.sql, id)?;
        let number = |version: &Version| version.number;
        let Some(version) = before.version_of(digest).map(number) else { return Ok(false) };
        let is_current = before.current().map(number) == Some(version);
        Ok(self.end(&before, (!is_current).then_some(version), revocation)? != before)
    }

    /// Revokes a key, or one version of it; as it was if that is over already.
    fn end(
        &self,
        before: &ManagedKey,
        version: Option<u32>,
        revocation: Revocation,
    ) -> Result<ManagedKey, Problem> {
        let mut key = before.clone();
        if let Some(number) = version {
            let over = key.revoke_version(number, &revocation).map_err(AdminDenial::from)?;
            if let Some(over) = over {
                let over = [over];
                save_over(self.sql, &over, self.now)?;
                save(self.sql, &key, false, self.now)?;
                self.audit_over(&key.id, before, &over)?;
            }
        } else if let Some(over) = key.revoke(revocation) {
            save_over(self.sql, &over, self.now)?;
            save(self.sql, &key, false, self.now)?;
            self.audit(&Entry {
                action: "key.revoked",
                key: Some(&key.id),
                version: key.current().map(|version| version.number),
                before: Some(snapshot(before)),
                after: Some(snapshot(&key)),
            })?;
        }
        Ok(key)
    }

    /// Lets the texts of a key that were exposed work again.
    pub(super) fn lift(&self, id: &str) -> Result<ShownKey, Problem> {
        let before = read::key(self.sql, id)?;
        let mut key = before.clone();
        if key.lift(self.now).map_err(AdminDenial::from)? {
            save(self.sql, &key, false, self.now)?;
            self.audit(&Entry {
                action: "key.lifted",
                key: Some(id),
                version: key.current().map(|version| version.number),
                before: Some(snapshot(&before)),
                after: Some(snapshot(&key)),
            })?;
        }
        Ok(view::key(self.sql, key, self.now)?)
    }

    /// Puts every record of the account into the outbox.
    pub(super) fn project(&self) -> Result<Projected, Problem> {
        let queued = outbox::put_all(self.sql, self.now)?;
        self.audit(&Entry {
            action: "account.projected",
            key: None,
            version: None,
            before: None,
            after: Some(list(&Projected { queued, dry_run: None })),
        })?;
        Ok(Projected { queued, dry_run: None })
    }

    /// Versions that are over by a change that isn't about them alone.
    fn audit_over(
        &self,
        id: &str,
        before: &ManagedKey,
        over: &[(Version, KeyRecord)],
    ) -> Result<(), Problem> {
        for (version, record) in over {
            let was = before.records().find(|(one, _)| one.number == version.number);
            self.audit(&Entry {
                action: "version.revoked",
                key: Some(id),
                version: Some(version.number),
                before: was.map(|(_, record)| audit::over(&record)),
                after: Some(audit::over(record)),
            })?;
        }
        Ok(())
    }

    fn new_version(
        &self,
        kind: Kind,
        mode: Mode,
        expires_at: Option<UnixTime>,
        seed: Option<&[u8; 32]>,
    ) -> Result<(Zeroizing<String>, Version), Problem> {
        let seed = seed.ok_or(Fault::Internal)?;
        let issued = IssuedKey::issue(kind, mode, seed);
        let version = Version {
            digest: issued.digest(),
            expires_at,
            last_four: Some(issued.redacted().last_four().to_owned()),
            ..empty_version(self.now)
        };
        Ok((issued.into_text(), version))
    }

    /// The one answer that shows a key.
    fn with_text(&self, key: ManagedKey, text: &str) -> Result<ShownKey, Problem> {
        let mut shown = view::key(self.sql, key, self.now)?;
        shown.key = Some(text.to_owned());
        Ok(shown)
    }
}
