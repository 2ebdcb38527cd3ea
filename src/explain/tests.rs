//! Text → findings, as a table.

use alloc::{format, string::ToString, vec};

use super::*;
use crate::IssuedKey;

const FOREIGN: &str = "sk_test_vYZCAeHawUqDCmVpEKh2U";
const ODD: Finding = Finding::OddLength { length: 21, issued: 32 };

fn issued(kind: Kind, mode: Mode) -> Zeroizing<String> {
    IssuedKey::issue(kind, mode, &[7; 32]).into_text()
}

#[track_caller]
fn found(text: &str, findings: &[Finding]) -> Option<Likely> {
    let explanation = explain(text, None, None);
    assert_eq!(explanation.findings(), findings, "{text:?}");
    explanation.key().cloned()
}

/// The text is the issued secret test key once that is mended.
#[track_caller]
fn mends(text: &str, findings: &[Finding]) {
    let key = found(text, findings).unwrap();
    assert_eq!(
        (key.kind, key.mode, key.form),
        (Kind::Secret, Mode::Test, Form::Issued),
        "{text:?}"
    );
}

#[test]
fn a_key_is_fine() {
    let key = issued(Kind::Secret, Mode::Test);
    mends(&key, &[]);
    assert!(explain(&key, None, None).is_fine());
    assert!(explain(&key, Some(Kind::Secret), Some(Mode::Test)).is_fine());
    assert!(explain(FOREIGN, None, None).is_fine(), "a remark is no mistake");
    found(FOREIGN, &[ODD]);
}

#[test]
fn what_stands_around_it() {
    let key = issued(Kind::Secret, Mode::Test);
    let key = key.as_str();
    let after = Finding::SpaceAfter { characters: 1, is_line_break: true };
    let wrapped = |wrapper| Finding::Wrapped(wrapper);
    mends(&format!("{key}\n"), core::slice::from_ref(&after));
    mends(
        &format!(" \t{key}\r\n"),
        &[
            Finding::SpaceBefore { characters: 2, is_line_break: false },
            Finding::SpaceAfter { characters: 2, is_line_break: true },
        ],
    );
    mends(&format!("\u{a0}{key}"), &[Finding::SpaceBefore { characters: 1, is_line_break: false }]);
    mends(&format!("\"{key}\""), &[wrapped(Wrapper::Quotes)]);
    mends(&format!("“{key}”"), &[wrapped(Wrapper::Quotes)]);
    mends(&format!("'{key}"), &[wrapped(Wrapper::Quotes)]);
    mends(&format!("bearer {key}"), &[wrapped(Wrapper::Scheme)]);
    mends(
        &format!("Authorization: Bearer {key}\n"),
        &[after, wrapped(Wrapper::Header), wrapped(Wrapper::Scheme)],
    );
    mends(&format!("API_KEY={key}"), &[wrapped(Wrapper::Assignment)]);
    mends(
        &format!("export API_KEY='{key}';"),
        &[wrapped(Wrapper::Assignment), wrapped(Wrapper::Quotes), wrapped(Wrapper::Punctuation)],
    );
    mends(
        &format!("{{\"key\": \"{key}\"}}"),
        &[wrapped(Wrapper::Assignment), wrapped(Wrapper::Quotes), wrapped(Wrapper::Punctuation)],
    );
    mends(&format!("the key is {key}, isn't it?"), &[wrapped(Wrapper::Text)]);
    mends(&format!("https://api.example/?key={key}&a=1"), &[wrapped(Wrapper::Text)]);
}

#[test]
fn what_stands_in_it() {
    let key = issued(Kind::Secret, Mode::Test);
    let key = key.as_str();
    let (start, end) = key.split_at(11);
    mends(
        &format!("{start}–{end}"),
        &[Finding::Dash { column: 12, character: '–', for_underscore: false }],
    );
    mends(
        &key.replace('_', "-"),
        &[
            Finding::Dash { column: 3, character: '-', for_underscore: true },
            Finding::Dash { column: 8, character: '-', for_underscore: true },
        ],
    );
    mends(
        &format!("{start}\u{200b}{end}"),
        &[Finding::Invisible { column: 12, character: '\u{200b}' }],
    );
    mends(&format!("\u{feff}{key}"), &[Finding::Invisible { column: 1, character: '\u{feff}' }]);
    mends(&format!("{start}\n{end}"), &[Finding::Space { column: 12, is_line_break: true }]);
    mends(&format!("{start} {end}"), &[Finding::Space { column: 12, is_line_break: false }]);
    mends(&key.replacen('_', "%5f", 1), &[Finding::Escaped { column: 3 }]);
    mends(
        &key.replace("sk", "ѕk"),
        &[Finding::LookAlike { column: 1, alphabet: Alphabet::Cyrillic }],
    );
    mends(
        &key.replacen('_', "＿", 1),
        &[Finding::LookAlike { column: 3, alphabet: Alphabet::Fullwidth }],
    );
    mends(&format!("{start}!{end}"), &[Finding::Character { column: 12, character: '!' }]);
    mends(
        &format!("  {start}–{end}"),
        &[
            Finding::SpaceBefore { characters: 2, is_line_break: false },
            Finding::Dash { column: 14, character: '–', for_underscore: false },
        ],
    );
}

