//! A row: what is to be known of one existing key.

use keyguard::{ApiKey, Kind, Mode, scan};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::{ids::parse_id, model::Revoked, times::parse_time};

/// A key's record with its digest, as `import` reads and `export` writes it.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::commands) struct Row {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) account: Option<String>,
    pub(in crate::commands) digest: String,
    pub(in crate::commands) kind: Kind,
    pub(in crate::commands) mode: Mode,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) label: Option<String>,
    #[serde(default, deserialize_with = "time", skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) created_at: Option<u64>,
    #[serde(default, deserialize_with = "time", skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) expires_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) revoked: Option<Revoked>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) origins: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) scopes: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) rate: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::commands) browser_headers: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) last_four: Option<String>,
}

impl Row {
    /// Reads a row of JSON.
    pub(super) fn from_json(text: &str) -> Result<Self, String> {
        check_no_key([text])?;
        serde_json::from_str(text).map_err(|error| without_key(&error.to_string()))
    }

    /// The row's account, and the row as the API takes it.
    pub(super) fn checked(mut self, account: Option<&str>) -> Result<(String, String), String> {
        let account = self.account.take().or_else(|| account.map(str::to_owned));
        let account = account
            .ok_or("names no account: give the row one, or all such rows with --account ID")?;
        let account = parse_id(&account).map_err(|reason| format!("account {reason}"))?;
        if let Some(id) = &self.id {
            parse_id(id).map_err(|reason| format!("id {reason}"))?;
        }
        self.digest.make_ascii_lowercase();
        if self.digest.len() != 64 || !self.digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(
                "digest must be the 64 hex digits of the SHA-256 of the key's text".to_owned()
            );
        }
        if let Some(last_four) = &self.last_four
            && (last_four.len() != 4 || !last_four.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        {
            return Err("last_four must be four letters and digits".to_owned());
        }
        let entry = serde_json::to_string(&self).map_err(|error| error.to_string())?;
        Ok((account, entry))
    }
}

/// Refuses what holds a key: it would be sent, and kept.
pub(super) fn check_no_key<'a>(fields: impl IntoIterator<Item = &'a str>) -> Result<(), String> {
    let holds_key = |field: &str| scan::holds_key(field) || ApiKey::parse(field).is_ok();
    if fields.into_iter().any(holds_key) {
        return Err(
            "holds a key itself, which is never sent: digest it first, and put its SHA-256 into the column digest"
                .to_owned(),
        );
    }
    Ok(())
}

/// A parser's message, which can quote what it read.
pub(super) fn without_key(message: &str) -> String {
    if scan::holds_key(message) || scan::might_show_secret_key(message) {
        "can't be read".to_owned()
    } else {
        message.to_owned()
    }
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Time {
        Seconds(u64),
        Text(String),
    }
    match Option::<Time>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Time::Seconds(seconds)) => Ok(Some(seconds)),
        Some(Time::Text(text)) => parse_time(&text).map(Some).map_err(D::Error::custom),
    }
}
