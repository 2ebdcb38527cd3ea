//! Which operation a method and a path stand for.

use keyguard::{
    AdminDenial, KeyDigest, admin,
    life::{SettingsChange, check_id},
};
use percent_encoding::percent_decode_str;

use super::{
    body::{Body as _, CreateAccount, Import, IssueKey, Nothing, RevokeKey, RotateKey},
    call::Operation,
    query::{Query, invalid},
};

/// Something that can be asked for.
pub(crate) enum Route<'a> {
    ListAccounts,
    CreateAccount,
    ShowAccount(&'a str),
    ListKeys(&'a str),
    IssueKey(&'a str),
    ShowKey(&'a str, &'a str),
    UpdateKey(&'a str, &'a str),
    RotateKey(&'a str, &'a str),
    RevokeKey(&'a str, &'a str),
    LiftKey(&'a str, &'a str),
    Import(&'a str),
    Project(&'a str),
    ListAudit(&'a str),
    FindDigest(&'a str),
}

/// The path below `/_keyguard/v1`, cut at its slashes and decoded; empty for what has no decoding.
pub(crate) fn segments(path: &str) -> Vec<String> {
    let path = path.strip_prefix(admin::PREFIX).and_then(|rest| rest.strip_prefix("/v1/"));
    let decode = |segment: &str| Some(percent_decode_str(segment).decode_utf8().ok()?.into_owned());
    path.and_then(|path| path.split('/').map(decode).collect()).unwrap_or_default()
}

/// Finds what a method stands for at a path, whose ids are checked.
pub(crate) fn find<'a>(method: &str, segments: &'a [String]) -> Result<Route<'a>, AdminDenial> {
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let methods = methods(&segments);
    if methods.is_empty() {
        return Err(AdminDenial::NotFound);
    }
    if !methods.contains(&method) {
        return Err(AdminDenial::MethodNotAllowed);
    }
    let route = match (method, segments.as_slice()) {
        ("GET", ["accounts"]) => Route::ListAccounts,
        ("POST", ["accounts"]) => Route::CreateAccount,
        ("GET", ["accounts", account]) => Route::ShowAccount(account),
        ("GET", ["accounts", account, "keys"]) => Route::ListKeys(account),
        ("POST", ["accounts", account, "keys"]) => Route::IssueKey(account),
        ("GET", ["accounts", account, "keys", key]) => Route::ShowKey(account, key),
        ("PATCH", ["accounts", account, "keys", key]) => Route::UpdateKey(account, key),
        ("POST", ["accounts", account, "keys", key, "rotate"]) => Route::RotateKey(account, key),
        ("POST", ["accounts", account, "keys", key, "revoke"]) => Route::RevokeKey(account, key),
        ("POST", ["accounts", account, "keys", key, "lift"]) => Route::LiftKey(account, key),
        ("POST", ["accounts", account, "import"]) => Route::Import(account),
        ("POST", ["accounts", account, "project"]) => Route::Project(account),
        ("GET", ["accounts", account, "audit"]) => Route::ListAudit(account),
        ("GET", ["digests", digest]) => Route::FindDigest(digest),
        _ => return Err(AdminDenial::NotFound),
    };
    if let Some(account) = route.account() {
        check_id("account", account).map_err(|_| AdminDenial::AccountNotFound)?;
    }
    if let Route::ShowKey(_, key)
    | Route::UpdateKey(_, key)
    | Route::RotateKey(_, key)
    | Route::RevokeKey(_, key)
    | Route::LiftKey(_, key) = &route
    {
        check_id("key", key).map_err(|_| AdminDenial::KeyNotFound)?;
    }
    Ok(route)
}

/// The value of `Allow` at a path.
pub(crate) fn allowed(path: &str) -> String {
    let segments = segments(path);
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    if let ["leaks"] | ["leaks", "github"] = segments.as_slice() {
        return "POST".to_owned();
    }
    methods(&segments).join(", ")
}

fn methods(segments: &[&str]) -> &'static [&'static str] {
    match segments {
        _ if segments.contains(&"") => &[],
        ["accounts"] | ["accounts", _, "keys"] => &["GET", "POST"],
        ["accounts" | "digests", _] | ["accounts", _, "audit"] => &["GET"],
        ["accounts", _, "keys", _] => &["GET", "PATCH"],
        ["accounts", _, "keys", _, "rotate" | "revoke" | "lift"]
        | ["accounts", _, "import" | "project"] => &["POST"],
        _ => &[],
    }
}

impl Route<'_> {
    pub(crate) fn is_change(&self) -> bool {
        match self {
            Self::ListAccounts
            | Self::ShowAccount(_)
            | Self::ListKeys(_)
            | Self::ShowKey(..)
            | Self::ListAudit(_)
            | Self::FindDigest(_) => false,
            Self::CreateAccount
            | Self::IssueKey(_)
            | Self::UpdateKey(..)
            | Self::RotateKey(..)
            | Self::RevokeKey(..)
            | Self::LiftKey(..)
            | Self::Import(_)
            | Self::Project(_) => true,
        }
    }

    fn account(&self) -> Option<&str> {
        match self {
            Self::ListAccounts | Self::CreateAccount | Self::FindDigest(_) => None,
            Self::ShowAccount(account)
            | Self::ListKeys(account)
            | Self::IssueKey(account)
            | Self::ShowKey(account, _)
            | Self::UpdateKey(account, _)
            | Self::RotateKey(account, _)
            | Self::RevokeKey(account, _)
            | Self::LiftKey(account, _)
            | Self::Import(account)
            | Self::Project(account)
            | Self::ListAudit(account) => Some(account),
        }
    }

    fn operation(&self, query: &mut Query, body: &str) -> Result<Operation, AdminDenial> {
        Ok(match self {
            Self::ListAccounts => Operation::ListAccounts(query.page()?),
            Self::CreateAccount => Operation::CreateAccount(CreateAccount::read(body)?),
            Self::ShowAccount(_) => Operation::ShowAccount,
            Self::ListKeys(_) => Operation::ListKeys(query.filter()?, query.numbered_page()?),
            Self::IssueKey(_) => Operation::IssueKey(IssueKey::read(body)?),
            Self::ShowKey(_, key) => Operation::ShowKey((*key).to_owned()),
            Self::UpdateKey(_, key) => {
                Operation::UpdateKey((*key).to_owned(), SettingsChange::read(body)?)
            }
            Self::RotateKey(_, key) => {
                Operation::RotateKey((*key).to_owned(), RotateKey::read(body)?)
            }
            Self::RevokeKey(_, key) => {
                Operation::RevokeKey((*key).to_owned(), RevokeKey::read(body)?)
            }
            Self::LiftKey(_, key) => {
                Nothing::read(body)?;
                Operation::LiftKey((*key).to_owned())
            }
            Self::Import(_) => Operation::Import(Import::read(body)?),
            Self::Project(_) => {
                Nothing::read(body)?;
                Operation::Project
            }
            Self::ListAudit(_) => Operation::ListAudit(query.numbered_page()?),
            Self::FindDigest(digest) => {
                let digest: Result<KeyDigest, _> = digest.parse();
                Operation::FindDigest(
                    digest.map_err(|error| invalid("digest", &error.to_string()))?,
                )
            }
        })
    }
}

/// A request in words of its own.
pub(crate) struct Parsed {
    /// The account in the path or of a new account's body; empty where there is none.
    pub(crate) account: String,
    pub(crate) operation: Operation,
    pub(crate) dry_run: bool,
}

/// Reads what a request asks for: path, query and body, each with all that can be checked of it alone.
pub(crate) fn parse(
    method: &str,
    path: &str,
    query: &str,
    body: &str,
) -> Result<Parsed, AdminDenial> {
    let segments = segments(path);
    let route = find(method, &segments)?;
    let mut query = Query::read(query)?;
    let dry_run = if route.is_change() { query.flag("dry_run")? } else { false };
    let operation = route.operation(&mut query, body)?;
    query.finish()?;
    let account = match &operation {
        Operation::CreateAccount(body) => body.id.as_deref(),
        _ => route.account(),
    };
    Ok(Parsed { account: account.unwrap_or_default().to_owned(), operation, dry_run })
}
