//! Time that moves only when a test says so.

use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use async_trait::async_trait;
use chimera_contracts::Clock;
use chrono::{DateTime, TimeDelta, Utc};

/// Seconds since 1970 of 2026-01-01T00:00:00Z, where every test clock begins.
const START: i64 = 1_767_225_600;

/// A clock that begins at 2026-01-01T00:00:00Z and knows no real time.
///
/// By default a sleeper lets others run once, then moves the clock on to its deadline and goes on, so that a test runs to
/// its end by itself.
/// [`TestClock::manual`] makes sleepers wait for [`advance`](TestClock::advance) or [`set`](TestClock::set).
#[derive(Debug)]
pub struct TestClock {
    auto: bool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    now: DateTime<Utc>,
    sleepers: Vec<(DateTime<Utc>, Waker)>,
}

impl Default for TestClock {
    fn default() -> Self {
        Self::new()
    }
}

impl TestClock {
    /// A clock that sleepers move on.
    #[must_use]
    pub fn new() -> Self {
        let now = DateTime::from_timestamp(START, 0).expect("the start is a time");
        Self { auto: true, state: Mutex::new(State { now, sleepers: Vec::new() }) }
    }

    /// A clock for which sleepers wait.
    #[must_use]
    pub fn manual() -> Self {
        Self { auto: false, ..Self::new() }
    }

    /// Moves the clock on by `span`.
    pub fn advance(&self, span: TimeDelta) {
        let to = self.lock().now + span;
        self.set(to);
    }

    /// Puts the clock to `now`, back as well as on.
    pub fn set(&self, now: DateTime<Utc>) {
        let sleepers = {
            let mut state = self.lock();
            state.now = now;
            std::mem::take(&mut state.sleepers)
        };
        sleepers.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// The earliest moment after now that a sleeper of a [`manual`](TestClock::manual) clock waits for: where a simulation
    /// puts the clock when nothing else can go on. A sleeper that was dropped may still be counted, which costs one stop.
    #[must_use]
    pub fn next_deadline(&self) -> Option<DateTime<Utc>> {
        let state = self.lock();
        state.sleepers.iter().map(|(deadline, _)| *deadline).filter(|deadline| *deadline > state.now).min()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        self.lock().now
    }

    async fn sleep_until(&self, deadline: DateTime<Utc>) {
        let mut others_ran = false;
        poll_fn(|context| {
            if self.auto && self.now() < deadline && std::mem::replace(&mut others_ran, true) {
                self.set(deadline);
            }
            let mut state = self.lock();
            if state.now >= deadline {
                return Poll::Ready(());
            }
            if self.auto {
                context.waker().wake_by_ref();
            } else {
                let known = |(at, waker): &(DateTime<Utc>, Waker)| {
                    *at == deadline && waker.will_wake(context.waker())
                };
                if !state.sleepers.iter().any(known) {
                    state.sleepers.push((deadline, context.waker().clone()));
                }
            }
            Poll::Pending
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use crate::block_on;
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn a_sleeper_moves_the_clock_on() {
        let clock = TestClock::new();
        let deadline = clock.now() + TimeDelta::hours(1);
        block_on(clock.sleep_until(deadline));
        assert_eq!(clock.now(), deadline);
        block_on(clock.sleep_until(deadline - TimeDelta::hours(2)));
        assert_eq!(clock.now(), deadline, "a deadline that is past moves nothing");
    }

    #[test]
    fn sleepers_of_a_manual_clock_wait() {
        let clock = TestClock::manual();
        let deadline = clock.now() + TimeDelta::seconds(2);
        let mut sleep = clock.sleep_until(deadline);
        assert!((&mut sleep).now_or_never().is_none());
        clock.advance(TimeDelta::seconds(1));
        assert!((&mut sleep).now_or_never().is_none());
        assert_eq!(clock.next_deadline(), Some(clock.now() + TimeDelta::seconds(1)));
        clock.advance(TimeDelta::seconds(1));
        assert_eq!(clock.next_deadline(), None, "nothing is waited for");
        assert!(sleep.now_or_never().is_some());
    }
}
