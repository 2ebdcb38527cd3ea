//! A request's URL, cut into parts without changing any.

use crate::{credential::might_show_credential, scan};

/// The parts of a request's URL, as they came.
///
/// URL parsers normalise: they fold dot segments, escapes and backslashes, each a little differently. What
/// the guard judges has to be what was sent, so this cuts at the delimiters of RFC 3986 §3 and leaves
/// every byte alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestUrl<'a> {
    is_https: bool,
    host: &'a str,
    path: &'a str,
    query: Option<&'a str>,
}

impl<'a> RequestUrl<'a> {
    /// Cuts `scheme://host:port/path?query#fragment`; `None` for anything else.
    ///
    /// Runtimes glue the `Host` header and the request's target together without a look at either: the `*` of
    /// `OPTIONS *` (RFC 9112 §3.2.4) ends up in the host, and a slash in `Host` starts a path. So `host`, the header's
    /// value where there is one, has to be just what stands in the URL.
    ///
    /// ```
    /// let url = keyguard::RequestUrl::cut("https://api.example/a/../b?c#d", Some("api.example")).unwrap();
    /// assert_eq!((url.path(), url.query()), ("/a/../b", Some("c")));
    /// ```
    pub fn cut(url: &'a str, host: Option<&str>) -> Option<Self> {
        let (is_https, rest) = match url.strip_prefix("https://") {
            Some(rest) => (true, rest),
            None => (false, url.strip_prefix("http://")?),
        };
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        let (rest, query) = match rest.split_once('?') {
            Some((before, query)) => (before, Some(query)),
            None => (rest, None),
        };
        let (authority, path) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len()))?;
        let path = if path.is_empty() { "/" } else { path };
        let is_whole = host.is_none_or(|host| host.eq_ignore_ascii_case(authority));
        (is_whole && is_authority(authority)).then_some(Self {
            is_https,
            host: authority,
            path,
            query,
        })
    }

    /// Whether the scheme is `https`.
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// Whether the host is this very machine by name: `localhost`, `127.0.0.1` or `[::1]`.
    pub fn is_loopback(&self) -> bool {
        is_loopback(self.host)
    }

    /// The path, from its first slash on.
    pub fn path(&self) -> &'a str {
        self.path
    }

    /// What follows the question mark.
    pub fn query(&self) -> Option<&'a str> {
        self.query
    }

    /// Whether the query holds an API key or an operator's credential, where RFC 6750 §2.3 has long warned of putting one: URLs end up
    /// in logs and histories.
    pub fn query_holds_key(&self) -> bool {
        self.query.is_some_and(|query| scan::holds_key(query) || might_show_credential(query))
    }

    /// The path for a problem's `instance` (RFC 9457 §3.1.5): without the query, and nothing if
    /// somebody put a secret key into it.
    pub fn instance(&self) -> Option<&'a str> {
        (!scan::might_show_secret_key(self.path) && !might_show_credential(self.path))
            .then_some(self.path)
    }
}

/// Whether `host`, with or without a port, names this very machine.
pub(crate) fn is_loopback(host: impl AsRef<[u8]>) -> bool {
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| {
        match host.as_ref().strip_prefix(name.as_bytes()) {
            Some([b':', port @ ..]) => port.iter().all(u8::is_ascii_digit),
            Some(rest) => rest.is_empty(),
            None => false,
        }
    })
}

/// Whether a text is a host, with or without a port.
fn is_authority(text: &str) -> bool {
    let (host, port) = split_port(text);
    is_host(host) && port.is_none_or(|port| port.parse::<u16>().is_ok() && !port.starts_with('+'))
}

/// A host, and the port that follows it.
pub(crate) fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

