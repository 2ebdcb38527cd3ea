//! Numbers that look random and are the same everywhere: `SplitMix64`, of which every step is defined by 64-bit arithmetic.

/// A source of choices.
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice of one request.
    pub(crate) fn new(seed: u32, number: u32) -> Self {
        Self((u64::from(seed) << 32 | u64::from(number)).wrapping_mul(0xd134_2543_de82_ef95))
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below another, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.roll().checked_rem(end).unwrap_or_default()).unwrap_or_default()
    }

    /// True once in so many times.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from.get(self.below(from.len())).copied().unwrap_or_default()
    }

    /// One of the texts, or once in so many times none.
    pub(crate) fn maybe<'a>(&mut self, from: &[&'a str], none_in: usize) -> Option<&'a str> {
        (!self.once_in(none_in)).then(|| self.pick(from))
    }

    /// Up to so many of the texts, one after the other.
    pub(crate) fn string(&mut self, from: &[&str], most: usize) -> String {
        (0..self.below(most.saturating_add(1))).map(|_| self.pick(from)).collect()
    }

    pub(crate) fn bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for part in bytes.chunks_exact_mut(8) {
            part.copy_from_slice(&self.roll().to_le_bytes());
        }
        bytes
    }
}
