//! Requests: most nearly right, each wrong in few places, so that every step of the guard has something to say.

use keyguard::{IssuedKey, Kind, Mode};

use crate::dice::Dice;

/// All that the core is asked about at once.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) policy: String,
    pub(crate) url: String,
    pub(crate) host: Option<&'static str>,
    pub(crate) method: &'static str,
    pub(crate) origin: Option<&'static str>,
    pub(crate) requested_method: Option<&'static str>,
    pub(crate) fetch_site: Option<&'static str>,
    pub(crate) authorization: Option<String>,
    pub(crate) record: Option<String>,
    pub(crate) now: u64,
    pub(crate) is_over_limit: bool,
    pub(crate) text: String,
    pub(crate) header: &'static str,
    pub(crate) connection: Option<&'static str>,
}

impl Request {
    pub(crate) fn roll(dice: &mut Dice) -> Self {
        let kind = if dice.once_in(2) { Kind::Publishable } else { Kind::Secret };
        let mode = if dice.once_in(2) { Mode::Test } else { Mode::Live };
        let key = IssuedKey::issue(kind, mode, &dice.bytes()).into_text().to_string();
        let is_from_page = dice.once_in(4);
        Self {
            policy: policy(dice),
            url: url(dice, &key),
            host: dice.maybe(&["api.example", "API.EXAMPLE", "api.example:8443"], 2),
            method: dice
                .pick(&["GET", "POST", "POST", "HEAD", "OPTIONS", "DELETE", "get", "TRACE"]),
            origin: dice.maybe(
                &["https://shop.example", "https://other.example", "null"],
                if is_from_page { 9 } else { 2 },
            ),
            requested_method: dice.maybe(&["POST", "GET", ""], 2),
            fetch_site: dice.maybe(
                if is_from_page {
                    &["cross-site", "same-site", "odd"]
                } else {
                    &["same-origin", "none"]
                },
                2,
            ),
            authorization: authorization(dice, &key),
            record: (!dice.once_in(12)).then(|| record(dice, kind, mode)),
            now: dice.roll() % 1_000,
            is_over_limit: dice.once_in(6),
            text: text(dice, &key),
            header: dice.pick(&[
                "Authorization",
                "Keyguard_Account",
                "X-HTTP-Method-Override",
                "Connection",
                "x-trace",
                "Content-Type",
                "X.Original.URL",
                "Upgrade",
                "",
            ]),
            connection: dice.maybe(&["close, X-Trace", "keep-alive", "authorization", ","], 2),
        }
    }
}

