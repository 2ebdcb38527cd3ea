//! The inputs that properties are tried with.

use keyguard::{
    KeyRecord, Kind, Mode, Policy, UnixTime,
    record::{Exposure, Revocation},
};
use proptest::{collection::vec, option::of, prelude::*, sample::select};
use serde_json::{Value, json};

pub(crate) const SECRET_KEY: &str = "sk_(test_)?[A-Za-z0-9]{16,128}";
/// Few enough origins for lists to hold the one that comes.
const ORIGINS: [&str; 4] =
    ["https://shop.example", "https://other.example", "http://localhost:8789", "null"];
const SCOPES: [&str; 3] = ["pay", "refund", "read"];
const METHODS: [&str; 5] = ["GET", "POST", "HEAD", "OPTIONS", "PURGE"];

pub(crate) fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::Publishable), Just(Kind::Secret)]
}

pub(crate) fn mode() -> impl Strategy<Value = Mode> {
    prop_oneof![Just(Mode::Test), Just(Mode::Live)]
}

pub(crate) fn origin() -> impl Strategy<Value = &'static str> {
    select(&ORIGINS)
}

pub(crate) fn scope() -> impl Strategy<Value = &'static str> {
    select(&SCOPES)
}

pub(crate) fn method() -> impl Strategy<Value = &'static str> {
    select(&METHODS)
}

pub(crate) fn fetch_site() -> impl Strategy<Value = Option<&'static str>> {
    of(select(&["none", "same-origin", "same-site", "cross-site", "odd"][..]))
}

/// A policy that has both upstreams and these further fields.
pub(crate) fn policy(fields: &str) -> Policy {
    let upstream = r#""upstream":{"test":"https://a","live":"https://b"}"#;
    Policy::from_json(&format!("{{{upstream}{fields}}}")).unwrap()
}

/// A path as a request may have it: mostly of the routes' words, in many spellings, some of which read as something else.
pub(crate) fn raw_path() -> impl Strategy<Value = String> {
    const SPELLINGS: [&str; 30] = [
        "a",
        "b",
        "pay",
        "x1",
        "%61",
        "p%61y",
        "%50ay",
        "pay%2Fa",
        "pay;a",
        "",
        ".",
        "..",
        "%2e",
        ".%2E",
        "%252e",
        "a%20b",
        "~a",
        "%7Ea",
        "a%2Bb",
        "a:b@c",
        "...",
        "a\\b",
        "%5c",
        "a%00",
        "PAY",
        "pay.",
        "%zz",
        "ä",
        "%c3%a4",
        "!$&'()*+,=",
    ];
    let words = vec(prop_oneof![3 => select(&SPELLINGS[..8]), 2 => select(&SPELLINGS[..])], 0..5);
    words.prop_map(|words| ["/", &words.join("/")].concat())
}

/// The routes of a policy, as they are written.
pub(crate) fn routes() -> impl Strategy<Value = Vec<Value>> {
    let segment = select(&["a", "b", "pay", "{id}", "{name}", "a%20b", "~a"][..]);
    let path = vec(segment, 0..4).prop_map(|segments| ["/", &segments.join("/")].concat());
    let kinds =
        select(vec![json!(["publishable"]), json!(["secret"]), json!(["publishable", "secret"])]);
    let modes = select(vec![json!(["test"]), json!(["live"]), json!(["test", "live"])]);
    let route = (method(), path, kinds, modes, of(scope())).prop_map(
        |(method, path, kinds, modes, scope)| {
            let mut route =
                json!({ "method": method, "path": path, "kinds": kinds, "modes": modes });
            if let Some(scope) = scope {
                route["scope"] = scope.into();
            }
            route
        },
    );
    vec(route, 0..5)
}

/// A whole policy, as it is written.
pub(crate) fn policy_document() -> impl Strategy<Value = Value> {
    let listed = vec(select(&ORIGINS[..3]), 0..3);
    let switches = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let times = (1..=30_000_u32, 30..=86_400_u32, 1..=600_000_u32, 0..=300_u32, 0..=300_u32);
    let mode = select(&["refuse", "quarantine", "revoke"][..]);
    (routes(), of(listed), switches, times, of((mode.clone(), mode))).prop_map(
        |(routes, origins, switches, times, exposure)| {
            let mut policy = json!({
                "upstream": { "test": "https://test.example", "live": "https://live.example:8443" },
                "routes": routes,
                "forward_authorization": switches.0,
                "accept_foreign_keys": switches.1,
                "allow_http_on_loopback": switches.2,
                "report_only": switches.3,
                "log_allowed": switches.4,
                "store_timeout_ms": times.0,
                "store_cache_ttl": times.1,
                "upstream_timeout_ms": times.2,
                "memory_ttl": times.3,
                "memory_ttl_unknown": times.4.min(times.3),
            });
            if let Some(origins) = origins {
                policy["cors"] = json!({ "origins": origins.clone(), "max_age": 600 });
                policy["origins"] = origins.into();
            }
            if let Some((live, test)) = exposure {
                policy["exposure"] = json!({ "live": live, "test": test });
            }
            policy
        },
    )
}

