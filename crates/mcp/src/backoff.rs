//! When a server that died may be started again.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// The wait after the first death.
const FIRST: Duration = Duration::from_millis(100);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(30);
/// A server that ran this long is well: its next death counts as the first.
const HEALTHY: TimeDelta = TimeDelta::seconds(10);

/// The deaths in a row and the last of them.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    deaths: u32,
    last: Option<DateTime<Utc>>,
}

impl Backoff {
    /// A server died, or did not start, after it had served for `served`.
    pub(crate) fn died(&mut self, now: DateTime<Utc>, served: TimeDelta) {
        if served >= HEALTHY {
            self.deaths = 0;
        }
        self.deaths = self.deaths.saturating_add(1);
        self.last = Some(now);
    }

    /// How long it must still wait. A clock that was set back to before the death does not hold it.
    pub(crate) fn wait(&self, now: DateTime<Utc>) -> Option<Duration> {
        let passed = now.signed_duration_since(self.last?).to_std().ok()?;
        self.delay().checked_sub(passed).filter(|left| !left.is_zero())
    }

    fn delay(&self) -> Duration {
        let doublings = self.deaths.saturating_sub(1);
        FIRST.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_800_000_000_000 + milliseconds).unwrap()
    }

    #[test]
    fn the_wait_doubles_up_to_half_a_minute() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.wait(at(0)), None);
        for expected in [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000] {
            backoff.died(at(0), TimeDelta::zero());
            assert_eq!(backoff.wait(at(0)), Some(Duration::from_millis(expected)));
        }
    }

    #[test]
    fn it_ends_and_health_resets_it() {
        let mut backoff = Backoff::default();
        for _ in 0..5 {
            backoff.died(at(0), TimeDelta::zero());
        }
        assert_eq!(backoff.wait(at(1_599)), Some(Duration::from_millis(1)));
        assert_eq!(backoff.wait(at(1_600)), None);
        assert_eq!(backoff.wait(at(-1)), None, "the clock was set back");
        backoff.died(at(20_000), HEALTHY);
        assert_eq!(backoff.wait(at(20_000)), Some(FIRST));
    }
}
