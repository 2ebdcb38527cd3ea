//! The operator's credential: opens the admin API, and nothing else.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

use zeroize::Zeroizing;

use crate::{
    KeyDigest,
    digest::DigestError,
    headers::is_id,
    key::{ISSUED_BODY_LENGTH, checksum, issue::random_text},
    scan::{holds_secret_key, might_show_secret_key},
};

/// A credential of the admin API: `kgadmin_`, 26 random base62 characters, 6 of checksum.
///
/// No key begins like it, so the edge refuses it as a key and the admin API refuses every key. Like a
/// [`SecretKey`](crate::SecretKey) it is neither `Clone` nor `Display`, and is wiped on drop.
///
/// ```
/// use keyguard::AdminCredential;
///
/// # let entropy = [42; 32];
/// let text = AdminCredential::issue(&entropy);
/// assert!(AdminCredential::parse(&text).is_some());
/// assert!(AdminCredential::parse("sk_vYZCAeHawUqDCmVpEKh2U").is_none());
/// ```
pub struct AdminCredential(Zeroizing<String>);

impl AdminCredential {
    /// What every credential begins with.
    pub const PREFIX: &str = "kgadmin_";

    /// Makes one from 256 bits of a cryptographic random source: the text, to be shown once.
    pub fn issue(entropy: &[u8; 32]) -> Zeroizing<String> {
        random_text(Self::PREFIX, entropy)
    }

    /// Reads one, exactly. A wrong checksum is no credential: all of them are issued.
    pub fn parse(text: &str) -> Option<Self> {
        let body = text.strip_prefix(Self::PREFIX)?;
        let is_issued = body.len() == ISSUED_BODY_LENGTH
            && body.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && checksum::form(text, body) == crate::Form::Issued;
        is_issued.then(|| Self(Zeroizing::new(text.to_string())))
    }

    /// The digest, which is all that the edge knows of it.
    pub fn digest(&self) -> KeyDigest {
        KeyDigest::of(&self.0)
    }
}

impl fmt::Debug for AdminCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminCredential(…)")
    }
}

/// Whether a text holds a credential, or something that begins like one, as it stands or in a URL.
///
/// ```
/// assert!(keyguard::credential::might_show_credential("token=KGADMIN%5Fabc"));
/// ```
pub fn might_show_credential(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains(AdminCredential::PREFIX) || text.contains("kgadmin%5f")
}

/// Whether a text holds what must be neither kept nor shown: a secret key or an operator's credential.
pub fn might_show(text: &str) -> bool {
    holds_secret_key(text) || might_show_secret_key(text) || might_show_credential(text)
}

/// The credentials that a deployment accepts: `name:digest`, separated by spaces or commas.
///
/// Names go into the audit, so each operator can have a credential of their own; to replace one, add the new one beside it.
#[derive(Debug)]
pub struct AdminCredentials(Vec<(String, KeyDigest)>);

impl AdminCredentials {
    /// Reads the list.
    ///
    /// # Errors
    /// [`CredentialsError`] for anything but a list with at least one entry; it holds nothing of the text.
    pub fn parse(text: &str) -> Result<Self, CredentialsError> {
        let entries = text.split([' ', ',', '\n', '\r', '\t']).filter(|entry| !entry.is_empty());
        let entries = entries
            .map(|entry| {
                let (name, digest) = entry.split_once(':').ok_or(CredentialsError::Entry)?;
                let digest = digest.parse().map_err(|DigestError| CredentialsError::Entry)?;
                if !is_id(name) {
                    return Err(CredentialsError::Entry);
                }
                Ok((name.to_string(), digest))
            })
            .collect::<Result<Vec<_>, _>>()?;
        if entries.is_empty() { Err(CredentialsError::Empty) } else { Ok(Self(entries)) }
    }

    /// The name under which a credential is accepted.
    #[expect(clippy::needless_pass_by_value, reason = "the credential ends here, and is wiped")]
    pub fn name(&self, credential: AdminCredential) -> Option<&str> {
        let digest = credential.digest();
        // Looks at every entry, wherever the right one stands.
        let found =
            self.0.iter().fold(
                None,
                |found, (name, accepted)| {
                    if accepted.is_same(&digest) { Some(name) } else { found }
                },
            );
        found.map(String::as_str)
    }
}

/// What is wrong with a list of credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// It has no entry.
    #[error("must hold at least one `name:digest`")]
    Empty,
    /// An entry is none.
    #[error(
        "must be `name:digest` entries, each digest the 64 lower-case hex digits of a credential's SHA-256"
    )]
    Entry,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_no_key_and_a_key_no_credential() {
        let text = AdminCredential::issue(&[7; 32]);
        assert!(crate::ApiKey::parse(&text).is_err());
        for other in ["sk_vYZCAeHawUqDCmVpEKh2U", "", "kgadmin_", "KGADMIN_"] {
            assert!(AdminCredential::parse(other).is_none(), "{other}");
        }
        let mut mistyped = text.to_string();
        let last = mistyped.pop();
        mistyped.push(if last == Some('0') { '1' } else { '0' });
        assert!(AdminCredential::parse(&mistyped).is_none());
    }

    #[test]
    fn each_listed_credential_is_known_by_its_name() {
        let credential =
            |seed| AdminCredential::parse(&AdminCredential::issue(&[seed; 32])).unwrap();
        let list = alloc::format!("ops:{}, ci:{}", credential(1).digest(), credential(2).digest());
        let list = AdminCredentials::parse(&list).unwrap();
        assert_eq!(list.name(credential(1)), Some("ops"));
        assert_eq!(list.name(credential(2)), Some("ci"));
        assert_eq!(list.name(credential(3)), None);
    }

    #[test]
    fn a_list_that_could_open_for_anybody_is_an_error() {
        let digest = KeyDigest::of("").to_string();
        assert_eq!(AdminCredentials::parse(" , ").unwrap_err(), CredentialsError::Empty);
        for text in [
            digest.as_str(),
            &alloc::format!(":{digest}"),
            "ops:",
            "ops",
            &alloc::format!("ops:{digest} x"),
        ] {
            assert_eq!(
                AdminCredentials::parse(text).unwrap_err(),
                CredentialsError::Entry,
                "{text}"
            );
        }
    }

    #[test]
    fn debug_shows_nothing() {
        let text = AdminCredential::issue(&[7; 32]);
        let debug = alloc::format!("{:?}", AdminCredential::parse(&text).unwrap());
        assert_eq!(debug, "AdminCredential(…)");
    }
}
