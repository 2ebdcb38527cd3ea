//! What leaves a page: the rules of the npm package, put together as it does.

use keyguard::page::{
    KeyRules, PINNED, Refusal, check_base_url, check_body, check_head, check_path, check_request,
};
use proptest::{collection::vec, option::of, prelude::*, sample::select};
use url::Url;

use crate::{inputs::disguised_secret_key, many};

/// All that a page says of one request.
#[derive(Clone, Debug)]
struct Asked {
    key: String,
    base: String,
    path: String,
    method: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What is sent, if anything.
#[derive(Debug)]
struct Sent {
    authorization: String,
    url: String,
    asked: Asked,
}

fn send(asked: Asked) -> Result<Sent, Refusal> {
    let key = KeyRules { accepts_foreign_keys: true, ..KeyRules::default() }.accept(&asked.key)?;
    check_base_url(&asked.base)?;
    check_path(&asked.path)?;
    let base = asked.base.strip_suffix('/').unwrap_or(&asked.base);
    let url = [base, &asked.path].concat();
    let mut head: Vec<&str> = pinned().into();
    head.extend(asked.headers.iter().flat_map(|(name, value)| [name.as_str(), value]));
    head.extend(["method", &asked.method]);
    check_head(head.join("\n").as_bytes(), head.len())?;
    check_body(&asked.body)?;
    check_request(base.as_bytes(), url.as_bytes())?;
    Ok(Sent { authorization: format!("Bearer {key}"), url, asked })
}

/// What the guard pins, as it says it by itself.
fn pinned() -> [&'static str; PINNED.len()] {
    PINNED.map(|pinned| pinned.values.split(' ').next().unwrap())
}

/// Whether a text plainly holds a secret key: found by another rule than the scanner's, for what no reader would miss.
fn plainly_holds_secret_key(text: &[u8]) -> bool {
    (0..text.len()).any(|at| {
        let is_word =
            at == 0 || !(text[at - 1].is_ascii_alphanumeric() || b"-_".contains(&text[at - 1]));
        let rest = text[at..].strip_prefix(b"sk_").unwrap_or_default();
        let body = rest.strip_prefix(b"test_").unwrap_or(rest);
        is_word && body.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count() >= 16
    })
}

fn ordinary() -> impl Strategy<Value = Asked> {
    let header = ("[a-z][a-z-]{0,8}", "[a-z0-9 =;,.-]{0,12}");
    let base = "https://api\\.example(/v[0-9])?/?";
    let path = "(/[a-z]{1,6}){1,3}(\\?[a-z]{1,4}=[a-z0-9]{0,6})?";
    (
        "pk_(test_)?[A-Za-z0-9]{16,40}",
        base,
        path,
        "GET|POST",
        vec(header, 0..3),
        "[a-z{}\":, ]{0,30}",
    )
        .prop_map(|(key, base, path, method, headers, body)| Asked {
            key,
            base,
            path,
            method,
            headers,
            body: body.into_bytes(),
        })
}

/// Requests made of what is at the edge of each rule.
fn hostile() -> impl Strategy<Value = Asked> {
    let part = || {
        let words = select(
            &[
                "sk_",
                "pk_",
                "test_",
                "a",
                "/",
                "//",
                "\\",
                ".",
                "..",
                "%2e",
                "%2F",
                "%5c",
                ";",
                "?",
                "#",
                "@",
                ":",
                " ",
                "\t",
                "\n",
                "%",
                "%25",
                "\u{ad}",
                "ѕ",
                "_",
                "-",
                "vYZCAeHawUqDCmVpEKh2U",
                "aaaaaaaaaaaaaaaaaaaaaaaa",
                "evil.example",
                "https://",
                "api.example",
                "authorization",
                "Bearer ",
            ][..],
        );
        vec(words, 0..7).prop_map(|words| words.concat())
    };
    let key = prop_oneof!["pk_(test_)?[A-Za-z0-9]{16,40}", part()];
    let base = prop_oneof![
        3 => Just("https://api.example/v1/".to_owned()),
        1 => part().prop_map(|part| ["https://api.example", &part].concat()),
        1 => part(),
    ];
    let path = prop_oneof![3 => part().prop_map(|part| ["/", &part].concat()), 1 => part()];
    (key, base, path, "GET|POST", vec((part(), part()), 0..2), of(part())).prop_map(
        |(key, base, path, method, headers, body)| Asked {
            key,
            base,
            path,
            method,
            headers,
            body: body.unwrap_or_default().into_bytes(),
        },
    )
}

proptest! {
    #![proptest_config(many())]

    #[test]
    fn ordinary_request_is_sent(asked in ordinary()) {
        let sent = send(asked.clone()).unwrap();
        prop_assert_eq!(sent.authorization, ["Bearer ", &asked.key].concat());
        prop_assert_eq!(sent.url, [asked.base.trim_end_matches('/'), &asked.path].concat());
    }

    /// Put anywhere into a request that would be sent without it.
    #[test]
    fn no_secret_key_leaves_a_page(asked in ordinary(), secret in disguised_secret_key(), place in 0..7_u8) {
        let mut asked = asked;
        match place {
            0 => asked.key = secret,
            1 => asked.base = [&asked.base, "/", &secret].concat(),
            2 => asked.path = [&asked.path, "/", &secret].concat(),
            3 => asked.method = secret,
            4 => asked.headers.push((secret, String::new())),
            5 => asked.headers.push(("x-note".into(), secret)),
            _ => asked.body.extend_from_slice([" ", &secret].concat().as_bytes()),
        }
        let refusal = send(asked).unwrap_err();
        prop_assert!(matches!(refusal, Refusal::SecretKey(_)), "{:?}", refusal);
    }

    #[test]
    fn what_is_sent_goes_to_the_base_and_holds_no_secret_key(asked in hostile()) {
        let Ok(sent) = send(asked) else { return Ok(()) };
        let Sent { authorization, url, asked } = sent;
        for text in [authorization.as_bytes(), url.as_bytes(), asked.method.as_bytes(), &asked.body] {
            prop_assert!(!plainly_holds_secret_key(text));
        }
        for (name, value) in &asked.headers {
            prop_assert!(!plainly_holds_secret_key(name.as_bytes()) && !plainly_holds_secret_key(value.as_bytes()));
            prop_assert!(!name.eq_ignore_ascii_case("authorization"));
        }
        // A base that a browser can't parse never gets here: there its parser serialised it first.
        let (Ok(base), Ok(parsed)) = (Url::parse(&asked.base), Url::parse(&url)) else { return Ok(()) };
        prop_assume!(base.as_str().trim_end_matches('/') == asked.base.trim_end_matches('/'));
        prop_assert_eq!(parsed.origin(), base.origin());
        let below = [base.path().trim_end_matches('/'), "/"].concat();
        prop_assert!(parsed.path().starts_with(&below), "{}", url);
        prop_assert!(parsed.username().is_empty() && parsed.password().is_none() && parsed.fragment().is_none());
        // No server reads a segment that climbs, whatever it decodes first.
        let path = parsed.path().to_ascii_lowercase().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/");
        prop_assert!(!path.split('/').any(|segment| matches!(segment.split(';').next(), Some("." | ".."))), "{}", url);
    }

    #[test]
    fn pinned_members_take_no_other_value(which in 0..PINNED.len(), value in "[a-z-]{0,14}") {
        let mut lines = pinned();
        let check = |lines: [&str; PINNED.len()]| check_head(lines.join("\n").as_bytes(), PINNED.len());
        prop_assert!(check(lines).is_ok());
        lines[which] = &value;
        let is_listed = PINNED[which].values.split(' ').any(|listed| listed == value);
        prop_assert_eq!(check(lines).is_ok(), is_listed);
    }
}
