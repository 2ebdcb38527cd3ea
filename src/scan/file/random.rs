//! Whether a text looks random: a key, rather than words.

/// Whether a body looks like what a generator makes: it has digits among its letters, and goes from one kind of
/// character to another more often than words do.
///
/// Of random bodies of 62 characters about 2 in 100 look like words, most of them for want of a digit; of hexadecimal ones about 1.
pub(super) fn looks_random(body: &[u8]) -> bool {
    let has_digit = body.iter().any(u8::is_ascii_digit);
    let has_letter = body.iter().any(u8::is_ascii_alphabetic);
    let has_both_cases =
        body.iter().any(u8::is_ascii_uppercase) && body.iter().any(u8::is_ascii_lowercase);
    let changes = body.windows(2).filter(|pair| matches!(pair, [a, b] if kind(*a) != kind(*b)));
    let per_hundred = changes.count().saturating_mul(100).checked_div(body.len()).unwrap_or(0);
    has_digit
        && has_letter
        && per_hundred >= if has_both_cases { 33 } else { 22 }
        && !is_placeholder(body)
}

/// Whether a body was made up by a person: it repeats itself, counts, or says that it is an example.
pub(super) fn is_placeholder(body: &[u8]) -> bool {
    let mut seen = [false; 256];
    let mut distinct = 0_usize;
    for &byte in body {
        if let Some(seen) = seen.get_mut(usize::from(byte))
            && !core::mem::replace(seen, true)
        {
            distinct = distinct.saturating_add(1);
        }
    }
    let is_dull = distinct < FEWEST_DISTINCT;
    let counts =
        body.windows(2).filter(|pair| matches!(pair, [a, b] if a.wrapping_add(1) == *b)).count();
    let is_counting = counts.saturating_mul(2) > body.len();
    is_dull || is_counting || WORDS.iter().any(|word| contains(body, word))
}

fn contains(body: &[u8], word: &str) -> bool {
    body.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

fn kind(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        // A digit: a body has nothing else.
        _ => 2,
    }
}

/// Of sixteen random hexadecimal digits fewer are different once in ten thousand times.
const FEWEST_DISTINCT: usize = 6;
const WORDS: [&str; 6] = ["EXAMPLE", "xxxxx", "yourapikey", "yourkey", "00000000", "placeholder"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_itself_counts_or_says_so_was_made_up() {
        // Five different characters, and six.
        assert!(is_placeholder(b"zqwrxzqwrxzqwrxzq"));
        assert!(!is_placeholder(b"zqwrxtzqwrxtzqwrx"));
        // Nine steps of sixteen characters go to the next one, and eight.
        assert!(is_placeholder(b"abcdefghijqzmxwr"));
        assert!(!is_placeholder(b"abcdefghiqzmxwrt"));
        assert!(is_placeholder(b"q7mxPlaceHolderw2rt"));
    }

    #[test]
    fn random_bodies_go_from_one_kind_of_character_to_another() {
        // Of one case 4 times in 18 is enough, of two cases 6 times.
        assert!(looks_random(b"qzmxw1rtybn2kfhdcs"));
        assert!(looks_random(b"QZMXW1RTYBN2KFHDCS"));
        assert!(!looks_random(b"qzmxw1rtybnkfhdcs2"));
        assert!(looks_random(b"qzmXwarty1bnKfhdcs"));
        assert!(!looks_random(b"qzmXwartybnK2fhdcs"));
        // Without a digit, and without a letter.
        assert!(!looks_random(b"qZmXwArTyBnKfHdCsG"));
        assert!(!looks_random(b"719305826473910582"));
    }
}
