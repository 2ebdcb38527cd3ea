//! Who is compared, and over which requests.

/// A Worker that answers the requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Contender {
    /// Its name in options and files.
    pub(super) id: &'static str,
    /// Its name in the table.
    pub(super) title: &'static str,
    /// Its entry module, from the top of the project.
    pub(super) entry: &'static str,
    /// What it does with a request.
    pub(super) guard: Guard,
    /// Further lines of its bindings.
    pub(super) bindings: &'static str,
}

/// How a contender answers what it refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guard {
    /// It refuses nothing.
    Nothing,
    /// It refuses everything in one way, and has no part in what is allowed.
    Everything,
    /// With the contract's statuses.
    Contract,
    /// With those that Hono's bearerAuth has.
    Hono,
}

/// The unit of every ratio, and what the product is to be measured by.
pub(super) const BARE: &str = "bare";
/// The framework that is compared with.
pub(super) const HONO: &str = "hono";
/// Hand-written, with the store asked each time.
pub(super) const JAVASCRIPT: &str = "javascript";
/// Hand-written, with the contract's rules and a cache.
pub(super) const CACHED: &str = "cached";
/// The least that a refusal costs.
pub(super) const FLOOR: &str = "floor";
/// The product.
pub(super) const KEYGUARD: &str = "keyguard";
/// The product with a signed assertion.
pub(super) const ASSERTION: &str = "assertion";

/// The case that most requests are: one key again and again, on a server.
pub(super) const HOT: &str = "hot";

/// All of them; one that the build can't do yet leaves itself out.
pub(super) const CONTENDERS: &[Contender] = &[
    Contender {
        id: BARE,
        title: "bare pass-through",
        entry: "benches/edge/bare.mjs",
        guard: Guard::Nothing,
        bindings: "",
    },
    Contender {
        id: "lean",
        title: "pass-through without `cf`",
        entry: "benches/edge/lean.mjs",
        guard: Guard::Nothing,
        bindings: "",
    },
    Contender {
        id: JAVASCRIPT,
        title: "JavaScript, KV each time",
        entry: "benches/edge/javascript.mjs",
        guard: Guard::Contract,
        bindings: "",
    },
    Contender {
        id: HONO,
        title: "Hono, KV each time",
        entry: "benches/edge/hono.mjs",
        guard: Guard::Hono,
        bindings: "",
    },
    Contender {
        id: CACHED,
        title: "JavaScript, cached, same rules",
        entry: "benches/edge/cached.mjs",
        guard: Guard::Contract,
        bindings: "",
    },
    Contender {
        id: FLOOR,
        title: "one constant refusal",
        entry: "benches/edge/floor.mjs",
        guard: Guard::Everything,
        bindings: "",
    },
    Contender {
        id: KEYGUARD,
        title: "keyguard",
        entry: "worker/entry.mjs",
        guard: Guard::Contract,
        bindings: "",
    },
    Contender {
        id: ASSERTION,
        title: "keyguard with assertion",
        entry: "worker/entry.mjs",
        guard: Guard::Contract,
        bindings: r#"(name = "ASSERTION_SECRETS", text = "bench:YmVuY2gtc2VjcmV0LW9mLTMyLWJ5dGVzLW9yLW1vcmU"),"#,
    },
];

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Case {
    /// Its name in options and files.
    pub(super) id: &'static str,
    /// Its name in the table.
    pub(super) title: &'static str,
    /// The method.
    pub(super) method: &'static str,
    /// The target.
    pub(super) target: &'static str,
    /// What it presents.
    pub(super) credential: Credential,
    /// Further headers.
    pub(super) headers: &'static [&'static str],
    /// What the contract answers, and what Hono does.
    status: (u16, u16),
}

/// What a request presents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Credential {
    /// No `Authorization`.
    None,
    /// What is no bearer token.
    Malformed,
    /// One publishable key, again and again.
    HotPublishable,
    /// One secret key, again and again.
    HotSecret,
    /// Each time another secret key that works.
    Cold,
    /// Each time another key that was never stored.
    Unknown,
}

impl Case {
    /// Whether a contender has a part in it.
    pub(super) fn has(&self, guard: Guard) -> bool {
        guard != Guard::Everything || self.status.0 != 200
    }

    /// The status of a right answer.
    pub(super) fn status(&self, guard: Guard) -> u16 {
        match guard {
            Guard::Nothing => 200,
            Guard::Everything => 401,
            Guard::Contract => self.status.0,
            Guard::Hono => self.status.1,
        }
    }
}

const SERVER: &[&str] = &[
    "User-Agent: example-client/3.2 node/24.1",
    "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
];
const PAGE: &[&str] = &[
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Content-Type: application/json",
    "Origin: https://shop.example",
    "Referer: https://shop.example/",
    "Sec-Fetch-Site: cross-site",
    "Sec-Fetch-Mode: cors",
    "Sec-Fetch-Dest: empty",
    "Accept-Language: de-DE,de;q=0.9,en;q=0.8",
];

/// All of them.
pub(super) const CASES: &[Case] = &[
    Case {
        id: HOT,
        title: "allowed, hot secret key",
        method: "GET",
        target: "/charges/ch_20391?expand=customer",
        credential: Credential::HotSecret,
        headers: SERVER,
        status: (200, 200),
    },
    Case {
        id: "hot-publishable",
        title: "allowed, hot publishable key",
        method: "POST",
        target: "/collect/payment_sessions",
        credential: Credential::HotPublishable,
        headers: PAGE,
        status: (200, 200),
    },
    Case {
        id: "cold",
        title: "allowed, cold keys",
        method: "GET",
        target: "/charges/ch_20391?expand=customer",
        credential: Credential::Cold,
        headers: SERVER,
        status: (200, 200),
    },
    Case {
        id: "none",
        title: "refused, no key",
        method: "GET",
        target: "/charges/ch_20391?expand=customer",
        credential: Credential::None,
        headers: SERVER,
        status: (401, 401),
    },
    Case {
        id: "malformed",
        title: "refused, malformed",
        method: "GET",
        target: "/charges/ch_20391?expand=customer",
        credential: Credential::Malformed,
        headers: SERVER,
        status: (400, 400),
    },
    Case {
        id: "unknown",
        title: "refused, unknown keys",
        method: "GET",
        target: "/charges/ch_20391?expand=customer",
        credential: Credential::Unknown,
        headers: SERVER,
        status: (400, 401),
    },
];
