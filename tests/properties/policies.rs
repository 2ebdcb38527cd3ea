//! What follows from a policy's fields.

use keyguard::headers::Removal;
use proptest::prelude::*;

use crate::{inputs::policy, many};

proptest! {
    #![proptest_config(many())]

    #[test]
    fn bound_grows_with_each_of_its_parts(ttl in 0..=300_u32, unknown in 0..=300_u32, cache in 30..=86_400_u32) {
        let unknown = unknown.min(ttl);
        let policy = policy(&format!(
            r#","memory_ttl":{ttl},"memory_ttl_unknown":{unknown},"store_cache_ttl":{cache}"#
        ));
        prop_assert_eq!(policy.revocation_bound().total(), ttl + cache + 60);
        prop_assert_eq!(policy.issue_bound().total(), unknown + cache + 60);
    }

    #[test]
    fn identity_headers_never_pass(rest in "[-_a-zA-Z0-9]{0,20}", upper: bool, connection in "[a-zA-Z, -]{0,40}") {
        let name = format!("{}{rest}", if upper { "KEYGUARD" } else { "keyguard" });
        let removal = Removal {
            connection: Some(&connection),
            proxy_connection: None,
            is_websocket: true,
            keeps_authorization: true,
            removes_overrides: false,
        };
        prop_assert!(removal.removes(&name));
    }
}
