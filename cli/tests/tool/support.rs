//! Calling the tool, and what the API answers with.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use keyguard::{AdminCredential, IssuedKey, Kind, Mode};
use serde_json::{Value, json};

use crate::stand_in::StandIn;

/// What came of a call.
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "{text:?} is not in stderr: {}", self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn prints(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "{text:?} is not in stdout: {}", self.stdout);
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|_| panic!("{}", self.stdout))
    }
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A call without an environment of the machine's that could change it.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyguard"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

pub(crate) fn keyguard(arguments: &[&str]) -> Outcome {
    command(arguments).output().unwrap().into()
}

/// A call with a text on standard input.
pub(crate) fn keyguard_with(arguments: &[&str], input: &str) -> Outcome {
    run_with(command(arguments), input)
}

pub(crate) fn run_with(mut command: Command, input: &str) -> Outcome {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A tool that has seen enough closes its end.
    let _closed = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap().into()
}

/// A call to a stand-in's API, as an operator whose credential is [`credential`].
pub(crate) fn api_command(stand_in: &StandIn, arguments: &[&str]) -> Command {
    let config = file(
        "config.toml",
        &format!("default_env = \"there\"\n[env.there]\nurl = \"{}\"\n", stand_in.url),
    );
    let mut command = command(arguments);
    command
        .env("KEYGUARD_CONFIG", config)
        .env("KEYGUARD_CREDENTIAL", credential())
        .env("KEYGUARD_ACTOR", "alice@example.com");
    command
}

pub(crate) fn api(stand_in: &StandIn, arguments: &[&str]) -> Outcome {
    api_command(stand_in, arguments).output().unwrap().into()
}

/// The same with a standard output whose reader has gone.
pub(crate) fn api_unread(stand_in: &StandIn, arguments: &[&str]) -> Outcome {
    let (reader, output) = std::io::pipe().unwrap();
    drop(reader);
    api_into(stand_in, arguments, output)
}

/// The same with a standard output of one's own.
pub(crate) fn api_into(
    stand_in: &StandIn,
    arguments: &[&str],
    output: impl Into<Stdio>,
) -> Outcome {
    let mut command = api_command(stand_in, arguments);
    command
        .stdout(output)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
        .wait_with_output()
        .unwrap()
        .into()
}

pub(crate) fn credential() -> String {
    AdminCredential::issue(&[9; 32]).to_string()
}

pub(crate) fn issued(kind: Kind, mode: Mode) -> String {
    IssuedKey::issue(kind, mode, &[5; 32]).into_text().to_string()
}

pub(crate) fn digest(number: usize) -> String {
    format!("{number:064x}")
}

/// A file with this text, in a folder of its own.
pub(crate) fn file(name: &str, content: &str) -> PathBuf {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{number}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    path
}

/// A key as the API shows it.
pub(crate) fn key(mode: &str, more: &Value) -> Value {
    let mut key = json!({
        "id": "key_1", "account": "acct_1", "kind": "secret", "mode": mode, "status": "active", "version": 1,
        "created_at": 1_790_000_000_u64, "expires_at": null, "label": "Shop \u{1b}[31m", "origins": null, "scopes": null,
        "rate": null, "browser_headers": false, "revoked": null,
        "versions": [{
            "version": 1, "digest": digest(1), "created_at": 1_790_000_000_u64, "expires_at": null, "status": "active",
            "last_four": "abcd", "projection": "written",
        }],
        "projection": { "pending": false, "since": null, "attempts": 0, "last_error": null },
    });
    for (name, value) in more.as_object().unwrap() {
        key[name] = value.clone();
    }
    key
}

/// An account as the API shows it.
pub(crate) fn account(pending: u64) -> Value {
    json!({
        "id": "acct_1", "label": null, "created_at": 1_790_000_000_u64,
        "keys": { "active": 4, "expired": 0, "revoked": 0, "exposed": 0 },
        "projection": { "pending": pending, "oldest_pending_since": null, "last_error": null },
    })
}
