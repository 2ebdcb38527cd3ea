//! Words for a verdict.

use keyguard::{Denial, Kind, Mode, Policy, policy::Route};

use super::{Request, Verdict};

/// Why the request passes or doesn't.
pub(super) fn reason(verdict: &Verdict, request: &Request) -> String {
    match (verdict.denial, verdict.reported) {
        (None, None) => permission(verdict, request),
        (Some(denial), _) => refusal(denial, verdict, request),
        (None, Some(denial)) => {
            format!("{}; `report_only` lets it pass", refusal(denial, verdict, request))
        }
    }
}

fn permission(verdict: &Verdict, request: &Request) -> String {
    match (&verdict.route, request.record.kind) {
        (Some(_), _) => "the route permits it".to_owned(),
        (None, Kind::Secret) if request.canonical.is_none() => {
            "a secret key that is not confined to scopes may do what no route forbids; its path goes through as it came"
                .to_owned()
        }
        (None, _) => "a secret key may do what no route keeps from it".to_owned(),
    }
}

fn refusal(denial: Denial, verdict: &Verdict, request: &Request) -> String {
    match denial {
        Denial::InsufficientScope => match (&verdict.route, &verdict.needs_scope) {
            (Some(_), Some(scope)) => {
                format!("the route needs the scope `{scope}`, which the key's list lacks")
            }
            _ if request.canonical.is_none() => {
                "the path has no single reading, and a confined key's path must have one".to_owned()
            }
            _ => {
                "a publishable key may do what a route permits, and no route is for this".to_owned()
            }
        },
        Denial::SecretKeyInBrowser => {
            "a secret key comes from a web page, as Origin or Sec-Fetch-Site say".to_owned()
        }
        Denial::OriginNotAllowed => match &request.arguments.origin {
            Some(origin) => format!("neither the key nor the policy lists {origin}"),
            None => "the key or the policy lists origins, and the request names none".to_owned(),
        },
        Denial::ModeNotServed => format!("the policy has no upstream.{}", request.record.mode),
        denial => denial.to_string(),
    }
}

/// The path that is matched, or why there is none.
pub(super) fn path(request: &Request) -> String {
    match &request.canonical {
        Some(path) if path.as_str() == request.path => path.to_string(),
        Some(path) => format!("{path} (canonical form of {})", request.path),
        None => format!(
            "{}: no canonical form, since it has {}",
            request.path,
            ambiguity(&request.path)
        ),
    }
}

/// The first thing that some servers read differently from others.
fn ambiguity(path: &str) -> &'static str {
    let lower = path.to_ascii_lowercase();
    let is_dots = |segment: &str| matches!(segment, "." | "..");
    if !path.is_ascii() {
        "characters that are not ASCII"
    } else if path.contains("//") {
        "two slashes in a row"
    } else if path.contains('\\') || lower.contains("%5c") {
        "a backslash"
    } else if path.contains(';') || lower.contains("%3b") {
        "a semicolon"
    } else if lower.contains("%2f") {
        "an encoded slash"
    } else if path.split('/').any(is_dots) {
        "a dot segment"
    } else if lower.contains("%2e") {
        "an encoded dot"
    } else if lower.contains("%25") {
        "an encoded percent sign"
    } else if path.contains('%') {
        "a broken escape, or one of a control or non-ASCII byte"
    } else {
        "a character that doesn't belong into a path"
    }
}

/// Routes for the same path that are for another method, kind or mode.
pub(super) fn near_misses(request: &Request, policy: &Policy) -> Vec<String> {
    let Some(path) = &request.canonical else { return Vec::new() };
    let method = &request.arguments.method;
    let mut methods: Vec<&str> = policy.routes().iter().map(Route::method).collect();
    methods.sort_unstable();
    methods.dedup();
    let (kind, mode) = (request.record.kind, request.record.mode);
    let mut found = Vec::new();
    for other in methods {
        for (other_kind, other_mode) in KINDS_AND_MODES {
            let Some(route) = policy.route(other, path, other_kind, other_mode) else { continue };
            let mut differences = Vec::new();
            if other != method {
                differences.push("another method".to_owned());
            }
            if other_kind != kind {
                differences.push(format!("{other_kind} keys"));
            }
            if other_mode != mode {
                differences.push(format!("{other_mode} mode"));
            }
            if differences.len() == 1 {
                found.push(format!("{route}, for {}", differences.join(", ")));
            }
        }
    }
    found.dedup();
    found
}

const KINDS_AND_MODES: [(Kind, Mode); 4] = [
    (Kind::Publishable, Mode::Live),
    (Kind::Publishable, Mode::Test),
    (Kind::Secret, Mode::Live),
    (Kind::Secret, Mode::Test),
];
