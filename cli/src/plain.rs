//! Text from elsewhere, made fit for a terminal.

/// A text from elsewhere as a terminal may see it: what would move the cursor or turn the text around is escaped.
pub(crate) fn plain(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut plain, char| {
        if is_unsafe(char) {
            plain.extend(char.escape_unicode());
        } else {
            plain.push(char);
        }
        plain
    })
}

/// JSON as a terminal may see it: the same values, with such characters escaped as JSON does it.
pub(crate) fn plain_json(json: &str) -> String {
    json.chars().fold(String::with_capacity(json.len()), |mut plain, char| {
        // Line breaks between values are white space; inside of strings JSON has none.
        if is_unsafe(char) && !matches!(char, '\n' | '\r' | '\t') {
            plain
                .extend(char.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            plain.push(char);
        }
        plain
    })
}

fn is_unsafe(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(plain("a\u{1b}[2Jb\nc\u{202e}ü"), "a\\u{1b}[2Jb\\u{a}c\\u{202e}ü");
        assert_eq!(plain_json("{\"a\":\n\"\u{9b}ü\"}"), "{\"a\":\n\"\\u009bü\"}");
    }
}
