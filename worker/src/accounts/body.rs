//! Bodies as they are sent: JSON objects, unknown fields refused, each field checked once.

mod object;

use keyguard::{
    AdminDenial, KeyDigest, Kind, Mode, UnixTime,
    life::{END_OF_TIME, Settings, SettingsChange, check_id, check_text, might_show},
    record::Revocation,
};
use serde::{Deserialize, de::DeserializeOwned};

pub(crate) use object::Object;
use object::present;

/// Makes an account.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateAccount {
    pub(crate) id: Option<String>,
    pub(crate) label: Option<String>,
    #[serde(default = "yes")]
    pub(crate) issue: bool,
}

/// Issues a key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IssueKey {
    pub(crate) kind: Kind,
    pub(crate) mode: Mode,
    pub(crate) expires_at: Option<UnixTime>,
    pub(crate) label: Option<String>,
    pub(crate) origins: Option<Vec<String>>,
    pub(crate) scopes: Option<Vec<String>>,
    pub(crate) rate: Option<String>,
    #[serde(default)]
    pub(crate) browser_headers: bool,
}

impl IssueKey {
    /// A key without any restriction.
    pub(crate) fn plain(kind: Kind, mode: Mode) -> Self {
        let (expires_at, label, origins, scopes, rate) = (None, None, None, None, None);
        Self { kind, mode, expires_at, label, origins, scopes, rate, browser_headers: false }
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            label: self.label.clone(),
            origins: self.origins.clone(),
            scopes: self.scopes.clone(),
            rate: self.rate.clone(),
            browser_headers: self.browser_headers,
        }
    }
}

/// Rotates a key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateKey {
    #[serde(default = "one_day")]
    pub(crate) grace_seconds: u64,
    /// Of the new version: absent, as the current one; `null`, never.
    #[expect(clippy::option_option, reason = "absent and null differ")]
    #[serde(default, deserialize_with = "present")]
    pub(crate) expires_at: Option<Option<UnixTime>>,
    #[serde(default)]
    pub(crate) end_grace: bool,
}

/// Revokes a key, or one version of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevokeKey {
    pub(crate) reason: String,
    pub(crate) version: Option<u32>,
}

/// Makes keys known that were issued elsewhere.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Import {
    #[serde(default)]
    pub(crate) create_account: bool,
    pub(crate) keys: Vec<Object<ImportedKey>>,
}

/// A key that was issued elsewhere.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportedKey {
    pub(crate) digest: KeyDigest,
    pub(crate) kind: Kind,
    pub(crate) mode: Mode,
    pub(crate) id: Option<String>,
    pub(crate) created_at: Option<UnixTime>,
    pub(crate) expires_at: Option<UnixTime>,
    revoked: Option<Object<Revoked>>,
    pub(crate) label: Option<String>,
    pub(crate) origins: Option<Vec<String>>,
    pub(crate) scopes: Option<Vec<String>>,
    pub(crate) rate: Option<String>,
    #[serde(default)]
    pub(crate) browser_headers: bool,
    pub(crate) last_four: Option<String>,
}

/// That a key was revoked before it was imported.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revoked {
    at: UnixTime,
    reason: String,
}

impl ImportedKey {
    pub(crate) fn revocation(&self) -> Option<Revocation> {
        let Object(revoked) = self.revoked.as_ref()?;
        Some(Revocation { at: revoked.at, reason: revoked.reason.clone() })
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            label: self.label.clone(),
            origins: self.origins.clone(),
            scopes: self.scopes.clone(),
            rate: self.rate.clone(),
            browser_headers: self.browser_headers,
        }
    }

    fn check(&self) -> Result<(), AdminDenial> {
        if let Some(id) = &self.id {
            check_id("id", id)?;
        }
        if let Some(Object(revoked)) = &self.revoked {
            check_text("revoked.reason", &revoked.reason)?;
        }
        for (field, time) in [
            ("created_at", self.created_at),
            ("expires_at", self.expires_at),
            ("revoked.at", self.revoked.as_ref().map(|revoked| revoked.0.at)),
        ] {
            if time.is_some_and(|time| time > END_OF_TIME) {
                let reason = format!("{field}: must be in Unix seconds, before the year 10000");
                return Err(AdminDenial::InvalidBody(reason));
            }
        }
        if let Some(last_four) = &self.last_four
            && (last_four.len() != 4 || !last_four.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        {
            let reason = "last_four: must be the key's last four letters and digits";
            return Err(AdminDenial::InvalidBody(reason.to_owned()));
        }
        self.settings().check(self.kind)?;
        Ok(())
    }
}

