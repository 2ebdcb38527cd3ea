//! What an operator may set for a key, each field with its bounds.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Deserializer, Serialize};

use crate::{Kind, UnixTime, credential::might_show, policy::is_origin};

/// What is the same for all versions of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// What its owner calls it: up to 200 characters.
    pub label: Option<String>,
    /// The pages' origins from which a publishable key may be used: 1 to 100.
    pub origins: Option<Vec<String>>,
    /// The scopes to which the key is confined: 1 to 100.
    pub scopes: Option<Vec<String>>,
    /// The name of its rate-limit tier.
    pub rate: Option<String>,
    /// Whether the owner's proxy passes a page's headers on with a secret key.
    pub browser_headers: bool,
}

/// A merge patch (RFC 7396) of settings and expiry: what is absent stays, and `null` clears.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SettingsChange {
    /// See [`Settings::label`].
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub label: Option<Option<String>>,
    /// See [`Settings::origins`].
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub origins: Option<Option<Vec<String>>>,
    /// See [`Settings::scopes`].
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Option<Vec<String>>>,
    /// See [`Settings::rate`].
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub rate: Option<Option<String>>,
    /// When the current version expires.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Option<UnixTime>>,
    /// See [`Settings::browser_headers`].
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub browser_headers: Option<Option<bool>>,
}

/// Tells `null` from absent: what is there at all is `Some`.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl Settings {
    /// The settings after a change.
    #[must_use]
    pub fn with(self, change: &SettingsChange) -> Self {
        let change = change.clone();
        Self {
            label: change.label.unwrap_or(self.label),
            origins: change.origins.unwrap_or(self.origins),
            scopes: change.scopes.unwrap_or(self.scopes),
            rate: change.rate.unwrap_or(self.rate),
            browser_headers: change
                .browser_headers
                .map_or(self.browser_headers, Option::unwrap_or_default),
        }
    }

    /// Whether a key of this kind can have them.
    ///
    /// # Errors
    /// [`SettingsError`] with the field and what it should be.
    pub fn check(&self, kind: Kind) -> Result<(), SettingsError> {
        let fails = |field, reason| Err(SettingsError { field, reason });
        if let Some(label) = &self.label {
            check_text("label", label)?;
        }
        if let Some(origins) = &self.origins {
            if kind == Kind::Secret {
                return fails("origins", "is for publishable keys: no page may use a secret one");
            }
            if !(1..=MAX_LIST).contains(&origins.len()) || !origins.iter().all(|one| is_origin(one))
            {
                return fails(
                    "origins",
                    "must list 1 to 100 origins as browsers write them, such as https://shop.example; null allows any",
                );
            }
        }
        if let Some(scopes) = &self.scopes
            && (!(1..=MAX_LIST).contains(&scopes.len()) || !scopes.iter().all(|one| is_name(one)))
        {
            return fails(
                "scopes",
                "must list 1 to 100 scopes of up to 64 letters, digits and ._:-; null lifts the confinement",
            );
        }
        if self.rate.as_deref().is_some_and(|rate| !is_name(rate)) {
            return fails("rate", "must be the name of a tier: up to 64 letters, digits and ._:-");
        }
        if self.browser_headers && kind == Kind::Publishable {
            return fails(
                "browser_headers",
                "is for secret keys: publishable ones may come from pages",
            );
        }
        Ok(())
    }
}

/// A field that makes no sense, and what it should be. It holds nothing of what was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {reason}")]
pub struct SettingsError {
    /// The field.
    pub field: &'static str,
    /// What it should be.
    pub reason: &'static str,
}

/// Whether a text for people can be kept and shown.
///
/// # Errors
/// [`SettingsError`] for one that is empty, too long, holds control characters, or a secret key: what is
/// written here ends up in stores, audits and terminals.
pub fn check_text(field: &'static str, text: &str) -> Result<(), SettingsError> {
    if !(1..=MAX_TEXT).contains(&text.chars().count()) || text.chars().any(char::is_control) {
        let reason = "must be 1 to 200 characters, none of them a control character";
        return Err(SettingsError { field, reason });
    }
    if might_show(text) {
        return Err(SettingsError { field, reason: HOLDS_KEY });
    }
    Ok(())
}

/// Whether a text can be an id: it stands in URLs, headers and logs.
///
/// # Errors
/// [`SettingsError`] for anything but 1 to 128 letters, digits and `._:@=+-`, and for a secret key.
pub fn check_id(field: &'static str, text: &str) -> Result<(), SettingsError> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:@=+-".contains(&byte);
    if !(1..=128).contains(&text.len())
        || !text.bytes().all(is_allowed)
        || text.bytes().all(|byte| byte == b'.')
    {
        let reason = "must be 1 to 128 ASCII letters, digits and ._:@=+-, and not dots alone";
        return Err(SettingsError { field, reason });
    }
    if might_show(text) {
        return Err(SettingsError { field, reason: HOLDS_KEY });
    }
    Ok(())
}

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte))
        && !might_show(text)
}

const HOLDS_KEY: &str =
    "holds a secret key or a credential: what is written here is kept and shown";
const MAX_LIST: usize = 100;
const MAX_TEXT: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::ToString, vec};

    #[track_caller]
    fn refused(settings: &Settings, kind: Kind, field: &str) {
        assert_eq!(settings.check(kind).unwrap_err().field, field, "{settings:?}");
    }

    #[test]
    fn settings_out_of_bounds_name_their_field() {
        let none = Settings::default;
        for label in ["", "a\nb", "\u{1b}[2J", "sk_vYZCAeHawUqDCmVpEKh2U", &"a".repeat(201)] {
            refused(&Settings { label: Some(label.to_string()), ..none() }, Kind::Secret, "label");
        }
        for origins in [vec![], vec!["shop.example"], vec!["https://shop.example/"], vec!["*"]] {
            let origins = Some(origins.into_iter().map(ToString::to_string).collect());
            refused(&Settings { origins, ..none() }, Kind::Publishable, "origins");
        }
        let origins = Some(vec!["https://shop.example".to_string()]);
        refused(&Settings { origins, ..none() }, Kind::Secret, "origins");
        refused(&Settings { scopes: Some(vec![]), ..none() }, Kind::Secret, "scopes");
        refused(&Settings { rate: Some("a b".to_string()), ..none() }, Kind::Secret, "rate");
        refused(
            &Settings { browser_headers: true, ..none() },
            Kind::Publishable,
            "browser_headers",
        );
    }

    #[test]
    fn rfc_7396_null_clears_and_absent_stays() {
        let change: SettingsChange =
            serde_json::from_str(r#"{"label":null,"rate":"gold"}"#).unwrap();
        let before = Settings {
            label: Some("a".to_string()),
            scopes: Some(vec!["refunds".to_string()]),
            ..Settings::default()
        };
        let after = before.clone().with(&change);
        assert_eq!((after.label, after.rate), (None, Some("gold".to_string())));
        assert_eq!(after.scopes, before.scopes);
        assert!(serde_json::from_str::<SettingsChange>(r#"{"lable":"a"}"#).is_err());
    }

    #[test]
    fn ids_are_safe_in_urls_and_are_no_keys() {
        for id in ["acct_1", "alice@example.com", "a.b:c=d+e-f"] {
            assert_eq!(check_id("id", id), Ok(()), "{id}");
        }
        for id in ["", ".", "..", "a/b", "a?b", "a%20b", "a b", "ä", "sk_vYZCAeHawUqDCmVpEKh2U"] {
            assert!(check_id("id", id).is_err(), "{id}");
        }
    }
}
