//! The decision, for any record under any policy. `tests/decide.rs` compares it with the contract's table.

use keyguard::{
    ApiKey, CanonicalPath, Denial, IssuedKey, KeyRecord, Kind, Lookup, Mode, Policy, RequestFacts,
    UnixTime, decide::decide, record::Revocation,
};
use proptest::{option::of, prelude::*};
use serde_json::{Value, json};
use url::Url;

use crate::{
    inputs::{
        fetch_site, kind, method, mode, origin, policy, policy_document, raw_path, record, routes,
    },
    many,
};

fn lookup(kind: Kind, mode: Mode, policy: &Policy) -> Lookup {
    let key = IssuedKey::issue(kind, mode, &[1; 32]).into_text();
    Lookup::of(ApiKey::parse(&key).unwrap(), policy).unwrap()
}

/// Whether one of the routes, as they are written, is for a path, as an upstream reads it.
fn is_listed(
    routes: &[Value],
    method: &str,
    path: &str,
    mode: Mode,
    scopes: Option<&[String]>,
) -> bool {
    let names = |list: &Value, word: &str| list.as_array().unwrap().iter().any(|one| one == word);
    let is_for = |route: &&Value| {
        let (mut pattern, mut given) =
            (route["path"].as_str().unwrap().split('/'), path.split('/'));
        let mut is_match = true;
        loop {
            match (pattern.next(), given.next()) {
                (None, None) => break,
                (Some(name), Some(given)) if name.starts_with('{') => is_match &= !given.is_empty(),
                (pattern, given) => is_match &= pattern == given,
            }
        }
        is_match
            && route["method"] == method
            && names(&route["kinds"], "publishable")
            && names(&route["modes"], mode.as_str())
    };
    // The first that is for it tells, as the operator reads the list.
    routes.iter().find(is_for).is_some_and(|route| match (route.get("scope"), scopes) {
        (Some(scope), Some(scopes)) => scopes.iter().any(|one| scope == one),
        _ => true,
    })
}

proptest! {
    #![proptest_config(many())]

    #[test]
    fn revoked_key_is_never_allowed(
        document in policy_document(), kind in kind(), mode in mode(), filed in record(kind(), mode()), reason in "\\PC{0,8}",
        revoked_at: u64, now: u64, method in method(), path in of(raw_path()), origin in of(origin()), fetch_site in fetch_site(),
    ) {
        let policy = Policy::from_json(&document.to_string()).unwrap();
        let path = path.and_then(|path| CanonicalPath::parse(&path));
        let facts = RequestFacts { method, path: path.as_ref(), origin, fetch_site };
        let mut record = filed;
        record.revoked = Some(Revocation { at: UnixTime(revoked_at), reason });
        let expected = if (record.kind, record.mode) == (kind, mode) { Denial::Revoked } else { Denial::UnknownKey };
        let verdict = decide(&lookup(kind, mode, &policy), Some(&record), &facts, &policy, UnixTime(now));
        prop_assert_eq!(verdict.err(), Some(expected));
    }

    #[test]
    fn only_an_active_key_of_its_own_record_is_ever_allowed(
        document in policy_document(), kind in kind(), mode in mode(), filed in of(record(kind(), mode())), now: u64,
        method in method(), path in of(raw_path()), origin in of(origin()), fetch_site in fetch_site(),
    ) {
        let policy = Policy::from_json(&document.to_string()).unwrap();
        let path = path.and_then(|path| CanonicalPath::parse(&path));
        let facts = RequestFacts { method, path: path.as_ref(), origin, fetch_site };
        let is_active = filed.as_ref().is_some_and(|record| {
            (record.kind, record.mode) == (kind, mode)
                && record.revoked.is_none()
                && record.exposed.is_none()
                && record.expires_at.is_none_or(|at| now < at.0)
        });
        if let Ok(grant) = decide(&lookup(kind, mode, &policy), filed.as_ref(), &facts, &policy, UnixTime(now)) {
            prop_assert!(is_active);
            let forward = grant.into_forward();
            prop_assert_eq!(forward.upstream.as_str(), policy.upstream(mode).unwrap().as_str());
        }
    }

    #[test]
    fn publishable_key_never_reaches_a_path_outside_the_routes(
        routes in routes(), mode in mode(), filed in record(Just(Kind::Publishable), mode()), method in method(),
        path in raw_path(), origin in of(origin()), fetch_site in fetch_site(),
    ) {
        let document = json!({ "upstream": { "test": "https://a.example", "live": "https://b.example" }, "routes": routes.clone() });
        let policy = Policy::from_json(&document.to_string()).unwrap();
        let mut record = KeyRecord::active(filed.id, filed.account, Kind::Publishable, mode, filed.created_at);
        record.scopes = filed.scopes;
        let canonical = CanonicalPath::parse(&path);
        let facts = RequestFacts { method, path: canonical.as_ref(), origin, fetch_site };
        let verdict = decide(&lookup(Kind::Publishable, mode, &policy), Some(&record), &facts, &policy, UnixTime(1));
        let Ok(grant) = verdict else {
            // Nor is it kept from one: what has a single reading and is listed passes.
            if let Some(path) = &canonical {
                prop_assert!(!is_listed(&routes, method, path.as_str(), mode, record.scopes.as_deref()), "{}", path);
            }
            return Ok(());
        };
        let forward = grant.into_forward();
        prop_assert!(forward.removes_overrides);
        let sent = forward.path.map(|path| path.to_string());
        prop_assert!(sent.is_some(), "what was judged has to be what is sent");
        let url = Url::parse(&[forward.upstream.as_str(), &sent.unwrap_or_default()].concat()).unwrap();
        prop_assert_eq!(url.origin(), Url::parse(policy.upstream(mode).unwrap().as_str()).unwrap().origin());
        prop_assert!(is_listed(&routes, method, url.path(), mode, record.scopes.as_deref()), "{}", url);
    }

    #[test]
    fn report_only_passes_what_is_allowed_and_nothing_of_an_inactive_key(
        kind in kind(), mode in mode(), method in "GET|POST", path in "/[a-c]", origin: bool, site in "same-origin|cross-site",
        scoped: bool, inactive in 0..4_u8,
    ) {
        const RULES: &str = r#","origins":["https://c"],"routes":[{"method":"GET","path":"/a","scope":"s"},{"method":"POST","path":"/b"}]"#;
        let (strict, lenient) = (policy(RULES), policy(&format!(r#"{RULES},"report_only":true"#)));
        let lookup = lookup(kind, mode, &strict);
        let mut record = KeyRecord::active("key_1".into(), "acct_1".into(), kind, mode, UnixTime(1));
        record.scopes = scoped.then(Vec::new);
        record.expires_at = (inactive == 1).then_some(UnixTime(2));
        if inactive == 2 {
            record.revoked = Some(Revocation { at: UnixTime(1), reason: String::new() });
        }
        let path = CanonicalPath::parse(&path).unwrap();
        let facts = RequestFacts {
            method: &method, path: Some(&path), origin: origin.then_some("https://c"), fetch_site: Some(&site),
        };
        let record = (inactive != 3).then_some(&record);
        let refused = decide(&lookup, record, &facts, &strict, UnixTime(2)).err();
        match decide(&lookup, record, &facts, &lenient, UnixTime(2)) {
            Ok(grant) => {
                prop_assert_eq!(inactive, 0);
                prop_assert_eq!(grant.reported(), refused);
            }
            Err(denial) => {
                prop_assert_ne!(inactive, 0);
                prop_assert_eq!(Some(denial), refused);
            }
        }
    }
}
