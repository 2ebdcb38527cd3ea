//! What the store keeps of a key.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{Kind, Mode, UnixTime, credential::might_show, headers::is_id};

/// The value of a key's entry in the store, version 1.
///
/// Fields that this version doesn't know are ignored, so that a newer writer doesn't take an older edge
/// down; a `v` that it doesn't know is an error, since then the meaning of the others is unknown too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    pub(crate) v: Version,
    /// The key id: what logs and upstreams call the key.
    pub id: String,
    /// The account whose key it is.
    pub account: String,
    /// Publishable or secret.
    pub kind: Kind,
    /// Test or live.
    pub mode: Mode,
    /// When the key was issued or imported.
    pub created_at: UnixTime,
    /// From when on it is refused as expired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<UnixTime>,
    /// When a newer version took its place: it works until `expires_at`, and callers are told so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotated_at: Option<UnixTime>,
    /// That and why it was revoked or deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Revocation>,
    /// That and how it became public.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposed: Option<Exposure>,
    /// The pages' origins from which a publishable key may be used; none set means any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origins: Option<Vec<String>>,
    /// The scopes to which the key is confined; none set means all of its kind's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// The name of the key's rate-limit tier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// What its owner calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Whether its owner's proxy passes a page's headers on, so that they prove nothing.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub browser_headers: bool,
}

impl KeyRecord {
    /// A record of an active key without any restriction.
    pub fn active(
        id: String,
        account: String,
        kind: Kind,
        mode: Mode,
        created_at: UnixTime,
    ) -> Self {
        Self {
            v: Version::One,
            id,
            account,
            kind,
            mode,
            created_at,
            expires_at: None,
            rotated_at: None,
            revoked: None,
            exposed: None,
            origins: None,
            scopes: None,
            rate: None,
            label: None,
            browser_headers: false,
        }
    }

    /// Reads a stored value.
    ///
    /// # Errors
    /// [`RecordError`] when it isn't a record of a known version. Such a key is neither valid nor invalid:
    /// the store has failed.
    pub fn from_json(json: &str) -> Result<Self, RecordError> {
        let record: Self = serde_json::from_str(json).map_err(|_| RecordError)?;
        // Both become headers: a line break in one would start another header.
        (is_id(&record.id) && is_id(&record.account)).then_some(record).ok_or(RecordError)
    }

    /// Writes the value to store.
    pub fn to_json(&self) -> String {
        // A struct of strings, numbers and lists has no way to fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// When and why a key was revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// From when on.
    pub at: UnixTime,
    /// What its owner or an operator gave as the reason.
    #[serde(default)]
    pub reason: String,
}

/// When and how a key became public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exposure {
    /// When it was seen.
    pub at: UnixTime,
    /// How it was seen: `browser`, `http`, `query`, ….
    #[serde(default)]
    pub channel: String,
    /// Where it was seen, such as a page's origin; never a text that might show a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

impl Exposure {
    /// An exposure whose place is kept only if it is one to keep: short, visible ASCII, without a query, and nothing that might
    /// show a key.
    ///
    /// ```
    /// use keyguard::{UnixTime, record::Exposure};
    ///
    /// let seen = |place| Exposure::new(UnixTime(1), "browser", Some(place)).place;
    /// assert_eq!(seen("https://shop.example").as_deref(), Some("https://shop.example"));
    /// assert_eq!(seen("https://shop.example/?key=sk_vYZCAeHawUqDCmVpEKh2U"), None);
    /// ```
    pub fn new(at: UnixTime, channel: &str, place: Option<&str>) -> Self {
        let place = place.filter(|place| {
            (1..=MAX_PLACE).contains(&place.len())
                && place.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'?' && byte != b'#')
                && !might_show(place)
        });
        Self { at, channel: channel.into(), place: place.map(Into::into) }
    }
}

/// A stored value that is no record of a known version. It holds nothing of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored value is no key record of version 1")]
pub struct RecordError;

/// As long as an incident's place may be.
const MAX_PLACE: usize = 512;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub(crate) enum Version {
    One,
}

impl TryFrom<u64> for Version {
    type Error = RecordError;

    fn try_from(v: u64) -> Result<Self, RecordError> {
        if v == 1 { Ok(Self::One) } else { Err(RecordError) }
    }
}

impl From<Version> for u64 {
    fn from(version: Version) -> Self {
        match version {
            Version::One => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALLEST: &str =
        r#"{"v":1,"id":"key_1","account":"acct_1","kind":"secret","mode":"live","created_at":1}"#;

    #[test]
    fn what_is_written_is_what_is_read() {
        let record = KeyRecord::from_json(SMALLEST).unwrap();
        assert_eq!(record.to_json(), SMALLEST);
    }

    #[test]
    fn unknown_fields_are_ignored() {
        let json = SMALLEST.replace("\"v\":1", "\"v\":1,\"colour\":{\"a\":[1]}");
        assert_eq!(KeyRecord::from_json(&json), KeyRecord::from_json(SMALLEST));
    }

    #[test]
    fn an_exposure_without_a_place_is_read_and_written_as_before_there_were_places() {
        let exposed = r#","exposed":{"at":2,"channel":"browser"}}"#;
        let json = SMALLEST.replace('}', exposed);
        let record = KeyRecord::from_json(&json).unwrap();
        assert_eq!(record.exposed, Some(Exposure::new(UnixTime(2), "browser", None)));
        assert_eq!(record.to_json(), json);
    }

    #[test]
    fn no_place_is_kept_that_might_show_a_key() {
        let long = "a".repeat(MAX_PLACE + 1);
        for place in [
            "",
            "https://a.example/sk_vYZCAeHawUqDCmVpEKh2U",
            "https://a.example/s%6b_vYZCAeHawUqDCmVpEKh2U",
            "https://a.example/?q=1",
            "https://a.example/#fragment",
            "https://a.example/a b",
            "https://ä.example",
            "https://a.example\r\n",
            &long,
        ] {
            assert_eq!(Exposure::new(UnixTime(1), "github", Some(place)).place, None, "{place}");
        }
        let kept =
            "https://github.example/octo/shop/blob/6dcb09b5b57875f334f61aebed695e2e4193db5e/a.js";
        let exposure = Exposure::new(UnixTime(1), "github", Some(kept));
        assert_eq!(exposure.place.as_deref(), Some(kept));
    }

    #[test]
    fn unreadable_records_are_errors() {
        for (from, to) in [
            ("\"v\":1", "\"v\":2"),
            ("\"v\":1,", ""),
            ("\"v\":1", "\"v\":\"1\""),
            ("secret", "Secret"),
            ("\"live\"", "null"),
            ("\"created_at\":1", "\"created_at\":-1"),
            ("\"id\":\"key_1\",", ""),
            ("key_1", ""),
            ("key_1", "key 1"),
            ("acct_1", "acct\\r\\nKeyguard-Mode: live"),
            ("}", ""),
            ("}", "}}"),
            ("}", ",\"revoked\":true}"),
            ("}", ",\"revoked\":{}}"),
            ("}", ",\"expires_at\":\"soon\"}"),
            ("}", ",\"origins\":\"https://shop.example\"}"),
        ] {
            let json = SMALLEST.replace(from, to);
            assert_eq!(KeyRecord::from_json(&json), Err(RecordError), "{json}");
        }
        for json in ["", "null", "[]", "\"\"", "\u{0}", "not json"] {
            assert_eq!(KeyRecord::from_json(json), Err(RecordError), "{json}");
        }
    }
}
