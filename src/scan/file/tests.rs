use alloc::{
    format,
    string::{String, ToString as _},
    vec,
    vec::Vec,
};

use super::*;
use crate::{
    IssuedKey, KeyDigest, Kind, Mode,
    key::{MAX_BODY_LENGTH, MIN_BODY_LENGTH},
};

fn issued(mode: Mode, seed: u8) -> String {
    let mut entropy = [seed; 32];
    for (index, byte) in entropy.iter_mut().enumerate() {
        *byte = byte.wrapping_mul(31).wrapping_add((index as u8).wrapping_mul(97)) ^ seed;
    }
    IssuedKey::issue(Kind::Secret, mode, &entropy).into_text().as_str().into()
}

const FOREIGN: &str = "sk_vYZCAeHawUqDCmVpEKh2U";

#[track_caller]
fn one(text: impl AsRef<[u8]>) -> Finding {
    let text = text.as_ref();
    let findings = Scanner::new().scan(text);
    assert_eq!(findings.len(), 1, "{} {findings:?}", text.escape_ascii());
    findings.into_iter().next().unwrap()
}

#[track_caller]
fn none(text: impl AsRef<[u8]>) {
    let text = text.as_ref();
    let findings = Scanner::new().scan(text);
    assert!(findings.is_empty(), "{} {findings:?}", text.escape_ascii());
}

#[track_caller]
fn same(text: impl AsRef<[u8]>, key: &str, disguise: Disguise) {
    let plain = one(key);
    let finding = one(text.as_ref());
    assert_eq!(finding.fingerprint(), plain.fingerprint(), "{}", text.as_ref().escape_ascii());
    assert_eq!(finding.disguise(), disguise, "{}", text.as_ref().escape_ascii());
    assert_eq!(finding.confidence(), plain.confidence());
}

#[test]
fn confidence_and_severity_follow_checksum_and_mode() {
    let live = one(issued(Mode::Live, 1));
    assert_eq!((live.confidence(), live.rule()), (Confidence::Certain, &LIVE));
    assert_eq!(live.rule().severity, Severity::Error);
    let test = one(issued(Mode::Test, 2));
    assert_eq!((test.confidence(), test.rule()), (Confidence::Certain, &TEST));
    assert_eq!(test.rule().severity, Severity::Warning);
    assert_eq!(one(FOREIGN).confidence(), Confidence::Likely);
    assert_eq!(one("sk_internationalisation").confidence(), Confidence::Possible);
    assert_eq!(one("sk_aaaaaaaaaaaaaaaa1111").confidence(), Confidence::Possible);
}

#[test]
fn what_is_told_of_a_key_are_words_and_a_part_of_its_digest() {
    assert_eq!(one(FOREIGN).fingerprint(), &KeyDigest::of(FOREIGN).to_string()[..32]);
    let confidences = [Confidence::Possible, Confidence::Likely, Confidence::Certain];
    assert_eq!(confidences.map(Confidence::as_str), ["possible", "likely", "certain"]);
    // SARIF 2.1.0 §3.27.10
    let severities = [Severity::Note, Severity::Warning, Severity::Error];
    assert_eq!(severities.map(Severity::as_str), ["note", "warning", "error"]);
    let disguises =
        [Disguise::None, Disguise::Escaped, Disguise::Joined, Disguise::Base64, Disguise::Utf16];
    let words = ["none", "escaped", "joined", "base64", "utf-16"];
    assert_eq!(disguises.map(Disguise::as_str), words);
    assert_eq!(disguises.map(|disguise| disguise.to_string()), words);
}

#[test]
fn other_words_are_no_keys() {
    let key = issued(Mode::Live, 3);
    for word in ["ta", "ri", "di", "de", "0", "X"] {
        none(format!("{word}{key}"));
    }
    none(format!("ta\\x73{}", &key[1..]));
    none(format!("\\x61{key}"));
    none(format!("%61{key}"));
    none(format!("{key}{}", "a".repeat(128)));
    none("sk_tooShort1234");
    none("pk_WeHsNn87r4gtNc5BQT9Mj");
    none(issued(Mode::Live, 3).replace("sk_", "SK_"));
}

