//! What may go with a page's key: the members of a `RequestInit`.

use super::{InitRule, Place, Refusal};
use crate::scan::{bytes_hold_key, bytes_hold_secret_key};

/// A member that is the guard's to set; a caller may say the same, or something stricter.
#[derive(Clone, Copy, Debug)]
pub struct Pinned {
    /// The member's name.
    pub name: &'static str,
    /// The values that are accepted, each after a space or none.
    pub values: &'static str,
}

/// What no caller can loosen.
///
/// - `credentials`: cookies and client certificates are somebody else's authority.
/// - `redirect`: a followed redirect would take the key to wherever the response says.
/// - `mode`: `no-cors` drops the Authorization header without a word.
/// - `referrer`, `referrerPolicy`: a checkout page's path can hold a customer's data.
pub const PINNED: [Pinned; 5] = [
    Pinned { name: "credentials", values: "omit" },
    Pinned { name: "redirect", values: "error" },
    Pinned { name: "mode", values: "cors same-origin" },
    Pinned { name: "referrer", values: "about:client " },
    Pinned { name: "referrerPolicy", values: "strict-origin origin no-referrer" },
];

/// Looks at all that is sent ahead of a body, one a line: the members of [`PINNED`], then names and values in turn, of headers and what
/// else there is, as [`check_header`] has it.
///
/// There have to be as many lines as there were values: one with a line break in it could pass for others.
///
/// # Errors
/// The first rule that a line breaks; [`Refusal::InvalidInit`] if there are more or fewer lines.
pub fn check_head(text: &[u8], count: usize) -> Result<(), Refusal> {
    let mut lines = text.split(|byte| *byte == b'\n');
    if lines.clone().count() != count {
        // No runtime takes a line break, wherever it is.
        return Err(if bytes_hold_secret_key(text) {
            Refusal::SecretKey(Place::Header)
        } else {
            Refusal::InvalidInit(InitRule::Rejected)
        });
    }
    let accepts = |pinned: &Pinned| {
        lines.next().is_some_and(|line| {
            pinned.values.as_bytes().split(|byte| *byte == b' ').any(|value| value == line)
        })
    };
    if !PINNED.iter().all(accepts) {
        return Err(Refusal::InvalidInit(InitRule::Pinned));
    }
    while let Some(name) = lines.next() {
        check_header(name, lines.next().unwrap_or_default())?;
    }
    Ok(())
}

/// Looks at a finished request: the browser has parsed the URL in its own way by then, and dropped what it doesn't allow.
///
/// `finished` is what the request says of itself, one a line: the members of [`PINNED`], the `Authorization` and the URL. `asked` is
/// what was asked for, with the base URL, without a slash at its end, for the URL.
///
/// # Errors
/// [`Refusal::UnverifiedRequest`] where they differ, where the URL is not below the base, and where there is a secret key in it.
pub fn check_request(asked: &[u8], finished: &[u8]) -> Result<(), Refusal> {
    match finished.strip_prefix(asked) {
        Some(rest @ [b'/', ..]) if !bytes_hold_secret_key(rest) => Ok(()),
        _ => Err(Refusal::UnverifiedRequest),
    }
}

