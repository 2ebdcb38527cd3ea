//! The operator's policy: what is taken makes sense, and what isn't says no key.
#![no_main]

use keyguard::{CanonicalPath, Kind, Mode, Policy, life::might_show};
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|text: &str| {
    let policy = match Policy::from_json(text) {
        Ok(policy) => policy,
        Err(error) => {
            assert!(!error.field().is_empty() && !error.reason().is_empty());
            assert!(!might_show(error.field()) && !might_show(error.reason()));
            return;
        }
    };
    let again = Policy::from_value(serde_json::Value::String(text.into())).unwrap();
    assert_eq!(format!("{policy:?}"), format!("{again:?}"));

    let upstreams = [Mode::Test, Mode::Live].map(|mode| policy.upstream(mode));
    assert!(upstreams.iter().any(Option::is_some));
    for upstream in upstreams.into_iter().flatten() {
        // A name that looks like a number and is no address is no URL to a parser; what is one, is this very origin.
        if let Ok(url) = Url::parse(upstream.as_str()) {
            assert!(url.path() == "/" && url.query().is_none() && url.fragment().is_none());
            assert!(url.username().is_empty() && url.password().is_none());
            let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
            assert!(url.scheme() == "https" || is_local);
        }
    }
    for route in policy.routes() {
        let (method, pattern) = route.label().split_once(' ').unwrap();
        assert_eq!(method, route.method());
        let sample: Vec<&str> =
            pattern.split('/').map(|part| if part.starts_with('{') { "x" } else { part }).collect();
        let path =
            CanonicalPath::parse(&sample.join("/")).expect("a pattern that something matches");
        let found = [Kind::Publishable, Kind::Secret].into_iter().any(|kind| {
            [Mode::Test, Mode::Live]
                .into_iter()
                .any(|mode| policy.route(method, &path, kind, mode).is_some())
        });
        assert!(found);
    }
    assert!(policy.memory_ttl() <= 300 && policy.memory_ttl_unknown() <= policy.memory_ttl());
    assert!((30..=86_400).contains(&policy.store_cache_ttl()));
    assert!(policy.revocation_bound().total() >= policy.issue_bound().total());
    assert!(
        policy
            .webhook()
            .is_none_or(|url| url.starts_with("https://") || url.starts_with("http://"))
    );
});
