//! Why a command didn't do what it was asked for, and the exit code that says so.

use std::{fmt, process::ExitCode};

use serde::Deserialize;

use crate::plain::plain;

/// Why a command failed. No variant holds a key or a credential.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something was checked and doesn't hold; what, the command has said already.
    Check,
    /// The same, with the words for it.
    Wrong(String),
    /// The API refused.
    Refused(Box<Problem>),
    /// The call or its input makes no sense.
    Usage(String),
    /// Nothing answered, or nothing that makes sense.
    Unreachable(String),
    /// The API broke.
    Fault(Box<Problem>),
    /// A change of which nobody knows whether it was done, and under which idempotency key it is done once.
    Unsure { failure: Box<Failure>, idempotency_key: String },
    /// The person at the terminal didn't say yes.
    NotConfirmed(String),
    /// Whoever read the output has gone, as `head` does when it has enough.
    Closed,
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    /// The exit code, as `--help` lists them.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Closed => 0,
            Self::Check | Self::Wrong(_) | Self::Refused(_) => 1,
            Self::Usage(_) => 2,
            Self::Unreachable(_) | Self::Fault(_) => 3,
            Self::NotConfirmed(_) => 4,
            Self::Unsure { failure, .. } => return failure.exit_code(),
        })
    }

    /// The failure alone, for a change that is repeated in another way.
    pub(crate) fn into_cause(self) -> Self {
        match self {
            Self::Unsure { failure, .. } => *failure,
            failure => failure,
        }
    }

    /// Whether there is nothing left to say.
    pub(crate) fn is_silent(&self) -> bool {
        matches!(self, Self::Check | Self::Closed)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(problem) | Self::Fault(problem) => problem.fmt(f),
            Self::Wrong(message)
            | Self::Usage(message)
            | Self::Unreachable(message)
            | Self::NotConfirmed(message) => f.write_str(&plain(message)),
            Self::Unsure { failure, idempotency_key } => write!(
                f,
                "no answer says what became of the change: it may have been done. Run the very same command with \
                 `--idempotency-key {idempotency_key}` within a day, and it is done once. What happened: {failure}"
            ),
            Self::Check => f.write_str("the check failed"),
            Self::Closed => f.write_str("the output was closed"),
        }
    }
}

/// A problem document of the API (RFC 9457), as far as a person needs it.
#[derive(Debug, Deserialize)]
pub(crate) struct Problem {
    #[serde(default)]
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) detail: String,
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) request_id: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = if self.title.is_empty() || self.detail.is_empty() { "" } else { ": " };
        write!(f, "{}{end}{}", plain(&self.title), plain(&self.detail))?;
        if let Some(advice) = advice(&self.code) {
            write!(f, " {advice}")?;
        }
        write!(f, " [{} {}", self.status, plain(&self.code))?;
        if !self.request_id.is_empty() {
            write!(f, ", request {}", plain(&self.request_id))?;
        }
        f.write_str("]")
    }
}

/// What to do about a problem, where the tool knows more than the API does.
fn advice(code: &str) -> Option<&'static str> {
    Some(match code {
        "unauthorized" => {
            "KEYGUARD_CREDENTIAL must be a credential whose digest the deployment's secret ADMIN_CREDENTIALS lists."
        }
        "not-found" => {
            "The admin API is off there as long as the secret ADMIN_CREDENTIALS is not set: `keyguard doctor --url` tells."
        }
        "https-required" => "Write https:// in the configuration's url.",
        "account-not-found" => "`keyguard account list` shows the accounts.",
        "key-not-found" => "`keyguard key list ACCOUNT` shows an account's keys.",
        "idempotency-key-reused" => {
            "With this tool: --idempotency-key repeats the very same command alone; `--in` counts from now, so give `--at`."
        }
        "rotation-in-progress" => "With this tool: --end-grace.",
        _ => return None,
    })
}

/// What any failing of the local machine comes to.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            Self::Closed
        } else {
            Self::Usage(error.to_string())
        }
    }
}
