//! Changes: allowed or not, and all of one in one transaction.

mod write;

use keyguard::{
    AdminDenial, IssuedKey, KeyDigest, Kind, ManagedKey, Mode, Problem, UnixTime,
    life::{Version, check_expiry},
    record::Revocation,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    audit::{self, Entry, snapshot},
    body::{CreateAccount, IssueKey, RevokeKey, RotateKey},
    call::{Answer, Call, Operation},
    digests, import, outbox, read,
    repeat::{self, without_texts},
    runtime,
    sql::Sql,
    view,
};
use write::{save, save_over};

/// What a change needs before it can be made: new keys, and whose their digests are.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Prepared {
    /// The entropy of each key that is to be issued. It lives as long as the request does.
    seeds: Vec<[u8; 32]>,
    /// By object: digests that are to be this account's.
    claims: Value,
}

/// An answer right away, or what is needed for the change.
pub(crate) enum Step {
    Answer(Answer),
    Change(Prepared),
}

/// Answers what only reads or was answered before, and prepares a change that looks possible.
pub(crate) fn prepare(sql: Sql<'_>, call: &Call, now: UnixTime) -> Result<Step, Problem> {
    if let Some(answer) = repeat::before(sql, call, now)? {
        return Ok(Step::Answer(answer));
    }
    let account = view::account(sql, now)?;
    let makes_account = match &call.operation {
        Operation::CreateAccount(_) => true,
        Operation::Import(import) => import.create_account,
        _ => false,
    };
    match (&account, &call.operation) {
        (Some(_), Operation::CreateAccount(_)) => return Err(AdminDenial::AccountExists.into()),
        (None, _) if !makes_account => return Err(AdminDenial::AccountNotFound.into()),
        _ => {}
    }
    let prepared = match &call.operation {
        Operation::ShowAccount => {
            return Ok(Step::Answer(Answer::new(200, &account.unwrap_or_default())));
        }
        Operation::ListKeys(filter, page) => {
            let keys = read::keys(sql, filter, page, now)?;
            return Ok(Step::Answer(Answer::new(200, &keys)));
        }
        Operation::ShowKey(id) => {
            let key = view::key(sql, &read::key(sql, id)?, now)?;
            return Ok(Step::Answer(Answer::new(200, &key)));
        }
        Operation::ListAudit(page) => {
            return Ok(Step::Answer(Answer::new(200, &read::audit(sql, page)?)));
        }
        Operation::FindDigest(digest) => {
            let place = read::of_digest(sql, digest)?.ok_or(AdminDenial::KeyNotFound)?;
            let found = json!({
                "digest": digest,
                "account": call.account,
                "key": place.key,
                "version": place.version,
            });
            return Ok(Step::Answer(Answer::new(200, &found)));
        }
        // Not an object's to answer.
        Operation::ListAccounts(_) => return Err(AdminDenial::NotFound.into()),
        Operation::CreateAccount(body) => Prepared::keys(if body.issue { &FOUR } else { &[] }),
        Operation::IssueKey(body) => Prepared::keys(&[(body.kind, body.mode)]),
        Operation::RotateKey(id, body) => {
            let mut key = read::key(sql, id)?;
            // On a copy: only to find out now whether it would be refused.
            let trial = Version { expires_at: body.expires_at, ..empty_version(now) };
            key.rotate(trial, body.grace_seconds, body.end_grace, now)
                .map_err(AdminDenial::from)?;
            Prepared::keys(&[(key.kind, key.mode)])
        }
        Operation::Import(body) => {
            let digests = body.keys.iter().map(|key| &key.digest);
            Prepared { seeds: Vec::new(), claims: json!(digests::by_shard(digests)) }
        }
        Operation::UpdateKey(..) | Operation::RevokeKey(..) | Operation::Project => {
            Prepared::default()
        }
    };
    Ok(Step::Change(prepared))
}

/// Makes a change, with its audit entries, its outbox rows and its answer. An error means that nothing may be kept.
pub(crate) fn change(
    sql: Sql<'_>,
    call: &Call,
    prepared: &Prepared,
    taken: &[KeyDigest],
    now: UnixTime,
) -> Result<Answer, Problem> {
    // Another request may have come between.
    if let Step::Answer(answer) = prepare(sql, call, now)? {
        return Ok(answer);
    }
    let is_import = matches!(call.operation, Operation::Import(_));
    if !taken.is_empty() && !is_import {
        // A digest that somebody has imported before we drew its key: our source of entropy is no source.
        return Err(keyguard::Fault::Internal.into());
    }
    let change = Change { sql, call, now };
    let mut issued = prepared.seeds.iter();
    let (status, body) = match &call.operation {
        Operation::CreateAccount(body) => (201, change.create_account(body, &mut issued)?),
        Operation::IssueKey(body) => (201, change.issue(body, issued.next())?),
        Operation::UpdateKey(id, settings) => (200, change.update(id, settings)?),
        Operation::RotateKey(id, body) => (200, change.rotate(id, body, issued.next())?),
        Operation::RevokeKey(id, body) => (200, change.revoke(id, body)?),
        Operation::Import(body) => (200, import::import(&change, body, taken)?),
        Operation::Project => (202, change.project()?),
        Operation::ListAccounts(_)
        | Operation::ShowAccount
        | Operation::ListKeys(..)
        | Operation::ShowKey(_)
        | Operation::ListAudit(_)
        | Operation::FindDigest(_) => return Err(AdminDenial::NotFound.into()),
    };
    if call.dry_run {
        let mut body = without_texts(body);
        if let Some(fields) = body.as_object_mut() {
            fields.insert("dry_run".to_owned(), true.into());
        }
        return Ok(Answer::new(status, &body));
    }
    repeat::keep(sql, call, status, &body, now)?;
    Ok(Answer::new(status, &body))
}

