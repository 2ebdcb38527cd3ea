//! Incidents: a secret key was seen where it must not be. The caller has its refusal by then; the key's account is told after it.

use keyguard::{
    Denial, ExposureAction, ExposureReport, Fault, Incident, KeyRecord, Lookup, RequestUrl,
    UnixTime,
    exposure::{self, given_away},
    record::{Exposure, Revocation},
};
use wasm_bindgen::JsValue;

use super::{
    exchange::Exchange,
    facts::Relay,
    limits, log,
    memory::{self, Found},
    runtime,
    settings::Settings,
    store,
};

/// Looks after what a request gave away whose answer, mostly a refusal, needs no look-up, once the caller has it. `brought` is what the store said of one
/// of the keys, if it was asked: the key's name there, and the answer. What it failed to say is no word against the key.
pub(crate) fn given_away_by(
    exchange: &Exchange<'_>,
    denial: Denial,
    url: &RequestUrl<'_>,
    settings: &Settings,
    brought: Option<(&str, &JsValue)>,
) -> Result<(), Fault> {
    let policy = &settings.policy;
    let denial = exposure::or_key_in_query(denial, url);
    for lookup in given_away(denial, url, exchange.facts.authorization, policy) {
        let digest = lookup.digest();
        let stored = match brought {
            Some((name, stored)) if digest.store_name() == name => Some(stored),
            // Another's answer.
            Some(_) => continue,
            None => None,
        };
        let found = match (memory::recall(digest, policy, exchange.now), stored) {
            (Found::Known(found), _) => found,
            (Found::AskStore, Some(stored)) => {
                let times = (exchange.asked_at(), exchange.now);
                memory::keep(digest, stored, policy, times)?
            }
            (Found::AskStore, None) => {
                if limits::admit_address(exchange, digest, policy).is_ok() {
                    store::inspect(exchange, &lookup, policy);
                }
                continue;
            }
        };
        match &found {
            Some(found) => note(exchange, denial, &lookup, &found.record, settings),
            None => limits::strike(exchange, policy),
        }
    }
    Ok(())
}

/// Reports what a refusal, or what would have been one, says of a key with a record.
pub(crate) fn note(
    exchange: &Exchange<'_>,
    denial: Denial,
    lookup: &Lookup,
    record: &KeyRecord,
    settings: &Settings,
) {
    let facts = &exchange.facts;
    let is_relayed = denial == Denial::SecretKeyInBrowser && is_relayed(exchange);
    let Some(incident) = Incident::of(denial, facts.origin, facts.fetch_site, is_relayed) else {
        return;
    };
    let is_own = (record.kind, record.mode) == (lookup.kind(), lookup.mode());
    let is_over = record.revoked.is_some() || record.exposed.is_some();
    let policy = &settings.policy;
    if !is_own || is_over {
        return;
    }
    let at = UnixTime(exchange.now / 1000);
    let report = ExposureReport::new(&incident, lookup, &record.id, policy, at);
    // What takes the key out of use is never held back by what was only reported a moment ago.
    let is_certain = incident.is_certain();
    let is_first = memory::is_first_report(lookup.digest(), is_certain, policy, exchange.now);
    if report.action == ExposureAction::Refuse && !is_first {
        return;
    }
    log::exposed(exchange, &report, is_certain);
    if settings.has_accounts {
        exchange.call.report(&record.account, &report.to_json());
        pin(lookup, record, &report, settings, exchange.now);
    }
}

/// Whether a server passed the request on.
fn is_relayed(exchange: &Exchange<'_>) -> bool {
    let text = runtime::relay(exchange.request);
    // What can't be read proves nothing.
    let (Some(relay), Some(url)) = (Relay::read(&text), exchange.url()) else { return true };
    exposure::is_relayed(&url, relay.protocol, relay.forwarded_for, relay.names.split(','))
}

/// Obeys at once here what the store will say later.
fn pin(
    lookup: &Lookup,
    record: &KeyRecord,
    report: &ExposureReport,
    settings: &Settings,
    now: u64,
) {
    let (at, channel) = (report.at, report.channel.as_str());
    let mut record = record.clone();
    match report.action {
        ExposureAction::Refuse => return,
        ExposureAction::Quarantine => {
            record.exposed = Some(Exposure::new(at, channel, report.place.as_deref()));
        }
        ExposureAction::Revoke => {
            record.revoked = Some(Revocation { at, reason: format!("exposed: {channel}") });
        }
    }
    memory::pin(lookup.digest(), record, &settings.policy, now);
}
