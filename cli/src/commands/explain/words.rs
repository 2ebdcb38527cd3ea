//! What a finding means, and what to do about it.

use keyguard::{
    Finding,
    explain::{Alphabet, Wrapper, invisible_name},
};

/// The finding in words.
pub(super) fn told(finding: &Finding) -> String {
    match finding {
        Finding::Empty => "There is no text: nothing was pasted.".to_owned(),
        Finding::SpaceBefore { characters, is_line_break } => {
            format!("{} before the key: leave it out.", spaces(*characters, *is_line_break))
        }
        Finding::SpaceAfter { characters, is_line_break } => {
            format!("{} after the key: leave it out.", spaces(*characters, *is_line_break))
        }
        Finding::Wrapped(wrapper) => wrapped(*wrapper).to_owned(),
        Finding::Space { column, is_line_break } => {
            let what = if *is_line_break { "A line break" } else { "A space" };
            format!("{what} at column {column}, inside of the key: leave it out.")
        }
        Finding::Invisible { column, character } => format!(
            "An invisible character at column {column}: {} ({}). Type that part anew, or copy the key from its source.",
            invisible_name(*character),
            code_point(*character),
        ),
        Finding::LookAlike { column, alphabet } => format!(
            "A character at column {column} only looks right: it is {}. Copy the key from its source.",
            alphabet_name(*alphabet),
        ),
        Finding::Dash { column, character, for_underscore } => format!(
            "{} ({}) at column {column}: {}",
            dash_name(*character),
            code_point(*character),
            if *for_underscore { "an underscore belongs there." } else { "no key has one there. Copy the key anew." },
        ),
        Finding::Escaped { column } => {
            format!("An escape of a URL at column {column}: write the character itself.")
        }
        Finding::Character { column, character } => format!(
            "A character at column {column} that no key has: `{}` ({}). After the prefix a key has letters and digits alone.",
            character.escape_debug(),
            code_point(*character),
        ),
        Finding::Elided { column } => format!(
            "From column {column} on, dots or stars stand for the rest: this is what is shown of a key, not the key. \
             Where it was shown in full, copy it there; it is shown once, so otherwise rotate it."
        ),
        Finding::PrefixCase => "The prefix must be in lower case.".to_owned(),
        Finding::CaseLost => {
            "All letters have one case. Capitals and small letters differ in a key, so it can't be restored: copy it anew."
                .to_owned()
        }
        Finding::NoPrefix => {
            "It begins like no key: keys begin with sk_, sk_test_, pk_ or pk_test_. Was the beginning cut off?".to_owned()
        }
        Finding::OtherVendor(vendor) => format!(
            "It begins with {}, so it is another's credential: {}. If it was pasted here by mistake, consider it exposed.",
            vendor.prefix(),
            vendor.name(),
        ),
        Finding::AdminCredential => {
            "It is a credential of the admin API (kgadmin_), no API key: it belongs into KEYGUARD_CREDENTIAL alone."
                .to_owned()
        }
        Finding::Digest => {
            "It is a digest, the name under which a key is stored, not a key: nothing makes the key of it. `keyguard key \
             find` says whose it is."
                .to_owned()
        }
        Finding::SecondKey { column } => {
            format!("At column {column} a second key begins: two were pasted as one.")
        }
        Finding::TooShort { missing } => {
            format!("It is too short: cut off. A key of keyguard's has {} more.", characters(*missing))
        }
        Finding::TooLong { surplus } => format!("It is too long, by {}.", characters(*surplus)),
        Finding::Surplus { characters: surplus } => {
            format!("After the key there are {} too many.", characters(*surplus))
        }
        Finding::OddLength { length, issued } => odd_length(*length, *issued),
        Finding::Checksum => {
            "The checksum is wrong: a character was mistyped, or two changed places. (Unless the key is from elsewhere and \
             just as long as keyguard's.) Copy it anew."
                .to_owned()
        }
        Finding::WrongKind { found } => match found {
            keyguard::Kind::Publishable => {
                "It is a publishable key (pk_), for pages; a secret one (sk_) was expected.".to_owned()
            }
            keyguard::Kind::Secret => {
                "It is a secret key (sk_), for servers alone; a publishable one (pk_) was expected.".to_owned()
            }
        },
        Finding::WrongMode { found } => match found {
            keyguard::Mode::Test => "It is a test key; a live one was expected.".to_owned(),
            keyguard::Mode::Live => {
                "It is a live key, with which money moves; a test one was expected.".to_owned()
            }
        },
        _ => "Something that this version has no words for.".to_owned(),
    }
}

