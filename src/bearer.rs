//! The bearer token of a request: RFC 9110 §11.4 and RFC 6750 §2.1.

use core::fmt;

/// The credential that a request presents, as it came over the wire: well-formed, and not yet a key.
pub struct BearerToken<'a>(&'a str);

impl<'a> BearerToken<'a> {
    /// Reads the value of the one `Authorization` header.
    ///
    /// The rule is `"Bearer" 1*SP b64token` (RFC 6750 §2.1), where the scheme's case does not matter
    /// (RFC 9110 §11.1). Runtimes join repeated headers with a comma, which no b64token holds, so a
    /// repeated header is malformed here as RFC 9110 §5.3 has it.
    ///
    /// ```
    /// use keyguard::{BearerError, BearerToken};
    ///
    /// assert_eq!(BearerToken::from_authorization(Some("bearer abc")).unwrap().as_str(), "abc");
    /// assert_eq!(BearerToken::from_authorization(None).unwrap_err(), BearerError::Absent);
    /// assert_eq!(
    ///     BearerToken::from_authorization(Some("Bearer a, Bearer b")).unwrap_err(),
    ///     BearerError::Malformed,
    /// );
    /// ```
    ///
    /// # Errors
    /// [`BearerError::Absent`] without a header, [`BearerError::OtherScheme`] with, say, `Basic`,
    /// [`BearerError::Malformed`] with everything else.
    pub fn from_authorization(value: Option<&'a str>) -> Result<Self, BearerError> {
        let value = value.unwrap_or_default().trim_matches(OPTIONAL_WHITESPACE);
        if value.is_empty() {
            return Err(BearerError::Absent);
        }
        let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
        if scheme.eq_ignore_ascii_case("bearer") {
            let token = rest.trim_start_matches(' ');
            return is_b64token(token).then_some(Self(token)).ok_or(BearerError::Malformed);
        }
        if !scheme.bytes().all(is_token_byte) || value.split(',').skip(1).any(presents_credential) {
            return Err(BearerError::Malformed);
        }
        Err(BearerError::OtherScheme)
    }

    /// The token. It may be a secret key: pass it on, and never print it.
    pub fn as_str(&self) -> &'a str {
        self.0
    }
}

impl fmt::Debug for BearerToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(elided)")
    }
}

/// Why a request presents no bearer token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BearerError {
    /// There is no `Authorization` header.
    #[error("no Authorization header")]
    Absent,
    /// The header uses another authentication scheme.
    #[error("another authentication scheme than Bearer")]
    OtherScheme,
    /// The header breaks the syntax, or stands there more than once.
    #[error("a malformed or repeated Authorization header")]
    Malformed,
}

/// Whether a later part of a joined value is a credential of its own, a scheme and what follows it: then the header
/// was repeated. A parameter (`realm="a"`) has its `=` before any space.
fn presents_credential(part: &str) -> bool {
    let part = part.trim_matches(OPTIONAL_WHITESPACE);
    let (scheme, rest) = part.split_once(' ').unwrap_or((part, ""));
    let is_scheme = !scheme.is_empty() && scheme.bytes().all(is_token_byte);
    scheme.eq_ignore_ascii_case("bearer") || (is_scheme && !rest.trim_matches(' ').is_empty())
}

/// `b64token` of RFC 6750 §2.1.
fn is_b64token(token: &str) -> bool {
    let body = token.trim_end_matches('=');
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    !body.is_empty() && body.bytes().all(is_allowed)
}

/// `tchar` of RFC 9110 §5.6.2.
pub(crate) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// OWS of RFC 9110 §5.6.3.
const OPTIONAL_WHITESPACE: [char; 2] = [' ', '\t'];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn token(value: &str, token: &str) {
        assert_eq!(BearerToken::from_authorization(Some(value)).unwrap().as_str(), token);
    }

    #[track_caller]
    fn refused(value: &str, error: BearerError) {
        let result = BearerToken::from_authorization(Some(value));
        assert_eq!(result.unwrap_err(), error, "{value:?}");
    }

    #[test]
    fn rfc_6750_2_1_scheme_in_any_case_and_one_or_more_spaces() {
        token("Bearer abc", "abc");
        token("bEARER abc", "abc");
        token("Bearer    a-._~+/b==", "a-._~+/b==");
        token(" Bearer abc\t", "abc");
    }

    #[test]
    fn rfc_6750_2_1_malformed_credentials() {
        for value in [
            "Bearer",
            "Bearer ",
            "Bearer\tabc",
            "Bearer a b",
            "Bearer a,b",
            "Bearer \"abc\"",
            "Bearer =",
            "Bearer a=b",
            "Bearer äbc",
            "Bearer abc\u{0}",
            "Bearer abc, Bearer abc",
            "Basic abc, Bearer abc",
            "Basic abc, Basic abc",
            "Basic abc, Bearer",
            "Bearér abc",
            "Bearer,",
            ",",
            "Bearer abc,",
        ] {
            refused(value, BearerError::Malformed);
        }
    }

    #[test]
    fn other_schemes_are_no_bearer_credentials() {
        refused("", BearerError::Absent);
        refused(" \t", BearerError::Absent);
        refused("Basic dXNlcjpwYXNz", BearerError::OtherScheme);
        refused("Digest username=\"a\", realm=\"b\"", BearerError::OtherScheme);
        refused("Digest username=\"a\", realm=\"b c\"", BearerError::OtherScheme);
        refused("Basic abc, def", BearerError::OtherScheme);
        refused("BearerX abc", BearerError::OtherScheme);
    }
}
