//! Which keys a page may load.

use super::{Place, Refusal};
use crate::{
    key::{ApiKey, Kind, Mode, PublishableKey, Reading},
    scan::bytes_start_secret_key,
};

/// What a page asks of its key, beyond that it be publishable.
///
/// ```
/// use keyguard::page::{KeyRules, Place, Refusal};
///
/// let rules = KeyRules::default();
/// assert!(rules.accept("pk_WeHsNn87r4gtNc5BQT9Mj").is_ok());
/// assert_eq!(
///     rules.accept("sk_vYZCAeHawUqDCmVpEKh2U").unwrap_err(),
///     Refusal::SecretKey(Place::Key),
/// );
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyRules {
    /// The one mode that is accepted; both, if none.
    pub mode: Option<Mode>,
    /// Whether a body as long as an issued one may have another checksum.
    pub accepts_foreign_keys: bool,
}

impl KeyRules {
    /// Refuses a text that holds a secret key in any spelling, whole or not.
    ///
    /// # Errors
    /// [`Refusal::SecretKey`].
    pub fn refuse_secret(text: impl AsRef<[u8]>) -> Result<(), Refusal> {
        let text = text.as_ref();
        if bytes_start_secret_key(text) || is_glued(text) {
            Err(Refusal::SecretKey(Place::Key))
        } else {
            Ok(())
        }
    }

    /// Takes the text for a publishable key, or says why not.
    ///
    /// A secret key is looked for first, and in any spelling: whoever gave one has to hear of that, not of
    /// a space too many.
    ///
    /// # Errors
    /// The first rule that the text breaks.
    pub fn accept(&self, text: &str) -> Result<PublishableKey, Refusal> {
        self.check(text)?;
        match ApiKey::parse(text).map_err(Refusal::MalformedKey)? {
            ApiKey::Publishable(key) => Ok(key),
            ApiKey::Secret(_) => Err(Refusal::SecretKey(Place::Key)),
        }
    }

    /// As [`accept`](Self::accept), without a copy of the key.
    ///
    /// # Errors
    /// The first rule that the text breaks.
    pub fn check(&self, text: impl AsRef<[u8]>) -> Result<(), Refusal> {
        let text = text.as_ref();
        Self::refuse_secret(text)?;
        let key = Reading::of(text).map_err(Refusal::MalformedKey)?;
        if key.kind == Kind::Secret {
            return Err(Refusal::SecretKey(Place::Key));
        }
        if key.checksum_failed && !self.accepts_foreign_keys {
            return Err(Refusal::Checksum);
        }
        match self.mode {
            Some(mode) if mode != key.mode => Err(Refusal::WrongMode(mode)),
            _ => Ok(()),
        }
    }
}

/// Whether a secret key was pasted right behind a publishable one, whose body can't hold what a prefix does.
fn is_glued(text: &[u8]) -> bool {
    text.starts_with(b"pk_") && text.windows(3).any(|part| part.eq_ignore_ascii_case(b"sk_"))
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;
    use crate::key::{IssuedKey, KeyError, Kind};

    fn issued(kind: Kind, mode: Mode) -> String {
        IssuedKey::issue(kind, mode, &[7; 32]).into_text().as_str().into()
    }

    #[test]
    fn mode_that_was_asked_for_is_the_one_accepted() {
        for mode in [Mode::Test, Mode::Live] {
            let key = issued(Kind::Publishable, mode);
            for asked in [Mode::Test, Mode::Live] {
                let rules = KeyRules { mode: Some(asked), ..KeyRules::default() };
                let result = rules.accept(&key).map(|key| key.mode());
                assert_eq!(
                    result,
                    if asked == mode { Ok(mode) } else { Err(Refusal::WrongMode(asked)) }
                );
            }
        }
    }

    #[test]
    fn mistyped_key_is_refused_unless_foreign_keys_are_accepted() {
        let mistyped = issued(Kind::Publishable, Mode::Test).replace("pk_test_", "pk_");
        assert_eq!(KeyRules::default().accept(&mistyped).unwrap_err(), Refusal::Checksum);
        let rules = KeyRules { accepts_foreign_keys: true, ..KeyRules::default() };
        assert_eq!(rules.accept(&mistyped).unwrap().as_str(), mistyped);
    }

    #[test]
    fn secret_key_is_told_before_any_other_fault() {
        let key = issued(Kind::Secret, Mode::Live);
        for text in [
            key.as_str(),
            "sk_0aZ9bY8",
            &key.to_uppercase(),
            &alloc::format!(" pk_x {key}"),
            &alloc::format!("pk_WeHsNn87r4gtNc5BQT9Mj{key}"),
        ] {
            let rules = KeyRules { mode: Some(Mode::Test), accepts_foreign_keys: true };
            assert_eq!(rules.accept(text).unwrap_err(), Refusal::SecretKey(Place::Key), "{text}");
        }
    }

    #[test]
    fn publishable_key_has_to_be_exact() {
        for text in
            [" pk_WeHsNn87r4gtNc5BQT9Mj", "PK_WeHsNn87r4gtNc5BQT9Mj", "task_WeHsNn87r4gtNc5BQT9Mj"]
        {
            let error = KeyRules::default().accept(text).unwrap_err();
            assert_eq!(error, Refusal::MalformedKey(KeyError::Prefix), "{text}");
        }
        let error = KeyRules::default().accept("pk_WeHsNn87r4gtNc5BQT9Mj\n").unwrap_err();
        assert_eq!(error, Refusal::MalformedKey(KeyError::Character));
    }
}
