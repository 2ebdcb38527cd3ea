//! The Authorization value: read as a second, slower reading of RFC 6750 §2.1 reads it.
#![no_main]

use keyguard::{BearerError, BearerToken, Denial, RequestUrl, decide};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|value: &str| {
    let read = BearerToken::from_authorization(Some(value)).map(|token| token.as_str());
    match (&read, slowly(value)) {
        (Ok(token), Some(expected)) => assert_eq!(*token, expected),
        (Err(_), None) => {}
        (read, slowly) => panic!("{read:?} is {slowly:?}"),
    }
    if let Ok(token) = read {
        // Parsed and printed it stays what it was, and nothing can stand beside it.
        let again = BearerToken::from_authorization(Some(value)).map(|token| token.as_str());
        assert_eq!(again, Ok(token));
        let printed = format!("bearer {token}");
        assert_eq!(
            BearerToken::from_authorization(Some(&printed)).map(|token| token.as_str()),
            Ok(token)
        );
        for repeated in [format!("{value}, {printed}"), format!("Basic a, {printed}")] {
            let error =
                BearerToken::from_authorization(Some(&repeated)).map(|token| token.as_str());
            assert_eq!(error, Err(BearerError::Malformed), "repeated");
        }
    }
    let url = RequestUrl::cut("https://api.example/", None).unwrap();
    match (decide::bearer(&url, "GET", Some(value)), read) {
        (Ok(token), Ok(expected)) => assert_eq!(token.as_str(), expected),
        (Err(Denial::MalformedAuthorization), Err(BearerError::Malformed)) => {}
        (Err(Denial::Unauthorized), Err(BearerError::Absent | BearerError::OtherScheme)) => {}
        (decided, read) => panic!("{decided:?} is {read:?}"),
    }
});

/// `*(SP / HTAB) "Bearer" 1*SP 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"=" *(SP / HTAB)`, byte by byte.
fn slowly(value: &str) -> Option<&str> {
    let bytes = value.as_bytes();
    let skip = |mut at: usize, is: fn(u8) -> bool| {
        while bytes.get(at).is_some_and(|byte| is(*byte)) {
            at += 1;
        }
        at
    };
    let is_blank = |byte| byte == b' ' || byte == b'\t';
    let scheme = skip(0, is_blank);
    if !bytes.get(scheme..scheme + 6)?.eq_ignore_ascii_case(b"bearer") {
        return None;
    }
    let start = skip(scheme + 6, |byte| byte == b' ');
    if start == scheme + 6 {
        return None;
    }
    let body = skip(
        start,
        |byte| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'+' | b'/'),
    );
    let end = skip(body, |byte| byte == b'=');
    (body > start && skip(end, is_blank) == bytes.len()).then(|| &value[start..end])
}
