//! How exactly the last use of a key is kept.

use core::num::NonZeroU64;

use serde::Deserialize;

/// How often the account of a key in use is told so. Each time costs a call and a write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LastUsed {
    /// Once a minute.
    #[default]
    Minute,
    /// Once an hour.
    Hour,
    /// Once a day.
    Day,
    /// Never: nobody is told when a key was used.
    Never,
}

impl LastUsed {
    /// The period of which the first use is told, in milliseconds; none if no use is.
    pub const fn period_ms(self) -> Option<NonZeroU64> {
        NonZeroU64::new(match self {
            Self::Minute => 60_000,
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
            Self::Never => 0,
        })
    }
}