/// A record of any state, with any restrictions.
pub(crate) fn record(
    kind: impl Strategy<Value = Kind>,
    mode: impl Strategy<Value = Mode>,
) -> impl Strategy<Value = KeyRecord> {
    const WORDS: &str = "\\PC{0,12}";
    let state = (
        any::<u64>(),
        of(any::<u64>()),
        of(any::<u64>()),
        of((any::<u64>(), WORDS)),
        of((any::<u64>(), WORDS, of(WORDS))),
    );
    let limits =
        (of(vec(origin(), 0..3)), of(vec(scope(), 0..3)), of(WORDS), of(WORDS), any::<bool>());
    ("[!-~]{1,16}", "[!-~]{1,16}", kind, mode, state, limits).prop_map(
        |(id, account, kind, mode, state, limits)| {
            let (created_at, expires_at, rotated_at, revoked, exposed) = state;
            let (origins, scopes, rate, label, browser_headers) = limits;
            let texts =
                |list: Vec<&str>| list.into_iter().map(str::to_owned).collect::<Vec<String>>();
            let mut record = KeyRecord::active(id, account, kind, mode, UnixTime(created_at));
            record.expires_at = expires_at.map(UnixTime);
            record.rotated_at = rotated_at.map(UnixTime);
            record.revoked = revoked.map(|(at, reason)| Revocation { at: UnixTime(at), reason });
            record.exposed = exposed.map(|(at, channel, place)| {
                Exposure::new(UnixTime(at), &channel, place.as_deref())
            });
            record.origins = origins.map(texts);
            record.scopes = scopes.map(texts);
            record.rate = rate;
            record.label = label;
            record.browser_headers = browser_headers;
            record
        },
    )
}

/// A text as URLs carry it, with every byte escaped whose place says so.
pub(crate) fn escaped(text: &str, which: u64) -> String {
    let escape = |(at, byte): (usize, u8)| {
        if which >> (at % 64) & 1 == 1 || !byte.is_ascii() {
            format!("%{byte:02X}")
        } else {
            char::from(byte).to_string()
        }
    };
    text.bytes().enumerate().map(escape).collect()
}

/// A secret key in one of the many ways in which it is still given away.
pub(crate) fn disguised_secret_key() -> impl Strategy<Value = String> {
    let invisible =
        select(&['\u{ad}', '\u{200b}', '\u{2060}', '\u{feff}', '\u{202e}', '\u{301}'][..]);
    let before = "([ -~]{0,12}[ \"'=:,/(\\[{])?";
    let after = "([ \"',;&)\\]}][ -~]{0,12})?";
    (
        SECRET_KEY,
        any::<u64>(),
        of((invisible, any::<u64>())),
        0..4_u8,
        vec(any::<u64>(), 0..3),
        before,
        after,
    )
        .prop_map(|(key, upper, invisible, shape, escapes, before, after)| {
            let mut text: String = match shape {
                0 => {
                    key.chars()
                        .enumerate()
                        .map(|(at, char)| {
                            if upper >> (at % 64) & 1 == 1 {
                                char.to_ascii_uppercase()
                            } else {
                                char
                            }
                        })
                        .collect()
                }
                1 => key
                    .chars()
                    .map(|char| char::from_u32(u32::from(char) + 0xfee0).unwrap())
                    .collect(),
                _ => key,
            };
            if let Some((invisible, which)) = invisible {
                text = text
                    .chars()
                    .enumerate()
                    .flat_map(|(at, char)| {
                        [(which >> (at % 64) & 1 == 1).then_some(invisible), Some(char)]
                    })
                    .flatten()
                    .collect();
            }
            for which in escapes {
                text = escaped(&text, which);
            }
            [before, text, after].concat()
        })
}
