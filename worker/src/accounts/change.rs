//! Changes: allowed or not, and all of one in one transaction.

mod keys;
mod made;
pub(super) mod write;

use std::collections::BTreeMap;

use keyguard::{
    AdminDenial, Fault, IssuedKey, KeyDigest, Kind, Mode, Problem, UnixTime, life::Version,
};
use serde::{Deserialize, Serialize};

use super::{
    audit::{self, Entry},
    call::{Answer, Call, Operation},
    digests::by_shard,
    front::ACCOUNT_PREFIX,
    import::{import, new_digests},
    outbox::{self, Urgency},
    read, repeat,
    route::{self, Parsed},
    runtime,
    schema::{is_open, open_account},
    sql::{Sql, list},
    view,
};
use made::Made;

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
        // Claimed for an account whose creation failed.
        (false, Operation::FindDigest(_)) => return Err(AdminDenial::KeyNotFound.into()),
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
        Operation::UpdateKey(..)
        | Operation::RevokeKey(..)
        | Operation::LiftKey(_)
        | Operation::Project => Prepared::default(),
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
        Operation::LiftKey(id) => change.done(200, change.lift(id)?),
        Operation::Import(body) => {
            let claimed = prepared.claims.values().flatten().copied().collect();
            change.done(200, import(&change, body, &claimed, taken)?)
        }
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

    pub(crate) fn audit(&self, entry: &Entry<'_>) -> Result<(), Problem> {
        let by = (self.call.request_id.as_str(), &self.call.by);
        Ok(audit::add(self.sql, by, self.now, std::slice::from_ref(entry))?)
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
        outbox::put(self.sql, &[entry], Urgency::Now, created_at)?;
        let (action, after) = ("account.created", Some(value));
        self.audit(&Entry { action, key: None, version: None, before: None, after })
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
        exposed: None,
        lifted_at: None,
    }
}

const FOUR: [(Kind, Mode); 4] = [
    (Kind::Publishable, Mode::Test),
    (Kind::Secret, Mode::Test),
    (Kind::Publishable, Mode::Live),
    (Kind::Secret, Mode::Live),
];
