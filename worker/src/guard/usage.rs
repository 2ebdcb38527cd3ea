//! Insight: one point for each verdict, and when a key was used last. Both come after the answer.

use keyguard::{Grant, KeyDigest, Problem, policy::Route};

use super::{exchange::Exchange, log::Subject, memory, settings::Settings};

/// Counts an allowed request, and tells the key's account of the first use in a period.
pub(crate) fn allowed(
    exchange: &Exchange<'_>,
    grant: &Grant<'_>,
    digest: &KeyDigest,
    settings: &Settings,
) {
    let record = grant.record();
    if settings.has_usage {
        let route = grant.route().map_or("", Route::label);
        let (kind, mode) = (record.kind.as_str(), record.mode.as_str());
        count(exchange, &record.account, ["allowed", &record.id, kind, mode, route]);
    }
    let now = exchange.now;
    if settings.has_accounts && memory::is_first_use(digest, &settings.policy, now) {
        #[expect(clippy::cast_precision_loss, reason = "exact for any time of this clock")]
        let at = (now / 1000) as f64;
        exchange.call.used(&record.account, &record.id, at);
    }
}

/// Counts a refusal.
pub(crate) fn refused(exchange: &Exchange<'_>, problem: &Problem, subject: &Subject) {
    let (account, id, kind, mode) = subject.known();
    count(exchange, account, [problem.code(), id, kind, mode, ""]);
}

/// A point's index is the account; its blobs are code, key id, kind, mode, route and method.
fn count(exchange: &Exchange<'_>, account: &str, [code, id, kind, mode, route]: [&str; 5]) {
    let blobs = [code, id, kind, mode, route, exchange.facts.method].join("\n");
    exchange.call.count(account, &blobs);
}
