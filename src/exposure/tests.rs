//! What is an incident, what follows, and what is said of it.

use alloc::{format, vec::Vec};

use super::*;
use crate::{KeyDigest, KeyError, UnixTime};

const KEY: &str = "sk_test_vYZCAeHawUqDCmVpEKh2U";
const SHOP: &str = "https://shop.example";

fn policy(fields: &str) -> Policy {
    let upstream = r#""upstream":{"test":"https://a","live":"https://a"}"#;
    let cors = r#""cors":{"origins":["https://shop.example"]}"#;
    Policy::from_json(&format!(r#"{{{upstream},{cors},"accept_foreign_keys":true{fields}}}"#))
        .unwrap()
}

fn found(denial: Denial, url: &str, authorization: Option<&str>) -> Vec<KeyDigest> {
    let url = RequestUrl::cut(url, None).unwrap();
    let found = given_away(denial, &url, authorization, &policy(""));
    found.iter().map(|lookup| *lookup.digest()).collect()
}

#[test]
fn page_is_certain_only_where_the_browser_says_so_itself() {
    for (fetch_site, is_certain) in [
        (Some("cross-site"), true),
        (Some("same-site"), true),
        (Some("Cross-Site"), false),
        (Some("cross-site, same-origin"), false),
        (Some("odd"), false),
        (Some(""), false),
        (None, false),
    ] {
        let incident =
            Incident::of(Denial::SecretKeyInBrowser, Some(SHOP), fetch_site, false).unwrap();
        assert_eq!(incident.channel(), Channel::Browser);
        assert_eq!(incident.is_certain(), is_certain, "{fetch_site:?}");
    }
}

/// A shop whose page asks a server of its own under another name, which adds the key and passes the page's headers on.
#[test]
fn page_whose_request_a_server_passed_on_is_no_certain_one() {
    let incident = |is_relayed| {
        Incident::of(Denial::SecretKeyInBrowser, Some(SHOP), Some("same-site"), is_relayed).unwrap()
    };
    assert!(incident(false).is_certain() && !incident(true).is_certain());
    let policy = policy(r#","exposure":{"live":"quarantine"}"#);
    assert_eq!(incident(true).action(Mode::Live, &policy), ExposureAction::Refuse);
    // What was sent in the clear was, whoever passed it on.
    assert!(Incident::of(Denial::HttpsRequired, None, None, true).unwrap().is_certain());
    assert!(Incident::of(Denial::KeyInQuery, None, None, true).unwrap().is_certain());
}

#[test]
fn server_in_between_gives_itself_away() {
    let browser = ["accept", "origin", "sec-fetch-site", "cf-connecting-ip", "x-real-ip"];
    let [secure, plain] =
        ["https://a/", "http://localhost/"].map(|url| RequestUrl::cut(url, None).unwrap());
    for protocol in [None, Some(""), Some("HTTP/2"), Some("HTTP/3")] {
        assert!(!is_relayed(&secure, protocol, Some("192.0.2.1"), browser), "{protocol:?}");
        for name in RELAYS.iter().copied().chain(["Via", "X-Forwarded-Host"]) {
            assert!(
                is_relayed(&secure, protocol, None, browser.into_iter().chain([name])),
                "{name}"
            );
        }
        assert!(is_relayed(&secure, protocol, Some("192.0.2.1,192.0.2.2"), browser));
    }
    for protocol in ["HTTP/1.0", "HTTP/1.1"] {
        assert!(is_relayed(&secure, Some(protocol), None, browser), "{protocol}");
        // Without TLS a browser speaks nothing else: on a developer's machine.
        assert!(!is_relayed(&plain, Some(protocol), None, browser), "{protocol}");
    }
}

/// A link or an image that leads to a proxy which adds its own key, on whatever page.
#[test]
fn request_without_an_origin_is_no_script_with_a_key() {
    let incident =
        Incident::of(Denial::SecretKeyInBrowser, None, Some("cross-site"), false).unwrap();
    assert!(!incident.is_certain());
}

#[test]
fn page_that_no_browser_lets_call_takes_no_key_away() {
    let policy = policy(r#","exposure":{"live":"quarantine"}"#);
    let action = |page| {
        let incident =
            Incident::of(Denial::SecretKeyInBrowser, Some(page), Some("cross-site"), false);
        incident.unwrap().action(Mode::Live, &policy)
    };
    assert_eq!(action(SHOP), ExposureAction::Quarantine);
    assert_eq!(action("https://evil.example"), ExposureAction::Refuse);
    assert_eq!(action("null"), ExposureAction::Refuse);
}

#[test]
fn refusals_of_other_kinds_expose_nothing() {
    for denial in [
        Denial::UnreadableTarget,
        Denial::UnforwardableMethod,
        Denial::Unauthorized,
        Denial::MalformedAuthorization,
        Denial::NotAKey(KeyError::Prefix),
        Denial::UnknownKey,
        Denial::Revoked,
        Denial::Expired,
        Denial::Exposed,
        Denial::OriginNotAllowed,
        Denial::InsufficientScope,
        Denial::ModeNotServed,
    ] {
        assert_eq!(Incident::of(denial, Some(SHOP), Some("cross-site"), false), None, "{denial}");
        let url = format!("http://a/?key={KEY}");
        assert_eq!(found(denial, &url, Some(KEY)), [], "{denial}");
    }
}

#[test]
fn key_that_was_given_away_is_found_where_it_stood() {
    let digest = [KeyDigest::of(KEY)];
    let bearer = format!("Bearer {KEY}");
    let (http, query) = (Denial::HttpsRequired, Denial::KeyInQuery);
    assert_eq!(found(http, "http://a/", Some(&bearer)), digest);
    assert_eq!(found(http, "http://a/", Some(&format!("Bearer {KEY}, Bearer {KEY}"))), digest);
    assert_eq!(found(http, &format!("http://a/?key={KEY}"), None), digest);
    assert_eq!(found(query, &format!("https://a/?a=b&key={KEY}&c"), None), digest);
    // The one in the header was sent as it should be.
    assert_eq!(found(query, "https://a/?key=pk_WeHsNn87r4gtNc5BQT9Mj", Some(&bearer)), []);
    assert_eq!(found(http, "http://a/", Some("Bearer pk_WeHsNn87r4gtNc5BQT9Mj")), []);
    assert_eq!(found(http, "http://a/", None), []);
}

#[test]
fn made_up_keys_cost_no_look_up_where_only_issued_ones_are_expected() {
    let strict = Policy::from_json(r#"{"upstream":{"test":"https://a"}}"#).unwrap();
    let issued = crate::IssuedKey::issue(Kind::Secret, Mode::Test, &[5; 32]);
    let digest = issued.digest();
    let url = format!("https://a/?a={KEY}&b={}", *issued.into_text());
    let url = RequestUrl::cut(&url, None).unwrap();
    let found = given_away(Denial::KeyInQuery, &url, None, &strict);
    let digests: Vec<_> = found.iter().map(Lookup::digest).collect();
    assert_eq!(digests, [&digest]);
}

#[test]
fn key_that_nobody_has_hides_no_other() {
    let made_up = "sk_test_00000000000000000000";
    let digests = [made_up, KEY].map(KeyDigest::of);
    let url = format!("https://a/?a={made_up}&b={made_up}&c={KEY}&d={KEY}");
    assert_eq!(found(Denial::KeyInQuery, &url, None), digests);
    // A header's key hides none of the query.
    let url = format!("http://a/?key={KEY}");
    assert_eq!(found(Denial::HttpsRequired, &url, Some(&format!("Bearer {made_up}"))), digests);
    assert_eq!(found(Denial::HttpsRequired, &url, Some(&format!("Bearer {KEY}"))), digests[1..]);
}

#[test]
fn what_one_request_gives_away_costs_a_bounded_number_of_look_ups() {
    let keys: Vec<_> = (0..100).map(|n| format!("sk_test_{n:020}")).collect();
    let query = format!("https://a/?{}", keys.join("&"));
    let first: Vec<_> = keys.iter().take(MOST_GIVEN_AWAY).map(|key| KeyDigest::of(key)).collect();
    assert_eq!(found(Denial::KeyInQuery, &query, None), first);
    let query = query.replace("https", "http");
    assert_eq!(found(Denial::HttpsRequired, &query, Some(KEY)).len(), MOST_GIVEN_AWAY);
}

#[test]
fn stronger_actions_need_what_is_certain() {
    let policy = policy(r#","exposure":{"live":"revoke","test":"quarantine"}"#);
    let incident = |denial, site| Incident::of(denial, Some(SHOP), site, false).unwrap();
    let page = Denial::SecretKeyInBrowser;
    for (incident, live, test) in [
        // A program can send what a page does: what follows can be lifted.
        (
            incident(page, Some("cross-site")),
            ExposureAction::Quarantine,
            ExposureAction::Quarantine,
        ),
        (incident(page, None), ExposureAction::Refuse, ExposureAction::Refuse),
        (incident(Denial::HttpsRequired, None), ExposureAction::Revoke, ExposureAction::Quarantine),
        (incident(Denial::KeyInQuery, None), ExposureAction::Revoke, ExposureAction::Quarantine),
        (Incident::on_github(None), ExposureAction::Revoke, ExposureAction::Quarantine),
        (Incident::presented(), ExposureAction::Revoke, ExposureAction::Quarantine),
    ] {
        let actions = (incident.action(Mode::Live, &policy), incident.action(Mode::Test, &policy));
        assert_eq!(actions, (live, test), "{incident:?}");
    }
}

#[test]
fn mildest_policy_revokes_a_key_that_its_holder_presents() {
    let policy = policy("");
    assert_eq!(Incident::presented().action(Mode::Live, &policy), ExposureAction::Revoke);
    assert_eq!(Incident::on_github(None).action(Mode::Live, &policy), ExposureAction::Refuse);
}

#[test]
fn policy_that_only_reports_takes_no_key_away_for_what_it_let_pass() {
    let policy = policy(r#","report_only":true,"exposure":{"live":"revoke"}"#);
    let action = |denial| {
        let incident = Incident::of(denial, Some(SHOP), Some("cross-site"), false).unwrap();
        incident.action(Mode::Live, &policy)
    };
    assert_eq!(action(Denial::SecretKeyInBrowser), ExposureAction::Refuse);
    // Steps 1 to 3 are never spared.
    assert_eq!(action(Denial::HttpsRequired), ExposureAction::Revoke);
    assert_eq!(action(Denial::KeyInQuery), ExposureAction::Revoke);
}

#[test]
fn place_is_an_origin_or_a_document_and_never_shows_a_key() {
    let page = |origin: &str| {
        let incident = Incident::of(Denial::SecretKeyInBrowser, Some(origin), None, false).unwrap();
        incident.place().map(ToString::to_string)
    };
    assert_eq!(page("https://shop.example:8443").as_deref(), Some("https://shop.example:8443"));
    let long = format!("https://{}", ["a"; 300].join("."));
    for origin in [
        "",
        "null",
        "https://shop.example/?key=a",
        "https://user@shop.example",
        "https://sk_test_vyzcaehawuqdcmvpekh2u.example",
        "https://xsk_vyzcaehawuqdcmvpekh2u",
        "https://shop.example\r\nx: y",
        &long,
    ] {
        assert_eq!(page(origin), None, "{origin}");
    }

    let place = |url: &str| Incident::on_github(Some(url)).place().map(ToString::to_string);
    let url = "https://github.com/o/r/blob/0a1b/.env";
    for more in ["", "?plain=1", "#L3", "#L3?a"] {
        assert_eq!(place(&format!("{url}{more}")).as_deref(), Some(url), "{more}");
    }
    for url in [
        "",
        "http://github.com/o/r",
        "https://user:password@github.com/o/r",
        "https://github.com/o r",
        "https://github.com/ö",
        &format!("https://github.com/o/r/{KEY}"),
        "https://github.com/o/r/kgadmin_abc",
    ] {
        assert_eq!(place(url), None, "{url}");
    }
    assert_eq!(Incident::presented().place(), None);
}

#[test]
fn words_are_those_of_policies_and_records() {
    let word = |value: Result<serde_json::Value, _>| value.unwrap();
    for action in [ExposureAction::Refuse, ExposureAction::Quarantine, ExposureAction::Revoke] {
        assert_eq!(word(serde_json::to_value(action)), action.as_str());
    }
    for channel in
        [Channel::Browser, Channel::Http, Channel::Query, Channel::Github, Channel::Presented]
    {
        assert_eq!(word(serde_json::to_value(channel)), channel.as_str());
    }
}

#[test]
fn report_says_everything_but_the_key() {
    let policy = policy(r#","exposure":{"test":"quarantine"}"#);
    let incident =
        Incident::of(Denial::SecretKeyInBrowser, Some(SHOP), Some("same-site"), false).unwrap();
    let lookup = Lookup::of(ApiKey::parse(KEY).unwrap(), &policy).unwrap();
    let report = ExposureReport::new(&incident, &lookup, "key_1", &policy, UnixTime(9));
    let digest = KeyDigest::of(KEY);
    let json = format!(
        r#"{{"digest":"{digest}","key_id":"key_1","action":"quarantine","channel":"browser","place":"{SHOP}","at":9,"redacted":"sk_test_…Kh2U"}}"#
    );
    assert_eq!(report.to_json(), json);
    assert_eq!(ExposureReport::from_json(&json), Ok(report.clone()));
    let newer = json.replacen('{', r#"{"colour":1,"#, 1);
    assert_eq!(ExposureReport::from_json(&newer), Ok(report));
    let shown: Vec<_> = KEY.as_bytes().windows(5).skip(8).collect();
    let text = format!("{json} {incident:?} {lookup:?}");
    assert!(shown.iter().all(|part| !text.contains(core::str::from_utf8(part).unwrap())));
}

#[test]
fn what_is_no_report_is_an_error() {
    let report = ExposureReport {
        digest: KeyDigest::of(KEY),
        key_id: "key_1".into(),
        action: ExposureAction::Revoke,
        channel: Channel::Query,
        place: None,
        at: UnixTime(1),
        redacted: "sk_…Kh2U".into(),
    };
    let json = report.to_json();
    assert!(!json.contains("place"));
    for (from, to) in [
        ("revoke", "delete"),
        ("query", "mail"),
        (r#""at":1"#, r#""at":-1"#),
        (r#""key_id":"key_1","#, ""),
        (report.digest.to_string().as_str(), KEY),
        ("}", ""),
    ] {
        assert_eq!(ExposureReport::from_json(&json.replace(from, to)), Err(ReportError), "{from}");
    }
}
