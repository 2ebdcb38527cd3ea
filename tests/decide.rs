//! The decision against an independent table, over the full product of its inputs.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::format_push_string,
    clippy::indexing_slicing,
    clippy::unwrap_used
)]

use keyguard::{
    ApiKey, BearerToken, CanonicalPath, Denial, KeyError, KeyRecord, Kind, Lookup, Mode, Policy,
    Problem, RequestFacts, RequestUrl, UnixTime,
    decide::{admit, api_key, bearer, decide},
    record::{Exposure, Revocation},
};

const NOW: UnixTime = UnixTime(1_000);
const SHOP: &str = "https://shop.example";
const KINDS: [Kind; 2] = [Kind::Publishable, Kind::Secret];
const MODES: [Mode; 2] = [Mode::Test, Mode::Live];

fn policy(json: &str) -> Policy {
    Policy::from_json(json).unwrap()
}

fn lookup(kind: Kind, mode: Mode, policy: &Policy) -> Lookup {
    let text = format!("{}WeHsNn87r4gtNc5BQT9Mj", kind.prefix(mode));
    Lookup::of(ApiKey::parse(&text).unwrap(), policy).unwrap()
}

fn record(kind: Kind, mode: Mode) -> KeyRecord {
    KeyRecord::active("key_1".into(), "acct_1".into(), kind, mode, UnixTime(1))
}

/// What of a policy is only to be reported.
#[derive(Clone, Copy, Debug, PartialEq)]
enum ReportOnly {
    Nothing,
    Routes,
    Everything,
}

/// The code of the refusal, or else of the one that was only reported, if any.
type Verdict = Result<Option<&'static str>, &'static str>;

/// What the contract's table says, written without the core's help.
#[derive(Clone, Copy, Debug)]
struct Case {
    kind: Kind,
    mode: Mode,
    record_kind: Kind,
    record_mode: Mode,
    is_revoked: bool,
    expires_at: Option<u64>,
    is_exposed: bool,
    fetch_site: Option<&'static str>,
    origin: Option<&'static str>,
    is_exempt: bool,
    record_lists: Option<&'static str>,
    policy_lists: Option<&'static str>,
    scopes: Option<&'static str>,
    method: &'static str,
    path: &'static str,
    report_only: ReportOnly,
}

impl Case {
    fn expected(self) -> Verdict {
        if self.record_kind != self.kind || self.record_mode != self.mode {
            return Err("invalid-key");
        }
        if self.is_revoked {
            return Err("key-revoked");
        }
        if matches!(self.expires_at, Some(at) if at <= NOW.0) {
            return Err("key-expired");
        }
        if self.is_exposed {
            return Err("key-exposed");
        }
        let mut reported = None;
        for (code, is_broken, is_spared) in [self.page(), self.origin(), self.route()] {
            if is_broken && !is_spared {
                return Err(code);
            }
            if is_broken && reported.is_none() {
                reported = Some(code);
            }
        }
        Ok(reported)
    }

    /// Step 7: the code, whether the rule is broken, and whether that is only reported.
    fn page(self) -> (&'static str, bool, bool) {
        let is_page = match (self.fetch_site, self.origin) {
            (Some("cross-site" | "same-site" | "odd"), _) | (None, Some(_)) => true,
            (Some(_), _) | (None, None) => false,
        };
        let is_broken = self.kind == Kind::Secret && is_page && !self.is_exempt;
        ("secret-key-in-browser", is_broken, self.report_only == ReportOnly::Everything)
    }

    /// Step 8.
    fn origin(self) -> (&'static str, bool, bool) {
        let listed = [self.record_lists, self.policy_lists];
        let is_limited = self.kind == Kind::Publishable && listed != [None, None];
        let is_broken = is_limited && (self.origin.is_none() || !listed.contains(&self.origin));
        ("origin-not-allowed", is_broken, self.spares_at_route())
    }

