//! What wrangler.toml says: the policy, variables, routes and the like.

use keyguard::{AdminCredential, Mode, Policy, scan};
use serde_json::Value;

use super::{Check, Wrangler};

pub(super) fn checks(wrangler: &Wrangler) -> Vec<Check> {
    let mut checks = policy(wrangler);
    checks.extend(variables(wrangler));
    checks.extend([routes(wrangler), observability(wrangler), compatibility_date(wrangler)]);
    checks
}

fn policy(wrangler: &Wrangler) -> Vec<Check> {
    let Some(value) = wrangler.own("vars").and_then(|vars| vars.get("POLICY")) else {
        return vec![Check::failure(
            "policy",
            "[vars] holds no POLICY: every request is refused with 500 misconfigured",
            "Add one: docs/policy.md. An environment needs one of its own.",
        )];
    };
    let policy = match Policy::from_value(value.clone()) {
        Ok(policy) => policy,
        Err(error) => {
            return vec![Check::failure(
                "policy",
                format!(
                    "field {}: {}: every request is refused with 500 misconfigured",
                    error.field(),
                    error.reason()
                ),
                "Mend the field: docs/policy.md explains each.",
            )];
        }
    };
    let modes: Vec<_> = [Mode::Live, Mode::Test]
        .into_iter()
        .filter(|mode| policy.upstream(*mode).is_some())
        .map(Mode::as_str)
        .collect();
    let found = format!("upstreams for {}; routes: {}", modes.join(" and "), policy.routes().len());
    let mut checks = vec![Check::ok("policy", found), cache_ttl(policy.store_cache_ttl())];
    checks.push(if policy.allow_http_on_loopback() {
        Check::failure(
            "plain http",
            "the policy lets plain http to this machine pass",
            "Take allow_http_on_loopback out of [vars]: it is for worker/.dev.vars.",
        )
    } else {
        Check::ok("plain http", "the policy has no exception")
    });
    checks
}

fn cache_ttl(seconds: u32) -> Check {
    let found = format!(
        "store_cache_ttl is {seconds} s: a revocation holds everywhere after that and the store's propagation"
    );
    if seconds > LONGEST_TTL {
        Check::warning("cache", found, "Set it to 60, unless revocations may take that long.")
    } else {
        Check::ok("cache", found)
    }
}

/// Variables are shown in the dashboard and stand in the file: no place for what must stay secret.
fn variables(wrangler: &Wrangler) -> Vec<Check> {
    let empty = serde_json::Map::new();
    let vars = wrangler.own("vars").and_then(Value::as_object).unwrap_or(&empty);
    let mut checks = vec![if vars.contains_key(SECRET) {
        Check::failure(
            "admin credentials",
            "[vars] holds ADMIN_CREDENTIALS, where everyone can read it who sees the file or the dashboard",
            "Take it out, and set it as a secret: wrangler secret put ADMIN_CREDENTIALS",
        )
    } else {
        Check::ok("admin credentials", "not in [vars]; as a secret they don't show here")
    }];
    for (name, value) in vars {
        let value = value.to_string();
        if scan::holds_secret_key(&value) || value.contains(AdminCredential::PREFIX) {
            checks.push(Check::failure(
                "secrets",
                format!("the variable {name} holds a secret key or a credential"),
                "Replace that key or credential now, since the file has it in the clear, and set the new one as a secret.",
            ));
        }
    }
    checks
}

fn routes(wrangler: &Wrangler) -> Check {
    let listed =
        wrangler.inherited("routes").and_then(Value::as_array).cloned().unwrap_or_default();
    let single = wrangler.inherited("route").cloned();
    let routes: Vec<Value> = listed.into_iter().chain(single).collect();
    let workers_dev = wrangler.inherited("workers_dev").and_then(Value::as_bool);
    if routes.is_empty() {
        return Check::warning(
            "routes",
            "none: the Worker answers at workers.dev alone, if at all",
            "Add the API's: routes = [{ pattern = \"api.example.com/*\", zone_name = \"example.com\" }], or custom_domain = true.",
        );
    }
    let pattern = |route: &Value| {
        let pattern = route.get("pattern").unwrap_or(route);
        pattern.as_str().unwrap_or_default().to_owned()
    };
    let is_custom_domain =
        |route: &Value| route.get("custom_domain").and_then(Value::as_bool) == Some(true);
    let partial =
        routes.iter().find(|route| !is_custom_domain(route) && !pattern(route).ends_with("/*"));
    if let Some(route) = partial {
        return Check::warning(
            "routes",
            format!(
                "{} doesn't take every path: others reach the origin unchecked",
                pattern(route)
            ),
            "Let the pattern end in /*, or make sure that the origin takes requests from the Worker alone.",
        );
    }
    let patterns: Vec<_> = routes.iter().map(pattern).collect();
    if workers_dev == Some(true) {
        return Check::warning(
            "routes",
            format!("{}, and workers.dev beside them", patterns.join(", ")),
            "Set workers_dev = false: the second address is outside of the zone's settings.",
        );
    }
    Check::ok("routes", patterns.join(", "))
}

fn observability(wrangler: &Wrangler) -> Check {
    let settings = wrangler.inherited("observability");
    let setting = |name| settings.and_then(|settings| settings.get(name));
    if setting("enabled").and_then(Value::as_bool) != Some(true) {
        return Check::warning(
            "log",
            "observability is off: refusals are not kept",
            "Add [observability] with enabled = true.",
        );
    }
    match setting("head_sampling_rate").and_then(Value::as_f64) {
        Some(rate) if rate < 1.0 => Check::warning(
            "log",
            format!("only a share of {rate} of the refusals is kept"),
            "Set head_sampling_rate to 1, or know that a refusal may not be found.",
        ),
        _ => Check::ok("log", "observability is on"),
    }
}

fn compatibility_date(wrangler: &Wrangler) -> Check {
    const NAME: &str = "compatibility date";
    match wrangler.inherited("compatibility_date").and_then(Value::as_str) {
        None => Check::failure(
            NAME,
            "compatibility_date is missing",
            format!("Set it to {TESTED_DATE}, with which keyguard is tested."),
        ),
        // Dates of this form sort as texts.
        Some(date) if date < TESTED_DATE => Check::warning(
            NAME,
            format!("{date} is older than what keyguard is tested with"),
            format!("Set compatibility_date to {TESTED_DATE}."),
        ),
        Some(date) => Check::ok(NAME, date),
    }
}

const SECRET: &str = "ADMIN_CREDENTIALS";
const TESTED_DATE: &str = "2026-11-01";

/// More than this and a revoked key works for longer than an operator expects.
const LONGEST_TTL: u32 = 300;
