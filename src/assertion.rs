//! The proof that a request came through the edge: a signed assertion for the upstream.
//!
//! A compact JWS (RFC 7515 §3.1) under HS256 (RFC 7518 §3.2) in `Keyguard-Assertion`. It binds whose key it was to this request's
//! method and path for a minute, so that an upstream that checks it can't be called past the edge, nor with another request's.

mod secrets;

use alloc::string::String;

use data_encoding::BASE64URL_NOPAD;
use hmac::Mac;
use serde::Serialize;

use crate::{Kind, Mode, UnixTime};

pub use secrets::{AssertionSecrets, SecretsError};

/// What an assertion says.
///
/// ```
/// use keyguard::{AssertionSecrets, Claims, Kind, Mode, UnixTime};
///
/// let secrets = AssertionSecrets::parse("k1:a2V5Z3VhcmQga2V5Z3VhcmQga2V5Z3VhcmQga2V5ISE")?;
/// let claims = Claims {
///     audience: "https://api.example.com",
///     issued_at: UnixTime(1_700_000_000),
///     id: "a0b1",
///     account: "acct_1",
///     key_id: "key_1",
///     kind: Kind::Secret,
///     mode: Mode::Live,
///     method: "POST",
///     path: "/refunds",
/// };
/// let assertion = secrets.sign(&claims);
/// assert_eq!(assertion.split('.').count(), 3);
/// # Ok::<(), keyguard::assertion::SecretsError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Claims<'a> {
    /// `aud`: the upstream's origin, as the policy has it.
    pub audience: &'a str,
    /// `iat`, from which `exp` follows.
    pub issued_at: UnixTime,
    /// `jti`: the request id.
    pub id: &'a str,
    /// The account whose key it was.
    pub account: &'a str,
    /// The key id.
    pub key_id: &'a str,
    /// Publishable or secret.
    pub kind: Kind,
    /// Test or live.
    pub mode: Mode,
    /// The request's method.
    pub method: &'a str,
    /// The path that the upstream receives, without the query.
    pub path: &'a str,
}

impl AssertionSecrets {
    /// Signs claims with the first secret.
    pub fn sign(&self, claims: &Claims<'_>) -> String {
        let signer = self.signer();
        // A struct of strings and numbers has no way to fail.
        let payload = serde_json::to_vec(&Payload::of(claims)).unwrap_or_default();
        let length = BASE64URL_NOPAD.encode_len(payload.len()).saturating_add(signer.header.len());
        let mut assertion = String::with_capacity(length.saturating_add(SIGNATURE_LENGTH));
        assertion.push_str(&signer.header);
        BASE64URL_NOPAD.encode_append(&payload, &mut assertion);
        let mut mac = signer.mac.clone();
        mac.update(assertion.get(signer.header.len()..).unwrap_or_default().as_bytes());
        assertion.push('.');
        BASE64URL_NOPAD.encode_append(&mac.finalize().into_bytes(), &mut assertion);
        assertion
    }
}

#[derive(Serialize)]
struct Payload<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: UnixTime,
    exp: UnixTime,
    jti: &'a str,
    account: &'a str,
    key_id: &'a str,
    kind: Kind,
    mode: Mode,
    method: &'a str,
    path: &'a str,
}

impl<'a> Payload<'a> {
    fn of(claims: &Claims<'a>) -> Self {
        Self {
            iss: ISSUER,
            aud: claims.audience,
            iat: claims.issued_at,
            exp: UnixTime(claims.issued_at.0.saturating_add(LIFETIME)),
            jti: claims.id,
            account: claims.account,
            key_id: claims.key_id,
            kind: claims.kind,
            mode: claims.mode,
            method: claims.method,
            path: claims.path,
        }
    }
}

/// `iss` of every assertion.
pub const ISSUER: &str = "keyguard";

/// How long an assertion holds, in seconds: the upstream gets it at once, and clocks differ by less.
pub const LIFETIME: u64 = 60;

/// A dot, and 32 bytes in base64url.
const SIGNATURE_LENGTH: usize = 44;
