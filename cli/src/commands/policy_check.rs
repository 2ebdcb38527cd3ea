//! `keyguard policy check`: reads every policy in a file and says what each comes to.

use std::{fs, path::Path, process::ExitCode};

use keyguard::{Mode, Policy};
use serde_json::Value;

/// Checks the policies of `file`, prints a line or more for each, and fails if any of them does not hold.
pub(crate) fn run(file: &Path) -> ExitCode {
    let policies = match read(file) {
        Ok(policies) => policies,
        Err(reason) => {
            eprintln!("{}: {reason}", file.display());
            return ExitCode::FAILURE;
        }
    };
    let mut code = ExitCode::SUCCESS;
    for (place, value) in policies {
        match Policy::from_value(value) {
            Ok(policy) => print!("{}: {place} holds\n{}", file.display(), summary(&policy)),
            Err(error) => {
                eprintln!(
                    "{}: {place}: field {}: {}",
                    file.display(),
                    error.field(),
                    error.reason()
                );
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

/// The policies of a file, each with the place where it stands.
fn read(file: &Path) -> Result<Vec<(String, Value)>, String> {
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    let policies = match file.extension().and_then(|extension| extension.to_str()) {
        Some("toml") => from_wrangler(&text)?,
        Some("vars") => from_dev_vars(&text),
        _ => vec![("the policy".to_owned(), json(&text)?)],
    };
    if policies.is_empty() {
        return Err("holds no POLICY: add one to [vars]".to_owned());
    }
    Ok(policies)
}

fn from_wrangler(text: &str) -> Result<Vec<(String, Value)>, String> {
    let config: Value = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut policies = Vec::new();
    if let Some(policy) = config.pointer("/vars/POLICY") {
        policies.push(("[vars] POLICY".to_owned(), policy.clone()));
    }
    for (name, env) in config.get("env").and_then(Value::as_object).into_iter().flatten() {
        if let Some(policy) = env.pointer("/vars/POLICY") {
            policies.push((format!("[env.{name}.vars] POLICY"), policy.clone()));
        }
    }
    Ok(policies)
}

fn from_dev_vars(text: &str) -> Vec<(String, Value)> {
    let values = text.lines().filter_map(|line| line.trim().strip_prefix("POLICY="));
    values
        .map(|value| {
            let quoted = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
            ("POLICY".to_owned(), Value::String(quoted.unwrap_or(value).to_owned()))
        })
        .collect()
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

fn summary(policy: &Policy) -> String {
    let mut lines = Vec::new();
    for mode in [Mode::Live, Mode::Test] {
        lines.push(match policy.upstream(mode) {
            Some(upstream) => format!("{mode} keys go to {}", upstream.as_str()),
            None => format!("{mode} keys are refused: no upstream"),
        });
    }
    lines.extend(policy.routes().iter().map(|route| format!("route {route}")));
    if policy.routes().is_empty() {
        lines.push("no routes: publishable keys may do nothing".to_owned());
    }
    if policy.allow_http_on_loopback() {
        lines.push("plain http on this machine is let pass: for development alone".to_owned());
    }
    format!("  {}\n", lines.join("\n  "))
}
