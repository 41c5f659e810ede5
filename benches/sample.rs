//! Durations, and where most of them lie.

use std::time::Duration;

/// Measured durations, sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample(Vec<Duration>);

impl Sample {
    /// The sample of these durations.
    #[must_use]
    pub fn of(mut durations: Vec<Duration>) -> Self {
        durations.sort_unstable();
        Self(durations)
    }

    /// The duration that `percent` of the sample do not exceed; zero for an empty sample.
    #[must_use]
    pub fn percentile(&self, percent: usize) -> Duration {
        let rank = self.0.len().saturating_mul(percent).div_ceil(100).saturating_sub(1);
        self.0.get(rank).copied().unwrap_or_default()
    }

    /// The middle of the sample.
    #[must_use]
    pub fn median(&self) -> Duration {
        self.percentile(50)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_members_of_the_sample() {
        let hundred = Sample::of((1..=100).rev().map(Duration::from_millis).collect());
        assert_eq!(hundred.median(), Duration::from_millis(50));
        assert_eq!(hundred.percentile(99), Duration::from_millis(99));
        assert_eq!(hundred.percentile(100), Duration::from_millis(100));
        let one = Sample::of(vec![Duration::from_millis(7)]);
        assert_eq!((one.median(), one.percentile(99)), (Duration::from_millis(7), Duration::from_millis(7)));
        assert_eq!(Sample::of(Vec::new()).median(), Duration::ZERO);
    }
}