#[test]
fn without_a_checksum_nothing_says_what_a_dash_stood_for() {
    let dash = Finding::Dash { column: 12, character: '–', for_underscore: false };
    assert_eq!(found("sk_test_vYZ–CAeHawUqDCmVpEKh2U", &[dash, ODD]), None);
}

#[test]
fn lengths_cases_and_checksums() {
    let key = issued(Kind::Secret, Mode::Test);
    let key = key.as_str();
    mends(&format!("{key}abc"), &[Finding::Surplus { characters: 3 }]);
    mends(&key.replacen("sk_test", "SK_Test", 1), &[Finding::PrefixCase]);
    found(key.get(..key.len() - 20).unwrap(), &[Finding::TooShort { missing: 20 }]);
    found("sk_test_", &[Finding::TooShort { missing: 32 }]);
    found(key.get(..key.len() - 2).unwrap(), &[Finding::OddLength { length: 30, issued: 32 }]);
    found(&format!("sk_aB{}", "1".repeat(130)), &[Finding::TooLong { surplus: 4 }]);
    found(&key.to_uppercase(), &[Finding::PrefixCase, Finding::CaseLost]);
    found(&key.to_lowercase(), &[Finding::CaseLost]);
    let last = if key.ends_with('0') { '1' } else { '0' };
    found(&format!("{}{last}", key.get(..key.len() - 1).unwrap()), &[Finding::Checksum]);
    found("sk_…Kh2U", &[Finding::Elided { column: 4 }]);
    found("sk_test_****************", &[Finding::Elided { column: 9 }]);
    found("sk_test_vYZC...", &[Finding::Elided { column: 13 }]);
}

#[test]
fn two_keys_pasted_as_one() {
    let key = issued(Kind::Secret, Mode::Test);
    let column = key.len() + 1;
    mends(&format!("{}{FOREIGN}", *key), &[Finding::SecondKey { column }]);
    mends(
        &format!("{}\n{FOREIGN}", *key),
        &[
            Finding::Space { column, is_line_break: true },
            Finding::SecondKey { column: column + 1 },
        ],
    );
}

#[test]
fn what_is_no_key_at_all() {
    found("", &[Finding::Empty]);
    found(" \n", &[Finding::Empty]);
    found("hunter2", &[Finding::NoPrefix]);
    found("vYZCAeHawUqDCmVpEKh2U", &[Finding::NoPrefix]);
    found("sk_test_a_b", &[Finding::Character { column: 10, character: '_' }]);
    found(&"ab".repeat(32), &[Finding::Digest]);
    found(&format!("key:v1:{}", "ab".repeat(32)), &[Finding::Digest]);
    found(&AdminCredential::issue(&[1; 32]), &[Finding::AdminCredential]);
    for (text, name) in [
        ("sk_live_vYZCAeHawUqDCmVpEKh2U", "Stripe"),
        ("rk_live_vYZCAeHawUqDCmVpEKh2U", "Stripe"),
        ("ghp_vYZCAeHawUqDCmVpEKh2U", "GitHub"),
        ("AKIAIOSFODNN7EXAMPLE", "AWS"),
        ("xoxb-123-456-abc", "Slack"),
        ("SG.abc.def", "SendGrid"),
        ("glpat-abcdefghijkl", "GitLab"),
        ("eyJhbGciOi.abc.def", "JSON Web Token"),
    ] {
        let explanation = explain(text, None, None);
        let [Finding::OtherVendor(vendor)] = explanation.findings() else {
            panic!("{text}: {explanation:?}")
        };
        assert!(vendor.name().contains(name) && text.starts_with(vendor.prefix()), "{vendor:?}");
    }
}

#[test]
fn what_was_asked_for_is_compared() {
    let key = issued(Kind::Publishable, Mode::Test);
    assert_eq!(
        explain(&key, Some(Kind::Secret), Some(Mode::Live)).findings(),
        vec![
            Finding::WrongKind { found: Kind::Publishable },
            Finding::WrongMode { found: Mode::Test }
        ],
    );
    assert!(explain(&key, Some(Kind::Publishable), None).is_fine());
}

#[test]
fn nothing_of_a_key_is_in_what_is_said() {
    let key = issued(Kind::Secret, Mode::Test);
    let wide: String = key.chars().map(|c| char::from_u32(c as u32 + 0xfee0).unwrap()).collect();
    let (start, end) = key.split_at(11);
    for text in
        [key.to_string(), wide.clone(), format!("{start}–{end}"), format!("{}{}", *key, *key)]
    {
        let shown = format!("{:?}", explain(&text, None, None));
        for length in 5..8 {
            for window in key.as_bytes()[8..].windows(length) {
                assert!(!shown.contains(str::from_utf8(window).unwrap()), "{shown}");
            }
        }
        assert!(!shown.contains(&wide), "{shown}");
    }
}
