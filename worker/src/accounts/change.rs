//! Changes: allowed or not, and all of one in one transaction.

mod write;

use std::collections::BTreeMap;

use keyguard::{
    AdminDenial, Fault, IssuedKey, KeyDigest, KeyRecord, Kind, ManagedKey, Mode, Problem, UnixTime,
    life::{SettingsChange, Version, check_expiry},
    record::Revocation,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    audit::{self, Entry, snapshot},
    body::{CreateAccount, IssueKey, RevokeKey, RotateKey},
    call::{Answer, Call, Operation},
    digests::by_shard,
    front::ACCOUNT_PREFIX,
    import::{Batch, import, new_digests},
    outbox, read, repeat,
    route::{self, Parsed},
    runtime,
    schema::{is_open, open_account},
    sql::{Sql, list},
    view::{self, ShownAccount, ShownKey},
};
use write::{save, save_over};

/// What a change needs before it can be made: new keys, and whose their digests are.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Prepared {
    /// The entropy of each key that is to be issued. It lives as long as the request does.
    seeds: Vec<[u8; 32]>,
    /// By object: digests that are to be this account's.
    claims: BTreeMap<String, Vec<KeyDigest>>,
}

/// An answer right away, or what is needed for the change.
pub(crate) enum Step {
    Answer(Answer),
    Change(Prepared),
}

/// Answers what only reads or was answered before, and prepares a change that looks possible.
pub(crate) fn prepare(sql: Sql<'_>, call: &Call, now: UnixTime) -> Result<Step, Problem> {
    look(sql, call, &parsed(call)?.operation, now)
}

fn look(sql: Sql<'_>, call: &Call, operation: &Operation, now: UnixTime) -> Result<Step, Problem> {
    let is_open = is_open(sql)?;
    if is_open && let Some(answer) = repeat::before(sql, call, now)? {
        return Ok(Step::Answer(answer));
    }
    let makes_account = match operation {
        Operation::CreateAccount(_) => true,
        Operation::Import(import) => import.create_account,
        _ => false,
    };
    match (is_open && view::has_account(sql)?, operation) {
        (true, Operation::CreateAccount(_)) => return Err(AdminDenial::AccountExists.into()),
        (false, _) if !makes_account => return Err(AdminDenial::AccountNotFound.into()),
        _ => {}
    }
    let prepared = match operation {
        Operation::ShowAccount => {
            return Ok(Step::Answer(Answer::new(200, &view::account(sql, now)?)));
        }
        Operation::ListKeys(filter, page) => {
            let keys = read::keys(sql, filter, page, now)?;
            return Ok(Step::Answer(Answer::new(200, &keys)));
        }
        Operation::ShowKey(id) => {
            let key = view::key(sql, read::key(sql, id)?, now)?;
            return Ok(Step::Answer(Answer::new(200, &key)));
        }
        Operation::ListAudit(page) => {
            return Ok(Step::Answer(Answer::new(200, &read::audit(sql, page)?)));
        }
        Operation::FindDigest(digest) => {
            let place = read::of_digest(sql, &call.account, digest)?;
            return Ok(Step::Answer(Answer::new(200, &place.ok_or(AdminDenial::KeyNotFound)?)));
        }
        // Not an object's to answer.
        Operation::ListAccounts(_) => return Err(AdminDenial::NotFound.into()),
        Operation::CreateAccount(body) => Prepared::keys(if body.issue { &FOUR } else { &[] }),
        Operation::IssueKey(body) => Prepared::keys(&[(body.kind, body.mode)]),
        Operation::RotateKey(id, body) => {
            let mut key = read::key(sql, id)?;
            // On a copy: only to find out now whether it would be refused.
            let expires_at = body.expires_at.unwrap_or(key.expires_at());
            let trial = Version { expires_at, ..empty_version(now) };
            key.rotate(trial, body.grace_seconds, body.end_grace, now)
                .map_err(AdminDenial::from)?;
            Prepared::keys(&[(key.kind, key.mode)])
        }
        Operation::Import(body) => {
            let claims = by_shard(new_digests(sql, body, is_open)?.into_iter());
            Prepared { seeds: Vec::new(), claims }
        }
        Operation::UpdateKey(..) | Operation::RevokeKey(..) | Operation::Project => {
            Prepared::default()
        }
    };
    Ok(Step::Change(prepared))
}

