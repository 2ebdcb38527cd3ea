//! The canonical path, beside the reading of the URL parser that browsers and runtimes share (WHATWG URL).

use keyguard::{CanonicalPath, RequestUrl};
use proptest::prelude::*;
use url::Url;

use crate::{inputs::raw_path, many};

/// The bytes that a path stands for.
fn decoded(path: &str) -> Vec<u8> {
    let mut bytes = path.bytes();
    let mut output = Vec::new();
    while let Some(byte) = bytes.next() {
        output.push(if byte == b'%' {
            let digits: String = bytes.by_ref().take(2).map(char::from).collect();
            u8::from_str_radix(&digits, 16).unwrap()
        } else {
            byte
        });
    }
    output
}

fn has_one_reading(path: &str) -> Result<(), TestCaseError> {
    let Some(canonical) = CanonicalPath::parse(path) else { return Ok(()) };
    let text = canonical.as_str();
    prop_assert_eq!(CanonicalPath::parse(text), Some(canonical.clone()));

    // What is sent on is what the upstream's parser reads, with nothing folded, cut off or escaped further.
    let sent = Url::parse(&["https://upstream.example", text].concat()).unwrap();
    prop_assert_eq!(sent.path(), text);
    prop_assert_eq!(sent.host_str(), Some("upstream.example"));
    prop_assert_eq!((sent.query(), sent.fragment()), (None, None));

    // And what was asked for is the same place, segment by segment, to that parser.
    let asked = Url::parse(&["https://upstream.example", path].concat()).unwrap();
    let segments = |url: &Url| url.path().split('/').map(decoded).collect::<Vec<_>>();
    prop_assert_eq!(segments(&asked), segments(&sent));

    // A server that decodes first and routes then finds no other segments, and nothing to decode again.
    let bytes = decoded(text);
    prop_assert_eq!(bytes.split(|byte| *byte == b'/').count(), text.split('/').count());
    prop_assert!(
        bytes.is_ascii()
            && !bytes.iter().any(|byte| byte.is_ascii_control() || b"%\\;".contains(byte))
    );
    prop_assert!(!bytes.split(|byte| *byte == b'/').any(|segment| matches!(segment, b"." | b"..")));
    Ok(())
}

proptest! {
    #![proptest_config(many())]

    #[test]
    fn canonical_path_of_words_is_what_the_upstream_receives(path in raw_path()) {
        has_one_reading(&path)?;
    }

    #[test]
    fn canonical_path_of_escapes_is_what_the_upstream_receives(
        path in "/([a-z./%;\\\\?#]|%[0-9a-fA-F]{2}|%25[0-9a-f]{2}|[!-~]){0,24}",
    ) {
        has_one_reading(&path)?;
    }

    #[test]
    fn canonical_path_of_any_text_is_what_the_upstream_receives(path in "/?\\PC{0,16}") {
        has_one_reading(&path)?;
    }

    #[test]
    fn path_of_unreserved_characters_is_its_own_canonical_path(path in "(/[A-Za-z0-9_~-]{1,8}){1,6}/?") {
        prop_assert_eq!(CanonicalPath::parse(&path).unwrap().to_string(), path);
    }

    #[test]
    fn request_url_is_cut_where_url_parsers_cut(
        scheme in "https?", host in "[a-z][a-z0-9-]{0,8}(\\.[a-z]{2,4})?", port in proptest::option::of(1..=65_535_u16),
        path in "(/[a-z0-9.%~]{0,6}){0,4}", query in "(\\?[a-z0-9=&/?]{0,12})?", fragment in "(#[a-z?/#]{0,6})?",
    ) {
        // Dot segments and default ports are what the parser folds and what this leaves as it came.
        prop_assume!(!path.split('/').any(|segment| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")));
        let port = port.map_or(String::new(), |port| format!(":{port}"));
        let text = [&scheme, "://", &host, &port, &path, &query, &fragment].concat();
        let cut = RequestUrl::cut(&text, Some(&[host.as_str(), &port].concat())).unwrap();
        // A host that begins as Punycode does and is none (`xn--a`) is no URL to the parser.
        let parsed = Url::parse(&text);
        prop_assume!(parsed.is_ok());
        let parsed = parsed.unwrap();
        prop_assert_eq!(cut.is_https(), parsed.scheme() == "https");
        prop_assert_eq!(cut.path(), parsed.path());
        prop_assert_eq!(cut.query(), parsed.query());
    }
}
