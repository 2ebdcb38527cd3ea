//! The texts themselves, and the order in which they are searched for.

use super::{super::vendors, Anchor};

/// A text that is searched for.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Sought {
    pub(super) text: &'static str,
    pub(super) anchor: Anchor,
}

/// Each of them. None is the beginning of another, or the other would never be found.
pub(super) fn all() -> impl Iterator<Item = Sought> {
    let disguised = DISGUISED.iter().map(|text| (*text, Anchor::Disguised));
    let base64 = BASE64
        .iter()
        .map(|(text, skipped, back)| (*text, Anchor::Base64 { skipped: *skipped, back: *back }));
    let vendors = vendors::anchors().map(|text| (text, Anchor::Vendor(text)));
    [("sk_", Anchor::Plain), UTF16, PEM]
        .into_iter()
        .chain(disguised)
        .chain(base64)
        .chain(vendors)
        .map(|(text, anchor)| Sought { text, anchor })
}

/// From its second byte on: the first is a letter that texts are full of.
const UTF16: (&str, Anchor) = ("\0k\0_", Anchor::Utf16 { back: 1 });

/// From its last dash on, since rulers are made of dashes.
const PEM: (&str, Anchor) = ("-BEGIN", Anchor::Pem { back: 4 });

/// Escapes of `s`, `k` and `_`, each by the part that no spelling of it is without; and cuts between two of them.
#[rustfmt::skip]
const DISGUISED: &[&str] = &[
    // `\u0073`, `%u0073`, `\u{0073}`, `\U00000073`, `&#x0073;`
    "0073", "006b", "006B", "005f", "005F",
    // `\u{73}`
    "{73", "{6b", "{6B", "{5f", "{5F",
    // Hexadecimal, in HTML too.
    "x73", "x6b", "x6B", "x5f", "x5F", "X73", "X6b", "X6B", "X5f", "X5F",
    // Octal.
    "\\163", "\\153", "\\137",
    // URLs, once or more.
    "%73", "%6b", "%6B", "%5f", "%5F", "%25",
    // HTML's decimal ones, `&lowbar;` and `&UnderBar;`.
    "#115", "#107", "#95;", "#095", "wbar;", "rBar;",
    // Cuts.
    "\"k_", "'k_", "`k_", "sk\"", "sk'", "sk`", "sk\\", "sk$", "\"k\"", "'k'", "`k`", "\"k\\", "'k\\",
];

/// `sk_` in base64 takes four characters, or parts of five: where it begins with a group's second or third byte, some
/// characters have bits of other letters. A line may break between groups.
const BASE64: [(&str, usize, usize); 6] =
    [("c2tf", 0, 0), ("NrX", 0, 2), ("Nr\n", 0, 2), ("Nr\r", 0, 2), ("za1", 0, 3), ("\na1", 1, 4)];

/// At least the length of the longest.
pub(in super::super) const LONGEST: usize = 32;

/// In which order they are searched for, which makes a search twice as fast.
///
/// The vector search puts texts into eight buckets: the first of a pass into the first, the ninth too, and so on, so
/// each column is a bucket; a text whose first three bytes end in the same four bits as an earlier one's joins that. It
/// looks closer where three bytes could be those of a bucket, each half of each byte taken by itself. So the texts of a
/// column are alike where the bytes in them are common, and otherwise apart; of bundled JavaScript one place in 6,000 is
/// looked at closer.
#[rustfmt::skip]
pub(super) const PASSES: [[[&str; 8]; 4]; 3] = [
    [
        ["wbar;", "m/services/", "ho_", "0073", "c2tf", "%5f", "sk-ant-", "NrX"],
        ["rBar;", "n$production$", "gd_", "006b", "dp.pt.", "%6b", "CK-", "Nr\r"],
        ["za1", "006B", "'k_", "005f", "SG.", "%73", "sk'", "xox"],
        ["005F", "%6B", "hf_", "pm_", "%5F", "#095", "sk$", "sa_"],
    ],
    [
        ["xapp-", "\\163", "\na1", "rk_", "glpat-", "hp_", "{6b", "%25"],
        ["shp", "Nr\n", "dapi", "\"k_", "dckr_pat_", "hr_", "{5f", "-BEGIN"],
        ["sq0", "lrt-", "{6B", "sk\"", "HlwaS5vcmc", "PMAK-", "x5f", "{5F"],
        ["sk`", "x5F", "X5f", "\"k\"", "`k`", "`k_", "yu_", "X5F"],
    ],
    [
        ["whsec_", "{73", "AIza", "ub_pat_", "x6b", "#115", "dt-", "\0k\0_"],
        ["ghu_", "x73", "'k'", "v1_", "KIA", "#107", "GE-SECRET-KEY-1", "SPX-"],
        ["ghs_", "\\153", "\"k\\", "pi_", "T3BlbkFJ", "#95;", "X73", "sk\\"],
        ["hvs.", "\\137", "'k\\", "sk_", "x6B", "SIA", "X6b", "X6B"],
    ],
];

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn no_text_hides_another() {
        let texts: Vec<&str> = all().map(|sought| sought.text).collect();
        for (index, text) in texts.iter().enumerate() {
            assert!(text.len() <= LONGEST && text.len() >= 3);
            for (other_index, other) in texts.iter().enumerate() {
                let hides = index != other_index && other.starts_with(text);
                assert!(!hides, "{} begins {}", text.escape_debug(), other.escape_debug());
            }
        }
    }

    #[test]
    fn every_text_has_its_place() {
        let in_order = super::super::in_order();
        let mut texts: Vec<&str> = in_order.iter().map(|sought| sought.text).collect();
        assert_eq!(texts, PASSES.as_flattened().as_flattened());
        let mut all: Vec<&str> = all().map(|sought| sought.text).collect();
        texts.sort_unstable();
        all.sort_unstable();
        assert_eq!(texts, all);
    }
}
