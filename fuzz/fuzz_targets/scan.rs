//! The scanner: what no reader would miss is found, and the stricter questions include the milder ones.
#![no_main]

use keyguard::scan::{
    bytes_hold_key, bytes_hold_secret_key, holds_secret_key, might_show_secret_key,
    starts_secret_key,
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
});
