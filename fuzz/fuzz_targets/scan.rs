//! The scanner: what no reader would miss is found, and the stricter questions include the milder ones. Of files: each key is where it
//! is said to be, and the same ones are found wherever a file is cut.
#![no_main]

use std::sync::LazyLock;

use keyguard::scan::{
    bytes_hold_key, bytes_hold_secret_key,
    file::{MOST_BYTES_OF_A_KEY, Scanner},
    holds_secret_key, might_show_secret_key, starts_secret_key,
};
use keyguard_fuzz::plainly_holds_secret_key;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let found = bytes_hold_secret_key(bytes);
    assert!(found || !plainly_holds_secret_key(bytes), "a plain key was missed");
    assert!(!found || bytes_hold_key(bytes));

    // Neither what comes after the end of a word nor a line before it hides a key.
    assert!(!found || bytes_hold_secret_key(&[bytes, b" ."].concat()));
    assert!(!found || bytes_hold_secret_key(&[b"\"\n\"", bytes].concat()));

    // One more layer of escapes hides it neither, up to the depth that is looked into.
    if plainly_holds_secret_key(bytes) {
        let escaped: String = bytes.iter().map(|byte| format!("%{byte:02X}")).collect();
        assert!(holds_secret_key(&escaped) && holds_secret_key(&escaped.replace('%', "%25")));
    }
    if let Ok(text) = core::str::from_utf8(bytes) {
        assert_eq!(holds_secret_key(text), found);
        assert!(!found || (might_show_secret_key(text) && starts_secret_key(text)));
    }
    in_files(bytes);
});

static SCANNER: LazyLock<Scanner> = LazyLock::new(Scanner::new);

/// Longer than what a stream keeps, so that it has to forget.
static FILLER: [u8; MOST_BYTES_OF_A_KEY + 256] = [b'.'; MOST_BYTES_OF_A_KEY + 256];

fn in_files(bytes: &[u8]) {
    let mut end = 0;
    for finding in SCANNER.scan(bytes) {
        let range = finding.range();
        assert!(end <= range.start && range.start < range.end && range.end <= bytes.len() as u64);
        end = range.end;
        let before = &bytes[..range.start as usize];
        assert_eq!(finding.line(), 1 + before.iter().filter(|byte| **byte == b'\n').count() as u64);
        assert!(!plainly_holds_secret_key(finding.redacted().as_bytes()));
    }
    // This takes several times as long as all the rest.
    if bytes.len() % 8 != 0 {
        return;
    }
    let file = [&FILLER[..], bytes, &FILLER].concat();
    let mut stream = SCANNER.stream();
    let piece = 64 + 8 * usize::from(bytes.first().copied().unwrap_or_default());
    file.chunks(piece).for_each(|piece| stream.push(piece));
    assert_eq!(stream.finish(), SCANNER.scan(&file));
}
