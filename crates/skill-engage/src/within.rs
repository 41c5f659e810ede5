//! Asking a port of the host and taking no answer but one that came in time.
//!
//! INVARIANT: an answer counts if the clock, read after it, is before the deadline. A port may block its thread, so that no timer
//! beside it runs: its answer is then there before anybody noticed that its time is over, and a late *yes* would act.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use chimera_contracts::Clock;
use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use futures_util::future::{Either, select};

/// A port gave no answer that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoAnswer {
    /// None came before the deadline; one that came later is thrown away.
    #[error("it did not answer in time")]
    Late,
    /// It panicked.
    #[error("it panicked")]
    Panicked,
}

/// The answer of a port that has until `deadline`; the last moment is already too late.
///
/// A panic in the port ends in [`NoAnswer::Panicked`] where the program unwinds (`panic = "unwind"`, Rust's default).
pub(crate) async fn within<T>(
    clock: &dyn Clock,
    deadline: DateTime<Utc>,
    answer: impl Future<Output = T> + Send,
) -> Result<T, NoAnswer> {
    // Whatever a panic leaves half changed belongs to the port, which is shared by contract and answers for itself.
    let answer = Box::pin(AssertUnwindSafe(answer).catch_unwind());
    // A port that hangs does not keep its caller.
    match select(answer, clock.sleep_until(deadline)).await {
        Either::Right(_) => Err(NoAnswer::Late),
        Either::Left(_) if clock.now() >= deadline => Err(NoAnswer::Late),
        Either::Left((answered, _)) => answered.map_err(|_| NoAnswer::Panicked),
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use chimera_testkit::{TestClock, block_on};
    use chrono::TimeDelta;

    use super::*;

    const LIMIT: TimeDelta = TimeDelta::seconds(5);

    /// What comes of a port that takes `span` of the clock's time without giving its thread back.
    fn blocking(span: TimeDelta) -> Result<f64, NoAnswer> {
        let clock = TestClock::manual();
        let deadline = clock.now() + LIMIT;
        block_on(within(&clock, deadline, async {
            clock.advance(span);
            0.95
        }))
    }

    #[test]
    fn an_answer_that_comes_late_counts_for_nothing() {
        for (span, expected) in [
            (TimeDelta::zero(), Ok(0.95)),
            (LIMIT - TimeDelta::microseconds(1), Ok(0.95)),
            (LIMIT, Err(NoAnswer::Late)),
            (LIMIT * 10, Err(NoAnswer::Late)),
        ] {
            assert_eq!(blocking(span), expected, "{span}");
        }
    }

    #[test]
    fn a_port_that_hangs_keeps_nobody() {
        let clock = TestClock::new();
        let deadline = clock.now() + LIMIT;
        assert_eq!(block_on(within(&clock, deadline, pending::<f64>())), Err(NoAnswer::Late));
    }

    #[test]
    fn a_panic_ends_in_an_answer() {
        let clock = TestClock::manual();
        let deadline = clock.now() + LIMIT;
        let panics = async { if clock.now() < deadline { panic!("a fault of the host's") } else { 0.95 } };
        assert_eq!(block_on(within(&clock, deadline, panics)), Err(NoAnswer::Panicked));
        // One that panics after its time is late: nobody waited for it.
        let late = async {
            clock.advance(LIMIT);
            if clock.now() >= deadline { panic!("a fault of the host's") } else { 0.95 }
        };
        assert_eq!(block_on(within(&clock, deadline, late)), Err(NoAnswer::Late));
    }
}
