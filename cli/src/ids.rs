//! Ids as they stand in the API's paths.

/// Reads an account's or key's id. What passes can stand in a path as it is.
pub(crate) fn parse_id(text: &str) -> Result<String, String> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:@=+-".contains(&byte);
    let is_id = (1..=128).contains(&text.len()) && text.bytes().all(is_allowed);
    if is_id && !matches!(text, "." | "..") {
        Ok(text.to_owned())
    } else {
        Err("must be 1 to 128 of A-Z a-z 0-9 . _ : @ = + -".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_can_stand_in_a_path() {
        for id in ["acct_1", "alice@example.com", "a.b:c=d+e-f", "..."] {
            assert_eq!(parse_id(id).as_deref(), Ok(id));
        }
        for id in ["", ".", "..", "a/b", "a b", "a?b", "a#b", "a%2f", "ä", &"a".repeat(129)] {
            assert!(parse_id(id).is_err(), "{id}");
        }
    }
}