/// Whether a text is a name or an address (RFC 3986 §3.2.2, without escapes), and no longer than a name can be (RFC 1035 §2.3.4: 255 octets
/// with the length of each label before it, which are 253 characters).
pub(crate) fn is_host(host: &str) -> bool {
    // A name may end in the dot of the root.
    let name = host.strip_suffix('.').unwrap_or(host);
    if name.len() > 253 {
        return false;
    }
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return !address.is_empty()
            && address.bytes().all(|byte| byte.is_ascii_hexdigit() || b":.".contains(&byte));
    }
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    name.split('.').all(|label| !label.is_empty() && label.bytes().all(is_allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn query_holds_key(query: &str) -> bool {
        RequestUrl::cut(&alloc::format!("https://a/?{query}"), None).unwrap().query_holds_key()
    }

    #[test]
    fn parts_are_left_as_they_came() {
        let url =
            RequestUrl::cut("http://localhost:8787//a\\b/%2e%2E/?x=%00?#y", Some("LOCALHOST:8787"))
                .unwrap();
        assert!(url.is_loopback() && !url.is_https());
        assert_eq!((url.path(), url.query()), ("//a\\b/%2e%2E/", Some("x=%00?")));
        assert_eq!(RequestUrl::cut("https://a?b", None).unwrap().path(), "/");
    }

    #[test]
    fn what_is_no_request_url_is_not_cut() {
        for url in [
            "",
            "*",
            "/a",
            "https:///a",
            "ftp://a/",
            "https://",
            "HTTPS:/a",
            "http://a*",
            "http://u@a/",
            "http://a, b/",
            "http://a b/",
            "http://a%41/",
            "http://a\\b/",
            "http://ä/",
            "http://[::1/",
            "http://a:b/",
            "http://a:99999/",
            "http://a..b/",
            "http://:80/",
            "http://[]/",
        ] {
            assert_eq!(RequestUrl::cut(url, None), None, "{url:?}");
        }
    }

    #[test]
    fn host_header_that_is_more_than_a_host_is_not_cut() {
        assert_eq!(RequestUrl::cut("http://a/b/c", Some("a/b")), None);
        assert_eq!(RequestUrl::cut("http://a?b/c", Some("a?b")), None);
        assert_eq!(RequestUrl::cut("http://a/c", Some("b")), None);
        assert!(RequestUrl::cut("http://a./c", Some("A.")).is_some());
    }

    #[test]
    fn loopback_is_told_by_the_whole_name() {
        for (host, expected) in [
            ("localhost", true),
            ("localhost:1", true),
            ("127.0.0.1:80", true),
            ("[::1]:80", true),
            ("localhost.example", false),
            ("127.0.0.1.example", false),
            ("[::2]", false),
            ("example", false),
            ("[::1", false),
            ("localhost:1:2", false),
            ("[::1]:]", false),
            ("localhost:", true),
            ("", false),
        ] {
            assert_eq!(is_loopback(host), expected, "{host}");
        }
    }

    #[test]
    fn key_in_the_query_is_found_plain_and_escaped() {
        assert!(query_holds_key("access_token=sk_vYZCAeHawUqDCmVpEKh2U"));
        assert!(query_holds_key("a=b&key=pk_WeHsNn87r4gtNc5BQT9Mj"));
        assert!(query_holds_key("pk_WeHsNn87r4gtNc5BQT9Mj"));
        assert!(query_holds_key("key=%70k%5FWeHsNn87r4gtNc5BQT9Mj"));
        assert!(query_holds_key("key=+pk_WeHsNn87r4gtNc5BQT9Mj%20"));
        assert!(query_holds_key("next=https%3A%2F%2Fa%2F%3Fk%3Dsk_vYZCAeHawUqDCmVpEKh2U"));
    }

    #[test]
    fn ordinary_queries_hold_no_key() {
        for query in ["", "a", "a=%", "a=%4", "a=%zz&b=1+1", "task_vYZCAeHawUqDCmVpEKh2U", "é=ü"]
        {
            assert!(!query_holds_key(query), "{query}");
        }
    }

    #[test]
    fn instance_never_shows_a_secret_key() {
        let url = RequestUrl::cut("https://a/v1/sk_vYZCAeHawUqDCmVpEKh2U?x", None).unwrap();
        assert_eq!(url.instance(), None);
        for path in [
            "/xsk_test_vYZCAeHawUqDCmVpEKh2U",
            "/v1tokensk_vYZCAeHawUqDCmVpEKh2U",
            "/9%73k_vYZCAeHawUqDCmVpEKh2U",
            "/%252525252573k_vYZCAeHawUqDCmVpEKh2U",
        ] {
            let url = ["https://a", path].concat();
            assert_eq!(RequestUrl::cut(&url, None).unwrap().instance(), None, "{path}");
        }
        assert_eq!(RequestUrl::cut("https://a/v1?x", None).unwrap().instance(), Some("/v1"));
    }
}
