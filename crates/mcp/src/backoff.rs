//! When a server that died may be started again.
//!
//! Measured by Tokio's timer, which is not set back and forth, and by which the wait is slept.

use std::time::Duration;

use tokio::time::Instant;

/// The wait after the first death.
const FIRST: Duration = Duration::from_millis(100);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(30);
/// A server that ran this long is well: its next death counts as the first.
const HEALTHY: Duration = Duration::from_secs(10);

/// The deaths in a row and the last of them.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    deaths: u32,
    last: Option<Instant>,
}

impl Backoff {
    /// A server died, or did not start, after it had served for `served`.
    pub(crate) fn died(&mut self, now: Instant, served: Duration) {
        if served >= HEALTHY {
            self.deaths = 0;
        }
        self.deaths = self.deaths.saturating_add(1);
        self.last = Some(now);
    }

    /// How long it must still wait.
    pub(crate) fn wait(&self, now: Instant) -> Option<Duration> {
        let passed = now.saturating_duration_since(self.last?);
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

    fn check(backoff: &Backoff, at: Instant, expected: impl Into<Option<u64>>) {
        assert_eq!(backoff.wait(at), expected.into().map(Duration::from_millis));
    }

    #[test]
    fn the_wait_doubles_up_to_half_a_minute() {
        let (mut backoff, now) = (Backoff::default(), Instant::now());
        check(&backoff, now, None);
        for expected in [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000] {
            backoff.died(now, Duration::ZERO);
            check(&backoff, now, expected);
        }
    }

    #[test]
    fn it_ends_and_health_resets_it() {
        let (mut backoff, now) = (Backoff::default(), Instant::now());
        (0..5).for_each(|_| backoff.died(now, Duration::ZERO));
        check(&backoff, now + Duration::from_millis(1_599), 1);
        check(&backoff, now + Duration::from_millis(1_600), None);
        backoff.died(now, HEALTHY);
        check(&backoff, now, 100);
    }
}
