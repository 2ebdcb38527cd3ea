use alloc::{collections::BTreeSet, string::String, vec, vec::Vec};

use proptest::{collection::vec, prelude::*, sample::select};

use super::*;
use crate::scan::{
    Asks, Kinds, MAX_ENCODINGS, Search, bytes_hold_key, bytes_hold_secret_key,
    bytes_might_show_key, decode::decoded,
};

fn places(text: &str) -> Vec<usize> {
    let middle = |sight| match sight {
        Sight::Middle(at) => Some(at),
        Sight::Escape => None,
    };
    sights(text.as_bytes()).filter_map(middle).collect()
}

#[test]
fn every_k_that_a_separator_follows_is_a_middle() {
    assert_eq!(places("sk_a"), [1]);
    assert_eq!(places("k-"), [0]);
    assert_eq!(places("sku, k, week: task_1 desk-2 SK\u{200b}_"), [17, 24, 29]);
    assert_eq!(places("к–ｋ＿k"), [0, 5]);
    assert!(places("").is_empty() && places("k").is_empty());
    for before in 0..20 {
        for after in 0..20 {
            let text = ["x".repeat(before), "K_".into(), "x".repeat(after)].concat();
            assert_eq!(places(&text), [before]);
        }
    }
}

#[test]
fn each_character_that_is_drawn_like_a_k_is_looked_at() {
    let mut firsts = BTreeSet::new();
    let mut count = 0;
    for char in '\0'..=char::MAX {
        let is_k = matches!(Symbol::of(char), Symbol::Letter(b'k' | b'K'));
        let expected = if is_k { &[0][..] } else { &[] };
        let text = String::from_iter([char, '_']);
        assert_eq!(places(&text), expected, "{char:?}");
        firsts.extend(is_k.then(|| text.as_bytes()[0]));
        count += usize::from(is_k);
    }
    assert!(count > 30, "{count}");
    let looked_at: BTreeSet<u8> = (0..=u8::MAX).filter(|byte| starts_k(*byte)).collect();
    assert_eq!(looked_at, firsts, "what no such character begins with is jumped over");
}

#[test]
fn all_that_is_not_looked_for_is_jumped_over() {
    for before in 0..20 {
        for (sought, after) in [(b'k', b'x'), (b'K', b'K'), (b'%', b'k'), (b'\\', 0xff), (0x80, 0)]
        {
            // The neighbours of what is looked for, by one bit or by one.
            let passed = b"j[l\x0b$&}\x7f \0Jm{\x04";
            let mut bytes: Vec<u8> = passed.iter().cycle().take(before).copied().collect();
            bytes.push(sought);
            for rest in 0..12 {
                bytes.resize(before + 1 + rest, after);
                assert_eq!(from_first(&bytes).len(), 1 + rest, "{bytes:x?}");
            }
        }
    }
}

#[test]
fn escape_is_found_wherever_it_stands() {
    for length in 0..20 {
        for before in [0xff, b'a', b'|', 0x05, 0x7c] {
            let mut bytes = vec![before; length];
            let escapes =
                |bytes: &[u8]| sights(bytes).filter(|sight| matches!(sight, Sight::Escape)).count();
            assert_eq!(escapes(&bytes), 0);
            for at in 0..length {
                bytes[at] = [b'%', b'\\'][at % 2];
                assert_eq!(escapes(&bytes), at + 1, "{bytes:x?}");
            }
        }
    }
}

/// Pieces of keys and disguises, and what stands at the border of each rule.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: [&str; 62] = [
        "s",
        "S",
        "p",
        "k",
        "K",
        "_",
        "-",
        "sk_",
        "SK_",
        "pk_",
        "sk-",
        "Pk-",
        "test_",
        "test",
        "task_",
        "x",
        "7",
        "aB1",
        "my",
        "vYZCAeHawUqDCmVpEKh2U",
        "aaaaaaaaaaaaaaaaaaaaaa",
        "vYZCAeHawUqD",
        "CmVpEKh2U",
        "--",
        "_-_",
        " ",
        "  ",
        "\t",
        "\n",
        "\r\n",
        "\0",
        "\x01",
        "\x7f",
        "\u{85}",
        "\u{a0}",
        "\u{ad}",
        "\u{200b}",
        "\u{2060}",
        "\u{301}",
        "\u{e0041}",
        "ѕ",
        "р",
        "к",
        "К",
        "κ",
        "\u{212a}",
        "ｓ",
        "ｋ",
        "＿",
        "–",
        "‗",
        "𝐤",
        "ⓢ",
        "ä",
        "中",
        "“",
        "%",
        "%25",
        "%5F",
        "%73%6b",
        "\\u006b",
        "\\",
    ];
    let bytes = select(&[0x80_u8, 0xbf, 0xc2, 0xc4, 0xd0, 0xe2, 0xef, 0xf0, 0xff][..]);
    prop_oneof![
        20 => select(&PIECES[..]).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => bytes.prop_map(|byte| vec![byte]),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
    ]
}

const KEYS: [&[&str]; 4] = [
    &["s", "k", "_", "vYZCAeHawUqDCmVpEKh2U"],
    &["s", "k", "_", "test", "_", "vYZCAeHawUqD", "CmVpEKh2U"],
    &["P", "K", "-", "vYZCAeHawUqD", "CmVpEKh2U"],
    &["ѕ", "к", "–", "vYZCAeHawUqDCmVpEKh2U"],
];

/// Mostly whole keys, of which some pieces were exchanged, in some text.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let around = || vec(piece(), 0..8).prop_map(|pieces| pieces.concat());
    let between = vec((any::<prop::sample::Index>(), piece()), 0..3);
    let key = (select(&KEYS[..]), between).prop_map(|(key, between)| {
        let mut pieces: Vec<Vec<u8>> = key.iter().map(|piece| piece.as_bytes().to_vec()).collect();
        for (place, piece) in between {
            pieces.insert(place.index(pieces.len().saturating_add(1)), piece);
        }
        pieces.concat()
    });
    (around(), prop_oneof![2 => key, 1 => around()], around())
        .prop_map(|(before, middle, after)| [before, middle, after].concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Jumping finds what asking at each letter finds, and nothing else.
    #[test]
    fn nothing_is_jumped_over(text in text()) {
        let walks = |kinds, asks| walks(Search { kinds, asks }, &text, MAX_ENCODINGS);
        prop_assert_eq!(bytes_hold_secret_key(&text), walks(Kinds::Secret, Asks::Words));
        prop_assert_eq!(bytes_hold_key(&text), walks(Kinds::Both, Asks::Words));
        let is_escaped = text.windows(3).any(|part| part == b"%25");
        prop_assert_eq!(bytes_might_show_key(&text), is_escaped || walks(Kinds::Both, Asks::Letters));
    }
}

/// What asking at each place says of a text and what it decodes to.
fn walks(search: Search, text: &[u8], encodings: u8) -> bool {
    search.walks_to_one(text)
        || encodings.checked_sub(1).is_some_and(|encodings| {
            decoded(text).is_some_and(|text| walks(search, &text, encodings))
        })
}
