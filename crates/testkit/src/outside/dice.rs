//! Draws from a seed: the one source of chance of the model, so that a seed is a run.
//!
//! INVARIANT: what a seed draws depends on the seed and the order of the draws alone. Each part of a scenario draws from
//! dice of its own ([`Dice::fork`]), so that one more draw in one part leaves the others as they were.

use crate::TestEntropy;

/// Dice of one seed.
#[derive(Debug)]
pub struct Dice(TestEntropy);

impl Dice {
    /// The dice of a seed.
    #[must_use]
    pub const fn seeded(seed: u64) -> Self {
        Self(TestEntropy::seeded(seed))
    }

    /// Dice of their own for one part.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self::seeded(self.0.next_u64())
    }

    /// A number from 0 to `count - 1`.
    #[must_use]
    pub fn below(&self, count: usize) -> usize {
        let count = u64::try_from(count.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.0.next_u64() % count).unwrap_or_default()
    }

    /// A number from `low` to `high`, both included.
    #[must_use]
    pub fn between(&self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high.saturating_sub(low)).unwrap_or_default().saturating_add(1);
        low + i64::try_from(self.0.next_u64() % span).unwrap_or_default()
    }

    /// Whether something happens that happens in `percent` of 100 cases.
    #[must_use]
    pub fn percent(&self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// Whether something happens that happens in one of `cases` cases.
    #[must_use]
    pub fn one_in(&self, cases: usize) -> bool {
        self.below(cases) == 0
    }

    /// One of these.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn pick<T: Copy>(&self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// One of these, each as often as its weight says.
    ///
    /// # Panics
    /// When no choice has a weight.
    #[must_use]
    pub fn weighted<T: Copy>(&self, choices: &[(usize, T)]) -> T {
        let mut left = self.below(choices.iter().map(|(weight, _)| weight).sum());
        for (weight, choice) in choices {
            if left < *weight {
                return *choice;
            }
            left -= weight;
        }
        panic!("no choice has a weight");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_keeps_its_bounds() {
        let draw = |seed| {
            let dice = Dice::seeded(seed);
            let mut drawn: Vec<i64> = (0..200).map(|_| dice.between(-3, 3)).collect();
            drawn.extend((0..200).map(|_| i64::from(dice.weighted(&[(1, 10), (0, 11), (3, 12)]))));
            drawn
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let drawn = draw(7);
        let (numbers, weighted) = drawn.split_at(200);
        assert!(numbers.iter().all(|number| (-3..=3).contains(number)) && numbers.contains(&-3));
        assert!(weighted.contains(&10) && weighted.contains(&12) && !weighted.contains(&11));
    }
}
