//! One line per verdict: who, what, why and how long, and never a key.

use js_sys::JsString;
use keyguard::{Grant, KeyRecord, Kind, Lookup, Mode, Problem, Redacted, policy::Route};
use serde_json::{Value, json};
use worker::console_log;

use super::{
    exchange::Exchange,
    runtime::{self, Request},
};

/// Whose request it was, as far as that is known.
pub(crate) enum Subject {
    /// Nobody's: no key was presented, or what was presented is none.
    Unknown,
    /// A key without a record of its own.
    Key { redacted: Redacted, kind: Kind, mode: Mode },
    /// A key with a record.
    Record { id: String, kind: Kind, mode: Mode },
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
            *self = Self::Record { id: record.id.clone(), kind: record.kind, mode: record.mode };
        }
    }

    /// Whose request was forwarded: its identity is in the headers that were set on it.
    pub(crate) fn of_forwarded(request: &Request) -> Option<Self> {
        let headers = request.headers();
        let value = |name: &str| headers.get(&JsString::from(name));
        Some(Self::Record {
            id: value("keyguard-key-id")?,
            kind: serde_json::from_value(value("keyguard-kind")?.into()).ok()?,
            mode: serde_json::from_value(value("keyguard-mode")?.into()).ok()?,
        })
    }

    fn fields(&self) -> Value {
        match self {
            Self::Unknown => json!({}),
            Self::Key { redacted, kind, mode } => {
                json!({ "key": redacted.to_string(), "kind": kind, "mode": mode })
            }
            Self::Record { id, kind, mode } => json!({ "key_id": id, "kind": kind, "mode": mode }),
        }
    }
}

/// Logs that a request may pass.
pub(crate) fn allowed(exchange: &Exchange<'_>, grant: &Grant<'_>, subject: &Subject) {
    write(exchange, "allowed", None, grant.route().map(Route::label), subject);
}

/// Logs that a request was refused, and with what.
pub(crate) fn refused(exchange: &Exchange<'_>, problem: &Problem, subject: &Subject) {
    write(exchange, problem.code(), Some(problem.status()), None, subject);
}

fn write(
    exchange: &Exchange<'_>,
    code: &str,
    status: Option<u16>,
    route: Option<&str>,
    subject: &Subject,
) {
    let mut line = json!({
        "event": "verdict",
        "code": code,
        "status": status,
        "request_id": exchange.call.id(),
        "method": exchange.method,
        "route": route,
        "duration_ms": runtime::now_ms() - exchange.call.started(),
    });
    if let (Some(line), Value::Object(fields)) = (line.as_object_mut(), subject.fields()) {
        line.extend(fields);
    }
    console_log!("{line}");
}
