//! What was measured, and what it comes to.

use std::collections::BTreeMap;

use super::{cases::BARE, load::Round};

/// All rounds, by case and contender.
#[derive(Debug, Default)]
pub(super) struct Figures {
    rounds: BTreeMap<(&'static str, &'static str), Vec<Round>>,
    /// What the assertion adds in each round, in microseconds.
    assertion: Vec<f64>,
}

impl Figures {
    pub(super) fn add(&mut self, case: &'static str, contender: &'static str, round: Round) {
        self.rounds.entry((case, contender)).or_default().push(round);
    }

    /// Takes in what the assertion adds in each round, in microseconds.
    pub(super) fn set_assertion(&mut self, added: Vec<f64>) {
        self.assertion = added;
    }

    /// What the assertion adds to a request of a case, in bare ones: the median, and between which values the middle half of the rounds is.
    pub(super) fn assertion(&self, case: &str) -> Option<(f64, (f64, f64))> {
        let bare = self.median(case, BARE, |round| round.cpu)?;
        let added: Vec<f64> = self.assertion.iter().map(|added| added / bare).collect();
        Some((median(added.clone())?, quartiles(added)?))
    }

    /// The median of something over a contender's rounds.
    pub(super) fn median(&self, case: &str, contender: &str, of: fn(&Round) -> f64) -> Option<f64> {
        median(self.rounds(case, contender)?.iter().map(of).collect())
    }

    /// The median of something beside another contender's in the same round: what slows the machine down for a while slows both.
    pub(super) fn ratio(
        &self,
        case: &str,
        contender: &str,
        other: &str,
        of: fn(&Round) -> f64,
    ) -> Option<f64> {
        median(self.ratios(case, contender, other, of)?)
    }

    /// Between which two values the middle half of those ratios is: what a median of so few rounds may be off by.
    pub(super) fn spread(
        &self,
        case: &str,
        contender: &str,
        other: &str,
        of: fn(&Round) -> f64,
    ) -> Option<(f64, f64)> {
        quartiles(self.ratios(case, contender, other, of)?)
    }

    fn ratios(
        &self,
        case: &str,
        contender: &str,
        other: &str,
        of: fn(&Round) -> f64,
    ) -> Option<Vec<f64>> {
        let rounds = self.rounds(case, contender)?.iter().zip(self.rounds(case, other)?);
        Some(rounds.map(|(one, other)| of(one) / of(other)).collect())
    }

    /// Instructions of one contender beside those of another.
    pub(super) fn instructions(&self, case: &str, contender: &str, other: &str) -> Option<f64> {
        let of = |id: &str| {
            median(self.rounds(case, id)?.iter().filter_map(|round| round.instructions).collect())
        };
        Some(of(contender)? / of(other)?)
    }

    /// Whether a contender took part.
    pub(super) fn has(&self, case: &str, contender: &str) -> bool {
        self.rounds(case, contender).is_some()
    }

    /// How many rounds counted.
    pub(super) fn count(&self) -> usize {
        self.rounds
            .iter()
            .find(|((_, contender), _)| *contender == BARE)
            .map_or(0, |(_, rounds)| rounds.len())
    }

    fn rounds(&self, case: &str, contender: &str) -> Option<&[Round]> {
        let found =
            self.rounds.iter().find(|((one, other), _)| *one == case && *other == contender);
        found.map(|(_, rounds)| rounds.as_slice())
    }
}

/// How long a contender took from its start, in milliseconds.
#[derive(Debug, Default)]
pub(super) struct Starts {
    /// Until the first answer of a Worker that only loads its modules.
    pub(super) loading: Vec<f64>,
    /// Until its own first answer.
    pub(super) whole: Vec<f64>,
}

/// The middle one, or the mean of the two in the middle.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = values.get(values.len() / 2)?;
    let lower = values.get(values.len().saturating_sub(1) / 2)?;
    Some(f64::midpoint(*lower, *upper))
}

/// The values a quarter and three quarters of the way up.
pub(super) fn quartiles(mut values: Vec<f64>) -> Option<(f64, f64)> {
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    let quarter = last / 4;
    Some((*values.get(quarter)?, *values.get(last.checked_sub(quarter)?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(cpu: f64) -> Round {
        Round { cpu, instructions: None, throughput: 1.0, answers: 1, wrong: 0 }
    }

    #[test]
    fn ratios_are_of_one_round_each() {
        let mut figures = Figures::default();
        // The machine is at half its speed in the second round, for both.
        for (bare, other) in [(100.0, 110.0), (200.0, 220.0), (100.0, 110.0)] {
            figures.add("hot", BARE, round(bare));
            figures.add("hot", "other", round(other));
        }
        let ratio = figures.ratio("hot", "other", BARE, |round| round.cpu).unwrap();
        assert!((ratio - 1.1).abs() < 1e-9, "{ratio}");
        assert_eq!(figures.ratio("cold", "other", BARE, |round| round.cpu), None);
        assert_eq!(figures.count(), 3);
    }

    #[test]
    fn what_the_assertion_adds_is_told_in_bare_requests() {
        let mut figures = Figures::default();
        figures.add("hot", BARE, round(100.0));
        assert_eq!(figures.assertion("hot"), None);
        figures.set_assertion(vec![4.0, 8.0, 2.0, 20.0, -6.0]);
        assert_eq!(figures.assertion("hot"), Some((0.04, (0.02, 0.08))));
        assert_eq!(figures.assertion("cold"), None);
    }

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0]), Some(2.5));
        assert_eq!(median(Vec::new()), None);
    }

    #[test]
    fn quartiles_leave_out_a_quarter_at_each_end() {
        assert_eq!(quartiles(vec![9.0, 1.0, 3.0, 2.0, 4.0]), Some((2.0, 4.0)));
        assert_eq!(quartiles(vec![1.0]), Some((1.0, 1.0)));
        assert_eq!(quartiles(Vec::new()), None);
    }
}
