use alloc::{format, string::String, vec::Vec};

use super::*;
use crate::scan::file::{Scanner, Severity};

/// A text that looks random, the same for the same seed.
fn random(class: Class, length: usize, seed: u64) -> String {
    let chars: Vec<char> = (0..=127_u8).filter(|char| class.has(*char)).map(char::from).collect();
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1);
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            chars[usize::try_from(state >> 33).unwrap() % chars.len()]
        })
        .collect()
}

fn key_of(vendor: &Vendor, seed: u64) -> String {
    let mut key = String::from(vendor.prefix());
    for (index, part) in vendor.parts.iter().enumerate() {
        match *part {
            Part::Word(word) => key.push_str(word),
            Part::Run(class, fewest, most) => {
                let length = fewest.midpoint(most);
                let run = random(class, length, seed.wrapping_add(index as u64 * 7919));
                let is_inside = !vendor.prefix.contains(vendor.anchor);
                match (vendor.check, is_inside) {
                    (Check::Crc32, _) => {
                        let (start, _) = run.split_at(length.saturating_sub(6));
                        let sum = checksum::digits(start);
                        key.push_str(&format!("{start}{}", core::str::from_utf8(&sum).unwrap()));
                    }
                    (Check::Form, true) => {
                        let anchor = vendor.anchor;
                        let (start, end) = run.split_at(20);
                        key.push_str(&format!("{start}{anchor}{end}"));
                    }
                    (Check::Form, false) => key.push_str(&run),
                }
            }
        }
    }
    key
}

#[test]
fn every_vendors_keys_are_found_and_are_not_in_words() {
    let scanner = Scanner::new();
    for vendor in VENDORS {
        for seed in 1..40 {
            let key = key_of(vendor, seed);
            for text in [
                key.clone(),
                format!("k = \"{key}\";"),
                format!("line\\n{key}\\n"),
                format!("'{key}',"),
            ] {
                let findings = scanner.scan(text.as_bytes());
                assert_eq!(findings.len(), 1, "{text} {findings:?}");
                assert_eq!(findings[0].rule().id, vendor.rule.id, "{text}");
                assert!(findings[0].redacted().starts_with(vendor.prefix));
                let certain = vendor.check == Check::Crc32;
                assert_eq!(findings[0].confidence() == Confidence::Certain, certain, "{text}");
            }
            let (start, end) = key.split_at(vendor.prefix.len() + 2);
            for text in [format!("x{key}"), String::from(vendor.prefix), format!("{start} {end}")] {
                let findings = scanner.scan(text.as_bytes());
                let is_found = findings.iter().any(|one| one.rule().id == vendor.rule.id);
                // An anchor in the middle is found after its prefix alone.
                assert!(!is_found || !vendor.prefix.contains(vendor.anchor), "{text} {findings:?}");
            }
        }
    }
}

#[test]
fn rules_say_how_grave_a_leak_is_and_what_tells_a_key() {
    let of = |severity: Severity| -> Vec<&str> {
        VENDORS
            .iter()
            .map(|vendor| &vendor.rule)
            .filter(|rule| rule.severity == severity)
            .map(|rule| rule.id)
            .collect()
    };
    // Where no money moves, and what is half of what is needed.
    assert_eq!(
        of(Severity::Warning),
        ["stripe-test-restricted-key", "aws-access-key-id", "aws-temporary-key-id"]
    );
    // What is made to be seen, and to be restricted.
    assert_eq!(of(Severity::Note), ["google-api-key"]);
    let google = VENDORS.iter().find(|vendor| vendor.rule.id == "google-api-key").unwrap();
    assert!(google.rule.advice.contains("restrict it"));
    let with_checksum: Vec<&str> = VENDORS
        .iter()
        .filter(|vendor| vendor.check == Check::Crc32)
        .map(|vendor| vendor.rule.id)
        .collect();
    let githubs = ["personal", "oauth", "user", "installation", "refresh"];
    assert_eq!(with_checksum, githubs.map(|name| format!("github-{name}-token")));
}

#[test]
fn a_longer_run_is_something_else() {
    let key = |id: &str| key_of(VENDORS.iter().find(|vendor| vendor.rule.id == id).unwrap(), 7);
    for (id, ends, goes_on) in [
        ("aws-access-key-id", "-/\" ", "aZ0_"),
        ("google-api-key", "/+\" ", "aZ0_-"),
        ("digitalocean-token", "-/\" ", "agZ0_"),
    ] {
        let is_found =
            |char: char| !Scanner::new().scan(format!("{}{char}", key(id)).as_bytes()).is_empty();
        assert!(ends.chars().all(is_found), "{id}");
        assert!(!goes_on.chars().any(is_found), "{id}");
    }
}

#[test]
fn placeholders_of_manuals_are_no_findings() {
    for text in [
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "sk_live_xxxxxxxxxxxxxxxxxxxxxxxx",
        "AIzaSyXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
        "hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
        "SG.your_key.here",
    ] {
        assert!(Scanner::new().scan(text.as_bytes()).is_empty(), "{text}");
    }
}
