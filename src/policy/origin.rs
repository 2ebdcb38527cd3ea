//! Origins: the scheme, host and port of a page or of an upstream.

use alloc::string::{String, ToString};

use crate::url::{is_host, is_loopback, split_port};

/// Where a mode's requests go: an origin without a path, so that no request's path can climb out of one.
#[derive(Debug)]
pub struct Upstream(String);

impl Upstream {
    /// Reads `https://host[:port]`; plain `http` for a loopback host alone.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_allowed = match text.split_once("://")? {
            ("https", _) => true,
            ("http", rest) => is_loopback(rest),
            _ => false,
        };
        (is_allowed && is_origin(text)).then(|| Self(text.to_string()))
    }

    /// The origin, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a text is an origin as a browser writes one (RFC 6454 §6.2): lower case, no path, and no
/// port that is the scheme's own.
pub(crate) fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else { return false };
    let default_port = match scheme {
        "https" => "443",
        "http" => "80",
        _ => return false,
    };
    let (host, port) = split_port(authority);
    let is_written_so = is_host(host)
        && !host.ends_with('.')
        && !host.bytes().any(|byte| byte.is_ascii_uppercase());
    is_written_so
        && port.is_none_or(|port| {
            port != default_port && !port.starts_with(['0', '+']) && port.parse::<u16>().is_ok()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_written_as_browsers_write_them() {
        for text in [
            "https://shop.example",
            "https://a-b.c:8443",
            "http://localhost:8789",
            "http://[::1]:1",
            "https://127.0.0.1",
            "https://xn--bcher-kva.example",
        ] {
            assert!(is_origin(text), "{text}");
        }
        for text in [
            "",
            "*",
            "null",
            "shop.example",
            "https://",
            "https://Shop.example",
            "HTTPS://a",
            "ftp://a",
            "https://a/",
            "https://a/b",
            "https://a?b",
            "https://a#b",
            "https://a:443",
            "http://a:80",
            "https://a:0",
            "https://a:99999",
            "https://a:",
            "https://a:+8",
            "https://u@a",
            "https://a b",
            "https://a..b",
            "https://[]",
            "https://a\\b",
            "https://ä",
            "https://*.a",
        ] {
            assert!(!is_origin(text), "{text}");
        }
    }

    #[test]
    fn rfc_1035_2_3_4_a_name_has_up_to_253_characters() {
        let of = |length| alloc::format!("https://{}:8443", "a.".repeat(126) + &"b".repeat(length));
        assert!(is_origin(&of(1)));
        assert!(!is_origin(&of(2)));
    }

    #[test]
    fn plain_http_upstream_is_for_this_machine_alone() {
        assert!(Upstream::parse("http://127.0.0.1:8788").is_some());
        assert!(Upstream::parse("http://[::1]:8788").is_some());
        assert!(Upstream::parse("https://api.example").is_some());
        assert!(Upstream::parse("http://api.example").is_none());
        assert!(Upstream::parse("http://localhost.example").is_none());
        assert!(Upstream::parse("https://api.example/v1").is_none());
    }
}
