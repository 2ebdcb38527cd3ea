//! What the core says of a request, step by step, as one text.

use std::fmt::{Debug, Write as _};

use keyguard::{
    ApiKey, AssertionSecrets, CanonicalPath, Claims, Denial, Fault, Incident, KeyRecord, Lookup,
    Policy, Problem, RequestFacts, RequestUrl, UnixTime,
    decide::{Forward, admit, api_key, bearer, decide},
    explain,
    exposure::given_away,
    headers::Removal,
    page::{KeyRules, check_base_url, check_body, check_header, check_path, check_request},
    scan::{bytes_hold_key, holds_secret_key, might_show_secret_key, starts_secret_key},
};

use crate::request::Request;

/// What is said, and the word for it.
#[derive(Debug, Default)]
pub(crate) struct Story {
    pub(crate) text: String,
    pub(crate) verdict: String,
}

pub(crate) fn of(request: &Request) -> Story {
    let mut story = Story::default();
    story.tell("request", request);
    story.verdict = story.edge(request).unwrap_or_else(|refusal| refusal);
    story.tell("verdict", story.verdict.clone());
    story.texts(request);
    story
}

impl Story {
    fn tell(&mut self, name: &str, said: impl Debug) {
        // A text takes whatever is written.
        let _ = writeln!(self.text, "{name}: {said:?}");
    }

    /// What the guard does with a request, in its order.
    fn edge(&mut self, request: &Request) -> Result<String, String> {
        let policy = match Policy::from_json(&request.policy) {
            Ok(policy) => policy,
            Err(error) => {
                self.tell("policy", error);
                return Err(self.problem(Fault::Misconfigured, None));
            }
        };
        let Some(url) = RequestUrl::cut(&request.url, request.host) else {
            return Err(self.problem(Denial::UnreadableTarget, None));
        };
        self.tell("url", (url, url.is_loopback(), url.instance(), url.query_holds_key()));
        let refused = |story: &mut Self, denial: Denial| {
            let incident =
                Incident::of(denial, request.origin, request.fetch_site, request.is_over_limit);
            story.tell("incident", &incident);
            let lookups = given_away(denial, &url, request.authorization.as_deref(), &policy);
            story.tell("given away", &lookups);
            for lookup in &lookups {
                story.tell(
                    "action",
                    incident.as_ref().map(|one| one.action(lookup.mode(), &policy)),
                );
            }
            story.problem(denial, url.instance())
        };
        let admitted =
            admit(&url, request.method, request.origin, request.requested_method, &policy);
        if admitted.map_err(|denial| refused(self, denial))?.is_some() {
            return Ok("preflight".to_owned());
        }
        let lookup = bearer(&url, request.method, request.authorization.as_deref())
            .and_then(|token| api_key(&token))
            .and_then(|key| Lookup::of(key, &policy))
            .map_err(|denial| refused(self, denial))?;
        self.tell("lookup", &lookup);
        let record = request.record.as_deref().map(KeyRecord::from_json).transpose();
        let record = record.map_err(|_| self.problem(Fault::StoreUnavailable, url.instance()))?;
        self.tell("record", record.as_ref().map(KeyRecord::to_json));
        let path = CanonicalPath::parse(url.path());
        let facts = RequestFacts {
            method: request.method,
            path: path.as_ref(),
            origin: request.origin,
            fetch_site: request.fetch_site,
        };
        let now = UnixTime(request.now);
        let mut grant = decide(&lookup, record.as_ref(), &facts, &policy, now)
            .map_err(|denial| refused(self, denial))?;
        let tier = policy.tier(grant.record()).map_err(|fault| self.problem(fault, None))?;
        if let Some(tier) = tier.filter(|_| request.is_over_limit) {
            grant = grant.over_limit(tier).map_err(|denial| refused(self, denial))?;
        }
        let reported = grant.reported();
        self.tell("route", grant.route());
        self.tell("reported", reported);
        self.forward(&grant.into_forward(), request);
        Ok(if reported.is_some() { "reported" } else { "allowed" }.to_owned())
    }

    fn forward(&mut self, forward: &Forward<'_>, request: &Request) {
        self.tell("forward", (&forward.path, forward.upstream.as_str(), forward.removes_overrides));
        let removal = Removal {
            connection: request.connection,
            proxy_connection: None,
            is_websocket: request.now.is_multiple_of(2),
            keeps_authorization: request.is_over_limit,
            removes_overrides: forward.removes_overrides,
        };
        self.tell("removes", removal.removes(request.header));
        let secrets = AssertionSecrets::parse("k1:a2V5Z3VhcmQga2V5Z3VhcmQga2V5Z3VhcmQga2V5ISE");
        let claims = Claims {
            audience: forward.upstream.as_str(),
            issued_at: UnixTime(request.now),
            id: "r-1",
            account: &forward.record.account,
            key_id: &forward.record.id,
            kind: forward.record.kind,
            mode: forward.record.mode,
            method: request.method,
            path: forward.path.as_ref().map_or("/", CanonicalPath::as_str),
        };
        self.tell("assertion", secrets.map(|secrets| secrets.sign(&claims)));
    }

    fn problem(&mut self, reason: impl Into<Problem>, instance: Option<&str>) -> String {
        let problem = reason.into();
        self.tell("problem", problem.document(instance, "r-1"));
        self.tell(
            "fields",
            (
                problem.status(),
                problem.challenge(),
                problem.retry_after(),
                problem.rate_limit(),
                problem.rate_limit_policy(),
            ),
        );
        problem.code().to_owned()
    }

    /// What is said of a text by all that reads texts.
    fn texts(&mut self, request: &Request) {
        let text = request.text.as_str();
        self.tell(
            "scan",
            (
                holds_secret_key(text),
                bytes_hold_key(text.as_bytes()),
                starts_secret_key(text),
                might_show_secret_key(text),
            ),
        );
        self.tell("key", ApiKey::parse(text));
        self.tell("explained", explain(text, None, None));
        self.tell("path", CanonicalPath::parse(text));
        self.tell("rules", KeyRules::default().accept(text));
        self.tell(
            "init",
            (
                check_header(b"method", text.as_bytes()),
                check_header(b"x-note", text.as_bytes()),
                check_body(text.as_bytes()),
            ),
        );
        let joined = [&request.url, "/", text].concat();
        self.tell("base", check_base_url(&request.url));
        self.tell("joined", check_path(["/", text].concat()));
        self.tell("finished", check_request(request.url.as_bytes(), joined.as_bytes()));
    }
}
