//! Where a page's key may go.

use super::{OptionRule, PathRule, Place, Refusal};
use crate::{scan::bytes_hold_secret_key, url::is_loopback};

/// Looks at a base URL, in the form that a URL parser serialises: an origin, and a path prefix where the API has one.
///
/// ```
/// use keyguard::page::check_base_url;
///
/// assert!(check_base_url("https://api.example/v1/").is_ok());
/// assert!(check_base_url("http://api.example/v1/").is_err());
/// ```
///
/// # Errors
/// [`Refusal::InvalidOptions`], or [`Refusal::SecretKey`].
pub fn check_base_url(href: impl AsRef<[u8]>) -> Result<(), Refusal> {
    let href = href.as_ref();
    if bytes_hold_secret_key(href) {
        return Err(Refusal::SecretKey(Place::Url));
    }
    let (rest, is_https) = match (href.strip_prefix(b"https://"), href.strip_prefix(b"http://")) {
        (Some(rest), _) => (rest, true),
        (None, Some(rest)) => (rest, false),
        (None, None) => return Err(Refusal::InvalidOptions(OptionRule::Scheme)),
    };
    if rest.iter().any(|byte| matches!(byte, b'@' | b'?' | b'#')) {
        return Err(Refusal::InvalidOptions(OptionRule::Surplus));
    }
    let end = rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or_default();
    if !is_https && !is_loopback(authority) {
        return Err(Refusal::InvalidOptions(OptionRule::Scheme));
    }
    let is_host = authority.iter().all(
        |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b':' | b'[' | b']'),
    );
    if authority.is_empty() || !is_host || check_characters(path).is_err() || climbs(path) {
        return Err(Refusal::InvalidOptions(OptionRule::BaseUrl));
    }
    Ok(())
}

/// Looks at a path that will be added to the base URL, and is never resolved against it.
///
/// A browser's URL parser drops tabs and line breaks, turns `\` into `/`, folds dot segments however they
/// are escaped, and takes `//host` for another origin. A path with any of these is refused.
///
/// ```
/// use keyguard::page::check_path;
///
/// assert!(check_path("/collect?a=b").is_ok());
/// assert!(check_path("//evil.example").is_err());
/// ```
///
/// # Errors
/// [`Refusal::InvalidPath`], or [`Refusal::SecretKey`].
pub fn check_path(path: impl AsRef<[u8]>) -> Result<(), Refusal> {
    let path = path.as_ref();
    if bytes_hold_secret_key(path) {
        return Err(Refusal::SecretKey(Place::Url));
    }
    if !path.starts_with(b"/") || matches!(path, [_, b'/' | b'\\', ..]) {
        return Err(Refusal::InvalidPath(PathRule::Start));
    }
    check_characters(path)?;
    if climbs(path) { Err(Refusal::InvalidPath(PathRule::DotSegment)) } else { Ok(()) }
}

fn check_characters(path: &[u8]) -> Result<(), Refusal> {
    let is_refused = |byte: &u8| matches!(byte, b'\\' | b'#' | b'\0'..=b' ' | 0x7f);
    if path.iter().any(is_refused) {
        Err(Refusal::InvalidPath(PathRule::Character))
    } else {
        Ok(())
    }
}

/// Whether a segment of the path is `.` or `..` to a URL parser (WHATWG URL, "single-dot" and "double-dot URL
/// path segment"), or to a server that cuts parameters off (`..;`) or decodes slashes (`..%2f`) first.
fn climbs(path: &[u8]) -> bool {
    let mut rest = path.split(|byte| *byte == b'?').next().unwrap_or_default();
    loop {
        rest = match rest {
            [] => return false,
            [b'/', after @ ..]
            | [b'%', b'2', b'f' | b'F', after @ ..]
            | [b'%', b'5', b'c' | b'C', after @ ..] => {
                if starts_with_dots(after) {
                    return true;
                }
                after
            }
            [_, after @ ..] => after,
        };
    }
}

