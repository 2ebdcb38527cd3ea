//! The secrets that the edge shares with its upstreams.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The secrets of a deployment, the one that signs first. The others are those that upstreams are to know too, so that one can be
/// replaced without a gap: add the new one behind, have the upstreams learn it, put it first, take the old one out.
///
/// They leave this type as signatures and in no other way: it is neither `Clone` nor `Display`, and its `Debug` shows the ids alone.
pub struct AssertionSecrets {
    first: Signer,
    further_ids: Vec<String>,
}

impl AssertionSecrets {
    /// Reads `kid:secret`, one to four of them, separated by commas or white space: a short name, and at least 32 random
    /// bytes in base64url (RFC 7518 §3.2 asks for as many as the digest has).
    ///
    /// Every entry is checked, so that a broken one is seen before it is needed.
    ///
    /// # Errors
    /// [`SecretsError`], which holds nothing of the text.
    pub fn parse(text: &str) -> Result<Self, SecretsError> {
        let entries = text.split([' ', ',', '\n', '\r', '\t']).filter(|entry| !entry.is_empty());
        let mut signers = Vec::new();
        for entry in entries {
            let (kid, secret) = entry.split_once(':').ok_or(SecretsError::Entry)?;
            if signers.iter().any(|signer: &Signer| signer.kid == kid) {
                return Err(SecretsError::RepeatedKid);
            }
            signers.push(Signer::new(kid, secret)?);
            if signers.len() > MAX_SECRETS {
                return Err(SecretsError::TooMany);
            }
        }
        let mut signers = signers.into_iter();
        let first = signers.next().ok_or(SecretsError::Empty)?;
        Ok(Self { first, further_ids: signers.map(|signer| signer.kid).collect() })
    }

    /// The ids of all secrets, the signing one first.
    pub fn kids(&self) -> impl Iterator<Item = &str> {
        core::iter::once(&self.first.kid).chain(&self.further_ids).map(String::as_str)
    }

    pub(super) fn signer(&self) -> &Signer {
        &self.first
    }
}

impl fmt::Debug for AssertionSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AssertionSecrets")?;
        f.debug_list().entries(self.kids()).finish()
    }
}

/// One secret, ready to sign.
pub(super) struct Signer {
    kid: String,
    /// The JWS header and its dot.
    pub(super) header: String,
    /// HMAC keyed, with the header in it: what is the same for every assertion is digested once.
    pub(super) mac: Hmac<Sha256>,
}

impl Signer {
    fn new(kid: &str, secret: &str) -> Result<Self, SecretsError> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if !(1..=MAX_KID_LENGTH).contains(&kid.len()) || !kid.bytes().all(is_allowed) {
            return Err(SecretsError::Kid);
        }
        // With or without padding: tools write either.
        let secret = BASE64URL_NOPAD.decode(secret.trim_end_matches('=').as_bytes());
        let secret = Zeroizing::new(secret.map_err(|_| SecretsError::Encoding)?);
        if secret.len() < MIN_SECRET_LENGTH {
            return Err(SecretsError::TooShort);
        }
        let header = format!(r#"{{"alg":"HS256","kid":"{kid}","typ":"keyguard+jwt"}}"#);
        let header = format!("{}.", BASE64URL_NOPAD.encode(header.as_bytes()));
        let mac = Hmac::<Sha256>::new_from_slice(&secret).map_err(|_| SecretsError::TooShort)?;
        let mac = mac.chain_update(&header);
        Ok(Self { kid: kid.to_string(), header, mac })
    }
}

/// What is wrong with a list of secrets. No variant holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretsError {
    /// It has no entry.
    #[error("must hold at least one `kid:secret`")]
    Empty,
    /// It has more than four.
    #[error("must hold at most four `kid:secret`")]
    TooMany,
    /// An entry has no colon.
    #[error("must be `kid:secret` entries")]
    Entry,
    /// An id is empty, too long or not plain.
    #[error("each kid must be 1 to 64 ASCII letters, digits, `-` and `_`")]
    Kid,
    /// Two secrets have the same id.
    #[error("each kid must be there once")]
    RepeatedKid,
    /// A secret is no base64url.
    #[error("each secret must be base64url")]
    Encoding,
    /// A secret has less than 32 bytes.
    #[error("each secret must have at least 32 bytes")]
    TooShort,
}

/// Two are needed to replace one; more help with nothing but a plan gone wrong.
const MAX_SECRETS: usize = 4;

const MAX_KID_LENGTH: usize = 64;

/// As many bytes as SHA-256 gives (RFC 7518 §3.2).
const MIN_SECRET_LENGTH: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    /// 32 bytes, which need 43 characters.
    const SECRET: &str = "a2V5Z3VhcmQga2V5Z3VhcmQga2V5Z3VhcmQga2V5ISE";

    #[track_caller]
    fn refused(text: &str, error: SecretsError) {
        assert_eq!(AssertionSecrets::parse(text).unwrap_err(), error, "{text}");
    }

    #[test]
    fn lists_that_sign_nothing_safely_are_errors() {
        let secret = BASE64URL_NOPAD.encode(&[7; 32]);
        refused("", SecretsError::Empty);
        refused(" , \n", SecretsError::Empty);
        refused(&secret, SecretsError::Entry);
        refused(&format!(":{secret}"), SecretsError::Kid);
        refused(&format!("a.b:{secret}"), SecretsError::Kid);
        refused(&format!("\"a:{secret}"), SecretsError::Kid);
        refused(&format!("{}:{secret}", "k".repeat(65)), SecretsError::Kid);
        refused(&format!("a:{secret},a:{secret}"), SecretsError::RepeatedKid);
        refused(&format!("a:{secret}/"), SecretsError::Encoding);
        refused(&format!("a:{secret}:b"), SecretsError::Encoding);
        refused("a:", SecretsError::TooShort);
        let short = BASE64URL_NOPAD.encode(&[7; 31]);
        refused(&format!("a:{short}"), SecretsError::TooShort);
        refused(&format!("a:{secret} b:{short}"), SecretsError::TooShort);
        let five = ["a", "b", "c", "d", "e"].map(|kid| format!("{kid}:{secret}")).join(",");
        refused(&five, SecretsError::TooMany);
    }

    #[test]
    fn ids_are_in_the_order_of_the_list() {
        let secret = BASE64URL_NOPAD.encode(&[7; 33]);
        let text = format!(" k2:{secret},\n{}:{secret}== k-_1:{SECRET}", "k".repeat(64));
        let secrets = AssertionSecrets::parse(&text).unwrap();
        let expected = ["k2", &"k".repeat(64), "k-_1"];
        assert!(secrets.kids().eq(expected));
    }

    #[test]
    fn debug_shows_ids_alone() {
        let secret = BASE64URL_NOPAD.encode(&[7; 32]);
        let secrets = AssertionSecrets::parse(&format!("k1:{secret}, k2:{SECRET}")).unwrap();
        assert_eq!(format!("{secrets:?}"), r#"AssertionSecrets["k1", "k2"]"#);
    }
}
