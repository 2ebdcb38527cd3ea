//! What a page may do with a key: which keys it may load, where they may go, and what may go with them.
//!
//! The rules of the npm package, as plain functions over text, which is UTF-8 here. `browser` lets JavaScript ask them about
//! its values.

mod base_url;
mod environment;
mod fetch_init;
mod key_rules;
mod refusal;
mod retry;

pub use base_url::{check_base_url, check_path};
pub use environment::is_misplaced;
pub use fetch_init::{PINNED, Pinned, check_body, check_head, check_header, check_request};
pub use key_rules::KeyRules;
pub use refusal::{InitRule, OptionRule, PathRule, Place, Refusal};
pub use retry::{Try, are_settings, is_repeatable, wants_idempotency_key};

/// Whether a word, whatever its case, is one of those in a list with a space between them: a slice of texts would weigh eight bytes
/// more for each.
fn is_one_of(words: &str, word: &[u8]) -> bool {
    words.as_bytes().split(|byte| *byte == b' ').any(|one| one.eq_ignore_ascii_case(word))
}