    /// Step 9.
    fn route(self) -> (&'static str, bool, bool) {
        let lacks = |scope: &str| self.scopes.is_some_and(|scopes| scopes != scope);
        // No single reading: a key that is confined might reach a route around its scope, and no report could say which.
        let is_ambiguous = self.path == "/x/../refunds";
        let is_confined = self.kind == Kind::Publishable || self.scopes.is_some();
        let is_broken = match (self.kind, self.method, self.path) {
            _ if is_ambiguous => is_confined,
            (Kind::Publishable, "POST", "/pay") => lacks("pay"),
            (Kind::Publishable, "GET", "/test-only") => self.mode != Mode::Test,
            (Kind::Publishable, ..) => true,
            (Kind::Secret, "GET", "/refunds") => lacks("refunds"),
            (Kind::Secret, ..) => false,
        };
        ("insufficient-scope", is_broken, self.spares_at_route() && !is_ambiguous)
    }

    fn spares_at_route(self) -> bool {
        let has_route = matches!(
            (self.kind, self.mode, self.method, self.path),
            (Kind::Publishable, _, "POST", "/pay")
                | (Kind::Publishable, Mode::Test, "GET", "/test-only")
                | (Kind::Secret, _, "GET", "/refunds")
        );
        match self.report_only {
            ReportOnly::Nothing => false,
            ReportOnly::Routes => has_route,
            ReportOnly::Everything => true,
        }
    }

    fn decided(self, policy: &Policy) -> Verdict {
        let mut record = record(self.record_kind, self.record_mode);
        record.revoked =
            self.is_revoked.then(|| Revocation { at: UnixTime(1), reason: String::new() });
        record.exposed = self.is_exposed.then(|| Exposure::new(UnixTime(1), "", None));
        record.expires_at = self.expires_at.map(UnixTime);
        record.browser_headers = self.is_exempt;
        record.origins = self.record_lists.map(|origin| vec![origin.into()]);
        record.scopes = self.scopes.map(|scope| vec![scope.into()]);
        let path = CanonicalPath::parse(self.path);
        let facts = RequestFacts {
            method: self.method,
            path: path.as_ref(),
            origin: self.origin,
            fetch_site: self.fetch_site,
        };
        let lookup = lookup(self.kind, self.mode, policy);
        let code = |denial| Problem::from(denial).code();
        match decide(&lookup, Some(&record), &facts, policy, NOW) {
            Ok(grant) => Ok(grant.reported().map(code)),
            Err(denial) => Err(code(denial)),
        }
    }
}

