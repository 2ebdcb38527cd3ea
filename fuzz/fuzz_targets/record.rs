//! What a store may give back: a record, a report of an exposure, or anything else.
#![no_main]

use keyguard::{
    ApiKey, Denial, ExposureReport, KeyRecord, Kind, Lookup, Mode, RequestFacts, UnixTime,
    decide::decide,
};
use keyguard_fuzz::POLICY;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(report) = ExposureReport::from_json(text) {
        assert_eq!(
            ExposureReport::from_json(&report.to_json()).unwrap().to_json(),
            report.to_json()
        );
    }
    let Ok(record) = KeyRecord::from_json(text) else { return };
    assert_eq!(KeyRecord::from_json(&record.to_json()).as_ref(), Ok(&record));
    // Both become headers.
    assert!(
        [&record.id, &record.account]
            .iter()
            .all(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic()))
    );

    let facts = RequestFacts { method: "GET", path: None, origin: None, fetch_site: None };
    for (kind, mode) in [Kind::Publishable, Kind::Secret]
        .into_iter()
        .flat_map(|kind| [(kind, Mode::Test), (kind, Mode::Live)])
    {
        let key = ApiKey::parse(&format!("{}vYZCAeHawUqDCmVpEKh2U", kind.prefix(mode))).unwrap();
        let lookup = Lookup::of(key, &POLICY).unwrap();
        let now = UnixTime(record.created_at.0 / 2 + 1_000);
        let verdict = decide(&lookup, Some(&record), &facts, &POLICY, now).map(drop);
        let expected = if (record.kind, record.mode) != (kind, mode) {
            Err(Denial::UnknownKey)
        } else if record.revoked.is_some() {
            Err(Denial::Revoked)
        } else if record.expires_at.is_some_and(|at| at.0 <= now.0) {
            Err(Denial::Expired)
        } else if record.exposed.is_some() {
            Err(Denial::Exposed)
        } else if kind == Kind::Publishable && record.origins.is_some() {
            Err(Denial::OriginNotAllowed)
        } else if kind == Kind::Publishable || record.scopes.is_some() {
            // Without a path that has a single reading nothing confined passes.
            Err(Denial::InsufficientScope)
        } else {
            Ok(())
        };
        assert_eq!(verdict, expected);
    }
});
