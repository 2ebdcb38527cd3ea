//! Incidents: whose key was given away, and what of it is kept.

use keyguard::{
    Denial, ExposureAction, Incident, IssuedKey, Kind, Mode, RequestUrl, exposure::given_away,
};
use proptest::prelude::*;

use crate::{
    inputs::{escaped, mode, policy},
    many,
};

proptest! {
    #![proptest_config(many())]

    #[test]
    fn secret_key_in_a_query_is_found_by_its_digest(
        mode in mode(), entropy: [u8; 32], before in "[a-z&=%+.~]{0,12}", after in "[&=+.~][a-z0-9&=%+.~]{0,12}",
        which: u64, again: bool,
    ) {
        let issued = IssuedKey::issue(Kind::Secret, mode, &entropy);
        let digest = issued.digest();
        let mut key = escaped(&issued.into_text(), which);
        if again {
            key = key.replace('%', "%25");
        }
        let url = format!("https://a/?{before}={key}{after}");
        let url = RequestUrl::cut(&url, None).unwrap();
        let found = given_away(Denial::KeyInQuery, &url, None, &policy(""));
        prop_assert_eq!(found.len(), 1);
        let lookup = &found[0];
        prop_assert_eq!((lookup.digest(), lookup.kind(), lookup.mode()), (&digest, Kind::Secret, mode));
    }

    #[test]
    fn place_of_an_incident_never_shows_a_key(mode in mode(), entropy: [u8; 32], before in "[a-z/.-]{0,8}", after in "[a-z/.-]{0,8}") {
        let key = IssuedKey::issue(Kind::Secret, mode, &entropy).into_text();
        for key in [key.to_string(), key.to_ascii_lowercase()] {
            let place = format!("https://{before}{key}{after}");
            let leaked = Incident::on_github(Some(&place));
            let page = Incident::of(Denial::SecretKeyInBrowser, Some(&place), Some("cross-site"), false);
            prop_assert_eq!((leaked.place(), page.as_ref().and_then(Incident::place)), (None, None));
        }
    }

    #[test]
    fn what_is_not_certain_never_takes_a_key_away(site in "\\PC{0,20}", live in "refuse|quarantine|revoke") {
        let policy = policy(&format!(r#","exposure":{{"live":"{live}"}}"#));
        let incident = Incident::of(Denial::SecretKeyInBrowser, None, Some(&site), false).unwrap();
        if !["cross-site", "same-site"].contains(&site.as_str()) {
            prop_assert_eq!(incident.action(Mode::Live, &policy), ExposureAction::Refuse);
        }
    }
}
