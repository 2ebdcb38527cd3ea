//! What the edge saw of a key that became public, done to the key: counted, told, quarantined or revoked.

use keyguard::{
    ExposureAction, ExposureReport, Fault, Kind, ManagedKey, Problem, UnixTime,
    life::{LifeError, might_show},
    record::{Exposure, Revocation},
};
use serde::{Deserialize, Serialize};
use worker::console_warn;

use super::{
    audit::{self, Entry, snapshot},
    call::By,
    change::write::{save, save_over},
    notices::{self, Notice},
    read,
    schema::is_open,
    sql::{Sql, list},
};

/// What came of a report.
#[derive(Default, Serialize)]
pub(crate) struct Outcome {
    /// Whether the text is one of this account's secret keys, whatever its status.
    pub(crate) is_known: bool,
    /// Whether there is something to bring to the store or to tell.
    pub(crate) is_due: bool,
}

/// Does what a report's action says to the version that has its digest. What is blocked already is only counted.
pub(crate) fn expose(
    sql: Sql<'_>,
    report: &ExposureReport,
    request_id: &str,
    now: UnixTime,
) -> Result<Outcome, Problem> {
    if !is_open(sql)? {
        return Ok(Outcome::default());
    }
    let id: Option<Place> =
        sql.row("SELECT key_id FROM versions WHERE digest = ?", &[report.digest])?;
    let Some(Place { key_id }) = id else { return Ok(Outcome::default()) };
    let before = read::key(sql, &key_id)?;
    if before.kind == Kind::Publishable {
        return Ok(Outcome::default());
    }
    // The reporter's clock is another machine's.
    let exposure =
        Exposure::new(report.at.min(now), report.channel.as_str(), report.place.as_deref());
    let version = before.version_of(&report.digest);
    // A report that was long on its way: an operator has decided since.
    let is_settled = version.is_some_and(|version| version.was_lifted(exposure.at, now));
    let action = match report.action {
        ExposureAction::Quarantine if is_settled => ExposureAction::Refuse,
        action => action,
    };
    let change = Change { sql, report, action, exposure, now, by: by(report), request_id };
    let is_due = match version {
        // Over: revoked, or rotated away.
        None => false,
        Some(_) if before.revoked.is_some() => false,
        Some(version) => match action {
            ExposureAction::Refuse if version.exposed.is_some() => false,
            ExposureAction::Refuse => change.refused(&before)?,
            ExposureAction::Quarantine => change.quarantined(&before)?,
            ExposureAction::Revoke => change.revoked(&before, version.number)?,
        },
    };
    if is_due {
        change.tell(&before)?;
    } else {
        notices::count(sql, &before.id)?;
    }
    Ok(Outcome { is_known: true, is_due })
}

/// One report, while it is acted on.
struct Change<'a> {
    sql: Sql<'a>,
    report: &'a ExposureReport,
    /// What is done, which may be less than what the report says.
    action: ExposureAction,
    exposure: Exposure,
    now: UnixTime,
    by: By,
    request_id: &'a str,
}

impl Change<'_> {
    fn refused(&self, key: &ManagedKey) -> Result<bool, Problem> {
        // A page that is open in a thousand browsers would fill the audit.
        if notices::may_audit(self.sql, &key.id, self.now)? {
            let number = key.version_of(&self.report.digest).map(|version| version.number);
            self.audit("key.exposure_reported", &key.id, number, None, Some(list(&self.exposure)))?;
        }
        Ok(true)
    }

    fn quarantined(&self, before: &ManagedKey) -> Result<bool, Problem> {
        let mut key = before.clone();
        if !self.exposed(&mut key)? {
            return Ok(false);
        }
        save(self.sql, &key, false, self.now)?;
        self.audit_exposed(before, &key)?;
        Ok(true)
    }

    fn revoked(&self, before: &ManagedKey, number: u32) -> Result<bool, Problem> {
        let mut key = before.clone();
        // The record says how it became public, even though it is over.
        if self.exposed(&mut key)? {
            self.audit_exposed(before, &key)?;
        }
        let exposed = key.clone();
        let reason = format!("exposed: {}", self.exposure.channel);
        let revocation = Revocation { at: self.now, reason };
        if exposed.current().is_some_and(|current| current.number == number) {
            let over = key.revoke(revocation).unwrap_or_default();
            save_over(self.sql, &over, self.now)?;
            let (before, after) = (snapshot(&exposed), snapshot(&key));
            self.audit("key.revoked", &key.id, Some(number), Some(before), Some(after))?;
        } else if let Some((version, record)) =
            key.revoke_version(number, &revocation).map_err(internal)?
        {
            let was = exposed.records().find(|(one, _)| one.number == number);
            let was = was.map(|(_, record)| audit::over(&record));
            self.audit("version.revoked", &key.id, Some(number), was, Some(audit::over(&record)))?;
            save_over(self.sql, &[(version, record)], self.now)?;
        }
        save(self.sql, &key, false, self.now)?;
        Ok(true)
    }

    fn exposed(&self, key: &mut ManagedKey) -> Result<bool, Problem> {
        Ok(key.expose(&self.report.digest, self.exposure.clone()).map_err(internal)?)
    }

    fn audit_exposed(&self, before: &ManagedKey, key: &ManagedKey) -> Result<(), Problem> {
        let number = key.version_of(&self.report.digest).map(|version| version.number);
        let (before, after) = (snapshot(before), snapshot(key));
        self.audit("key.exposed", &key.id, number, Some(before), Some(after))
    }

    fn audit(
        &self,
        action: &str,
        key: &str,
        version: Option<u32>,
        before: Option<String>,
        after: Option<String>,
    ) -> Result<(), Problem> {
        let entry = Entry { action, key: Some(key), version, before, after };
        Ok(audit::add(self.sql, (self.request_id, &self.by), self.now, &[entry])?)
    }

    fn tell(&self, key: &ManagedKey) -> Result<(), Problem> {
        let Exposure { channel, place, .. } = &self.exposure;
        let notice = Notice {
            account: &key.account,
            key_id: &key.id,
            kind: key.kind,
            mode: key.mode,
            action: self.action,
            channel,
            place: place.as_deref(),
            redacted: redacted(self.report),
        };
        let line = Line { event: "exposure", request_id: self.request_id, incident: &notice };
        console_warn!("{}", list(&line));
        Ok(notices::add(self.sql, &notice, self.exposure.at, self.now)?)
    }
}

#[derive(Serialize)]
struct Line<'a> {
    event: &'a str,
    request_id: &'a str,
    incident: &'a Notice<'a>,
}

/// What may be shown of the key, unless it shows more.
fn redacted(report: &ExposureReport) -> &str {
    let is_short = report.redacted.chars().count() <= MAX_REDACTED;
    if is_short && !might_show(&report.redacted) { &report.redacted } else { "" }
}

#[derive(Deserialize)]
struct Place {
    key_id: String,
}

/// Nobody's credential is called like that: a colon ends a name.
fn by(report: &ExposureReport) -> By {
    By { credential: format!("edge:{}", report.channel.as_str()), actor: None }
}

/// What can't be, as it was looked at before.
fn internal(_: LifeError) -> Fault {
    Fault::Internal
}

/// Prefix, an ellipsis and four characters are fewer.
const MAX_REDACTED: usize = 20;
