//! No error, and nothing else that is shown, holds what it is about.

use core::fmt::{Debug, Display};

use keyguard::{
    AdminCredentials, ApiKey, AssertionSecrets, BearerToken, CanonicalPath, Denial, ExposureReport,
    IssuedKey, KeyDigest, KeyRecord, Kind, Lookup, Mode, Policy, Problem, RequestUrl,
    exposure::given_away,
    life::{check_id, check_text},
    page::{KeyRules, check_base_url, check_body, check_header, check_path, check_request},
    policy::TierName,
};
use proptest::{prelude::*, sample::select};

use crate::{
    inputs::{escaped, mode, policy},
    many,
};

/// What an error shows to people and to programmers.
fn shown<T, E: Display + Debug>(result: Result<T, E>) -> String {
    result.err().map_or(String::new(), |error| format!("{error} {error:?} {error:#?}"))
}

fn debugged<T, E: Debug>(result: Result<T, E>) -> String {
    result.err().map_or(String::new(), |error| format!("{error:?}"))
}

/// All that the parsers say of one text.
fn said_of(text: &str) -> Vec<String> {
    let rules = KeyRules::default();
    vec![
        shown(ApiKey::parse(text)),
        shown(BearerToken::from_authorization(Some(text))),
        format!("{:?}", BearerToken::from_authorization(Some(text))),
        shown(KeyRecord::from_json(text)),
        shown(ExposureReport::from_json(text)),
        shown(text.parse::<KeyDigest>()),
        shown(text.parse::<Kind>()),
        shown(text.parse::<Mode>()),
        shown(AdminCredentials::parse(text)),
        shown(AssertionSecrets::parse(text)),
        shown(check_text("label", text)),
        shown(check_id("account", text)),
        debugged(rules.accept(text)),
        debugged(check_base_url(text)),
        debugged(check_path(text)),
        debugged(check_request(b"", text.as_bytes())),
        debugged(check_header(text.as_bytes(), b"")),
        debugged(check_header(b"x-note", text.as_bytes())),
        debugged(check_body(text.as_bytes())),
    ]
}

