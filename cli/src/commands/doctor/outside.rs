//! What a deployment answers: looked at as any caller can, with no credential.

use keyguard::{IssuedKey, Kind, Mode};
use serde::Deserialize;
use ureq::{Agent, http::Request};
use zeroize::Zeroizing;

use super::Check;
use crate::{
    client::{Reply, agent},
    config::BaseUrl,
    failure::Failure,
};

pub(super) fn checks(url: &BaseUrl, plain_url: Option<&str>) -> Result<Vec<Check>, Failure> {
    let agent = agent(url);
    let base = url.as_str();
    let plain = plain_url.map(str::to_owned).or_else(|| plain_twin(url));
    let mut checks = vec![plain_http(&agent, plain.as_deref())];

    let reply = match call(&agent, &format!("{base}/"), None) {
        Ok(reply) => reply,
        Err(error) => {
            checks.push(Check::failure(
                "edge",
                format!("{base} could not be reached: {error}"),
                "Check the address, the zone's DNS record (it must be proxied) and the certificate.",
            ));
            return Ok(checks);
        }
    };
    let guard = without_key(&reply);
    let is_guarded = guard.state == super::State::Ok;
    checks.push(guard);
    if url.is_https() {
        checks.push(hsts(&reply));
    }
    if is_guarded {
        checks.push(unknown_key(&agent, base)?);
        checks.push(admin_api(&agent, base));
    }
    Ok(checks)
}

/// The same host by plain http, where that is a thing to try.
fn plain_twin(url: &BaseUrl) -> Option<String> {
    let host = url.as_str().strip_prefix("https://")?;
    // Another port speaks https alone.
    (!host.contains(':')).then(|| format!("http://{host}"))
}

fn plain_http(agent: &Agent, url: Option<&str>) -> Check {
    const NAME: &str = "plain http";
    let Some(url) = url else {
        return Check::unknown(
            NAME,
            "can't be told of an address with a port",
            "Look at the address that your callers use.",
        );
    };
    let Ok(reply) = call(agent, &format!("{url}/"), None) else {
        return Check::ok(NAME, "nothing answers: no key can be sent in the clear to it");
    };
    match (reply.status, code(&reply).as_deref()) {
        (403, Some("https-required")) => Check::ok(NAME, "refused with 403 https-required"),
        (301 | 302 | 307 | 308, _) => Check::failure(
            NAME,
            format!(
                "answered with {}, a redirect, before the Worker sees it: a key that came this way was sent in the clear, and \
                 nobody is told",
                reply.status
            ),
            "Switch Always Use HTTPS off for this host name: SSL/TLS → Edge Certificates → Always Use HTTPS, and redirect \
             rules.",
        ),
        (status, _) => Check::failure(
            NAME,
            format!("answered with {status} instead of 403 https-required"),
            "Check that the route covers this host name, and that the deployed policy has no allow_http_on_loopback.",
        ),
    }
}

fn without_key(reply: &Reply) -> Check {
    const NAME: &str = "edge";
    let challenge = reply.header("www-authenticate").unwrap_or_default();
    match (reply.status, code(reply).as_deref()) {
        (401, _) if challenge.contains("realm=\"keyguard\"") => {
            Check::ok(NAME, "asks for a key: 401 unauthorized")
        }
        (500, Some("misconfigured")) => Check::failure(
            NAME,
            "refuses everything: 500 misconfigured",
            "The Worker's log (`wrangler tail`) names the policy's field or the binding that is wrong.",
        ),
        (403, Some("https-required")) => Check::failure(
            NAME,
            "refuses plain http: 403 https-required",
            "Give --url with https://, or run it with worker/.dev.vars, whose policy has the exception for this machine.",
        ),
        (status, _) => Check::failure(
            NAME,
            format!(
                "answered {status}, and not as keyguard does: the request may have passed the Worker by"
            ),
            "Check that the Worker's route covers this host name and ends in /*, and that the DNS record is proxied.",
        ),
    }
}

