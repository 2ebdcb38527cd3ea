//! What a key stands after.

use super::{
    escapes::{self, Escape},
    units::Units,
};

/// What stands before a place where a key may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// A letter or digit: no key starts there, as in `task_…`.
    Word,
    /// `_` or `-`, as in `my_sk_…` and inside random base64url.
    Bridge,
    Nothing,
}

impl Before {
    pub(super) fn of(bytes: &[u8], start: usize, stride: usize) -> Self {
        let last = start.checked_sub(stride).and_then(|at| {
            // In UTF-16 there is a zero between the two.
            let is_text = stride == 1 || bytes.get(start.saturating_sub(1)) == Some(&0);
            bytes.get(at).copied().filter(|_| is_text)
        });
        let last = escaped(bytes, start, stride).or(last);
        match last {
            Some(char) if char.is_ascii_alphanumeric() => Self::Word,
            Some(b'_' | b'-') => Self::Bridge,
            _ => Self::Nothing,
        }
    }
}

/// The character that an escape stands for which ends just here: `n` in `\n` is no letter, `%61` is one.
fn escaped(bytes: &[u8], start: usize, stride: usize) -> Option<u8> {
    let first = start.saturating_sub(LONGEST.saturating_mul(stride));
    (first..start).step_by(stride).find_map(|at| {
        bytes.get(at).filter(|&&unit| escapes::is_start(unit))?;
        let mut units = Units::new(bytes, at, stride);
        match escapes::take(&mut units)? {
            Escape::Char(char) if units.at() == start => Some(char),
            _ => None,
        }
    })
}

/// `\u{000061}`, and `&UnderBar;`.
const LONGEST: usize = 12;