/// Ways to wrap a text so that one parser or another comes far with it.
fn wrapped(text: &str, how: usize) -> String {
    match how {
        0 => text.into(),
        1 => format!("Bearer {text}"),
        2 => format!("Bearer {text}, Bearer {text}"),
        3 => format!("sk_{text}-"),
        4 => format!("pk_{text}{text}{text}{text}{text}{text}"),
        5 => format!("https://api.example/{text}?{text}"),
        6 => format!("/a/../{text}"),
        7 => format!(r#"{{"v":1,"id":"{text} ","account":"{text}","kind":"{text}"}}"#),
        8 => format!(r#"{{"v":1,"{text}":"{text}""#),
        9 => format!("{text}:{text}"),
        10 => format!("kid:{text} kid:{text}"),
        _ => format!("Sk_{text}"),
    }
}

proptest! {
    #![proptest_config(many())]

    #[test]
    fn no_error_holds_its_input(body in "[0-9A-Za-z]{24}", how in 0..12_usize) {
        for said in said_of(&wrapped(&body, how)) {
            for at in 0..=16 {
                prop_assert!(!said.contains(&body[at..at + 8]), "{}", said);
            }
        }
    }

    /// A policy's errors name fields and values, which the operator wrote: but not a key that was pasted among them.
    #[test]
    fn no_error_of_a_policy_shows_a_secret_key(mode in mode(), entropy: [u8; 32], place in 0..14_usize) {
        let key = IssuedKey::issue(Kind::Secret, mode, &entropy).into_text();
        let key = key.as_str();
        let upstream = r#""upstream":{"test":"https://a"}"#;
        let text = match place {
            0 => key.to_owned(),
            1 => format!(r#""{key}""#),
            2 => format!(r#"{{{upstream},"{key}":1}}"#),
            3 => format!(r#"{{"upstream":{{"test":"{key}"}}}}"#),
            4 => format!(r#"{{"upstream":"{key}"}}"#),
            5 => format!(r#"{{{upstream},"memory_ttl":"{key}"}}"#),
            6 => format!(r#"{{{upstream},"assertion":"{key}"}}"#),
            7 => format!(r#"{{{upstream},"exposure":{{"live":"{key}"}}}}"#),
            8 => format!(r#"{{{upstream},"routes":[{{"method":"{key}","path":"/"}}]}}"#),
            9 => format!(r#"{{{upstream},"routes":[{{"method":"GET","path":"{key}"}}]}}"#),
            10 => format!(r#"{{{upstream},"routes":[{{"method":"GET","path":"/","kinds":["{key}"]}}]}}"#),
            11 => format!(r#"{{{upstream},"webhook":"{key}","origins":["{key}"]}}"#),
            12 => format!(r#"{{{upstream},"rates":{{"tiers":[{{"name":"{key}","binding":"{key}-","limit":1,"period":10}}]}}}}"#),
            _ => format!(r#"{{{upstream},"{key}"#),
        };
        let random = &key[key.len() - 32..key.len() - 4];
        for said in [shown(Policy::from_json(&text)), shown(Policy::from_value(text.into()))] {
            prop_assert!(!said.contains(random), "{}", said);
        }
    }

    /// What is shown of a key by anything that has seen it: logs and refusals are made of these.
    #[test]
    fn secret_key_is_shown_by_its_last_four_alone(mode in mode(), entropy: [u8; 32]) {
        let issued = IssuedKey::issue(Kind::Secret, mode, &entropy);
        let mut all = vec![format!("{issued:?}"), issued.redacted().to_string()];
        let text = issued.into_text();
        let key = ApiKey::parse(&text).unwrap();
        all.extend([format!("{key:?}"), format!("{:?}", key.redacted()), key.redacted().to_string()]);
        let lookup = Lookup::of(key, &policy("")).unwrap();
        all.push(format!("{lookup:?}"));
        let random = &text[text.len() - 32..text.len() - 4];
        for shown in all {
            for at in 0..=random.len() - 5 {
                prop_assert!(!shown.replace(&lookup.digest().to_string(), "").contains(&random[at..at + 5]), "{}", shown);
            }
        }
    }

    #[test]
    fn no_refusal_shows_the_key_in_its_path(mode in mode(), entropy: [u8; 32], which: u64, before in "[a-z/]{0,8}") {
        let key = IssuedKey::issue(Kind::Secret, mode, &entropy).into_text();
        let url = format!("https://a/{before}{}", escaped(&key, which));
        let url = RequestUrl::cut(&url, None).unwrap();
        let document = Problem::from(Denial::InsufficientScope).document(url.instance(), "r-1");
        prop_assert!(!document.contains(&key[key.len() - 12..key.len() - 4]), "{}", document);
        prop_assert!(!document.contains("instance"));
    }

    #[test]
    fn no_text_makes_the_parsers_panic(text in "\\PC*", how in 0..12_usize) {
        for text in [&text, &wrapped(&text, how)] {
            let _ = said_of(text);
            let _ = (Policy::from_json(text), CanonicalPath::parse(text), TierName::parse(text));
            let policy = policy("");
            if let Some(url) = RequestUrl::cut(&format!("https://a/{text}"), None) {
                let _ = (url.query_holds_key(), url.instance());
                let _ = given_away(Denial::HttpsRequired, &url, Some(text), &policy);
            }
        }
    }

    #[test]
    fn no_error_holds_words_of_its_input(word in select(&["hunter2hunter2", "Basic dXNlcjpwYXNzd29yZA", "correct horse battery"][..]), how in 0..12_usize) {
        for said in said_of(&wrapped(word, how)) {
            prop_assert!(!said.contains(word), "{}", said);
        }
    }
}