/// Looks at a header that goes along, or at another name and value that are sent ahead of the body.
///
/// # Errors
/// [`Refusal::SecretKey`]; [`Refusal::InvalidInit`] for another `Authorization`, for any API key and for an `Idempotency-Key` that is none.
pub fn check_header(name: &[u8], value: &[u8]) -> Result<(), Refusal> {
    let has_key = bytes_hold_key(value) || bytes_hold_key(name);
    if has_key && (bytes_hold_secret_key(value) || bytes_hold_secret_key(name)) {
        return Err(Refusal::SecretKey(Place::Header));
    }
    if name.eq_ignore_ascii_case(b"authorization") {
        return Err(Refusal::InvalidInit(InitRule::Authorization));
    }
    if has_key {
        return Err(Refusal::InvalidInit(InitRule::KeyInHeader));
    }
    // A server that can't read it would do things twice.
    let is_readable = (1..=255).contains(&value.len()) && value.iter().all(u8::is_ascii_graphic);
    if name == b"idempotency-key" && !is_readable {
        return Err(Refusal::InvalidInit(InitRule::IdempotencyKey));
    }
    Ok(())
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
    fn idempotency_key_is_one_that_any_server_can_read() {
        let check = |key: &str| check_header(b"idempotency-key", key.as_bytes());
        for key in ["8e03978e-40d5-43dd-bc93-6894a57f9324", "\"quoted\"", "x", &"x".repeat(255)] {
            assert_eq!(check(key), Ok(()), "{key}");
        }
        for key in ["", "a b", "a, b", "é", "a\tb", &"x".repeat(256)] {
            assert_eq!(check(key), Err(Refusal::InvalidInit(InitRule::IdempotencyKey)), "{key}");
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
            let lines = PINNED.map(|pinned| {
                if pinned.name == name { value } else { pinned.values.split(' ').next().unwrap() }
            });
            let is_allowed = check_head(lines.join("\n").as_bytes(), PINNED.len()).is_ok();
            assert_eq!(is_allowed, is_accepted, "{name}: {value}");
        }
    }

    #[test]
    fn head_is_what_the_guard_pins_and_names_and_values() {
        let pinned = "omit\nerror\ncors\nabout:client\norigin";
        let check = |text: &str, count| check_head(text.as_bytes(), count);
        assert_eq!(check(pinned, 5), Ok(()));
        let head = [pinned, "\nx-test\ny\nmethod\nPOST"].concat();
        assert_eq!(check(&head, 9), Ok(()));
        for (text, count) in [("omit", 1), (&head.replace("omit", "include"), 9)] {
            let refusal = Refusal::InvalidInit(InitRule::Pinned);
            assert_eq!(check(text, count), Err(refusal), "{text:?}");
        }
        let keyed = head.replace("\ny\n", "\npk_WeHsNn87r4gtNc5BQT9Mj\n");
        assert_eq!(check(&keyed, 9), Err(Refusal::InvalidInit(InitRule::KeyInHeader)));
    }

    #[test]
    fn value_with_a_line_break_passes_for_no_other_line() {
        let head = "omit\nerror\ncors\nabout:client\norigin\nmethod\nPOST";
        for count in [0, 1, 6, 8, usize::MAX] {
            let refusal = Refusal::InvalidInit(InitRule::Rejected);
            assert_eq!(check_head(head.as_bytes(), count), Err(refusal), "{count}");
        }
        // The first member brings what the others should have said.
        let shifted = [head, "\nx\nunsafe-url"].concat();
        assert!(check_head(shifted.as_bytes(), 7).is_err());
        let secret = head.replace("POST", "A\nsk_vYZCAeHawUqDCmVpEKh2U");
        assert_eq!(check_head(secret.as_bytes(), 7), Err(Refusal::SecretKey(Place::Header)));
    }

    #[test]
    fn finished_request_has_to_be_as_asked_and_below_the_base() {
        let asked = b"omit\nerror\nBearer pk_x\nhttps://api.example/v1";
        let check = |finished: &str| check_request(asked, finished.as_bytes());
        assert_eq!(check("omit\nerror\nBearer pk_x\nhttps://api.example/v1/a"), Ok(()));
        for finished in [
            "",
            "omit\nerror\nBearer pk_x\nhttps://api.example/v1",
            "omit\nerror\nBearer pk_x\nhttps://api.example/v10/a",
            "omit\nerror\nBearer pk_x\nhttps://api.example/",
            "omit\nerror\nBearer pk_x\nhttp://api.example/v1/a",
            "omit\nerror\nBearer pk_x\nhttps://api.example.evil/v1/a",
            "omit\nerror\nBearer pk_x\nhttps://evil.example/https://api.example/v1/a",
            "omit\nerror\nBearer pk_x\nhttps://api.example/v1/sk_vYZCAeHawUqDCmVpEKh2U",
            "omit\nerror\nBearer pk_y\nhttps://api.example/v1/a",
            "omit\nfollow\nBearer pk_x\nhttps://api.example/v1/a",
            "include\nerror\nBearer pk_x\nhttps://api.example/v1/a",
        ] {
            assert_eq!(check(finished), Err(Refusal::UnverifiedRequest), "{finished}");
        }
    }
}