fn policy(dice: &mut Dice) -> String {
    if dice.once_in(40) {
        return dice
            .pick(&[
                "",
                "{}",
                "[",
                r#"{"upstream":{"test":"http://a"}}"#,
                r#"{"upstream":{"test":1}}"#,
            ])
            .to_owned();
    }
    let mut text = String::from(
        r#"{"upstream":{"test":"https://test.example","live":"https://live.example"}"#,
    );
    for part in [
        r#","routes":[{"method":"POST","path":"/pay","scope":"pay"},{"method":"GET","path":"/pay/{id}","modes":["test"]},{"method":"GET","path":"/a%20b","kinds":["publishable","secret"],"scope":"read"}]"#,
        r#","routes":[{"method":"POST","path":"/pay","kinds":["publishable","secret"],"report_only":true},{"method":"GET","path":"/"}]"#,
    ].get(dice.below(3)..).unwrap_or_default().iter().take(1) {
        text.push_str(part);
    }
    for (part, times) in [
        (r#","origins":["https://shop.example"]"#, 3),
        (r#","cors":{"origins":["https://shop.example"],"headers":["X-Trace"]}"#, 2),
        (r#","report_only":true"#, 6),
        (r#","accept_foreign_keys":true"#, 2),
        (r#","allow_http_on_loopback":true"#, 4),
        (
            r#","rates":{"tiers":[{"name":"slow","binding":"SLOW","limit":5,"period":10}],"default":"slow"}"#,
            2,
        ),
        (r#","exposure":{"live":"revoke","test":"quarantine"}"#, 2),
        (r#","nonsense":1"#, 80),
    ] {
        if dice.once_in(times) {
            text.push_str(part);
        }
    }
    text.push('}');
    text
}

const PATHS: [&str; 14] = [
    "/pay",
    "/pay",
    "/pay",
    "/p%61y",
    "/pay/17",
    "/pay/%2e%2e",
    "/a%20b",
    "/",
    "",
    "/pay/../refunds",
    "/pay;a",
    "/refunds",
    "//pay",
    "/ä",
];

fn url(dice: &mut Dice, key: &str) -> String {
    let origin = if dice.once_in(10) {
        dice.pick(&[
            "http://api.example",
            "http://localhost:8787",
            "https://",
            "ftp://a",
            "https://u@a",
            "https://a b",
        ])
    } else {
        "https://api.example"
    };
    let path = if dice.once_in(5) {
        dice.string(&["/", "a", "%61", "%2F", ".", ";", "%", "é", "pay", "~"], 8)
    } else {
        dice.pick(&PATHS).to_owned()
    };
    let query = match dice.below(12) {
        0 => format!("?key={key}"),
        1 => format!("?key={}", key.replace('_', "%5F")),
        2 => dice.string(&["?", "a=b", "&", "#", "%"], 5),
        _ => String::new(),
    };
    [origin, &path, &query].concat()
}

fn authorization(dice: &mut Dice, key: &str) -> Option<String> {
    Some(match dice.below(16) {
        0 => return None,
        1 => dice.string(&["Bearer", " ", ",", "=", "a", "\t", "Basic", "é", key], 6),
        2 => format!("Bearer {}", key.get(..key.len().saturating_sub(1)).unwrap_or_default()),
        3 => format!("Bearer {}", key.to_uppercase()),
        4 => "Bearer sk_vYZCAeHawUqDCmVpEKh2U".to_owned(),
        5 => format!("bearer  {key}\t"),
        6 => format!("Bearer {key}, Bearer {key}"),
        _ => format!("Bearer {key}"),
    })
}

fn record(dice: &mut Dice, kind: Kind, mode: Mode) -> String {
    let (kind, mode) =
        if dice.once_in(20) { ("secret", "live") } else { (kind.as_str(), mode.as_str()) };
    let version = if dice.once_in(30) { 2 } else { 1 };
    let mut text = format!(
        r#"{{"v":{version},"id":"key_1","account":"acct_1","kind":"{kind}","mode":"{mode}","created_at":1"#
    );
    for (part, times) in [
        (r#","expires_at":500"#, 8),
        (r#","rotated_at":2"#, 6),
        (r#","revoked":{"at":1,"reason":"lost"}"#, 10),
        (r#","exposed":{"at":1,"channel":"browser","place":"https://shop.example"}"#, 10),
        (r#","origins":["https://other.example"]"#, 6),
        (r#","scopes":["pay"]"#, 4),
        (r#","browser_headers":true"#, 5),
        (r#","label":"\u00e9\ud83d\ude00 \"x\"","colour":[1,{"a":null}]"#, 5),
        (r#","expires_at":18446744073709551615"#, 30),
        (r#","scopes":7"#, 60),
    ] {
        if dice.once_in(times) {
            text.push_str(part);
        }
    }
    text.push_str(dice.maybe(&["}"], 60).unwrap_or_default());
    text
}

fn text(dice: &mut Dice, key: &str) -> String {
    const PIECES: [&str; 26] = [
        " ",
        "a",
        "_",
        "-",
        "sk_",
        "sk_test_",
        "pk_",
        "%5F",
        "%25",
        "\\u0073k_",
        "\\n",
        "\n",
        "\u{200b}",
        "\u{ad}",
        "ѕк_",
        "ｓｋ＿",
        "\"",
        "task_",
        "vYZCAeHawUqDCmVpEKh2U",
        "kgadmin_",
        "/",
        "?",
        "https://",
        "Bearer ",
        "é",
        "\u{1f600}",
    ];
    let before = dice.string(&PIECES, 6);
    let after = dice.string(&PIECES, 6);
    let key = if dice.once_in(2) { key } else { "" };
    [&before, key, &after].concat()
}