/// Makes a change, with its audit entries, its outbox rows and its answer: the answer, and whether all that is to be kept.
pub(crate) fn change(
    sql: Sql<'_>,
    call: &Call,
    prepared: &Prepared,
    taken: &[KeyDigest],
    now: UnixTime,
) -> Result<(Answer, bool), Problem> {
    let Parsed { operation, dry_run, .. } = parsed(call)?;
    open_account(sql)?;
    // Another request may have come between.
    if let Step::Answer(answer) = look(sql, call, &operation, now)? {
        return Ok((answer, false));
    }
    let is_import = matches!(operation, Operation::Import(_));
    if !taken.is_empty() && !is_import {
        // Somebody has imported the digest of a key that we draw only now: our source of entropy is none.
        return Err(Fault::Internal.into());
    }
    let change = Change { sql, call, now, dry_run };
    let mut seeds = prepared.seeds.iter();
    let answer = match &operation {
        Operation::CreateAccount(body) => {
            change.done(201, change.create_account(body, &mut seeds)?)
        }
        Operation::IssueKey(body) => change.done(201, change.issue(body, seeds.next())?),
        Operation::UpdateKey(id, settings) => change.done(200, change.update(id, settings)?),
        Operation::RotateKey(id, body) => change.done(200, change.rotate(id, body, seeds.next())?),
        Operation::RevokeKey(id, body) => change.done(200, change.revoke(id, body)?),
        Operation::Import(body) => change.done(200, import(&change, body, taken)?),
        Operation::Project => change.done(202, change.project()?),
        Operation::ListAccounts(_)
        | Operation::ShowAccount
        | Operation::ListKeys(..)
        | Operation::ShowKey(_)
        | Operation::ListAudit(_)
        | Operation::FindDigest(_) => return Err(AdminDenial::NotFound.into()),
    };
    Ok((answer?, !dry_run))
}

fn parsed(call: &Call) -> Result<Parsed, AdminDenial> {
    route::parse(&call.method, &call.path, &call.query, &call.body)
}

/// One change, while it is made.
pub(crate) struct Change<'a> {
    pub(crate) sql: Sql<'a>,
    pub(crate) call: &'a Call,
    pub(crate) now: UnixTime,
    dry_run: bool,
}

/// What a change answers with.
trait Made: Serialize {
    /// Takes the texts of keys out: they are shown once, and stored nowhere.
    fn hide(&mut self) {}

    /// Says that nothing of it was kept.
    fn say_dry_run(&mut self);
}

impl Made for ShownKey {
    fn hide(&mut self) {
        self.key = None;
    }

    fn say_dry_run(&mut self) {
        self.dry_run = Some(true);
    }
}

impl Made for Batch {
    fn say_dry_run(&mut self) {
        self.dry_run = Some(true);
    }
}

#[derive(Serialize)]
struct Created {
    account: Option<ShownAccount>,
    keys: Vec<ShownKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<bool>,
}

impl Made for Created {
    fn hide(&mut self) {
        self.keys.iter_mut().for_each(Made::hide);
    }

    fn say_dry_run(&mut self) {
        self.dry_run = Some(true);
    }
}

#[derive(Serialize)]
struct Projected {
    queued: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<bool>,
}

impl Made for Projected {
    fn say_dry_run(&mut self) {
        self.dry_run = Some(true);
    }
}

impl Change<'_> {
    fn done(&self, status: u16, mut made: impl Made) -> Result<Answer, Problem> {
        if self.dry_run {
            made.hide();
            made.say_dry_run();
            return Ok(Answer::new(status, &made));
        }
        let answer = Answer::new(status, &made);
        made.hide();
        repeat::keep(self.sql, self.call, (status, &list(&made)), self.now)?;
        Ok(answer)
    }

    /// Makes the account itself.
    pub(crate) fn make_account(&self, label: Option<&str>) -> Result<(), Problem> {
        #[derive(Serialize)]
        struct Account<'a> {
            v: u8,
            id: &'a str,
            label: Option<&'a str>,
            created_at: UnixTime,
        }
        #[derive(Serialize)]
        struct Metadata<'a> {
            label: Option<&'a str>,
            created_at: UnixTime,
        }
        let (id, created_at) = (self.call.account.as_str(), self.now);
        self.sql.run(
            "INSERT INTO account (one, id, label, created_at) VALUES (1, ?, ?, ?)",
            &(id, label, created_at),
        )?;
        let value = list(&Account { v: 1, id, label, created_at });
        let metadata = list(&Metadata { label, created_at });
        let entry = (format!("{ACCOUNT_PREFIX}{id}"), value.clone(), Some(metadata));
        outbox::put(self.sql, &[entry], created_at)?;
        let (action, after) = ("account.created", Some(value));
        self.audit(&Entry { action, key: None, version: None, before: None, after })
    }

    fn create_account<'s>(
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

    fn issue(&self, body: &IssueKey, seed: Option<&[u8; 32]>) -> Result<ShownKey, Problem> {
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

    fn update(&self, id: &str, settings: &SettingsChange) -> Result<ShownKey, Problem> {
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

    fn rotate(
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

    fn revoke(&self, id: &str, body: &RevokeKey) -> Result<ShownKey, Problem> {
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
        Ok(view::key(self.sql, key, self.now)?)
    }

    /// Puts every record of the account into the outbox.
    fn project(&self) -> Result<Projected, Problem> {
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

    pub(crate) fn audit(&self, entry: &Entry<'_>) -> Result<(), Problem> {
        Ok(audit::add(self.sql, self.call, self.now, std::slice::from_ref(entry))?)
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

impl Prepared {
    fn keys(keys: &[(Kind, Mode)]) -> Self {
        let seeds: Vec<[u8; 32]> = keys.iter().map(|_| runtime::entropy()).collect();
        let digests = keys
            .iter()
            .zip(&seeds)
            .map(|((kind, mode), seed)| IssuedKey::issue(*kind, *mode, seed).digest());
        Self { claims: by_shard(digests), seeds }
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