/// One change, while it is made.
pub(crate) struct Change<'a> {
    pub(crate) sql: Sql<'a>,
    pub(crate) call: &'a Call,
    pub(crate) now: UnixTime,
}

impl Change<'_> {
    /// Makes the account itself.
    pub(crate) fn make_account(&self, label: Option<&str>) -> Result<(), Problem> {
        let (id, now) = (&self.call.account, self.now);
        self.sql.run(
            "INSERT INTO account (one, id, label, created_at) VALUES (1, ?, ?, ?)",
            &json!([id, label, now]),
        )?;
        let value = json!({ "v": 1, "id": id, "label": label, "created_at": now });
        let metadata = json!({ "label": label, "created_at": now });
        let name = format!("{}{id}", super::front::ACCOUNT_PREFIX);
        outbox::put(self.sql, &[json!([name, value.to_string(), metadata.to_string()])], now)?;
        let after = Some(json!({ "id": id, "label": label }));
        self.audit(&Entry {
            action: "account.created",
            key: None,
            version: None,
            before: None,
            after,
        })
    }

    fn create_account<'s>(
        &self,
        body: &CreateAccount,
        seeds: &mut impl Iterator<Item = &'s [u8; 32]>,
    ) -> Result<Value, Problem> {
        self.make_account(body.label.as_deref())?;
        let issued = FOUR.iter().filter(|_| body.issue);
        let keys = issued
            .map(|(kind, mode)| self.issue(&IssueKey::plain(*kind, *mode), seeds.next()))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(json!({ "account": view::account(self.sql, self.now)?, "keys": keys }))
    }

    fn issue(&self, body: &IssueKey, seed: Option<&[u8; 32]>) -> Result<Value, Problem> {
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
        self.with_text(&key, text.as_str())
    }

    fn update(
        &self,
        id: &str,
        settings: &keyguard::life::SettingsChange,
    ) -> Result<Value, Problem> {
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
        Ok(view::key(self.sql, &key, self.now)?)
    }

    fn rotate(
        &self,
        id: &str,
        body: &RotateKey,
        seed: Option<&[u8; 32]>,
    ) -> Result<Value, Problem> {
        let before = read::key(self.sql, id)?;
        let mut key = before.clone();
        let (text, version) = self.new_version(key.kind, key.mode, body.expires_at, seed)?;
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
        self.with_text(&key, text.as_str())
    }

    fn revoke(&self, id: &str, body: &RevokeKey) -> Result<Value, Problem> {
        let before = read::key(self.sql, id)?;
        let mut key = before.clone();
        let revocation = Revocation { at: self.now, reason: body.reason.clone() };
        if let Some(number) = body.version {
            let over = key.revoke_version(number, &revocation).map_err(AdminDenial::from)?;
            if let Some(over) = over {
                let over = [over];
                save_over(self.sql, &over, self.now)?;
                save(self.sql, &key, false, self.now)?;
                self.audit_over(id, &before, &over)?;
            }
        } else if let Some(over) = key.revoke(revocation) {
            save_over(self.sql, &over, self.now)?;
            save(self.sql, &key, false, self.now)?;
            self.audit(&Entry {
                action: "key.revoked",
                key: Some(id),
                version: key.current().map(|version| version.number),
                before: Some(snapshot(&before)),
                after: Some(snapshot(&key)),
            })?;
        }
        Ok(view::key(self.sql, &key, self.now)?)
    }

    /// Puts every record of the account into the outbox.
    fn project(&self) -> Result<Value, Problem> {
        let queued = outbox::put_all(self.sql, self.now)?;
        self.audit(&Entry {
            action: "account.projected",
            key: None,
            version: None,
            before: None,
            after: Some(json!({ "queued": queued })),
        })?;
        Ok(json!({ "queued": queued }))
    }

    pub(crate) fn audit(&self, entry: &Entry<'_>) -> Result<(), Problem> {
        Ok(audit::add(self.sql, self.call, self.now, std::slice::from_ref(entry))?)
    }

    /// Versions that are over by a change that isn't about them alone.
    fn audit_over(
        &self,
        id: &str,
        before: &ManagedKey,
        over: &[(Version, keyguard::KeyRecord)],
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
    ) -> Result<(zeroize::Zeroizing<String>, Version), Problem> {
        let seed = seed.ok_or(keyguard::Fault::Internal)?;
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
    fn with_text(&self, key: &ManagedKey, text: &str) -> Result<Value, Problem> {
        let mut shown = view::key(self.sql, key, self.now)?;
        if let Some(fields) = shown.as_object_mut() {
            fields.insert("key".to_owned(), text.into());
        }
        Ok(shown)
    }
}

impl Prepared {
    fn keys(keys: &[(Kind, Mode)]) -> Self {
        let seeds: Vec<[u8; 32]> = keys.iter().map(|_| runtime::entropy()).collect();
        let digests: Vec<KeyDigest> = keys
            .iter()
            .zip(&seeds)
            .map(|((kind, mode), seed)| IssuedKey::issue(*kind, *mode, seed).digest())
            .collect();
        Self { seeds, claims: json!(digests::by_shard(digests.iter())) }
    }
}

fn empty_version(now: UnixTime) -> Version {
    Version {
        number: 1,
        digest: KeyDigest::of(""),
        created_at: now,
        expires_at: None,
        rotated_at: None,
        last_four: None,
    }
}

const FOUR: [(Kind, Mode); 4] = [
    (Kind::Publishable, Mode::Test),
    (Kind::Secret, Mode::Test),
    (Kind::Publishable, Mode::Live),
    (Kind::Secret, Mode::Live),
];
