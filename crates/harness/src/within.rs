//! A bound on one future, under any executor.

use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::watchdog::{Wait, Watched};

/// How long a future may take, in seconds.
const SECONDS: u32 = 60;

/// A future with a bound; made by [`within`].
#[must_use = "it does nothing unless it is awaited"]
#[derive(Debug)]
pub struct Within<F> {
    future: Pin<Box<F>>,
    wait: Wait,
    watched: Option<Watched>,
}

/// Waits for `future`, at most 60 seconds of real time. `what` completes the sentence *waited 60 s for …*.
///
/// Past the bound the test that awaits it panics. A future that does not give way cannot be ended; then the process is.
/// The time begins with the first poll.
#[track_caller]
pub fn within<F: Future>(what: impl Into<String>, future: F) -> Within<F> {
    within_seconds(SECONDS, what, future)
}

/// The same with another bound, for what does many things one after another.
#[track_caller]
pub fn within_seconds<F: Future>(seconds: u32, what: impl Into<String>, future: F) -> Within<F> {
    let wait = Wait { what: what.into(), place: Location::caller(), seconds };
    Within { future: Box::pin(future), wait, watched: None }
}

impl<F: Future> Future for Within<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        let watched = this
            .watched
            .get_or_insert_with(|| Watched::begin(this.wait.clone(), Some(context.waker().clone())));
        if watched.is_over(context.waker()) {
            this.watched = None;
            panic!("{}", this.wait);
        }
        let polled = this.future.as_mut().poll(context);
        if polled.is_ready() {
            this.watched = None;
        }
        polled
    }
}
