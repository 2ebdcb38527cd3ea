//! `keyguard policy test`: which rule answers a request, and why.

mod told;

use std::path::PathBuf;

use clap::Args;
use keyguard::{
    ApiKey, CanonicalPath, Denial, Grant, IssuedKey, KeyRecord, Lookup, Policy, Problem,
    RequestFacts, UnixTime, decide::decide,
};
use serde_json::json;

use super::policy_check;
use crate::{
    failure::Failure,
    options::Global,
    output::{self, GREEN, RED, YELLOW, styled},
    words::{Kind, Mode},
};

#[derive(Args, Debug)]
#[command(after_help = "Exit code 0 if the request passes, 1 if it is refused.")]
pub(crate) struct Arguments {
    /// The request's method
    method: String,
    /// The request's path, as it is sent
    path: String,
    /// The key's kind
    #[arg(long)]
    kind: Kind,
    /// The key's mode
    #[arg(long)]
    mode: Mode,
    /// A scope to which the key is confined; repeat for more [default: none, it is not confined]
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// The page that the request comes from (`Origin`)
    #[arg(long)]
    origin: Option<String>,
    /// What the browser says of the page (`Sec-Fetch-Site`): cross-site, same-site, same-origin, none
    #[arg(long, value_name = "VALUE")]
    fetch_site: Option<String>,
    /// An origin that the key's record lists; repeat for more
    #[arg(long = "key-origin", value_name = "ORIGIN")]
    key_origins: Vec<String>,
    /// The key's record says `browser_headers`
    #[arg(long)]
    browser_headers: bool,
    /// A wrangler.toml, a .dev.vars file or the policy as JSON
    #[arg(long, value_name = "FILE", default_value = "wrangler.toml")]
    file: PathBuf,
    /// The policy of this environment of wrangler.toml ([env.NAME.vars])
    #[arg(long, value_name = "NAME")]
    env_name: Option<String>,
}

pub(crate) fn run(arguments: Arguments, global: &Global) -> Result<(), Failure> {
    let policy = policy_check::choose(&arguments.file, arguments.env_name.as_deref())?;
    let request = Request::new(arguments)?;
    let verdict = request.judge(&policy)?;
    if global.json {
        output::line(&verdict.json(&request).to_string())?;
    } else {
        verdict.print(&request, &policy)?;
    }
    if verdict.denial.is_none() { Ok(()) } else { Err(Failure::Check) }
}

/// A request with a key that is known and active.
struct Request {
    arguments: Arguments,
    path: String,
    canonical: Option<CanonicalPath>,
    record: KeyRecord,
}

/// What the core says of it.
struct Verdict {
    denial: Option<Denial>,
    /// What it would be refused with, but for `report_only`.
    reported: Option<Denial>,
    route: Option<String>,
    needs_scope: Option<String>,
    upstream: Option<String>,
}

impl Request {
    fn new(arguments: Arguments) -> Result<Self, Failure> {
        if !arguments.path.starts_with('/') {
            return Err(Failure::usage("PATH must begin with a slash"));
        }
        let path = arguments.path.split(['?', '#']).next().unwrap_or_default().to_owned();
        let mut record = KeyRecord::active(
            "key_test".to_owned(),
            "acct_test".to_owned(),
            arguments.kind.into(),
            arguments.mode.into(),
            UnixTime(0),
        );
        let list = |list: &Vec<String>| (!list.is_empty()).then(|| list.clone());
        record.scopes = list(&arguments.scopes);
        record.origins = list(&arguments.key_origins);
        record.browser_headers = arguments.browser_headers;
        Ok(Self { canonical: CanonicalPath::parse(&path), path, record, arguments })
    }

    /// Has the edge's own rules decide.
    fn judge(&self, policy: &Policy) -> Result<Verdict, Failure> {
        // Any issued key will do: this one never leaves the process.
        let key = IssuedKey::issue(self.record.kind, self.record.mode, &[0; 32]).into_text();
        let lookup = ApiKey::parse(&key).ok().and_then(|key| Lookup::of(key, policy).ok());
        let lookup = lookup.ok_or_else(|| Failure::usage("the key that was made up is none"))?;
        let facts = RequestFacts {
            method: &self.arguments.method,
            path: self.canonical.as_ref(),
            origin: self.arguments.origin.as_deref(),
            fetch_site: self.arguments.fetch_site.as_deref(),
        };
        let result = decide(&lookup, Some(&self.record), &facts, policy, UnixTime(1));
        let route = self.canonical.as_ref().and_then(|path| {
            policy.route(&self.arguments.method, path, self.record.kind, self.record.mode)
        });
        Ok(Verdict {
            route: route.map(ToString::to_string),
            needs_scope: route.and_then(|route| route.scope()).map(str::to_owned),
            upstream: policy.upstream(self.record.mode).map(|one| one.as_str().to_owned()),
            reported: result.as_ref().ok().and_then(Grant::reported),
            denial: result.err(),
        })
    }
}

impl Verdict {
    fn json(&self, request: &Request) -> serde_json::Value {
        let problem = self.denial.map(Problem::from);
        json!({
            "passes": self.denial.is_none(),
            "status": problem.as_ref().map(Problem::status),
            "code": problem.as_ref().map(Problem::code),
            "reported": self.reported.map(|denial| Problem::from(denial).code()),
            "reason": told::reason(self, request),
            "route": self.route,
            "scope": self.needs_scope,
            "path": request.canonical.as_ref().map(CanonicalPath::as_str),
            "upstream": self.upstream.as_ref().filter(|_| self.denial.is_none()),
        })
    }

    fn print(&self, request: &Request, policy: &Policy) -> Result<(), Failure> {
        let named = |denial: Denial| {
            let problem = Problem::from(denial);
            format!("{} {}", problem.status(), problem.code())
        };
        let headline = match (self.denial, self.reported) {
            (Some(denial), _) => styled(RED, &format!("refused: {}", named(denial))),
            (None, Some(denial)) => {
                styled(YELLOW, &format!("passes, and is reported: {}", named(denial)))
            }
            (None, None) => styled(GREEN, "passes"),
        };
        output::line(&headline)?;
        let mut pairs = vec![
            ("why", told::reason(self, request)),
            ("route", self.route.clone().unwrap_or_else(|| "none is for it".to_owned())),
            ("path", told::path(request)),
        ];
        if self.denial.is_none() {
            pairs.push(("upstream", self.upstream.clone().unwrap_or_default()));
        }
        output::pairs(&pairs)?;
        if self.route.is_none() {
            for near in told::near_misses(request, policy) {
                output::line(&format!("near: {}", output::plain(&near)))?;
            }
        }
        Ok(())
    }
}
