//! The background worker: leases what is due and finds out what became of it.
//!
//! It finishes what a dead caller began and settles what is unknown. It never attempts again what a platform refused:
//! that waits for its caller (PUB-10).

use std::pin::pin;
use std::sync::Arc;

use chimera_contracts::{Clock, StoreError};
use chimera_effect::{Kernel, LeaseScope, Leased, Purpose};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::{Either, join_all, select};

/// How the worker works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerOptions {
    /// How long it pauses when nothing is due.
    pub pause: TimeDelta,
    /// How many effects it works on at once.
    pub batch: usize,
    /// How long it stays with one effect before it leaves it to a later round.
    pub stay: TimeDelta,
}

impl Default for WorkerOptions {
    fn default() -> Self {
        Self { pause: TimeDelta::seconds(1), batch: 16, stay: TimeDelta::seconds(60) }
    }
}

/// Works in the background, within the future that the host runs.
#[derive(Clone, Debug)]
pub struct Worker {
    kernel: Kernel,
    clock: Arc<dyn Clock>,
    options: WorkerOptions,
}

impl Worker {
    pub(crate) const fn new(kernel: Kernel, clock: Arc<dyn Clock>, options: WorkerOptions) -> Self {
        Self { kernel, clock, options }
    }

    /// Works until `stop` is ready, finishes the round it is in, and returns. A store that fails is asked again after the
    /// pause; nothing ends the worker but `stop`.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        loop {
            let idle = match self.round().await {
                Ok(worked) => worked == 0,
                Err(error) => {
                    tracing::warn!(%error, "the worker could not use the store");
                    true
                }
            };
            let until = if idle { self.later(self.options.pause) } else { self.clock.now() };
            let pause = pin!(self.clock.sleep_until(until));
            if let Either::Left(((), _)) = select(stop.as_mut(), pause).await {
                return;
            }
        }
    }

    /// One round: leases what is due, up to the batch, and drives it. Says how many effects that were.
    ///
    /// # Errors
    /// When the store cannot be asked what is due. An effect on which the store fails is left to a later round.
    pub async fn round(&self) -> Result<usize, StoreError> {
        let leased = self.kernel.lease(LeaseScope::Due, self.options.batch).await?;
        let count = leased.len();
        let until = self.later(self.options.stay);
        join_all(leased.into_iter().map(|leased| self.drive(leased, until))).await;
        Ok(count)
    }

    async fn drive(&self, leased: Leased, until: DateTime<Utc>) {
        let effect = leased.record.id;
        match self.kernel.drive(leased, Purpose::Background, until).await {
            Ok(record) => tracing::debug!(%effect, state = %record.progress.state, "driven"),
            Err(error) => tracing::warn!(%effect, %error, "an effect is left to a later round"),
        }
    }

    fn later(&self, span: TimeDelta) -> DateTime<Utc> {
        let now = self.clock.now();
        now.checked_add_signed(span).unwrap_or(now)
    }
}
