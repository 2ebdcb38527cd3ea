//! One canonical path, or none.

use alloc::string::String;
use core::fmt;

use crate::escape::escape;

/// A path that every server reads the same way.
///
/// What the guard matches and what the upstream routes by must be one thing, so a path with more
/// than one reading has no canonical form: an encoded slash, backslash, dot, percent or `;`, a
/// raw `;` or backslash, control bytes, `//`, dot segments, bad escapes, anything but ASCII.
/// Of what remains, escapes of unreserved characters are decoded and the hex digits of the others are upper
/// case (RFC 3986 §6.2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalPath(String);

impl CanonicalPath {
    /// Reads a path as it stands in a request.
    ///
    /// ```
    /// use keyguard::CanonicalPath;
    ///
    /// assert_eq!(CanonicalPath::parse("/p%61y/a%c3").map(|p| p.to_string()), None);
    /// assert_eq!(CanonicalPath::parse("/p%61y/a%2b").unwrap().as_str(), "/pay/a%2B");
    /// assert_eq!(CanonicalPath::parse("/a/%2e%2e/b"), None);
    /// ```
    pub fn parse(path: &str) -> Option<Self> {
        let mut canonical = String::with_capacity(path.len());
        let mut rest = path.as_bytes().iter();
        while let Some(&byte) = rest.next() {
            if byte == b'%' {
                let decoded = escape(rest.as_slice())?;
                rest.nth(1);
                push_escape(&mut canonical, decoded)?;
            } else if byte == b'/' || is_plain(byte) {
                canonical.push(char::from(byte));
            } else {
                return None;
            }
        }
        let segments = canonical.strip_prefix('/')?;
        let has_dots = segments.split('/').any(|segment| matches!(segment, "." | ".."));
        (!has_dots && !canonical.contains("//")).then_some(Self(canonical))
    }

    /// The path, from its first slash on.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CanonicalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Appends what an escape stands for, or the escape itself where decoding would change the meaning.
fn push_escape(canonical: &mut String, decoded: u8) -> Option<()> {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    if is_ambiguous(decoded) {
        return None;
    }
    if is_unreserved(decoded) {
        canonical.push(char::from(decoded));
    } else {
        canonical.push('%');
        canonical.push(char::from(*HEX.get(usize::from(decoded >> 4))?));
        canonical.push(char::from(*HEX.get(usize::from(decoded & 15))?));
    }
    Some(())
}

/// Bytes that some servers decode before they route and others after.
fn is_ambiguous(decoded: u8) -> bool {
    !decoded.is_ascii() || decoded.is_ascii_control() || b"/\\.%;".contains(&decoded)
}

/// `unreserved` of RFC 3986 §2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// `pchar` of RFC 3986 §3.3 without escapes and without `;`, after which some servers stop reading.
fn is_plain(byte: u8) -> bool {
    is_unreserved(byte) || b"!$&'()*+,=:@".contains(&byte)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[track_caller]
    fn canonical(path: &str, expected: &str) {
        let parsed = CanonicalPath::parse(path).unwrap();
        assert_eq!(
            (parsed.as_str(), parsed.to_string().as_str()),
            (expected, expected),
            "{path:?}"
        );
        assert_eq!(CanonicalPath::parse(expected).unwrap(), parsed, "not idempotent: {path:?}");
    }

    #[test]
    fn plain_paths_stay_as_they_are() {
        for path in ["/", "/a", "/a/", "/a/b.c/~d", "/a:b@c/!$&'()*+,=", "/...", "/.a", "/a%20b"] {
            canonical(path, path);
        }
    }

    #[test]
    fn rfc_3986_6_2_2_escapes_are_normalised() {
        canonical("/%61%7e%2D", "/a~-");
        canonical("/%3a%2b", "/%3A%2B");
    }

    #[test]
    fn paths_with_more_than_one_reading_have_no_canonical_form() {
        for path in [
            "",
            "a",
            "*",
            "//",
            "//a",
            "/a//b",
            "/a//",
            "/.",
            "/..",
            "/./a",
            "/a/..",
            "/a/../b",
            "/%2e",
            "/%2E%2e/a",
            "/.%2e/",
            "/a%2fb",
            "/a%2Fb",
            "/a%5cb",
            "/a\\b",
            "/a%25b",
            "/a%252e",
            "/a;b",
            "/a%3bb",
            "/a%00",
            "/a\u{0}",
            "/a%0a",
            "/a\n",
            "/a%7f",
            "/a%",
            "/a%4",
            "/a%zz",
            "/ä",
            "/%c3%a4",
            "/a b",
            "/a\"b",
            "/a?b",
            "/a#b",
            "/a|b",
            "/{a}",
        ] {
            assert_eq!(CanonicalPath::parse(path), None, "{path:?}");
        }
    }
}
