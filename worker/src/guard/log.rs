//! One line for a verdict: who, what, why and how long, and never a key.

use keyguard::{
    Channel, ExposureAction, ExposureReport, Grant, KeyRecord, Kind, Lookup, Mode, Policy, Problem,
    Redacted, policy::Route,
};
use serde::Serialize;

use super::{
    exchange::Exchange,
    facts::Facts,
    memory::Remembered,
    runtime::{self, Identity},
};
use crate::runtime::error;

/// Whose request it was, as far as that is known.
pub(crate) enum Subject {
    /// Nobody's: no key was presented, or what was presented is none.
    Unknown,
    /// A key without a record of its own.
    Key { redacted: Redacted, kind: Kind, mode: Mode },
    /// A key with a record.
    Record { id: String, account: String, kind: Kind, mode: Mode },
}

impl Subject {
    pub(crate) fn of_key(lookup: &Lookup) -> Self {
        Self::Key { redacted: lookup.redacted().clone(), kind: lookup.kind(), mode: lookup.mode() }
    }

    /// Takes the record's word, if it is that of the key that was presented: a mis-filed record is another's.
    pub(crate) fn now_known(&mut self, record: Option<&KeyRecord>) {
        if let (Self::Key { kind, mode, .. }, Some(record)) = (&*self, record)
            && (record.kind, record.mode) == (*kind, *mode)
        {
            let (id, account) = (record.id.clone(), record.account.clone());
            *self = Self::Record { id, account, kind: record.kind, mode: record.mode };
        }
    }

    /// Whose request was forwarded.
    pub(crate) fn of_forwarded(identity: &Identity) -> Option<Self> {
        Some(Self::Record {
            id: identity.key_id(),
            account: identity.account(),
            kind: serde_json::from_value(identity.kind().into()).ok()?,
            mode: serde_json::from_value(identity.mode().into()).ok()?,
        })
    }

    /// Account, key id, kind and mode, as far as they are known.
    pub(crate) fn known(&self) -> (&str, &str, &'static str, &'static str) {
        match self {
            Self::Unknown => ("", "", "", ""),
            Self::Key { kind, mode, .. } => ("", "", kind.as_str(), mode.as_str()),
            Self::Record { id, account, kind, mode } => (account, id, kind.as_str(), mode.as_str()),
        }
    }

    fn line<'a>(&'a self, exchange: &Exchange<'a>, code: &'a str) -> Line<'a> {
        let (key, key_id, kind, mode) = match self {
            Self::Unknown => (None, None, None, None),
            Self::Key { redacted, kind, mode } => {
                (Some(redacted.to_string()), None, Some(*kind), Some(*mode))
            }
            Self::Record { id, kind, mode, .. } => {
                (None, Some(id.as_str()), Some(*kind), Some(*mode))
            }
        };
        let Facts { method, request_id, .. } = exchange.facts;
        Line {
            event: "verdict",
            code,
            status: None,
            request_id,
            method,
            route: None,
            duration_ms: exchange.duration_ms(),
            reported: None,
            key,
            key_id,
            kind,
            mode,
        }
    }
}

/// What the log gets of a request that may pass, when it is sent on.
pub(crate) enum Allowed {
    Nothing,
    /// What it got of the key's last one, with this request's id: a string that crosses into JavaScript costs more than a comparison.
    Again,
    Line(String),
}

/// Says that a request may pass, and what it would be refused with if that were not only to be reported.
pub(crate) fn allowed(
    exchange: &Exchange<'_>,
    grant: &Grant<'_>,
    subject: &Subject,
    found: &Remembered,
    policy: &Policy,
) -> Allowed {
    let route = grant.route().map(Route::label);
    let reported = grant.reported().map(|denial| Problem::from(denial).code());
    if !policy.log_allowed() && reported.is_none() {
        return Allowed::Nothing;
    }
    let line = Line { route, reported, ..subject.line(exchange, "allowed") };
    if found.is_news(line.method, route, reported, line.duration_ms) {
        Allowed::Line(text(&line))
    } else {
        Allowed::Again
    }
}

/// The line that says that a request was refused, and with what. It goes to the log with the answer.
pub(crate) fn refused(exchange: &Exchange<'_>, problem: &Problem, subject: &Subject) -> String {
    let status = Some(problem.status());
    text(&Line { status, ..subject.line(exchange, problem.code()) })
}

/// Logs an incident.
pub(crate) fn exposed(exchange: &Exchange<'_>, report: &ExposureReport, is_certain: bool) {
    let line = Exposed {
        event: "exposure",
        request_id: exchange.facts.request_id,
        key_id: &report.key_id,
        channel: report.channel,
        place: report.place.as_deref(),
        certain: is_certain,
        action: report.action,
    };
    runtime::warn(&text(&line));
}

/// Logs what is wrong with the deployment.
pub(crate) fn misconfigured(field: &str, reason: &str) {
    error(&text(&Misconfigured { event: "misconfigured", field, reason }));
}

fn text(line: &impl Serialize) -> String {
    // Structs of strings and numbers have no way to fail.
    serde_json::to_string(line).unwrap_or_default()
}

#[derive(Serialize)]
struct Exposed<'a> {
    event: &'a str,
    request_id: &'a str,
    key_id: &'a str,
    channel: Channel,
    place: Option<&'a str>,
    certain: bool,
    action: ExposureAction,
}

#[derive(Serialize)]
struct Misconfigured<'a> {
    event: &'a str,
    field: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct Line<'a> {
    event: &'a str,
    code: &'a str,
    status: Option<u16>,
    request_id: &'a str,
    method: &'a str,
    route: Option<&'a str>,
    duration_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reported: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<Kind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<Mode>,
}