/// A key that nobody has: what comes back tells whether the store was asked.
fn unknown_key(agent: &Agent, base: &str) -> Result<Check, Failure> {
    const NAME: &str = "key store";
    let mut entropy = Zeroizing::new([0; 32]);
    getrandom::fill(entropy.as_mut())
        .map_err(|error| Failure::Usage(format!("this machine gives no random bytes: {error}")))?;
    let key = IssuedKey::issue(Kind::Secret, Mode::Test, &entropy).into_text();
    let reply = match call(agent, &format!("{base}/"), Some(&key)) {
        Ok(reply) => reply,
        Err(error) => {
            return Ok(Check::failure(NAME, format!("no answer: {error}"), "Try again."));
        }
    };
    Ok(match (reply.status, code(&reply).as_deref()) {
        (400, Some("invalid-key")) => {
            Check::ok(NAME, "works: a key that nobody has is refused with 400 invalid-key")
        }
        (503, Some("store-unavailable")) => Check::failure(
            NAME,
            "fails: 503 store-unavailable",
            "Check that KEYS is bound to a KV namespace that exists; the Worker's log says more.",
        ),
        (500, Some("misconfigured")) => Check::failure(
            NAME,
            "is not bound: 500 misconfigured",
            "Bind KEYS in wrangler.toml, for this environment too.",
        ),
        (429, _) => {
            Check::unknown(NAME, "can't be told: the edge limits calls just now", "Try again.")
        }
        (status, _) => Check::failure(
            NAME,
            format!("answered {status} to a key that nobody has"),
            "Something else than keyguard answers: check the route, and close the origin to all but the Worker.",
        ),
    })
}

fn admin_api(agent: &Agent, base: &str) -> Check {
    const NAME: &str = "admin API";
    let reply = match call(agent, &format!("{base}/_keyguard/v1/accounts"), None) {
        Ok(reply) => reply,
        Err(error) => return Check::unknown(NAME, format!("no answer: {error}"), "Try again."),
    };
    let challenge = reply.header("www-authenticate").unwrap_or_default();
    match (reply.status, code(&reply).as_deref()) {
        (404, Some("not-found")) => {
            Check::ok(NAME, "off: set the secret ADMIN_CREDENTIALS where keys are to be managed")
        }
        (401, _) if challenge.contains("realm=\"keyguard-admin\"") => {
            Check::ok(NAME, "on, and asks for a credential")
        }
        (500, Some("misconfigured")) => Check::failure(
            NAME,
            "broken: 500 misconfigured",
            "The secret ADMIN_CREDENTIALS must hold name:digest entries, as `keyguard admin-credential new` prints them.",
        ),
        (status, _) => Check::failure(
            NAME,
            format!("answered {status}, and not as keyguard does"),
            "An older version may be deployed, or another route takes /_keyguard.",
        ),
    }
}

fn hsts(reply: &Reply) -> Check {
    const NAME: &str = "HSTS";
    match reply.header("strict-transport-security") {
        Some(_) => Check::ok(NAME, "browsers are told to use https alone"),
        None => Check::warning(
            NAME,
            "browsers are not told to use https alone",
            "For pages that call this API: SSL/TLS → Edge Certificates → HTTP Strict Transport Security. Servers don't heed it.",
        ),
    }
}

fn call(agent: &Agent, url: &str, key: Option<&str>) -> Result<Reply, ureq::Error> {
    let mut request = Request::get(url);
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    Reply::read(agent.run(request.body(())?)?)
}

/// The code of keyguard's problem, if it is one.
fn code(reply: &Reply) -> Option<String> {
    #[derive(Deserialize)]
    struct Problem {
        r#type: String,
        code: String,
    }
    let problem: Problem = serde_json::from_str(&reply.body).ok()?;
    problem.r#type.starts_with("urn:keyguard:").then_some(problem.code)
}