/// The cases' policy, which lists an origin for publishable keys or none.
fn policy_that_lists(origin: Option<&str>, report_only: ReportOnly) -> Policy {
    let origins = origin.map_or(String::new(), |origin| format!(r#""origins":["{origin}"],"#));
    let (all, routes) = match report_only {
        ReportOnly::Nothing => ("", ""),
        ReportOnly::Routes => ("", r#","report_only":true"#),
        ReportOnly::Everything => (r#""report_only":true,"#, ""),
    };
    policy(&format!(
        r#"{{ "upstream": {{ "live": "https://live.example", "test": "https://test.example" }}, {origins} {all}
            "accept_foreign_keys": true, "routes": [
            {{ "method": "POST", "path": "/pay", "scope": "pay" {routes} }},
            {{ "method": "GET", "path": "/test-only", "modes": ["test"] {routes} }},
            {{ "method": "GET", "path": "/refunds", "kinds": ["secret"], "scope": "refunds" {routes} }} ] }}"#
    ))
}

/// Every value of each input with every value of all others.
fn for_each_case(report_only: ReportOnly, mut check: impl FnMut(Case)) {
    let sites = [
        None,
        Some("same-origin"),
        Some("none"),
        Some("same-site"),
        Some("cross-site"),
        Some("odd"),
    ];
    let origins = [None, Some(SHOP), Some("https://other.example"), Some("null")];
    let requests = [
        ("POST", "/pay"),
        ("GET", "/pay"),
        ("GET", "/test-only"),
        ("GET", "/refunds"),
        ("DELETE", "/x/../refunds"),
    ];
    for kind in KINDS {
        for mode in MODES {
            for (record_kind, record_mode) in
                [(kind, mode), (Kind::Secret, Mode::Live), (Kind::Publishable, Mode::Test)]
            {
                for status in 0..16_u8 {
                    for fetch_site in sites {
                        for origin in origins {
                            for lists in 0..4_u8 {
                                for scopes in [None, Some("pay"), Some("refunds")] {
                                    for (method, path) in requests {
                                        check(Case {
                                            kind,
                                            mode,
                                            record_kind,
                                            record_mode,
                                            is_revoked: status & 1 != 0,
                                            expires_at: [None, Some(NOW.0)]
                                                [usize::from(status >> 1 & 1)],
                                            is_exposed: status & 4 != 0,
                                            fetch_site,
                                            origin,
                                            is_exempt: status & 8 != 0,
                                            record_lists: (lists & 1 != 0).then_some(SHOP),
                                            policy_lists: (lists & 2 != 0)
                                                .then_some("https://other.example"),
                                            scopes,
                                            method,
                                            path,
                                            report_only,
                                        });
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[track_caller]
fn is_the_table(report_only: ReportOnly) -> [u32; 3] {
    let [mut refused, mut allowed, mut reported] = [0_u32; 3];
    let listing = policy_that_lists(Some("https://other.example"), report_only);
    let free = policy_that_lists(None, report_only);
    for_each_case(report_only, |case| {
        let policy = if case.policy_lists.is_some() { &listing } else { &free };
        let decided = case.decided(policy);
        assert_eq!(decided, case.expected(), "{case:?}");
        let count = match decided {
            Err(_) => &mut refused,
            Ok(None) => &mut allowed,
            Ok(Some(_)) => &mut reported,
        };
        *count += 1;
    });
    [refused, allowed, reported]
}

#[test]
fn decision_is_the_contracts_table() {
    let [refused, allowed, reported] = is_the_table(ReportOnly::Nothing);
    // Neither side of the table is empty.
    assert!(refused > 50_000 && allowed > 1_000, "{refused} refused, {allowed} allowed");
    assert_eq!(reported, 0);
}

#[test]
fn report_only_spares_what_the_table_says_and_nothing_more() {
    let [_, strictly_allowed, _] = is_the_table(ReportOnly::Nothing);
    let [_, allowed, by_routes] = is_the_table(ReportOnly::Routes);
    assert_eq!(allowed, strictly_allowed);
    let [refused, allowed, by_policy] = is_the_table(ReportOnly::Everything);
    assert_eq!(allowed, strictly_allowed);
    assert!(0 < by_routes && by_routes < by_policy && by_policy < refused);
}

const LIMITED: &str = r#"{"upstream":{"test":"https://a"},"accept_foreign_keys":true,REPORT
    "routes":[{"method":"GET","path":"/pay","report_only":true},{"method":"GET","path":"/new"}],
    "origins":["https://shop.example"],"rates":{"tiers":[{"name":"slow","binding":"SLOW","limit":5,"period":10}]}}"#;

#[test]
fn request_over_its_limit_is_refused_or_reported_as_the_rest() {
    for (report, path, origin, expected) in [
        ("", "/new", SHOP, Err("rate-limited")),
        ("", "/pay", SHOP, Ok("rate-limited")),
        // What would have refused it first is what is reported.
        ("", "/pay", "https://other.example", Ok("origin-not-allowed")),
        (r#""report_only":true,"#, "/new", SHOP, Ok("rate-limited")),
        (r#""report_only":true,"#, "/none", SHOP, Ok("insufficient-scope")),
    ] {
        let policy = policy(&LIMITED.replace("REPORT", report));
        let path = CanonicalPath::parse(path).unwrap();
        let facts = RequestFacts {
            method: "GET",
            path: Some(&path),
            origin: Some(origin),
            fetch_site: None,
        };
        let mut record = record(Kind::Publishable, Mode::Test);
        record.rate = Some("slow".into());
        let lookup = lookup(Kind::Publishable, Mode::Test, &policy);
        let grant = decide(&lookup, Some(&record), &facts, &policy, NOW).unwrap();
        let tier = policy.tier(&record).unwrap().unwrap();
        let code = |denial| Problem::from(denial).code();
        let verdict = grant.over_limit(tier).map(|grant| grant.reported().map(code));
        assert_eq!(verdict.map_err(code), expected.map(Some), "{report} {path}");
    }
}

#[test]
fn refusal_over_the_limit_says_for_how_long_and_of_what() {
    let policy = policy(&LIMITED.replace("REPORT", ""));
    let problem = Problem::from(policy.rates().unwrap().tiers()[0].denial());
    assert_eq!((problem.status(), problem.code()), (429, "rate-limited"));
    assert_eq!(problem.retry_after(), Some("10"));
    assert_eq!(problem.rate_limit_policy().unwrap(), r#""slow";q=5;w=10"#);
    assert_eq!(problem.rate_limit().unwrap(), r#""slow";r=0;t=10"#);
    // Another credential is no way around it.
    assert_eq!(problem.challenge(), None);
    let other = Problem::from(Denial::Revoked);
    assert_eq!((other.rate_limit(), other.rate_limit_policy()), (None, None));
}

#[test]
fn what_is_only_reported_is_still_forwarded_as_it_was_judged() {
    let policy = policy(&LIMITED.replace("REPORT", r#""report_only":true,"#));
    let path = CanonicalPath::parse("/n%6fne").unwrap();
    let facts = RequestFacts { method: "GET", path: Some(&path), origin: None, fetch_site: None };
    let record = record(Kind::Publishable, Mode::Test);
    let lookup = lookup(Kind::Publishable, Mode::Test, &policy);
    let forward = decide(&lookup, Some(&record), &facts, &policy, NOW).unwrap().into_forward();
    assert_eq!(forward.path.unwrap().as_str(), "/none");
    assert!(forward.removes_overrides);
}

#[test]
fn unknown_and_mis_filed_keys_read_the_same() {
    let policy = policy(r#"{"upstream":{"test":"https://a"},"accept_foreign_keys":true}"#);
    let facts = RequestFacts { method: "GET", path: None, origin: None, fetch_site: None };
    let lookup = lookup(Kind::Secret, Mode::Test, &policy);
    let unknown = decide(&lookup, None, &facts, &policy, NOW).unwrap_err();
    let mis_filed = record(Kind::Publishable, Mode::Test);
    let mis_filed = decide(&lookup, Some(&mis_filed), &facts, &policy, NOW).unwrap_err();
    assert_eq!(
        Problem::from(unknown).document(None, "r"),
        Problem::from(mis_filed).document(None, "r")
    );
}

#[test]
fn key_is_active_until_the_second_of_its_expiry() {
    let policy = policy(r#"{"upstream":{"test":"https://a"},"accept_foreign_keys":true}"#);
    let facts = RequestFacts { method: "GET", path: None, origin: None, fetch_site: None };
    let lookup = lookup(Kind::Secret, Mode::Test, &policy);
    let mut record = record(Kind::Secret, Mode::Test);
    record.expires_at = Some(NOW);
    assert!(decide(&lookup, Some(&record), &facts, &policy, UnixTime(NOW.0 - 1)).is_ok());
    assert_eq!(decide(&lookup, Some(&record), &facts, &policy, NOW).unwrap_err(), Denial::Expired);
}

#[test]
fn mode_without_an_upstream_is_not_served() {
    let policy = policy(r#"{"upstream":{"test":"https://a"},"accept_foreign_keys":true}"#);
    let facts = RequestFacts { method: "GET", path: None, origin: None, fetch_site: None };
    let lookup = lookup(Kind::Secret, Mode::Live, &policy);
    let record = record(Kind::Secret, Mode::Live);
    let denial = decide(&lookup, Some(&record), &facts, &policy, NOW).unwrap_err();
    assert_eq!(denial, Denial::ModeNotServed);
}

#[test]
fn grant_names_the_modes_own_upstream_and_the_judged_path() {
    let policy = policy(
        r#"{"upstream":{"test":"https://t.example","live":"https://l.example"},"accept_foreign_keys":true,
            "routes":[{"method":"GET","path":"/pay"}]}"#,
    );
    let path = CanonicalPath::parse("/p%61y").unwrap();
    let facts = RequestFacts { method: "GET", path: Some(&path), origin: None, fetch_site: None };
    for (kind, mode, upstream) in [
        (Kind::Publishable, Mode::Test, "https://t.example"),
        (Kind::Secret, Mode::Live, "https://l.example"),
    ] {
        let record = record(kind, mode);
        let grant =
            decide(&lookup(kind, mode, &policy), Some(&record), &facts, &policy, NOW).unwrap();
        let forward = grant.into_forward();
        assert_eq!(forward.upstream.as_str(), upstream);
        let is_confined = kind == Kind::Publishable;
        assert_eq!(
            forward.path.map(|path| path.to_string()),
            is_confined.then(|| "/pay".to_owned())
        );
        assert_eq!(forward.removes_overrides, is_confined);
    }
}

#[test]
fn foreign_keys_are_looked_up_only_where_the_policy_accepts_them() {
    let key = || ApiKey::parse("pk_WeHsNn87r4gtNc5BQT9Mj").unwrap();
    let strict = policy(r#"{"upstream":{"test":"https://a"}}"#);
    assert_eq!(Lookup::of(key(), &strict).unwrap_err(), Denial::UnknownKey);
    let open = policy(r#"{"upstream":{"test":"https://a"},"accept_foreign_keys":true}"#);
    assert!(Lookup::of(key(), &open).is_ok());
}

#[test]
fn plain_http_is_refused_before_anything_else_is_looked_at() {
    let strict = policy(r#"{"upstream":{"test":"https://a"}}"#);
    let local = policy(r#"{"upstream":{"test":"https://a"},"allow_http_on_loopback":true}"#);
    let admit = |url, policy| {
        let url = RequestUrl::cut(url, None).unwrap();
        admit(&url, "OPTIONS", Some(SHOP), Some("POST"), policy).map(|_| ()).unwrap_err()
    };
    assert_eq!(admit("http://api.example/", &strict), Denial::HttpsRequired);
    assert_eq!(admit("http://localhost/", &strict), Denial::HttpsRequired);
    assert_eq!(admit("http://api.example/", &local), Denial::HttpsRequired);
    assert_eq!(admit("http://localhost.example/", &local), Denial::HttpsRequired);
    // Past the first step, it is the preflight's origin that is refused.
    assert_eq!(admit("http://localhost:8787/", &local), Denial::OriginNotAllowed);
    assert_eq!(admit("https://api.example/", &strict), Denial::OriginNotAllowed);
}

#[test]
fn only_a_preflight_is_answered_as_one() {
    let policy = policy(
        r#"{"upstream":{"test":"https://a"},"cors":{"origins":["https://shop.example"],"headers":["idempotency-key"]},
            "routes":[{"method":"POST","path":"/pay"},{"method":"GET","path":"/pay"},{"method":"POST","path":"/"}]}"#,
    );
    let url = RequestUrl::cut("https://api.example/", None).unwrap();
    let preflight = admit(&url, "OPTIONS", Some(SHOP), Some("POST"), &policy).unwrap().unwrap();
    assert_eq!(preflight.allow_origin, SHOP);
    assert_eq!(preflight.allow_methods, "POST, GET");
    assert_eq!(preflight.allow_headers, "authorization, content-type, idempotency-key");
    for (method, origin, asked) in [
        ("GET", Some(SHOP), Some("POST")),
        ("OPTIONS", None, Some("POST")),
        ("OPTIONS", Some(SHOP), None),
    ] {
        assert_eq!(admit(&url, method, origin, asked, &policy), Ok(None));
    }
    let other = admit(&url, "OPTIONS", Some("https://shop.example.evil"), Some("POST"), &policy);
    assert_eq!(other, Err(Denial::OriginNotAllowed));
}

#[test]
fn methods_that_nothing_forwards_are_refused() {
    let url = RequestUrl::cut("https://api.example/", None).unwrap();
    for method in ["TRACE", "CONNECT", "trace"] {
        assert_eq!(
            bearer(&url, method, Some("Bearer x")).unwrap_err(),
            Denial::UnforwardableMethod
        );
    }
}

#[test]
fn no_secret_shows_in_debug_display_or_json() {
    const SECRET: &str = "sk_test_vYZCAeHawUqDCmVpEKh2U";
    let policy = policy(r#"{"upstream":{"test":"https://a"},"accept_foreign_keys":true}"#);
    let header = format!("Bearer {SECRET}");
    let token = BearerToken::from_authorization(Some(&header)).unwrap();
    let key = ApiKey::parse(SECRET).unwrap();
    let mut shown = format!("{token:?} {key:?} {} {:?}", key.redacted(), key.redacted());
    let lookup = Lookup::of(key, &policy).unwrap();
    shown += &format!("{lookup:?} {}", lookup.digest());
    let record = record(Kind::Secret, Mode::Test);
    shown += &format!("{record:?} {}", record.to_json());
    let issued = keyguard::IssuedKey::issue(Kind::Secret, Mode::Test, &[3; 32]);
    shown += &format!("{issued:?}");
    assert!(!shown.contains(issued.into_text().strip_prefix("sk_test_").unwrap()));
    for url in [format!("https://a/{SECRET}?{SECRET}"), format!("https://a/?k={SECRET}")] {
        let url = RequestUrl::cut(&url, None).unwrap();
        let denial = bearer(&url, "GET", Some(&header)).unwrap_err();
        shown +=
            &format!("{denial:?} {denial} {}", Problem::from(denial).document(url.instance(), "r"));
    }
    for text in [format!("{SECRET}!"), format!(" {SECRET}"), SECRET.repeat(9)] {
        let error = ApiKey::parse(&text).unwrap_err();
        shown += &format!(
            "{error:?} {error} {}",
            Problem::from(Denial::NotAKey(error)).document(None, "r")
        );
    }
    let body = SECRET.strip_prefix("sk_test_").unwrap();
    // Prefix and the last four are all that may be seen of it.
    for window in body.as_bytes().windows(5) {
        let window = std::str::from_utf8(window).unwrap();
        assert!(!shown.contains(window), "{window} in {shown}");
    }
}

#[test]
fn token_that_is_no_key_is_refused_with_what_is_wrong_with_it() {
    let token = |text: &'static str| BearerToken::from_authorization(Some(text)).unwrap();
    let refused = |text| api_key(&token(text)).unwrap_err();
    assert_eq!(refused("Bearer kgadmin_vYZCAeHawUqDCmVpEKh2U"), Denial::NotAKey(KeyError::Prefix));
    assert_eq!(refused("Bearer sk_vYZC"), Denial::NotAKey(KeyError::TooShort));
    assert!(api_key(&token("Bearer sk_vYZCAeHawUqDCmVpEKh2U")).is_ok());
}

#[test]
fn grant_tells_the_log_who_and_by_which_route_and_shows_nothing_more() {
    let policy = policy(
        r#"{"upstream":{"test":"https://a"},"accept_foreign_keys":true,"routes":[{"method":"GET","path":"/pay/{id}"}]}"#,
    );
    let path = CanonicalPath::parse("/pay/4711").unwrap();
    let facts = RequestFacts { method: "GET", path: Some(&path), origin: None, fetch_site: None };
    let record = record(Kind::Publishable, Mode::Test);
    let lookup = lookup(Kind::Publishable, Mode::Test, &policy);
    let grant = decide(&lookup, Some(&record), &facts, &policy, NOW).unwrap();
    assert_eq!(grant.record(), &record);
    assert_eq!(grant.route().unwrap().label(), "GET /pay/{id}");
    assert_eq!(format!("{grant:?}"), r#"Grant { key_id: "key_1", .. }"#);
}
