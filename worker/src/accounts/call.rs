//! What the front hands to an account's object, and what comes back.

use keyguard::{
    KeyDigest, Kind, Mode, Problem,
    life::{Status, might_show},
};
use serde::{Deserialize, Serialize};

use super::{
    body::{CreateAccount, Import, IssueKey, RevokeKey, RotateKey},
    sql::list,
};

/// One request that may be made, as the front hands it on. It stays text, so that an object of another version can say that
/// it doesn't know it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Call {
    pub(crate) method: String,
    /// The URL's path, as it came.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) body: String,
    /// The account that it is about, if it is about one.
    pub(crate) account: String,
    pub(crate) by: By,
    pub(crate) request_id: String,
    /// Of a change: by what it is known when it comes again.
    pub(crate) repeat: Option<Repeat>,
}

impl Call {
    /// The request's path for problems, unless somebody put a key into it.
    pub(crate) fn instance(&self) -> Option<&str> {
        (!might_show(&self.path)).then_some(&self.path)
    }
}

/// Who asks.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct By {
    /// The name of the credential: proven.
    pub(crate) credential: String,
    /// Who says to act by it: believed of its holder.
    pub(crate) actor: Option<String>,
}

/// What a repeated change is known by.
#[derive(Serialize, Deserialize)]
pub(crate) struct Repeat {
    pub(crate) idempotency_key: String,
    /// The digest of everything else that makes the request.
    pub(crate) fingerprint: KeyDigest,
}

/// What is to be done.
pub(crate) enum Operation {
    ListAccounts(Page),
    CreateAccount(CreateAccount),
    ShowAccount,
    ListKeys(Filter, Page),
    IssueKey(IssueKey),
    ShowKey(String),
    UpdateKey(String, keyguard::life::SettingsChange),
    RotateKey(String, RotateKey),
    RevokeKey(String, RevokeKey),
    LiftKey(String),
    Import(Import),
    Project,
    ListAudit(Page),
    FindDigest(KeyDigest),
}

impl Operation {
    /// The log's word for it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::ListAccounts(_) => "account.list",
            Self::CreateAccount(_) => "account.create",
            Self::ShowAccount => "account.show",
            Self::ListKeys(..) => "key.list",
            Self::IssueKey(_) => "key.issue",
            Self::ShowKey(_) => "key.show",
            Self::UpdateKey(..) => "key.update",
            Self::RotateKey(..) => "key.rotate",
            Self::RevokeKey(..) => "key.revoke",
            Self::LiftKey(_) => "key.lift",
            Self::Import(_) => "import",
            Self::Project => "project",
            Self::ListAudit(_) => "audit.list",
            Self::FindDigest(_) => "digest.find",
        }
    }
}

/// A part of a list.
pub(crate) struct Page {
    pub(crate) limit: u32,
    pub(crate) cursor: Option<String>,
}

/// Which keys of a list.
pub(crate) struct Filter {
    pub(crate) kind: Option<Kind>,
    pub(crate) mode: Option<Mode>,
    pub(crate) status: Option<Status>,
}

/// An answer, on its way from the object to the front.
#[derive(Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Whether it is a problem document.
    pub(crate) is_problem: bool,
    pub(crate) is_replayed: bool,
    pub(crate) retry_after: Option<String>,
    #[serde(default)]
    pub(crate) rate_limit: Option<String>,
    #[serde(default)]
    pub(crate) rate_limit_policy: Option<String>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn new(status: u16, body: &impl Serialize) -> Self {
        Self::of_text(status, list(body))
    }

    /// An answer whose body is JSON already.
    pub(crate) fn of_text(status: u16, body: String) -> Self {
        Self {
            status,
            is_problem: false,
            is_replayed: false,
            retry_after: None,
            rate_limit: None,
            rate_limit_policy: None,
            body,
        }
    }

    pub(crate) fn of_problem(problem: &Problem, instance: Option<&str>, request_id: &str) -> Self {
        Self {
            status: problem.status(),
            is_problem: true,
            is_replayed: false,
            retry_after: problem.retry_after().map(ToOwned::to_owned),
            rate_limit: problem.rate_limit(),
            rate_limit_policy: problem.rate_limit_policy(),
            body: problem.document(instance, request_id),
        }
    }
}
