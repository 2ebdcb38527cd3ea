//! What may go with a page's key: the members of a `RequestInit`.

use super::{InitRule, Place, Refusal};
use crate::scan::{bytes_hold_key, bytes_hold_secret_key};

/// A member that the guard sets itself; a caller may say the same, or something stricter.
#[derive(Clone, Copy, Debug)]
pub struct Pinned {
    /// The member's name.
    pub name: &'static str,
    /// The values that are accepted. The first is set where the caller says nothing.
    pub values: &'static [&'static str],
    /// Whether a finished request shows the value again. (`referrer` it shows resolved.)
    pub is_readable: bool,
}

impl Pinned {
    /// The value to set, for the one that the caller asks for, if any.
    ///
    /// # Errors
    /// [`Refusal::InvalidInit`] for all but the accepted ones.
    pub fn accept(&self, asked: Option<&str>) -> Result<&'static str, Refusal> {
        let mut values = self.values.iter().copied();
        match asked {
            None => values.next(),
            Some(asked) => values.find(|value| *value == asked),
        }
        .ok_or(Refusal::InvalidInit(InitRule::Pinned))
    }
}

/// What no caller can loosen.
///
/// - `credentials`: cookies and client certificates are somebody else's authority.
/// - `redirect`: a followed redirect would take the key to wherever the response says.
/// - `mode`: `no-cors` drops the Authorization header without a word.
/// - `referrer`, `referrerPolicy`: a checkout page's path can hold a customer's data.
pub const PINNED: [Pinned; 5] = [
    Pinned { name: "credentials", values: &["omit"], is_readable: true },
    Pinned { name: "redirect", values: &["error"], is_readable: true },
    Pinned { name: "mode", values: &["cors", "same-origin"], is_readable: true },
    Pinned { name: "referrer", values: &["about:client", ""], is_readable: false },
    Pinned {
        name: "referrerPolicy",
        values: &["strict-origin", "origin", "no-referrer"],
        is_readable: true,
    },
];

/// Looks at a header that goes along.
///
/// # Errors
/// [`Refusal::SecretKey`]; [`Refusal::InvalidInit`] for another `Authorization` and for any API key.
pub fn check_header(name: &[u8], value: &[u8]) -> Result<(), Refusal> {
    if bytes_hold_secret_key(value) || bytes_hold_secret_key(name) {
        return Err(Refusal::SecretKey(Place::Header));
    }
    if name.eq_ignore_ascii_case(b"authorization") {
        return Err(Refusal::InvalidInit(InitRule::Authorization));
    }
    if bytes_hold_key(value) || bytes_hold_key(name) {
        return Err(Refusal::InvalidInit(InitRule::KeyInHeader));
    }
    Ok(())
}

/// Looks at a method, which is sent too.
///
/// # Errors
/// [`Refusal::SecretKey`].
pub fn check_method(method: &str) -> Result<(), Refusal> {
    if bytes_hold_secret_key(method.as_bytes()) {
        Err(Refusal::SecretKey(Place::Header))
    } else {
        Ok(())
    }
}

/// Looks at a body.
///
/// # Errors
/// [`Refusal::SecretKey`].
pub fn check_body(body: &[u8]) -> Result<(), Refusal> {
    if bytes_hold_secret_key(body) { Err(Refusal::SecretKey(Place::Body)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_hold_no_key_of_any_kind() {
        assert_eq!(
            check_header(b"idempotency-key", b"8e03978e-40d5-43dd-bc93-6894a57f9324"),
            Ok(())
        );
        assert_eq!(check_header(b"accept-language", b"sk-SK,sk;q=0.9"), Ok(()));
        for (name, value, refusal) in [
            ("X-Key", "sk_vYZCAeHawUqDCmVpEKh2U", Refusal::SecretKey(Place::Header)),
            ("authorization", "Bearer sk_vYZCAeHawUqDCmVpEKh2U", Refusal::SecretKey(Place::Header)),
            ("sk_vYZCAeHawUqDCmVpEKh2U", "", Refusal::SecretKey(Place::Header)),
            ("AUTHORIZATION", "Basic YTpi", Refusal::InvalidInit(InitRule::Authorization)),
            ("X-Key", "pk_WeHsNn87r4gtNc5BQT9Mj", Refusal::InvalidInit(InitRule::KeyInHeader)),
        ] {
            assert_eq!(check_header(name.as_bytes(), value.as_bytes()), Err(refusal), "{name}");
        }
    }

    #[test]
    fn pinned_members_can_only_be_made_stricter() {
        for (name, value, is_accepted) in [
            ("credentials", "omit", true),
            ("credentials", "include", false),
            ("credentials", "same-origin", false),
            ("redirect", "error", true),
            ("redirect", "follow", false),
            ("redirect", "manual", false),
            ("mode", "same-origin", true),
            ("mode", "no-cors", false),
            ("mode", "navigate", false),
            ("referrerPolicy", "no-referrer", true),
            ("referrerPolicy", "unsafe-url", false),
            ("referrerPolicy", "", false),
            ("referrer", "", true),
            ("referrer", "/basket", false),
        ] {
            let pinned = PINNED.iter().find(|pinned| pinned.name == name).unwrap();
            assert_eq!(pinned.accept(Some(value)).is_ok(), is_accepted, "{name}: {value}");
            assert_eq!(pinned.accept(None).ok(), pinned.values.first().copied());
        }
    }
}
