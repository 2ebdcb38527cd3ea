//! Second readings of what the core reads: slower and plainer, to compare with.

use std::sync::LazyLock;

use keyguard::Policy;

/// A policy that serves both modes, read once.
pub static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let policy =
        r#"{"upstream":{"test":"https://a","live":"https://b"},"accept_foreign_keys":true}"#;
    Policy::from_json(policy).expect("a policy")
});

/// Whether `sk_` stands at the start of a word with sixteen letters and digits behind: what no reader would miss.
pub fn plainly_holds_secret_key(bytes: &[u8]) -> bool {
    (0..bytes.len()).any(|at| {
        let is_joined = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        let is_word = at == 0 || !is_joined(bytes[at - 1]);
        let rest = bytes[at..].strip_prefix(b"sk_").unwrap_or_default();
        let body = rest.strip_prefix(b"test_").unwrap_or(rest);
        is_word && body.iter().take(16).filter(|byte| byte.is_ascii_alphanumeric()).count() == 16
    })
}

/// The bytes that a part of a path stands for; what is no escape stands for itself.
pub fn decoded(text: &str) -> Vec<u8> {
    let hex = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut rest = text.as_bytes();
    let mut output = Vec::new();
    while let [byte, after @ ..] = rest {
        rest = after;
        output.push(match (byte, hex(after.first()), hex(after.get(1))) {
            (b'%', Some(high), Some(low)) => {
                rest = &after[2..];
                (high * 16 + low) as u8
            }
            _ => *byte,
        });
    }
    output
}
