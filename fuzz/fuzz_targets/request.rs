//! A page's request, put together as the npm package does: it goes to the base, and no secret key goes along.
#![no_main]

use keyguard::page::{
    KeyRules, check_base_url, check_body, check_header, check_path, check_request,
};
use keyguard_fuzz::plainly_holds_secret_key;
use libfuzzer_sys::{
    arbitrary::{self, Arbitrary},
    fuzz_target,
};
use url::Url;

#[derive(Arbitrary, Debug)]
struct Asked<'a> {
    base: &'a str,
    path: &'a str,
    key: &'a str,
    method: &'a str,
    header: (&'a [u8], &'a [u8]),
    body: &'a [u8],
}

fuzz_target!(|asked: Asked<'_>| {
    if let Ok(key) = KeyRules::default().accept(asked.key) {
        assert_eq!(key.as_str(), asked.key);
        assert!(asked.key.starts_with("pk_") && !plainly_holds_secret_key(asked.key.as_bytes()));
    }
    if check_header(b"method", asked.method.as_bytes()).is_ok() {
        assert!(!plainly_holds_secret_key(asked.method.as_bytes()));
    }
    let (name, value) = asked.header;
    if check_header(name, value).is_ok() {
        assert!(!name.eq_ignore_ascii_case(b"authorization"));
        assert!(!plainly_holds_secret_key(name) && !plainly_holds_secret_key(value));
    }
    if check_body(asked.body).is_ok() {
        assert!(!plainly_holds_secret_key(asked.body));
    }
    leads_nowhere_else(&["https://api.example/", asked.base].concat(), asked.path);
    leads_nowhere_else(asked.base, asked.path);
});

fn leads_nowhere_else(base: &str, path: &str) {
    // In a browser the base comes out of its URL parser: what a parser would write otherwise never gets here.
    let Ok(parsed) = Url::parse(base) else { return };
    let href = parsed.as_str();
    if check_base_url(href).is_err() {
        return;
    }
    assert!(
        parsed.scheme() == "https"
            || matches!(parsed.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
    );
    assert!(parsed.username().is_empty() && parsed.password().is_none());
    if check_path(path).is_err() {
        return;
    }
    let base = href.strip_suffix('/').unwrap_or(href);
    let url = format!("{base}{path}");
    assert!(!plainly_holds_secret_key(url.as_bytes()) || plainly_holds_secret_key(href.as_bytes()));
    let sent = Url::parse(&url).expect("a path that the base takes makes a URL");
    assert_eq!(sent.origin(), parsed.origin());
    assert!(sent.username().is_empty() && sent.password().is_none() && sent.fragment().is_none());
    let below = format!("{}/", parsed.path().strip_suffix('/').unwrap_or(parsed.path()));
    assert!(sent.path().starts_with(&below), "{sent}");
    // No server reads a segment that climbs, whichever it decodes or cuts off first.
    let read = sent
        .path()
        .to_ascii_lowercase()
        .replace("%2e", ".")
        .replace("%2f", "/")
        .replace("%5c", "/");
    assert!(
        !read.split('/').any(|segment| matches!(segment.split(';').next(), Some("." | ".."))),
        "{sent}"
    );
    // The finished request is recognised, unless its parser wrote it in another way and that is seen.
    assert!(
        check_request(base.as_bytes(), url.as_bytes()).is_ok()
            || plainly_holds_secret_key(url.as_bytes())
            || sent.as_str() != url
    );
}
