//! What is printed is read again as what it was.

use keyguard::{
    ApiKey, CanonicalPath, ExposureReport, KeyDigest, KeyRecord, Kind, Mode, Policy, UnixTime,
};
use proptest::prelude::*;

use crate::{
    inputs::{kind, mode, policy_document, raw_path, record},
    many,
};

proptest! {
    #![proptest_config(many())]

    #[test]
    fn publishable_keys_print_as_they_parse(text in "pk_(test_)?[0-9A-Za-z]{16,128}") {
        let ApiKey::Publishable(key) = ApiKey::parse(&text).unwrap() else { panic!() };
        prop_assert_eq!(key.to_string(), text);
    }

    #[test]
    fn records_print_as_they_parse(record in record(kind(), mode())) {
        let text = record.to_json();
        let read = KeyRecord::from_json(&text).unwrap();
        prop_assert_eq!(&read, &record);
        prop_assert_eq!(read.to_json(), text);
    }

    #[test]
    fn paths_print_as_they_parse(path in raw_path()) {
        if let Some(path) = CanonicalPath::parse(&path) {
            prop_assert_eq!(CanonicalPath::parse(&path.to_string()), Some(path));
        }
    }

    #[test]
    fn digests_print_as_they_parse(text in "\\PC*") {
        let digest = KeyDigest::of(&text);
        prop_assert_eq!(digest.to_string().parse(), Ok(digest));
    }

    #[test]
    fn words_print_as_they_parse(kind in kind(), mode in mode()) {
        prop_assert_eq!(kind.to_string().parse::<Kind>().unwrap(), kind);
        prop_assert_eq!(mode.to_string().parse::<Mode>().unwrap(), mode);
    }

    /// A policy isn't printed, so what was written is compared with what can be read back.
    #[test]
    fn policies_say_what_was_written(document in policy_document()) {
        let policy = Policy::from_json(&document.to_string()).unwrap();
        for (mode, upstream) in [(Mode::Test, "test"), (Mode::Live, "live")] {
            prop_assert_eq!(&document["upstream"][upstream], policy.upstream(mode).unwrap().as_str());
        }
        let listed = |name: &str| document.get(name).and_then(|list| list.as_array());
        let origins = listed("origins").map(|list| list.iter().map(|one| one.as_str().unwrap().to_owned()).collect::<Vec<_>>());
        prop_assert_eq!(policy.origins().map(<[String]>::to_vec), origins);
        let routes = listed("routes").unwrap();
        prop_assert_eq!(policy.routes().len(), routes.len());
        for (route, written) in policy.routes().iter().zip(routes) {
            let label = [written["method"].as_str().unwrap(), written["path"].as_str().unwrap()].join(" ");
            prop_assert_eq!(route.to_string(), label);
            prop_assert_eq!(route.scope(), written.get("scope").and_then(|scope| scope.as_str()));
        }
        for (field, value) in [
            ("forward_authorization", policy.forward_authorization()),
            ("accept_foreign_keys", policy.accept_foreign_keys()),
            ("allow_http_on_loopback", policy.allow_http_on_loopback()),
            ("report_only", policy.report_only()),
            ("log_allowed", policy.log_allowed()),
        ] {
            prop_assert_eq!(&document[field], value, "{}", field);
        }
        for (field, value) in [
            ("store_timeout_ms", policy.store_timeout_ms()),
            ("store_cache_ttl", policy.store_cache_ttl()),
            ("upstream_timeout_ms", policy.upstream_timeout_ms()),
            ("memory_ttl", policy.memory_ttl()),
            ("memory_ttl_unknown", policy.memory_ttl_unknown()),
        ] {
            prop_assert_eq!(&document[field], value, "{}", field);
        }
        // The same text as a JSON string is the same policy.
        let again = Policy::from_value(document.to_string().into()).unwrap();
        prop_assert_eq!(format!("{again:?}"), format!("{policy:?}"));
    }

    #[test]
    fn times_print_as_they_parse(seconds: u64) {
        let time: UnixTime = serde_json::from_str(&serde_json::to_string(&UnixTime(seconds)).unwrap()).unwrap();
        prop_assert_eq!(time, UnixTime(seconds));
    }

    #[test]
    fn what_is_read_of_any_record_is_written_alike(text in "\\{\"v\":1(,\"[a-z_]{1,10}\":(\"[ -!#-\\[\\]-~]{0,6}\"|[0-9]{1,9}|null|true)){0,6}\\}") {
        if let Ok(record) = KeyRecord::from_json(&text) {
            prop_assert_eq!(KeyRecord::from_json(&record.to_json()), Ok(record));
        }
        if let Ok(report) = ExposureReport::from_json(&text) {
            prop_assert!(ExposureReport::from_json(&report.to_json()).is_ok());
        }
    }
}
