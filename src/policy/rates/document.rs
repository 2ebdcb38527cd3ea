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
        let refused = self.refused.map(|limiter| {
            let name = TierName::parse(REFUSED).ok_or_else(|| PolicyError::new(".", REFUSED))?;
            checked.tier("rates.refused", name, limiter)
        });
        let (default, refused) = (default.transpose()?, refused.transpose()?);
        if checked.tiers.is_empty() && refused.is_none() {
            return Err(PolicyError::new("rates", "needs `tiers`, `refused` or both"));
        }
        Ok(Rates { tiers: checked.tiers, default, refused })
    }
}

/// The tiers that were read so far.
#[derive(Default)]
struct Checked {
    tiers: Vec<Tier>,
}

impl Checked {
    fn name(&self, field: &str, text: &str) -> Result<TierName, PolicyError> {
        let name = TierName::parse(text).ok_or_else(|| {
            PolicyError::new(field, "must be 1 to 32 ASCII letters, digits, `-` and `_`")
        })?;
        if text == REFUSED {
            return Err(PolicyError::new(
                field,
                "must not be `refused`: that is the name of `rates.refused`",
            ));
        }
        if self.tiers.iter().any(|tier| tier.limit.name == name) {
            return Err(PolicyError::new(field, "is another tier's name already"));
        }
        Ok(name)
    }

    fn tier(
        &self,
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
        let same_binding = self.tiers.iter().find(|tier| tier.binding == limiter.binding);
        if same_binding.is_some() {
            // Its count, limit and period are one, and are the binding's.
            return error("binding", "is another tier's binding already");
        }
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