/// A short name for programs.
pub(super) fn code(finding: &Finding) -> &'static str {
    match finding {
        Finding::Empty => "empty",
        Finding::SpaceBefore { .. } => "space-before",
        Finding::SpaceAfter { .. } => "space-after",
        Finding::Wrapped(_) => "wrapped",
        Finding::Space { .. } => "space",
        Finding::Invisible { .. } => "invisible",
        Finding::LookAlike { .. } => "look-alike",
        Finding::Dash { .. } => "dash",
        Finding::Escaped { .. } => "escaped",
        Finding::Character { .. } => "character",
        Finding::Elided { .. } => "elided",
        Finding::PrefixCase => "prefix-case",
        Finding::CaseLost => "case-lost",
        Finding::NoPrefix => "no-prefix",
        Finding::OtherVendor(_) => "other-vendor",
        Finding::AdminCredential => "admin-credential",
        Finding::Digest => "digest",
        Finding::SecondKey { .. } => "second-key",
        Finding::TooShort { .. } => "too-short",
        Finding::TooLong { .. } => "too-long",
        Finding::Surplus { .. } => "surplus",
        Finding::OddLength { .. } => "odd-length",
        Finding::Checksum => "checksum",
        Finding::WrongKind { .. } => "wrong-kind",
        Finding::WrongMode { .. } => "wrong-mode",
        _ => "other",
    }
}

/// Where it is.
pub(super) fn column(finding: &Finding) -> Option<usize> {
    match finding {
        Finding::Space { column, .. }
        | Finding::Invisible { column, .. }
        | Finding::LookAlike { column, .. }
        | Finding::Dash { column, .. }
        | Finding::Escaped { column }
        | Finding::Character { column, .. }
        | Finding::Elided { column }
        | Finding::SecondKey { column } => Some(*column),
        _ => None,
    }
}

fn spaces(characters: usize, is_line_break: bool) -> String {
    match (characters, is_line_break) {
        (1 | 2, true) => "A line break stands".to_owned(),
        (_, true) => "Line breaks and spaces stand".to_owned(),
        (1, false) => "A space stands".to_owned(),
        (_, false) => format!("{characters} spaces stand"),
    }
}

fn wrapped(wrapper: Wrapper) -> &'static str {
    match wrapper {
        Wrapper::Quotes => "Quotes stand around the key: leave them out.",
        Wrapper::Header => "The header's name was copied along: leave out `Authorization:`.",
        Wrapper::Scheme => "The scheme was copied along: leave out `Bearer`.",
        Wrapper::Assignment => "A name was copied along: leave out what ends in `=` or `:`.",
        Wrapper::Punctuation => {
            "Brackets, a comma or a semicolon were copied along: leave them out."
        }
        Wrapper::Text => "Other text stands around the key: leave it out.",
        _ => "Something stands around the key: leave it out.",
    }
}

fn alphabet_name(alphabet: Alphabet) -> &'static str {
    match alphabet {
        Alphabet::Cyrillic => "a Cyrillic letter",
        Alphabet::Greek => "a Greek letter",
        Alphabet::Fullwidth => "a fullwidth form",
        Alphabet::Mathematical => "a mathematical letter or digit",
        Alphabet::Circled => "a circled letter",
        _ => "of another alphabet",
    }
}

fn dash_name(character: char) -> &'static str {
    match character {
        '-' => "A hyphen",
        '\u{2010}' => "A typographic hyphen",
        '\u{2011}' => "A non-breaking hyphen",
        '\u{2013}' => "An en dash",
        '\u{2014}' => "An em dash",
        '\u{2212}' => "A minus sign",
        _ => "A dash",
    }
}

fn odd_length(length: usize, issued: usize) -> String {
    let difference = characters(length.abs_diff(issued));
    let how = if length < issued {
        format!("{difference} are missing")
    } else {
        format!("{difference} are too many")
    };
    format!(
        "{length} characters follow the prefix. If keyguard issued the key, {how}; keys from elsewhere have any length."
    )
}

fn characters(count: usize) -> String {
    if count == 1 { "1 character".to_owned() } else { format!("{count} characters") }
}

fn code_point(character: char) -> String {
    format!("U+{:04X}", u32::from(character))
}