/// Reads a body, and checks what can be checked of it alone.
pub(crate) trait Body: DeserializeOwned {
    fn check(&self) -> Result<(), AdminDenial>;

    fn read(text: &str) -> Result<Self, AdminDenial> {
        // `null` and absence differ in a merge patch alone.
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let body: Object<Self> =
            serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
                let path = error.path().to_string();
                let reason = plain_reason(error.inner());
                // A key may have been put where a field's name belongs.
                let is_shown =
                    path != "." && !path.ends_with('?') && path.len() <= 80 && !might_show(&path);
                let place = if is_shown { path } else { "the body".to_owned() };
                AdminDenial::InvalidBody(format!("{place}: {reason}"))
            })?;
        if deserializer.end().is_err() {
            let reason = "the body: must be one JSON object and nothing after it";
            return Err(AdminDenial::InvalidBody(reason.to_owned()));
        }
        body.0.check()?;
        Ok(body.0)
    }
}

impl Body for CreateAccount {
    fn check(&self) -> Result<(), AdminDenial> {
        if let Some(id) = &self.id {
            check_id("id", id)?;
        }
        if let Some(label) = &self.label {
            check_text("label", label)?;
        }
        Ok(())
    }
}

impl Body for IssueKey {
    fn check(&self) -> Result<(), AdminDenial> {
        Ok(self.settings().check(self.kind)?)
    }
}

impl Body for SettingsChange {
    fn check(&self) -> Result<(), AdminDenial> {
        Ok(())
    }
}

impl Body for RotateKey {
    fn check(&self) -> Result<(), AdminDenial> {
        Ok(())
    }
}

impl Body for RevokeKey {
    fn check(&self) -> Result<(), AdminDenial> {
        Ok(check_text("reason", &self.reason)?)
    }
}

impl Body for Import {
    fn check(&self) -> Result<(), AdminDenial> {
        if !(1..=MAX_IMPORT).contains(&self.keys.len()) {
            let reason = "keys: must list 1 to 1000 keys";
            return Err(AdminDenial::InvalidBody(reason.to_owned()));
        }
        for (index, key) in self.keys.iter().enumerate() {
            key.0.check().map_err(|denial| match denial {
                AdminDenial::InvalidBody(reason) => {
                    AdminDenial::InvalidBody(format!("keys[{index}].{reason}"))
                }
                other => other,
            })?;
        }
        Ok(())
    }
}

/// The body of what needs none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

impl Body for Nothing {
    fn check(&self) -> Result<(), AdminDenial> {
        Ok(())
    }
}

/// What a parser says of a value, without the value: it may be a key that was put into the wrong field.
fn plain_reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let is_about_names = ["unknown field", "missing field", "duplicate field"];
    if error.is_data() && is_about_names.iter().any(|start| text.starts_with(start)) {
        // All of it: the beginning of a key at the end of what is cut off would not be known as one.
        let name: String = text.chars().take(120).collect();
        return if might_show(&text) || text.len() > 400 {
            "an unknown field".to_owned()
        } else {
            name.split(" at line ").next().unwrap_or_default().to_owned()
        };
    }
    match error.classify() {
        serde_json::error::Category::Data => {
            let expected = text.rsplit_once("expected ").map_or(text.as_str(), |(_, after)| after);
            let expected = expected.split(" at line ").next().unwrap_or_default();
            let expected = match expected {
                "u64" | "u32" => "a whole number, not negative",
                other => other.trim_start_matches("must be "),
            };
            format!("must be {expected}")
        }
        _ => format!("isn't JSON from line {} column {} on", error.line(), error.column()),
    }
}

fn yes() -> bool {
    true
}

fn one_day() -> u64 {
    86_400
}

const MAX_IMPORT: usize = 1000;
