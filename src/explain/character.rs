//! Names of characters that a reader doesn't see, or takes for others.

/// Where a character comes from that looks like a Latin letter, digit or underscore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Alphabet {
    /// Russian and its kin.
    Cyrillic,
    /// Greek.
    Greek,
    /// The wide forms of East Asian text.
    Fullwidth,
    /// Bold, italic and script letters and digits of formulas and fancy text.
    Mathematical,
    /// Letters in circles.
    Circled,
    /// Phonetic letters, low lines and others.
    Other,
}

impl Alphabet {
    pub(super) fn of(character: char) -> Self {
        match character {
            '\u{370}'..='\u{3ff}' => Self::Greek,
            '\u{400}'..='\u{52f}' => Self::Cyrillic,
            '\u{ff01}'..='\u{ff5e}' => Self::Fullwidth,
            '\u{1d400}'..='\u{1d7ff}' => Self::Mathematical,
            '\u{24b6}'..='\u{24e9}' => Self::Circled,
            _ => Self::Other,
        }
    }
}

/// Unicode's name of a character that can't be seen, or what it is.
pub fn invisible_name(character: char) -> &'static str {
    match character {
        '\0' => "NULL",
        '\t' => "TAB",
        '\u{1b}' => "ESCAPE",
        '\u{a0}' => "NO-BREAK SPACE",
        '\u{ad}' => "SOFT HYPHEN",
        '\u{34f}' => "COMBINING GRAPHEME JOINER",
        '\u{61c}' => "ARABIC LETTER MARK",
        '\u{180e}' => "MONGOLIAN VOWEL SEPARATOR",
        '\u{200b}' => "ZERO WIDTH SPACE",
        '\u{200c}' => "ZERO WIDTH NON-JOINER",
        '\u{200d}' => "ZERO WIDTH JOINER",
        '\u{200e}' => "LEFT-TO-RIGHT MARK",
        '\u{200f}' => "RIGHT-TO-LEFT MARK",
        '\u{202a}' => "LEFT-TO-RIGHT EMBEDDING",
        '\u{202b}' => "RIGHT-TO-LEFT EMBEDDING",
        '\u{202c}' => "POP DIRECTIONAL FORMATTING",
        '\u{202d}' => "LEFT-TO-RIGHT OVERRIDE",
        '\u{202e}' => "RIGHT-TO-LEFT OVERRIDE",
        '\u{2060}' => "WORD JOINER",
        '\u{2066}' => "LEFT-TO-RIGHT ISOLATE",
        '\u{2067}' => "RIGHT-TO-LEFT ISOLATE",
        '\u{2068}' => "FIRST STRONG ISOLATE",
        '\u{2069}' => "POP DIRECTIONAL ISOLATE",
        '\u{feff}' => "ZERO WIDTH NO-BREAK SPACE (byte order mark)",
        '\u{300}'..='\u{36f}' => "combining mark",
        '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => {
            "variation selector"
        }
        '\u{e0000}'..='\u{e007f}' => "tag character",
        character if character.is_control() => "control character",
        _ => "invisible character",
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use super::*;
    use crate::scan::symbol::Symbol;

    #[test]
    fn every_invisible_character_has_a_name_and_those_of_one_name_are_a_kind() {
        let mut names = BTreeMap::<_, u32>::new();
        let invisible = ('\0'..=char::MAX).filter(|char| Symbol::of(*char) == Symbol::Invisible);
        invisible.for_each(|char| *names.entry(invisible_name(char)).or_default() += 1);
        let kinds = names.iter().filter(|(_, number)| **number > 1).map(|(name, _)| *name);
        let expected = [
            "combining mark",
            "control character",
            "invisible character",
            "tag character",
            "variation selector",
        ];
        assert!(kinds.eq(expected), "{names:?}");
        // Unicode's names of single characters are in capitals.
        let single = names.keys().filter(|name| !expected.contains(name));
        assert!(single.clone().count() > 15, "{names:?}");
        assert!(single.into_iter().all(|name| name.starts_with(|char: char| char.is_uppercase())));
    }

    #[test]
    fn letters_are_told_by_where_they_come_from() {
        for (char, alphabet) in [
            ('ο', Alphabet::Greek),
            ('ѕ', Alphabet::Cyrillic),
            ('ｓ', Alphabet::Fullwidth),
            ('𝐬', Alphabet::Mathematical),
            ('ⓢ', Alphabet::Circled),
            ('ꜱ', Alphabet::Other),
        ] {
            assert_eq!(Alphabet::of(char), alphabet, "{char}");
        }
    }
}
