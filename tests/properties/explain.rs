//! Whatever is pasted, `explain` ends, and gives nothing of a key away.

use keyguard::{ApiKey, Form, IssuedKey, Kind, Mode, explain};
use proptest::prelude::*;

use crate::many;

proptest! {
    #![proptest_config(many())]

    #[test]
    fn any_text_is_explained(text in "(\\PC|[\\s\"'=%_:;(){}–sk*.])*") {
        let explanation = explain(&text, None, None);
        prop_assert_eq!(explanation.is_fine(), ApiKey::parse(&text).is_ok_and(|key| {
            // A wrong checksum and a lost case are mistakes that the grammar doesn't know.
            key.form() == Form::Issued || explanation.findings().iter().all(keyguard::Finding::is_remark)
        }));
    }

    #[test]
    fn damaged_key_is_never_shown(
        entropy in any::<[u8; 32]>(),
        place in 0_usize..40,
        damage in "[–\u{200b}\u{ad} \n*а/.\"%=A_-]{1,3}",
    ) {
        let key = IssuedKey::issue(Kind::Secret, Mode::Test, &entropy).into_text();
        let mut text = key.to_string();
        text.insert_str(place, &damage);
        let explanation = explain(&text, Some(Kind::Publishable), Some(Mode::Live));
        let shown = format!("{explanation:?}");
        for window in key.as_bytes()[8..].windows(5) {
            prop_assert!(!shown.contains(core::str::from_utf8(window).unwrap()), "{}", shown);
        }
        if let Some(likely) = explanation.key() {
            prop_assert_eq!((likely.kind, likely.mode), (Kind::Secret, Mode::Test));
        }
    }
}
