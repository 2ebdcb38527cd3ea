//! `keyguard policy check`: reads every policy in a file and says what each comes to.

mod summary;

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use keyguard::Policy;
use serde_json::Value;

use summary::summary;

use crate::{
    failure::Failure,
    output::{self, note},
};

#[derive(Args, Debug)]
#[command(after_help = "Exit code 0 if the policy holds, 1 if it doesn't.")]
pub(crate) struct Arguments {
    /// A wrangler.toml, whose [vars] and every [env.*.vars] are read, a .dev.vars file, or the policy as JSON
    #[arg(value_name = "FILE", default_value = "wrangler.toml")]
    pub(crate) file: PathBuf,
}

/// Checks the policies of `file`, prints a line or more for each, and fails if any of them does not hold.
pub(crate) fn run(file: &Path) -> Result<(), Failure> {
    let policies = match read(file) {
        Ok(policies) => policies,
        Err(reason) => {
            note(&format!("{}: {reason}", file.display()));
            return Err(Failure::Check);
        }
    };
    let mut result = Ok(());
    for Place { name, value, .. } in policies {
        match Policy::from_value(value) {
            Ok(policy) => {
                if let Some((earlier, later)) = policy.hidden_route() {
                    note(&format!(
                        "{}: {name}: field routes[{later}]: no request comes to it, since routes[{earlier}] is for all of them: put the narrower one first",
                        file.display()
                    ));
                    result = Err(Failure::Check);
                    continue;
                }
                output::text(&format!("{}: {name} holds\n{}", file.display(), summary(&policy)))?;
            }
            Err(error) => {
                note(&format!(
                    "{}: {name}: field {}: {}",
                    file.display(),
                    error.field(),
                    error.reason()
                ));
                result = Err(Failure::Check);
            }
        }
    }
    result
}

/// The one policy of a file that is meant: an environment's, or the one outside of any.
pub(super) fn choose(file: &Path, env: Option<&str>) -> Result<Policy, Failure> {
    let wrong = |reason: String| Failure::Usage(format!("{}: {reason}", file.display()));
    let policies = read(file).map_err(wrong)?;
    let place = policies.into_iter().find(|place| place.env.as_deref() == env);
    let place = place.ok_or_else(|| {
        wrong(env.map_or_else(
            || "holds no POLICY outside of an environment: name one with --env-name".to_owned(),
            |env| format!("holds no [env.{env}.vars] POLICY"),
        ))
    })?;
    Policy::from_value(place.value).map_err(|error| {
        wrong(format!("{}: field {}: {}", place.name, error.field(), error.reason()))
    })
}

/// A policy in a file.
pub(super) struct Place {
    /// Where it stands.
    pub(super) name: String,
    /// The environment of wrangler.toml that it is for.
    pub(super) env: Option<String>,
    pub(super) value: Value,
}

impl Place {
    fn new(name: impl Into<String>, value: Value) -> Self {
        Self { name: name.into(), env: None, value }
    }
}

/// The policies of a file, each with the place where it stands.
fn read(file: &Path) -> Result<Vec<Place>, String> {
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    let policies = match file.extension().and_then(|extension| extension.to_str()) {
        Some("toml") => from_wrangler(&toml::from_str(&text).map_err(|error| error.to_string())?),
        Some("vars") => from_dev_vars(&text),
        _ => vec![Place::new("the policy", json(&text)?)],
    };
    if policies.is_empty() {
        return Err("holds no POLICY: add one to [vars]".to_owned());
    }
    Ok(policies)
}

/// The policies of a wrangler.toml.
pub(super) fn from_wrangler(config: &Value) -> Vec<Place> {
    let own =
        config.pointer("/vars/POLICY").map(|policy| Place::new("[vars] POLICY", policy.clone()));
    let mut policies: Vec<Place> = own.into_iter().collect();
    for (name, env) in config.get("env").and_then(Value::as_object).into_iter().flatten() {
        if let Some(policy) = env.pointer("/vars/POLICY") {
            policies.push(Place {
                env: Some(name.clone()),
                ..Place::new(format!("[env.{name}.vars] POLICY"), policy.clone())
            });
        }
    }
    policies
}

fn from_dev_vars(text: &str) -> Vec<Place> {
    let values = text.lines().filter_map(|line| line.trim().strip_prefix("POLICY="));
    values
        .map(|value| {
            let quoted = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
            Place::new("POLICY", Value::String(quoted.unwrap_or(value).to_owned()))
        })
        .collect()
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}
