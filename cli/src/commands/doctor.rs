//! `keyguard doctor`: what a deployment gets wrong, as far as its wrangler.toml and its answers tell.

mod bindings;
mod outside;
mod settings;

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use serde_json::Value;

use crate::{
    config::BaseUrl,
    failure::Failure,
    options::Global,
    output::{self, GREEN, RED, YELLOW, styled},
};

#[derive(Args, Debug)]
#[command(
    after_help = "No credential is needed, and the one key that is sent was made up for it.\n\
                        Exit code 0 if nothing failed, 1 if something did."
)]
pub(crate) struct Arguments {
    /// The deployment's wrangler.toml [default: worker/wrangler.toml or wrangler.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    wrangler: Option<PathBuf>,
    /// The environment of wrangler.toml
    #[arg(long, value_name = "NAME")]
    env_name: Option<String>,
    /// The deployment's address, to look at it from outside
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The same by plain http, where it isn't on port 80
    #[arg(long, value_name = "URL", hide = true, requires = "url")]
    plain_url: Option<String>,
}

pub(crate) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    let mut checks = Vec::new();
    let file = arguments.wrangler.clone().or_else(|| {
        ["worker/wrangler.toml", "wrangler.toml"]
            .into_iter()
            .map(PathBuf::from)
            .find(|file| file.is_file())
    });
    if file.is_none() && arguments.url.is_none() {
        return Err(Failure::usage("nothing to look at: say --wrangler FILE, --url URL or both"));
    }
    if let Some(file) = &file {
        match read(file, arguments.env_name.as_deref()) {
            Ok(wrangler) => {
                checks.extend(settings::checks(&wrangler));
                checks.extend(bindings::checks(&wrangler));
            }
            Err(reason) => checks.push(Check::failure(
                "wrangler.toml",
                format!("{}: {reason}", file.display()),
                "Mend the file, or name another with --wrangler.",
            )),
        }
    }
    if let Some(url) = &arguments.url {
        let url =
            BaseUrl::parse(url).map_err(|reason| Failure::Usage(format!("--url {reason}")))?;
        checks.extend(outside::checks(&url, arguments.plain_url.as_deref())?);
    }
    checks.push(fail_open());
    print(&checks, global.json)?;
    let has_failed = checks.iter().any(|check| check.state == State::Failure);
    if has_failed { Err(Failure::Check) } else { Ok(()) }
}

/// Something that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    #[serde(rename = "check")]
    name: &'static str,
    state: State,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Warning,
    Failure,
    Unknown,
}

impl Check {
    fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, state: State::Ok, found: found.into(), advice: None }
    }

    fn warning(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, state: State::Warning, found: found.into(), advice: Some(advice.into()) }
    }

    fn failure(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { state: State::Failure, ..Self::warning(name, found, advice) }
    }

    fn unknown(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { state: State::Unknown, ..Self::warning(name, found, advice) }
    }
}

/// A wrangler.toml, as one environment of it is deployed.
struct Wrangler {
    config: Value,
    env: Option<Value>,
}

impl Wrangler {
    /// A setting that an environment takes over from the top level.
    fn inherited(&self, name: &str) -> Option<&Value> {
        self.env.as_ref().and_then(|env| env.get(name)).or_else(|| self.config.get(name))
    }

    /// A setting that an environment must bring itself: variables and bindings.
    fn own(&self, name: &str) -> Option<&Value> {
        self.env.as_ref().unwrap_or(&self.config).get(name)
    }

    /// The tables of a list of the environment's own.
    fn own_list(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.own(name).and_then(Value::as_array).into_iter().flatten()
    }
}

fn read(file: &Path, env: Option<&str>) -> Result<Wrangler, String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    // Without the line that the parser would show: it may hold what should be a secret.
    let config: Value =
        toml::from_str(&text).map_err(|error: toml::de::Error| error.message().to_owned())?;
    let env = match env {
        None => None,
        Some(name) => {
            let table = config.get("env").and_then(|env| env.get(name)).cloned();
            Some(table.ok_or_else(|| format!("has no [env.{name}]"))?)
        }
    };
    Ok(Wrangler { config, env })
}

fn fail_open() -> Check {
    Check::unknown(
        "fail-closed route",
        "can't be told from outside: on the free plan a route over its limit can let requests past the Worker",
        "Look in the dashboard: Workers & Pages → the Worker → Settings → Domains & Routes → the route → Request limit \
         failure mode → Fail closed.",
    )
}

fn print(checks: &[Check], is_json: bool) -> Result<(), Failure> {
    if is_json {
        let json = serde_json::to_string(checks).unwrap_or_default();
        return output::line(&output::plain_json(&json));
    }
    for check in checks {
        let mark = match check.state {
            State::Ok => styled(GREEN, "ok     "),
            State::Warning => styled(YELLOW, "warning"),
            State::Failure => styled(RED, "failure"),
            State::Unknown => "unknown".to_owned(),
        };
        output::line(&format!("{mark}  {}: {}", check.name, output::plain(&check.found)))?;
        if let Some(advice) = &check.advice {
            output::line(&format!("         → {}", output::plain(advice)))?;
        }
    }
    Ok(())
}
