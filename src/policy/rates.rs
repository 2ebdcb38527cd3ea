//! Rate limits: which of the runtime's limiters counts a key's requests.

mod document;

use alloc::{format, string::String, vec::Vec};
use core::fmt;

use crate::{Fault, KeyRecord};

pub(super) use document::RatesDocument;

/// The limits of a deployment: tiers for keys, and limiters by address for what needs no key that holds.
#[derive(Debug)]
pub struct Rates {
    tiers: Vec<Tier>,
    default: Option<usize>,
    refused: Option<Tier>,
    leaks: Option<Tier>,
}

impl Rates {
    /// Every tier, as the policy lists them.
    pub fn tiers(&self) -> &[Tier] {
        &self.tiers
    }

    /// The tier of keys whose record names none that is listed.
    pub fn default_tier(&self) -> Option<&Tier> {
        self.tiers.get(self.default?)
    }

    /// The limiter for addresses that present refused credentials.
    pub fn refused(&self) -> Option<&Tier> {
        self.refused.as_ref()
    }

    /// The limiter for addresses that report leaked keys.
    pub fn leaks(&self) -> Option<&Tier> {
        self.leaks.as_ref()
    }

    /// Every limiter there is: a deployment needs the binding of each.
    pub fn limiters(&self) -> impl Iterator<Item = &Tier> {
        self.tiers.iter().chain(&self.refused).chain(&self.leaks)
    }

    /// Step 10: the tier that counts this key's requests; `None` if nothing limits it.
    ///
    /// # Errors
    /// [`Fault::Misconfigured`] if the record names a tier that is not there and no default stands in for it: a key that somebody
    /// wanted limited is not let run free.
    pub(super) fn tier_of(&self, record: &KeyRecord) -> Result<Option<&Tier>, Fault> {
        let Some(name) = &record.rate else { return Ok(self.default_tier()) };
        let named = self.tiers.iter().find(|tier| tier.name() == name);
        named.or_else(|| self.default_tier()).map(Some).ok_or(Fault::Misconfigured)
    }
}

/// A limit and the binding that counts it.
#[derive(Debug)]
pub struct Tier {
    limit: Limit,
    binding: String,
}

impl Tier {
    /// What records call it.
    pub fn name(&self) -> &str {
        self.limit.name.as_str()
    }

    /// The rate-limit binding of the Worker.
    pub fn binding(&self) -> &str {
        &self.binding
    }

    /// How many requests pass in a period.
    pub fn limit(&self) -> Limit {
        self.limit
    }
}

/// So many requests in so much time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The tier's name.
    pub name: TierName,
    /// How many requests.
    pub requests: u32,
    /// In how much time.
    pub period: Period,
}

impl Limit {
    /// The value of `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers): quota and window.
    ///
    /// ```
    /// use keyguard::Policy;
    ///
    /// let policy = Policy::from_json(r#"{ "upstream": { "test": "https://a" },
    ///     "rates": { "tiers": [{ "name": "standard", "binding": "RATE", "limit": 100, "period": 60 }] } }"#)?;
    /// let limit = policy.rates().unwrap().tiers()[0].limit();
    /// assert_eq!(limit.policy_field(), r#""standard";q=100;w=60"#);
    /// assert_eq!(limit.used_up_field(), r#""standard";r=0;t=60"#);
    /// # Ok::<(), keyguard::PolicyError>(())
    /// ```
    pub fn policy_field(&self) -> String {
        format!("\"{}\";q={};w={}", self.name, self.requests, self.period.seconds())
    }

    /// The value of `RateLimit` for a request beyond the limit: nothing remains for at most a period. The runtime's limiter
    /// says only yes or no, so of a request that passes nothing is known.
    pub fn used_up_field(&self) -> String {
        format!("\"{}\";r=0;t={}", self.name, self.period.seconds())
    }
}

/// The periods that the runtime's limiters have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// 10 seconds.
    TenSeconds,
    /// 60 seconds.
    Minute,
}

impl Period {
    /// How long it is.
    pub const fn seconds(self) -> u32 {
        match self {
            Self::TenSeconds => 10,
            Self::Minute => 60,
        }
    }

    /// The seconds as text, for `Retry-After`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TenSeconds => "10",
            Self::Minute => "60",
        }
    }

    fn of(seconds: u32) -> Option<Self> {
        [Self::TenSeconds, Self::Minute].into_iter().find(|period| period.seconds() == seconds)
    }
}

/// A tier's name: 1 to 32 ASCII letters, digits, `-` and `_`. Held inline, so that a refusal stays a plain value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TierName {
    bytes: [u8; MAX_NAME_LENGTH],
    length: usize,
}

impl TierName {
    /// Reads a name.
    pub fn parse(text: &str) -> Option<Self> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if text.is_empty() || !text.bytes().all(is_allowed) {
            return None;
        }
        let mut bytes = [0; MAX_NAME_LENGTH];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Self { bytes, length: text.len() })
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        let name = self.bytes.get(..self.length).unwrap_or_default();
        core::str::from_utf8(name).unwrap_or_default()
    }
}

impl fmt::Display for TierName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for TierName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

const MAX_NAME_LENGTH: usize = 32;
