//! The clock of hosts that run on Tokio.

use std::time::Duration;

use async_trait::async_trait;
use chimera_contracts::Clock;
use chrono::{DateTime, Utc};

/// The longest sleep before the clock is looked at again, because it may have been set meanwhile.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// The system's clock; waits on Tokio's timer.
///
/// `sleep_until` needs a Tokio runtime with its timer enabled. A clock that is set back or forward while it waits is
/// noticed within half a minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokioClock;

#[async_trait]
impl Clock for TokioClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    async fn sleep_until(&self, deadline: DateTime<Utc>) {
        while let Some(left) = left(self, deadline) {
            tokio::time::sleep(left.min(LOOK_AGAIN)).await;
        }
    }
}

/// How long until `deadline`; `None` once it is reached.
pub(crate) fn left(clock: &dyn Clock, deadline: DateTime<Utc>) -> Option<Duration> {
    deadline.signed_duration_since(clock.now()).to_std().ok().filter(|left| !left.is_zero())
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_deadline_that_is_reached_leaves_nothing() {
        let clock = TokioClock;
        assert_eq!(left(&clock, clock.now()), None);
        assert_eq!(left(&clock, clock.now() - TimeDelta::seconds(5)), None);
        assert!(left(&clock, clock.now() + TimeDelta::seconds(60)).is_some());
    }

    #[tokio::test]
    async fn waiting_ends_when_the_deadline_is_reached() {
        let deadline = Utc::now() + TimeDelta::milliseconds(2);
        TokioClock.sleep_until(deadline).await;
        assert!(Utc::now() >= deadline);
        TokioClock.sleep_until(deadline).await;
    }
}
