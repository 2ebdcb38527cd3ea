//! The canonical path and the cut of a URL, beside the WHATWG URL parser.
#![no_main]

use keyguard::{CanonicalPath, RequestUrl};
use keyguard_fuzz::decoded;
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|text: &str| {
    if let Some(canonical) = CanonicalPath::parse(text) {
        let path = canonical.as_str();
        assert_eq!(CanonicalPath::parse(path).as_ref(), Some(&canonical));
        let sent = Url::parse(&format!("https://upstream.example{path}")).unwrap();
        assert_eq!((sent.path(), sent.query(), sent.fragment()), (path, None, None));
        assert_eq!(sent.host_str(), Some("upstream.example"));
        let asked = Url::parse(&format!("https://upstream.example{text}")).unwrap();
        assert!(asked.path().split('/').map(decoded).eq(path.split('/').map(decoded)));
        let bytes = decoded(path);
        assert_eq!(bytes.split(|byte| *byte == b'/').count(), path.split('/').count());
        assert!(
            bytes
                .iter()
                .all(|byte| byte.is_ascii() && !byte.is_ascii_control() && !b"%\\;".contains(byte))
        );
        assert!(!bytes.split(|byte| *byte == b'/').any(|segment| matches!(segment, b"." | b"..")));
    }
    for text in [text, &["https://a.example", text].concat()] {
        let Some(url) = RequestUrl::cut(text, None) else { continue };
        // Put together it is the text again, up to the fragment.
        assert!(url.path().starts_with('/'));
        let query = url.query().map_or(String::new(), |query| format!("?{query}"));
        let end = format!("{}{query}", url.path());
        let whole = text.split('#').next().unwrap_or_default();
        assert!(whole.ends_with(&end) || whole.ends_with(&query));
        let _ = (url.query_holds_key(), url.instance());
        if let Ok(parsed) = Url::parse(text) {
            assert_eq!(parsed.scheme() == "https", url.is_https());
            // What counts as this machine is this machine to every parser.
            let is_local = matches!(parsed.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
            assert!(!url.is_loopback() || is_local);
            if let Some(canonical) = CanonicalPath::parse(url.path()) {
                assert!(
                    parsed
                        .path()
                        .split('/')
                        .map(decoded)
                        .eq(canonical.as_str().split('/').map(decoded))
                );
            }
        }
    }
});