#[test]
fn longest_key_is_found_and_a_longer_run_is_none() {
    for prefix in ["sk_", "sk_test_"] {
        let key = |length: usize| format!("{prefix}{}", &"aB3".repeat(50)[..length]);
        assert_eq!(one(key(MAX_BODY_LENGTH)).range().end as usize, prefix.len() + MAX_BODY_LENGTH);
        assert_eq!(one(key(MIN_BODY_LENGTH)).range().end as usize, prefix.len() + MIN_BODY_LENGTH);
        none(key(MAX_BODY_LENGTH + 1));
        none(key(MIN_BODY_LENGTH - 1));
    }
}

#[test]
fn no_more_is_read_than_a_key_can_have() {
    let mut units = units::Units::new(&[b'a'; MOST_BYTES_OF_A_KEY + 9], 3, 1);
    assert_eq!(core::iter::from_fn(|| units.next()).count(), MOST_BYTES_OF_A_KEY);
}

#[test]
fn in_a_longer_token_only_the_checksum_makes_a_key() {
    let issued = issued(Mode::Live, 17);
    let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpX";
    assert_eq!(token.len(), 32);
    for bridge in ["-", "_"] {
        for text in [format!("abc{bridge}{FOREIGN}{bridge}xy"), format!("{token}{bridge}{FOREIGN}")]
        {
            none(&text);
            same(text.replace(FOREIGN, &issued), &issued, Disguise::None);
        }
        // A name before it is none, nor does one behind it make a token of it.
        for text in [
            format!("API{bridge}{FOREIGN}"),
            format!("{}{bridge}{FOREIGN}", &token[2..]),
            format!("{FOREIGN}{bridge}xy"),
            format!("abc {FOREIGN}{bridge}xy"),
            format!("{}.{}{bridge}{FOREIGN}", &token[..9], &token[10..]),
        ] {
            same(&text, FOREIGN, Disguise::None);
        }
    }
}

#[test]
fn what_is_no_key_is_left_at_its_first_character() {
    let mut text = own::Text::with_capacity(64);
    for (next, others) in
        [(b's', &b"Sk_t1"[..]), (b'k', b"Ks_t1"), (b'_', b"-skt1"), (b't', b"_-\xff")]
    {
        assert!(text.may_be_followed_by(next));
        assert!(others.iter().all(|other| !text.may_be_followed_by(*other)), "{text:?}");
        assert!(text.push(next));
    }
    assert!(text.may_be_followed_by(b'Z') && !text.may_be_followed_by(b'_'));
    assert!(b"est".iter().all(|char| text.push(*char)));
    assert!(text.may_be_followed_by(b'_') && text.may_be_followed_by(b'0'));
    assert!(!text.may_be_followed_by(b'-'));
}

#[test]
fn a_text_has_its_room_from_the_start_and_never_grows() {
    let mut text = own::Text::with_capacity(2);
    assert!(!text.push(0x80) && text.push(b's') && !text.push(0xff));
    assert!(text.push(b'k') && !text.push(b'_'));
    assert_eq!(text.as_str(), "sk");
}

#[test]
fn range_and_position_are_the_keys() {
    let key = issued(Mode::Live, 4);
    let text = format!("ü = 1;\nconst ключ = \"{key}\";\n");
    let finding = one(&text);
    let range = finding.range();
    assert_eq!(&text.as_bytes()[range.start as usize..range.end as usize], key.as_bytes());
    assert_eq!((finding.line(), finding.column()), (2, 15));
    let escaped = format!("a=\"\\u0073k_{}\"", &key[3..]);
    let range = one(&escaped).range();
    assert_eq!((range.start, range.end), (3, escaped.len() as u64 - 1));
}

#[test]
fn quotes_before_a_key_are_no_part_of_it() {
    let key = issued(Mode::Live, 16).replace('_', "\\u005f");
    let finding = one(format!("\\'('{key}'"));
    assert_eq!((finding.disguise(), finding.range().start), (Disguise::Escaped, 4));
}

