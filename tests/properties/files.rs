//! Keys in files are found in every form and wherever pieces are cut, and what only looks like one is none.

use std::sync::LazyLock;

use keyguard::{
    IssuedKey, Kind, Mode,
    scan::file::{Confidence, Disguise, Finding, Scanner},
};
use proptest::prelude::*;

use crate::many;

static SCANNER: LazyLock<Scanner> = LazyLock::new(Scanner::new);

/// A form that a key takes in a file.
type Form = (&'static str, fn(&str) -> Vec<u8>, Disguise);

/// Every form that the manual promises.
const FORMS: &[Form] = &[
    ("plain", |key| key.into(), Disguise::None),
    ("\\u0073", |key| escaped(key, |code| format!("\\u{code:04x}")), Disguise::Escaped),
    ("\\u{73}", |key| escaped(key, |code| format!("\\u{{{code:x}}}")), Disguise::Escaped),
    ("\\U00000073", |key| escaped(key, |code| format!("\\U{code:08X}")), Disguise::Escaped),
    ("\\\\u0073", |key| escaped(key, |code| format!("\\\\u{code:04X}")), Disguise::Escaped),
    ("\\x73", |key| escaped(key, |code| format!("\\x{code:02X}")), Disguise::Escaped),
    ("\\163", |key| escaped(key, |code| format!("\\{code:03o}")), Disguise::Escaped),
    ("%73", |key| escaped(key, |code| format!("%{code:02x}")), Disguise::Escaped),
    ("%2573", |key| escaped(key, |code| format!("%25{code:02X}")), Disguise::Escaped),
    ("&#115;", |key| escaped(key, |code| format!("&#{code};")), Disguise::Escaped),
    ("&#x73;", |key| escaped(key, |code| format!("&#x{code:x};")), Disguise::Escaped),
    ("&#X73;", |key| escaped(key, |code| format!("&#X{code:X};")), Disguise::Escaped),
    ("&lowbar;", |key| key.replace('_', "&lowbar;").into(), Disguise::Escaped),
    ("&UnderBar;", |key| key.replace('_', "&UnderBar;").into(), Disguise::Escaped),
    ("+", |key| pieces(key, "\" + \""), Disguise::Joined),
    ("concat", |key| pieces(key, "\".concat(\""), Disguise::Joined),
    ("template", |key| pieces(key, "${\"").into_iter().chain(*b"\"}").collect(), Disguise::Joined),
    ("join", |key| [pieces(key, "','"), b"'].join('')".to_vec()].concat(), Disguise::Joined),
    ("UTF-16LE", |key| key.bytes().flat_map(|byte| [byte, 0]).collect(), Disguise::Utf16),
    ("UTF-16BE", |key| key.bytes().flat_map(|byte| [0, byte]).collect(), Disguise::Utf16),
    ("base64", |key| base64(&format!("k={key};")), Disguise::Base64),
    ("base64, one on", |key| base64(&format!("ke={key};")), Disguise::Base64),
    ("base64, two on", |key| base64(&format!("key={key};")), Disguise::Base64),
];

fn escaped(key: &str, escape: impl Fn(u32) -> String) -> Vec<u8> {
    key.chars().map(|char| escape(char.into())).collect::<String>().into()
}

/// Cut in three, and put together by what stands between two.
fn pieces(key: &str, between: &str) -> Vec<u8> {
    // Template literals are cut once.
    let first = if between == "${\"" { 3 } else { 2 };
    let (start, rest) = key.split_at(first);
    if between == "${\"" {
        return [start, between, rest].concat().into();
    }
    let (middle, end) = rest.split_at(9);
    [start, between, middle, between, end].concat().into()
}

fn base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    text.as_bytes()
        .chunks(3)
        .flat_map(|group| {
            let bits = group.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte))
                << (8 * (3 - group.len()));
            (0..=group.len()).map(move |place| ALPHABET[(bits >> (18 - 6 * place)) as usize & 63])
        })
        .collect()
}

fn issued(mode: Mode, entropy: &[u8; 32]) -> String {
    IssuedKey::issue(Kind::Secret, mode, entropy).into_text().as_str().to_owned()
}

fn key() -> impl Strategy<Value = String> {
    (any::<[u8; 32]>(), prop::sample::select(vec![Mode::Live, Mode::Test]))
        .prop_map(|(entropy, mode)| issued(mode, &entropy))
}

/// What stands between keys: code, other words, beginnings of keys, escapes and cuts that lead nowhere.
fn filler() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "[ -~\\n]{0,60}".prop_map(String::into_bytes),
        "(sk_|s|k_|\\\\u0073|%25|\"k\"|' \\+ '|c2tf|NrX|za1|\\n|-----BEGIN |AKIA|ghp_|[\"'`(),.$\\{\\}]| ){0,12}"
            .prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..60),
        ("[ -~]", 500_usize..5_000).prop_map(|(char, count)| char.repeat(count).into_bytes()),
    ]
}

