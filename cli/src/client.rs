//! The admin API: one call, its retries, and what came of it.

mod answer;
mod retry;

use std::{cell::Cell, fmt, fmt::Write as _, time::Duration};

use keyguard::life::might_show;
use ureq::{
    Agent, Body,
    http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response},
};
use zeroize::Zeroizing;

use crate::{
    config::{BaseUrl, Environment},
    credential::{self, Credential},
    failure::Failure,
};

pub(crate) use answer::Answer;

/// One operator's way to one environment's admin API.
pub(crate) struct Client {
    agent: Agent,
    environment: Environment,
    authorization: Zeroizing<String>,
    actor: Option<String>,
    idempotency_key: Option<String>,
}

impl Client {
    /// Asks for the credential, where the environment has none. A change goes under `idempotency_key`, if there is one, or else
    /// under a new one.
    pub(crate) fn open(
        environment: Environment,
        idempotency_key: Option<&str>,
    ) -> Result<Self, Failure> {
        let idempotency_key = idempotency_key.map(parse_idempotency_key).transpose()?;
        let authorization = Credential::obtain()?.authorization();
        let actor = credential::actor()?;
        let agent = agent(&environment.url);
        Ok(Self { agent, environment, authorization, actor, idempotency_key })
    }

    /// What lies at a path below the API's base.
    pub(crate) fn read(&self, path: &str) -> Result<Answer, Failure> {
        self.call(&Call { method: Method::GET, path, body: None, idempotency_key: None })
    }

    /// Changes something, or says what the change would come to.
    ///
    /// The same idempotency key goes with every attempt, so a change whose answer was lost is not done twice. If there is no
    /// answer at all, it is told with the failure.
    pub(crate) fn change(
        &self,
        method: Method,
        path: &str,
        body: String,
        is_dry_run: bool,
    ) -> Result<Answer, Failure> {
        let path = if is_dry_run { format!("{path}?dry_run=true") } else { path.to_owned() };
        let idempotency_key = self.idempotency_key.clone().map_or_else(random_hex, Ok)?;
        let call = Call {
            method,
            path: &path,
            body: Some(body),
            idempotency_key: Some(idempotency_key.clone()),
        };
        let may_be_done = Cell::new(false);
        let answer = self.call_noting(&call, |result| {
            may_be_done.set(may_be_done.get() || retry::may_be_done(result));
        });
        answer.map_err(|failure| match failure {
            Failure::Unreachable(_) | Failure::Fault(_) if may_be_done.get() && !is_dry_run => {
                Failure::Unsure { failure: Box::new(failure), idempotency_key }
            }
            failure => failure,
        })
    }

    fn call(&self, call: &Call<'_>) -> Result<Answer, Failure> {
        self.call_noting(call, |_| {})
    }

    /// Calls, and shows `note` what came of each attempt.
    fn call_noting(
        &self,
        call: &Call<'_>,
        note: impl Fn(&Result<Reply, ureq::Error>),
    ) -> Result<Answer, Failure> {
        let reply = retry::until_answered(|| {
            let result = self.attempt(call);
            note(&result);
            result
        });
        let reply = reply.map_err(|error| {
            Failure::Unreachable(format!(
                "could not reach {} (environment `{}`): {error}",
                self.environment.url.as_str(),
                self.environment.name,
            ))
        })?;
        answer::judge(reply, self.environment.url.as_str())
    }

    fn attempt(&self, call: &Call<'_>) -> Result<Reply, ureq::Error> {
        let uri = format!("{}{BASE}{}", self.environment.url.as_str(), call.path);
        let mut request = Request::builder().method(&call.method).uri(uri).body(())?;
        let headers = request.headers_mut();
        let mut authorization =
            HeaderValue::from_str(&self.authorization).map_err(ureq::http::Error::from)?;
        authorization.set_sensitive(true);
        headers.insert("authorization", authorization);
        for (name, value) in [
            ("idempotency-key", call.idempotency_key.as_deref()),
            ("keyguard-actor", self.actor.as_deref()),
            ("content-type", call.body.is_some().then_some("application/json")),
        ] {
            if let Some(value) = value {
                let value = HeaderValue::from_str(value).map_err(ureq::http::Error::from)?;
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        let response = match &call.body {
            Some(body) => self.agent.run(request.map(|()| body.as_str()))?,
            None => self.agent.run(request)?,
        };
        Reply::read(response)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("environment", &self.environment).finish_non_exhaustive()
    }
}

struct Call<'a> {
    method: Method,
    path: &'a str,
    body: Option<String>,
    idempotency_key: Option<String>,
}

/// What came back, whatever it is.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Zeroizing<String>,
}

impl Reply {
    pub(crate) fn read(mut response: Response<Body>) -> Result<Self, ureq::Error> {
        let body = response.body_mut().with_config().limit(MAX_ANSWER).lossy_utf8(true);
        let body = Zeroizing::new(body.read_to_string()?);
        Ok(Self { status: response.status().as_u16(), headers: response.headers().clone(), body })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A way to talk HTTP that follows no redirect, and that no proxy listens to in the clear.
pub(crate) fn agent(url: &BaseUrl) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("keyguard/", env!("CARGO_PKG_VERSION")))
        .timeout_connect(Some(Duration::from_secs(10)))
        .timeout_global(Some(Duration::from_mins(1)));
    // Plain http is for this very machine: a proxy would read the credential.
    let config = if url.is_https() { config } else { config.proxy(None) };
    config.build().new_agent()
}

/// A value as it may stand in a query.
pub(crate) fn escape(value: &str) -> String {
    value.bytes().fold(String::with_capacity(value.len()), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string can't fail.
            let _written = write!(escaped, "%{byte:02X}");
        }
        escaped
    })
}

/// Reads an idempotency key as the API takes it. What is none is not shown: it may be a key in the wrong place.
fn parse_idempotency_key(text: &str) -> Result<String, Failure> {
    let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    if (1..=255).contains(&text.len()) && is_visible && !might_show(text) {
        Ok(text.to_owned())
    } else {
        Err(Failure::usage(
            "--idempotency-key (or KEYGUARD_IDEMPOTENCY_KEY) must be 1 to 255 visible ASCII characters without a space, \
             and no API key or credential",
        ))
    }
}

/// 128 random bits.
fn random_hex() -> Result<String, Failure> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::Usage(format!("this machine gives no random bytes: {error}")))?;
    Ok(bytes.iter().fold(String::with_capacity(32), |mut hex, byte| {
        let _written = write!(hex, "{byte:02x}");
        hex
    }))
}

const BASE: &str = "/_keyguard/v1";

/// A page of 1,000 keys with long lists of origins stays below.
const MAX_ANSWER: u64 = 32 << 20;