fn starts_with_dots(mut segment: &[u8]) -> bool {
    let mut dots = 0_u8;
    while let [b'.', rest @ ..] | [b'%', b'2', b'e' | b'E', rest @ ..] = segment {
        segment = rest;
        dots = dots.saturating_add(1);
    }
    let is_whole = matches!(
        segment,
        [] | [b';' | b'/', ..] | [b'%', b'2', b'f' | b'F', ..] | [b'%', b'5', b'c' | b'C', ..]
    );
    matches!(dots, 1 | 2) && is_whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(href: &str, rule: OptionRule) {
        assert_eq!(check_base_url(href).unwrap_err(), Refusal::InvalidOptions(rule), "{href}");
    }

    #[test]
    fn base_is_https_or_this_machine() {
        for href in [
            "https://api.example",
            "https://api.example/",
            "https://api.example:8443/v1",
            "http://localhost:8787",
            "http://127.0.0.1:8787/",
            "http://[::1]:8787/a/b/",
        ] {
            assert!(check_base_url(href).is_ok(), "{href}");
        }
        refused("http://api.example/", OptionRule::Scheme);
        refused("http://localhost.example/", OptionRule::Scheme);
        refused("http://127.0.0.1.example/", OptionRule::Scheme);
        refused("ftp://localhost/", OptionRule::Scheme);
        refused("javascript://localhost/", OptionRule::Scheme);
        refused("api.example", OptionRule::Scheme);
        refused("", OptionRule::Scheme);
        refused("https://", OptionRule::BaseUrl);
        refused("https:///a", OptionRule::BaseUrl);
        refused("https://api example/", OptionRule::BaseUrl);
        refused("https://api.example\\a", OptionRule::BaseUrl);
        refused("https://api.example/a/../b", OptionRule::BaseUrl);
        refused("https://user@api.example/", OptionRule::Surplus);
        refused("https://localhost@evil.example/", OptionRule::Surplus);
        refused("http://localhost@evil.example/", OptionRule::Surplus);
        refused("https://api.example/?a", OptionRule::Surplus);
        refused("https://api.example?", OptionRule::Surplus);
        refused("https://api.example/#a", OptionRule::Surplus);
        let error = check_base_url("https://api.example/sk_vYZCAeHawUqDCmVpEKh2U").unwrap_err();
        assert_eq!(error, Refusal::SecretKey(Place::Url));
    }

    #[test]
    fn path_is_added_and_leads_nowhere_else() {
        for path in [
            "/",
            "/a",
            "/a/b?c=d&e=/../",
            "/a//b",
            "/a@b",
            "/.well-known/a",
            "/...",
            "/a..b/c.",
            "/%2f",
            "/ü",
            "/a:b",
        ] {
            assert_eq!(check_path(path), Ok(()), "{path:?}");
        }
        for (path, rule) in [
            ("", PathRule::Start),
            ("a", PathRule::Start),
            ("?a", PathRule::Start),
            ("//evil.example", PathRule::Start),
            ("/\\evil.example", PathRule::Start),
            ("\\\\evil.example", PathRule::Start),
            ("https://evil.example", PathRule::Start),
            ("@evil.example/", PathRule::Start),
            (".evil.example/", PathRule::Start),
            (":8443/", PathRule::Start),
            (" /a", PathRule::Start),
            ("/\t/evil.example", PathRule::Character),
            ("/\n/evil.example", PathRule::Character),
            ("/a\\b", PathRule::Character),
            ("/a\0", PathRule::Character),
            ("/a b", PathRule::Character),
            ("/a#b", PathRule::Character),
            ("/..", PathRule::DotSegment),
            ("/../", PathRule::DotSegment),
            ("/a/../../b", PathRule::DotSegment),
            ("/.", PathRule::DotSegment),
            ("/%2e%2E/", PathRule::DotSegment),
            ("/.%2e?a", PathRule::DotSegment),
            ("/%2E", PathRule::DotSegment),
            ("/..;/a", PathRule::DotSegment),
            ("/..%2f..%2fadmin", PathRule::DotSegment),
            ("/..%5Cadmin", PathRule::DotSegment),
            ("/a%2F%2e%2e", PathRule::DotSegment),
        ] {
            assert_eq!(check_path(path).unwrap_err(), Refusal::InvalidPath(rule), "{path:?}");
        }
        for path in ["/sk_vYZCAeHawUqDCmVpEKh2U", "/a?key=sk%5FvYZCAeHawUqDCmVpEKh2U"] {
            assert_eq!(check_path(path).unwrap_err(), Refusal::SecretKey(Place::Url), "{path}");
        }
    }
}