fn file() -> impl Strategy<Value = Vec<u8>> {
    let form = prop::sample::select(FORMS).prop_map(|(_, form, _)| form);
    let hidden = (key(), form).prop_map(|(key, form)| form(&key));
    prop::collection::vec(prop_oneof![2 => filler(), 1 => hidden], 1..8)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(many())]

    #[test]
    fn findings_do_not_depend_on_where_a_file_is_cut(
        file in file(), sizes in prop::collection::vec(prop_oneof![1_usize..80, 1_000_usize..6_000], 1..6),
    ) {
        let mut stream = SCANNER.stream();
        let mut findings = Vec::new();
        let mut rest = file.as_slice();
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*size).min(rest.len()));
            stream.push(piece);
            findings.extend(stream.take_findings());
            rest = after;
        }
        findings.extend(stream.finish());
        prop_assert_eq!(findings, SCANNER.scan(&file));
    }

    #[test]
    fn issued_key_is_found_in_every_form_at_every_place(
        key in key(), before in "([ -~]{0,40}[ =(,:\\[])?", after in "([ );,\\]][ -~]{0,40})?", gap in 0_usize..9_000,
    ) {
        let plain = SCANNER.scan(key.as_bytes());
        for (name, form, disguise) in FORMS {
            // In UTF-16 all of a file is.
            let wide = |text: &str| text.bytes().flat_map(|byte| [byte, 0]).collect();
            let (before, after): (Vec<u8>, Vec<u8>) = match (*disguise, *name) {
                (Disguise::Utf16, "UTF-16LE") => (wide(&before), wide(&after)),
                (Disguise::Utf16, _) => (wide("'"), vec![0]),
                // Base64 has its own before and after.
                (Disguise::Base64, _) => (b"\"".to_vec(), b"\"".to_vec()),
                _ => ([before.as_bytes(), b"'"].concat(), [b"'", after.as_bytes()].concat()),
            };
            let file = [vec![b'\n'; gap], before, form(&key), after].concat();
            let found: Vec<Finding> = SCANNER.scan(&file);
            prop_assert!(
                found.iter().any(|one| one.fingerprint() == plain[0].fingerprint()
                    && one.disguise() == *disguise
                    && one.confidence() == Confidence::Certain),
                "{}: {} {:?}", name, file.escape_ascii(), found
            );
        }
    }
}

/// Numbers that look random and are the same each time (an LCG of Knuth's).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn text(&mut self, alphabet: &str, length: usize) -> String {
        (0..length).map(|_| char::from(alphabet.as_bytes()[self.below(alphabet.len())])).collect()
    }
}

const HEX: &str = "0123456789abcdef";
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";

/// One of what real files have a lot of.
fn harmless(kind: usize, numbers: &mut Numbers) -> String {
    let words = ["ta", "ri", "di", "de", "ma", "bri", "fli", "whi", "du", "hu", "Ta", "RI", "3"];
    let word = words[numbers.below(words.len())];
    let length = 16 + numbers.below(40);
    let digest = [32, 40, 64, 96, 128][numbers.below(5)];
    match kind {
        0 => format!("{word}sk_{}", numbers.text(LETTERS, length)),
        1 => format!("\"{word}\\u0073k_{}\"", numbers.text(LETTERS, length)),
        2 => format!("'{word}s' + 'k_{}'", numbers.text(LETTERS, length)),
        3 => format!("{word}sk-{}.{word}sk", numbers.text(LOWER, length)),
        4 => numbers.text(HEX, digest),
        5 => [8, 4, 4, 4, 12].map(|length| numbers.text(HEX, length)).join("-"),
        6 => {
            format!("data:image/png;base64,{}", numbers.text(&format!("{LETTERS}+/"), 40 * length))
        }
        7 => [30, 180, 43]
            .map(|length| format!("eyJ{}", numbers.text(&format!("{LETTERS}-_"), length)))
            .join("."),
        8 => format!("sha512-{}==", numbers.text(&format!("{LETTERS}+/"), 86)),
        9 => format!(
            "function {}(t,e){{return t.sk_{}(e)}}",
            numbers.text(LOWER, 2),
            numbers.text(LOWER, 12)
        ),
        10 => format!("var sk=\"{}\",k=\"k\",_=sk+k;", numbers.text(LOWER, length)),
        11 => format!("pk_{}", numbers.text(LETTERS, length)),
        12 => format!(
            "#{} U+{} \\u{}",
            numbers.text(HEX, 6),
            numbers.text(HEX, 4),
            numbers.text(HEX, 4)
        ),
        13 => format!(
            "https://example.com/{}?next=%2F{}%3Fsk%3D1",
            numbers.text(LOWER, 9),
            numbers.text(HEX, 24)
        ),
        14 => format!(
            "npm_config_{} hf_{} SG.{}",
            numbers.text(LOWER, 9),
            numbers.text(LOWER, 9),
            numbers.text(LOWER, 9)
        ),
        15 => {
            format!("-----BEGIN CERTIFICATE-----\n{}\n", numbers.text(&format!("{LETTERS}+/"), 64))
        }
        _ => format!(
            "{}_{}-{}",
            numbers.text(LOWER, 4),
            numbers.text(LOWER, 9),
            numbers.text(LETTERS, 24)
        ),
    }
}

#[test]
fn nothing_that_files_are_full_of_is_a_finding() {
    let mut numbers = Numbers(20);
    let mut file = String::new();
    for index in 0..60_000 {
        file.push_str(&harmless(index % 17, &mut numbers));
        file.push_str(["\n", ";\n", " ", "\",\"", "</a>\n"][numbers.below(5)]);
    }
    assert!(file.len() > 5_000_000);
    let alarms: Vec<_> = SCANNER
        .scan(file.as_bytes())
        .into_iter()
        .filter(|finding| finding.confidence() >= Confidence::Likely)
        .map(|finding| {
            let range = finding.range();
            let start = usize::try_from(range.start).unwrap().saturating_sub(30);
            (finding.rule().id, file[start..usize::try_from(range.end).unwrap()].to_owned())
        })
        .collect();
    assert!(alarms.is_empty(), "{alarms:#?}");
}
