//! What a policy comes to, in words.

use keyguard::{
    ExposureAction, Mode, Policy,
    policy::{Bound, LastUsed, Rates, Route, Tier},
};

/// A line for each thing that the policy decides.
pub(super) fn summary(policy: &Policy) -> String {
    let mut lines = Vec::new();
    lines.extend(MODES.map(|mode| upstream(policy, mode)));
    lines.extend(policy.routes().iter().map(route));
    if policy.routes().is_empty() {
        lines.push("no routes: publishable keys may do nothing".to_owned());
    }
    lines.extend(rates(policy));
    lines.extend(MODES.map(|mode| exposure(policy, mode)));
    lines.extend(reports(policy));
    lines.push(bound("a revoked key may still work", policy.revocation_bound()));
    lines.push(bound("a new key may still be unknown", policy.issue_bound()));
    lines.extend(switches(policy));
    format!("  {}\n", lines.join("\n  "))
}

fn upstream(policy: &Policy, mode: Mode) -> String {
    match policy.upstream(mode) {
        Some(upstream) => format!("{mode} keys go to {}", upstream.as_str()),
        None => format!("{mode} keys are refused: no upstream"),
    }
}

fn route(route: &Route) -> String {
    if route.report_only() {
        format!("route {route} reports only: what it would refuse passes, and is logged")
    } else {
        format!("route {route}")
    }
}

fn rates(policy: &Policy) -> Vec<String> {
    let Some(rates) = policy.rates() else {
        return vec!["no rates: no key is limited, whatever its record says".to_owned()];
    };
    let mut lines: Vec<String> = rates.tiers().iter().map(|tier| rate(rates, tier)).collect();
    if rates.default_tier().is_none() {
        lines.push(
            "no default rate: a key whose record names none is not limited, and one that names another than these is refused with 500"
                .to_owned(),
        );
    }
    let by_address =
        [("refused credentials", rates.refused()), ("reports of leaks", rates.leaks())];
    lines.extend(by_address.into_iter().filter_map(|(what, tier)| {
        let tier = tier?;
        Some(format!("{what}: {} for each address, counted by {}", quota(tier), tier.binding()))
    }));
    lines
}

fn rate(rates: &Rates, tier: &Tier) -> String {
    let is_default = rates.default_tier().is_some_and(|default| default.name() == tier.name());
    format!(
        "rate {}{}: {} for each key, counted by {} in each location",
        tier.name(),
        if is_default { " (the default)" } else { "" },
        quota(tier),
        tier.binding(),
    )
}

fn quota(tier: &Tier) -> String {
    let limit = tier.limit();
    let noun = if limit.requests == 1 { "request" } else { "requests" };
    format!("{} {noun} in {} s", limit.requests, limit.period.seconds())
}

fn exposure(policy: &Policy, mode: Mode) -> String {
    let action = match policy.exposure(mode) {
        ExposureAction::Refuse => "stays in use: the request is refused and reported",
        ExposureAction::Quarantine => {
            "is quarantined: refused everywhere until that is lifted or it is rotated"
        }
        ExposureAction::Revoke => "is revoked, for good; one that a page sends is quarantined",
    };
    format!("an exposed {mode} key {action}")
}

fn reports(policy: &Policy) -> Vec<String> {
    let leaks = policy.leaks();
    let mut lines = vec![policy.webhook().map_or_else(
        || "no webhook: exposures are in the log and the audit alone".to_owned(),
        // What follows the host may be a token.
        |url| {
            format!(
                "exposures are reported to {}",
                url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/")
            )
        },
    )];
    if leaks.github {
        lines.push("leaks that GitHub reports are taken".to_owned());
    }
    if leaks.presented {
        lines.push("whoever presents a secret key to the leak endpoint ends it".to_owned());
    }
    if (leaks.github || leaks.presented) && policy.rates().and_then(Rates::leaks).is_none() {
        lines.push("no `rates.leaks`: any address may send as many reports as it likes".to_owned());
    }
    lines
}

fn bound(what: &str, bound: Bound) -> String {
    format!(
        "{what} for {} s: {} s in an isolate's memory, {} s in a location's cache, {} s or more until KV has it everywhere",
        bound.total(),
        bound.isolate,
        bound.location,
        bound.propagation,
    )
}

fn switches(policy: &Policy) -> Vec<String> {
    let said = [
        (
            policy.requires_assertion(),
            "nothing is forwarded without an assertion: ASSERTION_SECRETS must be set",
        ),
        (policy.log_allowed(), "requests that pass have a line in the log, too"),
        (policy.last_used() == LastUsed::Never, "nobody is told when a key was used last"),
        (
            policy.report_only(),
            "report-only: what a page, an origin, a route or a rate limit should stop passes, and is logged: for moving an API in",
        ),
        (
            policy.allow_http_on_loopback(),
            "plain http on this machine is let pass: for development alone",
        ),
    ];
    said.into_iter().filter(|(holds, _)| *holds).map(|(_, line)| line.to_owned()).collect()
}

const MODES: [Mode; 2] = [Mode::Live, Mode::Test];
