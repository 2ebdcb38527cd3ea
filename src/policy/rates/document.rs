//! Rates as they are written.

use alloc::{format, string::String, vec::Vec};

use serde::Deserialize;

use super::{Limit, Period, Rates, Tier, TierName};
use crate::policy::PolicyError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::policy) struct RatesDocument {
    #[serde(default)]
    tiers: Vec<TierDocument>,
    default: Option<String>,
    refused: Option<LimiterDocument>,
    leaks: Option<LimiterDocument>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TierDocument {
    name: String,
    binding: String,
    limit: u32,
    period: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LimiterDocument {
    binding: String,
    limit: u32,
    period: u32,
}

impl RatesDocument {
    pub(in crate::policy) fn check(self) -> Result<Rates, PolicyError> {
        let mut checked = Checked::default();
        for (index, tier) in self.tiers.into_iter().enumerate() {
            let field = format!("rates.tiers[{index}]");
            let name = checked.name(&format!("{field}.name"), &tier.name)?;
            let limiter =
                LimiterDocument { binding: tier.binding, limit: tier.limit, period: tier.period };
            let tier = checked.tier(&field, name, limiter)?;
            checked.tiers.push(tier);
        }
        let default = self.default.map(|name| {
            let index = checked.tiers.iter().position(|tier| tier.name() == name);
            index.ok_or_else(|| PolicyError::new("rates.default", "must name one of the tiers"))
        });
        let default = default.transpose()?;
        let refused = checked.by_address(REFUSED, self.refused)?;
        let leaks = checked.by_address(LEAKS, self.leaks)?;
        let Checked { tiers, bindings } = checked;
        if bindings.is_empty() {
            return Err(PolicyError::new(
                "rates",
                "needs at least one of `tiers`, `refused` and `leaks`",
            ));
        }
        Ok(Rates { tiers, default, refused, leaks })
    }
}

/// What was read so far.
#[derive(Default)]
struct Checked {
    tiers: Vec<Tier>,
    bindings: Vec<String>,
}

impl Checked {
    fn name(&self, field: &str, text: &str) -> Result<TierName, PolicyError> {
        let name = TierName::parse(text).ok_or_else(|| {
            PolicyError::new(field, "must be 1 to 32 ASCII letters, digits, `-` and `_`")
        })?;
        if [REFUSED, LEAKS].contains(&text) {
            return Err(PolicyError::new(
                field,
                "must not be `refused` or `leaks`: these are the names of `rates.refused` and `rates.leaks`",
            ));
        }
        if self.tiers.iter().any(|tier| tier.limit.name == name) {
            return Err(PolicyError::new(field, "is another tier's name already"));
        }
        Ok(name)
    }

    /// A limiter that counts addresses, under the name of its field.
    fn by_address(
        &mut self,
        name: &str,
        limiter: Option<LimiterDocument>,
    ) -> Result<Option<Tier>, PolicyError> {
        let Some(limiter) = limiter else { return Ok(None) };
        let field = format!("rates.{name}");
        let name = TierName::parse(name).ok_or_else(|| PolicyError::new(&field, "has no name"))?;
        self.tier(&field, name, limiter).map(Some)
    }

    fn tier(
        &mut self,
        field: &str,
        name: TierName,
        limiter: LimiterDocument,
    ) -> Result<Tier, PolicyError> {
        let error =
            |part: &str, reason: &str| Err(PolicyError::new(&format!("{field}.{part}"), reason));
        if !is_binding(&limiter.binding) {
            return error("binding", "must be a binding's name, such as RATE_STANDARD");
        }
        if limiter.limit == 0 {
            return error("limit", "must be at least 1");
        }
        let Some(period) = Period::of(limiter.period) else {
            return error("period", "must be 10 or 60, which are the periods that a binding has");
        };
        if self.bindings.contains(&limiter.binding) {
            // Its count, limit and period are one, and are the binding's.
            return error("binding", "is another tier's binding already");
        }
        self.bindings.push(limiter.binding.clone());
        let limit = Limit { name, requests: limiter.limit, period };
        Ok(Tier { limit, binding: limiter.binding })
    }
}

/// Whether a text can name a binding: a JavaScript identifier of ASCII letters, digits and `_`.
fn is_binding(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|char: char| char.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// What the limiter for refused credentials is called in its fields.
const REFUSED: &str = "refused";

/// What the limiter for reports of leaked keys is called in its fields.
const LEAKS: &str = "leaks";