#[test]
fn utf_16_is_read_in_both_byte_orders() {
    for key in [issued(Mode::Live, 5), FOREIGN.into()] {
        for text in [key.clone(), format!("key = \"{key}\"; // ü")] {
            let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            same(&le, &key, Disguise::Utf16);
            same(&be, &key, Disguise::Utf16);
        }
        let text = [b"s\0k\0_\0", key.repeat(3).replace('_', "0").as_bytes()].concat();
        none(&text);
        let word: Vec<u8> = format!("ta{key}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        none(&word);
    }
}

#[test]
fn cuts_are_put_together() {
    let key = issued(Mode::Live, 6);
    for at in 1..key.len() {
        let (a, b) = key.split_at(at);
        for text in [
            format!("\"{a}\"+\"{b}\""),
            format!("'{a}' +\n    '{b}'"),
            format!("\"{a}\".concat(\"{b}\")"),
            format!("\"\".concat('{a}','{b}')"),
            format!("[\"{a}\",\"{b}\"].join(\"\")"),
            format!("`{a}${{\"{b}\"}}`"),
            format!("'{a}' . '{b}'"),
            format!("(\"{a}\") + (\"{b}\")"),
            format!("{{\"code\":\"k=\\\"{a}\\\"+\\\"{b}\\\"\"}}"),
            format!("{{\"code\":\"k=\\\"{a}\\\" +\\n\\t\\\"{b}\\\"\"}}"),
        ] {
            same(&text, &key, Disguise::Joined);
        }
        let foreign = FOREIGN;
        if at < foreign.len() {
            let (a, b) = foreign.split_at(at);
            same(format!("\"{a}\"+\"{b}\""), foreign, Disguise::Joined);
            same(format!("[\"{a}\",\"{b}\"].join('')"), foreign, Disguise::Joined);
            same(format!("\"\".concat(\"{a}\",\"{b}\")"), foreign, Disguise::Joined);
        }
    }
    // Out of a text inside of a template again; the end of an object is none.
    let (a, b, c) = (&key[..9], &key[9..20], &key[20..]);
    same(format!("`{a}${{\"{b}\"}}{c}`"), &key, Disguise::Joined);
    same(format!("`{a}${{`{b}${{\"{c}\"}}`}}`"), &key, Disguise::Joined);
    same(format!("{{\"key\":\"{FOREIGN}\"}}x1"), FOREIGN, Disguise::None);
    // A call makes one text of all its arguments.
    same("\"sk_\".concat(\"vYZCAeHawU\",\"qDCmVpEKh2U\")", FOREIGN, Disguise::Joined);
    let pieces: Vec<String> = key.chars().map(|char| format!("\"{char}\"")).collect();
    same(format!("[{}].join(\"\")", pieces.join(",")), &key, Disguise::Joined);
}

#[test]
fn two_texts_in_a_list_are_two_texts() {
    let other = "vYZCAeHawUqDCmVpEKh2U";
    none(format!("[\"sk_\",\"{other}\"]"));
    none(format!("[\"sk_\",\"{other}\"].join(\"-\")"));
    same(format!("[\"{FOREIGN}\",\"{other}\"]"), FOREIGN, Disguise::None);
    let key = issued(Mode::Live, 7);
    // Unless the checksum says that they are one.
    same(format!("[\"{}\",\"{}\"]", &key[..20], &key[20..]), &key, Disguise::Joined);
    same(format!("\"{}\" \"{}\"", &key[..12], &key[12..]), &key, Disguise::Joined);
    none(format!("\"{}\"n+\"{}\"", &key[..12], &key[12..]));
    none(format!("\"{}\"\\\"{}\"", &key[..12], &key[12..]));
    // Two quotes that touch are one, escaped as in SQL and CSV.
    none(format!("\"{}\"\"{}\"", &key[..12], &key[12..]));
    same(format!("[\"{key}\",\"{other}\"]"), &key, Disguise::None);
    same(format!("\"{key}\"+\"{other}\""), &key, Disguise::None);
}

#[test]
fn base64_is_read_at_every_alignment() {
    for key in [issued(Mode::Live, 8), issued(Mode::Test, 9), FOREIGN.into()] {
        for before in ["", ":", "a:", "ab:", "abc:", "{\"authorization\":\"Bearer "] {
            for after in ["", ":", "\"}", "\"}  "] {
                let text = format!("{before}{key}{after}");
                for engine in [
                    data_encoding::BASE64,
                    data_encoding::BASE64_NOPAD,
                    data_encoding::BASE64URL_NOPAD,
                    data_encoding::BASE64_MIME,
                ] {
                    let encoded = engine.encode(text.as_bytes());
                    same(&encoded, &key, Disguise::Base64);
                    if engine.specification().wrap.separator.is_empty() {
                        // From the character that begins it to the one that completes it.
                        let place = |bytes: usize| (bytes * 8).div_ceil(6) as u64;
                        let range = place(before.len())..place(before.len() + key.len());
                        assert_eq!(one(&encoded).range(), range, "{text}");
                    }
                    same(format!("Authorization: Basic {encoded}\n"), &key, Disguise::Base64);
                }
            }
        }
        // Behind bytes that both alphabets write differently.
        for before in [&b"\xf8"[..], b"\xfc", b":\xf8", b":\xff"] {
            let bytes = [before, key.as_bytes()].concat();
            same(data_encoding::BASE64.encode(&bytes), &key, Disguise::Base64);
            same(data_encoding::BASE64URL.encode(&bytes), &key, Disguise::Base64);
        }
        // As far from its group's beginning as line breaks may put it.
        let mut broken = data_encoding::BASE64.encode(format!("a:{key}").as_bytes());
        broken.insert_str(4, "\r\n\r\n");
        same(&broken, &key, Disguise::Base64);
        for before in ["ta", "xxxdi", "abcri"] {
            let encoded = data_encoding::BASE64.encode(format!("{before}{key}").as_bytes());
            if !key.starts_with(FOREIGN) {
                continue;
            }
            none(&encoded);
        }
    }
}

#[test]
fn escapes_of_every_kind_are_read() {
    let key = issued(Mode::Live, 10);
    let styles: [fn(char) -> String; 18] = [
        |c| format!("\\u{:04x}", c as u32),
        |c| format!("\\u{:04X}", c as u32),
        |c| format!("\\u{{{:x}}}", c as u32),
        |c| format!("\\u{{{:06x}}}", c as u32),
        |c| format!("\\x{:02x}", c as u32),
        |c| format!("\\x{:02X}", c as u32),
        |c| format!("\\{:03o}", c as u32),
        |c| format!("\\U{:08x}", c as u32),
        |c| format!("%{:02x}", c as u32),
        |c| format!("%{:02X}", c as u32),
        |c| format!("%25{:02x}", c as u32),
        |c| format!("%u{:04x}", c as u32),
        |c| format!("%25u{:04x}", c as u32),
        |c| format!("&amp;#{};", c as u32),
        |c| format!("&#{};", c as u32),
        |c| format!("&#x{:x};", c as u32),
        |c| format!("&#X{:X};", c as u32),
        |c| format!("\\\\u{:04x}", c as u32),
    ];
    for style in styles {
        let all: String = key.chars().map(style).collect();
        same(&all, &key, Disguise::Escaped);
        same(format!("a = \"{all}\";"), &key, Disguise::Escaped);
        for at in 0..key.len() {
            let mut some = String::new();
            for (index, char) in key.chars().enumerate() {
                if index == at {
                    some.push_str(&style(char));
                } else {
                    some.push(char);
                }
            }
            same(&some, &key, Disguise::Escaped);
        }
    }
    same(key.replace('_', "\\_"), &key, Disguise::Escaped);
    same(key.replace('_', "&lowbar;"), &key, Disguise::Escaped);
    same(key.replace('_', "&UnderBar;"), &key, Disguise::Escaped);
    same(format!("line\\n{key}"), &key, Disguise::None);
    same(format!("a%20{key}"), &key, Disguise::None);
    same(format!("%3D{key}%26"), &key, Disguise::None);
    // An escape counts where it ends just before the key.
    same(format!("%61 {key}"), &key, Disguise::None);
    same(format!("\\x61.{key}"), &key, Disguise::None);
    same(format!("{}\\\n{}", &key[..9], &key[9..]), &key, Disguise::Escaped);
    same(format!("{}\\\r\n{}", &key[..9], &key[9..]), &key, Disguise::Escaped);
    // Octal goes up to 0o377, what `%25` stands for follows it, and before other letters a backslash is no escape.
    none(format!("\\400{key}"));
    same(format!("\\377{key}"), &key, Disguise::None);
    same(format!("100%25{key}"), &key, Disguise::None);
    none(format!("{}\\{}", &FOREIGN[..9], &FOREIGN[9..]));
}

/// The anchors miss nothing that trying every place would find, and find nothing else.
#[test]
fn search_is_no_less_than_trying_every_place() {
    let scanner = Scanner::new();
    let mut state = 7_u64;
    let mut below = |limit: usize| {
        // Knuth's MMIX.
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % limit
    };
    let mut total = 0;
    for round in 0..400 {
        let mut text = String::new();
        for _ in 0..6 {
            let key = issued(if below(2) == 0 { Mode::Live } else { Mode::Test }, below(200) as u8);
            // Each character of the prefix is written in some way.
            for (index, char) in key.char_indices().take(3) {
                let code = char as u32;
                match below(9) {
                    0 => text.push_str(&format!("\\x{code:02x}")),
                    1 => text.push_str(&format!("\\u{code:04X}")),
                    2 => text.push_str(&format!("\\u{{{code:x}}}")),
                    3 => text.push_str(&format!("%{code:02X}")),
                    4 => text.push_str(&format!("&#x{code:x};")),
                    5 => text.push_str(&format!("&#{code};")),
                    6 if index > 0 => text.push_str(&format!("\" + \"{char}")),
                    _ => text.push(char),
                }
            }
            text.push_str(&key[3..]);
            text.push_str(
                ["\"; ", " ta", "\\n", "' + '", "\\x73", "%25", "_", "\",\"", " sk_"][below(9)],
            );
        }
        let bytes = text.as_bytes();
        let mut taken = 0;
        let mut every = Vec::new();
        for start in 0..bytes.len() {
            if start >= taken
                && let Some(found) = own::find_disguised(bytes, start)
            {
                every.push(found.start as u64..found.end as u64);
                taken = found.end;
            }
        }
        let found: Vec<_> = scanner.scan(bytes).iter().map(Finding::range).collect();
        assert_eq!(found, every, "{round}: {text}");
        total += every.len();
    }
    assert!(total > 1_000, "{total}");
}

#[test]
fn pieces_of_any_size_give_the_same_findings() {
    let scanner = Scanner::new();
    let (a, b) = (issued(Mode::Live, 13), issued(Mode::Test, 14));
    let mut text = String::new();
    for index in 0..40 {
        text.push_str(&"const filler = 'aaaa bbbb cccc dddd';\n".repeat(index * 7));
        text.push_str(&match index % 4 {
            0 => format!("k = \"{a}\";"),
            1 => format!("k = \"{}\" + \"{}\";", &b[..12], &b[12..]),
            2 => data_encoding::BASE64.encode(format!("user:{a}").as_bytes()),
            _ => b.chars().map(|c| format!("\\u{:04x}", c as u32)).collect(),
        });
    }
    let whole = scanner.scan(text.as_bytes());
    assert_eq!(whole.len(), 40);
    for size in [1_usize, 7, 100, 1_000, 4_096, 65_536, 1_000_000] {
        let mut stream = scanner.stream();
        let mut findings = vec![];
        for piece in text.as_bytes().chunks(size) {
            stream.push(piece);
            findings.extend(stream.take_findings());
        }
        findings.extend(stream.finish());
        assert_eq!(findings, whole, "pieces of {size}");
    }
}

#[test]
fn nothing_shows_a_key() {
    let key = issued(Mode::Live, 15);
    let finding = one(format!("a = '{key}'"));
    let shown = format!("{finding:?} {}", serde_json::to_string(&finding).unwrap());
    assert!(!shown.contains(&key[3..key.len() - 4]), "{shown}");
    assert_eq!(finding.redacted(), format!("sk_…{}", &key[key.len() - 4..]));
}

#[test]
fn private_keys_are_found_and_their_mere_name_is_not() {
    let body = "MC4CAQAwBQYDK2VwBCIEIAnm5Zr0Q3kq0b7nT0d8gq5Jb9vV1xqO3mXH2t0w4Q7z";
    for text in [
        format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"),
        format!("\"-----BEGIN PRIVATE KEY-----\\n{body}\\n-----END PRIVATE KEY-----\\n\""),
        format!("'-----BEGIN RSA PRIVATE KEY-----\\n' +\n  '{body}\\n'"),
        format!(
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00FF\n\n{body}\n"
        ),
    ] {
        let finding = one(&text);
        assert_eq!(finding.rule().id, "private-key");
        assert_eq!(finding.redacted(), "…");
        let end = usize::try_from(finding.range().end).unwrap();
        assert!(text[..end].ends_with(body), "{text}");
    }
    // The fewest characters that count as a key, in a line of its own.
    let short = one(format!("-----BEGIN EC PRIVATE KEY-----\n{}\n", &body[..40]));
    assert_eq!(short.rule().id, "private-key");
    none(format!("-----BEGIN EC PRIVATE KEY-----\n{}\n{}\n", &body[..39], &body[..39]));
    none(
        "-----BEGIN PRIVATE KEY----- behind it a file has the key itself in lines of sixty characters each",
    );
    none(format!("if (line == '-----BEGIN PRIVATE KEY-----') {{ return '{body}'; }}"));
    none("if (text.includes('-----BEGIN PRIVATE KEY-----')) {}");
    none("`-----BEGIN PRIVATE KEY-----\\n${body}\\n-----END PRIVATE KEY-----`");
    none(format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"));
}
