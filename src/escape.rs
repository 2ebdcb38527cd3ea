//! What URLs, JSON and bundlers write for a byte.

/// The byte that two hex digits at the start of `digits` stand for.
pub(crate) fn escape(digits: &[u8]) -> Option<u8> {
    let value = |digit: &u8| char::from(*digit).to_digit(16);
    let (high, low) = (value(digits.first()?)?, value(digits.get(1)?)?);
    u8::try_from((high << 4) | low).ok()
}
