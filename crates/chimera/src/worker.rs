//! The background worker: finds out what became of effects that are due, hands over what reviewers approved, and records
//! answers that came late.
//!
//! It finishes what a dead caller began and settles what is unknown. What a platform refused waits for its
//! caller, unless the request's plan says otherwise (PUB-10). It closes reviews
//! whose time is over without a decision; expiry never approves.
//!
//! Three tasks share the one future that the host runs. None of them waits for another, and one whose store fails stops
//! no other. What is slow is slow in a place of a bounded [`pool`] and keeps the other places free.

mod due;
mod late;
mod pool;
mod reviews;
mod signal;

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use chimera_contracts::{Clock, ReviewId, StoreError};
use chimera_effect::{Halt, Kernel};
use chimera_governance::ReviewDesk;
use chimera_skill_engage::EngageSkill;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::{Either, join, join_all, join3, select};

use due::DueEffects;
use pool::Pool;
use reviews::ApprovedReviews;
use signal::{Bell, Stop};

/// How the worker works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerOptions {
    /// How long a task pauses when the store has nothing more for it, or failed. At least a millisecond.
    pub pause: TimeDelta,
    /// How many effects are driven at once, at least one. One that waits for its next look takes up a place, too.
    pub effects_at_once: usize,
    /// How many approved reviews are handed over at once, at least one.
    pub reviews_at_once: usize,
    /// How long it stays with one effect whose next look is not due yet. What is due later is leased again then.
    pub stay: TimeDelta,
}

impl Default for WorkerOptions {
    fn default() -> Self {
        Self {
            pause: TimeDelta::seconds(1),
            effects_at_once: 16,
            reviews_at_once: 16,
            stay: TimeDelta::seconds(60),
        }
    }
}

impl WorkerOptions {
    /// The same with places for one at least, and a pause that is one.
    fn sound(self) -> Self {
        Self {
            pause: self.pause.max(TimeDelta::milliseconds(1)),
            effects_at_once: self.effects_at_once.max(1),
            reviews_at_once: self.reviews_at_once.max(1),
            ..self
        }
    }
}

/// Works in the background, within the future that the host runs. Cloning is cheap and gives the same worker.
#[derive(Clone, Debug)]
pub struct Worker {
    kernel: Kernel,
    desk: ReviewDesk,
    engage: Option<EngageSkill>,
    clock: Arc<dyn Clock>,
    options: WorkerOptions,
    /// The last review that [`Worker::run_once`] looked at; `None` where it begins with the first one.
    reviewed: Arc<Mutex<Option<ReviewId>>>,
}

impl Worker {
    pub(crate) fn new(
        kernel: Kernel,
        desk: ReviewDesk,
        engage: Option<EngageSkill>,
        clock: Arc<dyn Clock>,
        options: WorkerOptions,
    ) -> Self {
        Self { kernel, desk, engage, clock, options: options.sound(), reviewed: Arc::default() }
    }

    /// Works until `stop` is ready. Then every wait ends at once (a look that is not due yet, a pause), nothing new is leased
    /// or handed over, calls that are under way are finished and what came of them is recorded, and it returns.
    ///
    /// It asks the store for due effects as soon as a place is free, and pauses when there are fewer than places; the same
    /// for reviews, page by page. A store that fails is written to the log and asked again after the pause.
    ///
    /// Dropping the future loses nothing that is recorded; what it had leased is free when its leases end.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let (give, stopping) = Stop::new();
        let worker = Arc::new(self.clone());
        let (handed_over, never) = (Arc::<Bell>::default(), Arc::<Bell>::default());
        let due = DueEffects::new(Arc::clone(&worker), stopping.clone());
        let approved = ApprovedReviews::new(worker, stopping.clone(), Arc::clone(&handed_over));
        let tasks = pin!(join3(
            self.record_late_answers(&stopping),
            self.pool(self.options.effects_at_once, &stopping, handed_over).run(due),
            self.pool(self.options.reviews_at_once, &stopping, never).run(approved),
        ));
        // No task ends before it is told to.
        if let Either::Left(((), tasks)) = select(pin!(stop), tasks).await {
            drop(give);
            tasks.await;
        }
    }

    /// One bounded pass, for hosts with a scheduler of their own: records late answers, drives at most
    /// `effects_at_once` due effects to rest and hands over a page of at most `reviews_at_once` reviews, each beside the
    /// other; then it drives what that made due. The next call goes on with the next page. Returns how many effects were
    /// driven.
    ///
    /// It takes as long as the slowest of them. A host that runs [`Worker::run`] does not call it.
    ///
    /// # Errors
    /// When the store cannot be asked what is due. An effect or a review on which the store fails is left to a later call.
    pub async fn run_once(&self) -> Result<usize, StoreError> {
        self.record_late().await?;
        let (driven, handed_over) = join(self.drive_due_once(), self.hand_over_once()).await;
        let after = if handed_over? > 0 { self.drive_due_once().await? } else { 0 };
        Ok(driven?.saturating_add(after))
    }

    async fn drive_due_once(&self) -> Result<usize, StoreError> {
        let halt = Halt::never();
        let leased = self.lease_due(self.options.effects_at_once).await?;
        let count = leased.len();
        let until = self.later(self.options.stay);
        join_all(leased.into_iter().map(|leased| self.drive(leased, until, &halt))).await;
        Ok(count)
    }

    /// How many reviews of the next page are in the journal now.
    async fn hand_over_once(&self) -> Result<usize, StoreError> {
        let after = *self.reviewed.lock().unwrap_or_else(PoisonError::into_inner);
        let (approved, next) = self.page_of_reviews(after, self.options.reviews_at_once).await?;
        *self.reviewed.lock().unwrap_or_else(PoisonError::into_inner) = next;
        let settled = join_all(approved.iter().map(|review| self.settle(review))).await;
        Ok(settled.into_iter().filter(|settled| *settled).count())
    }

    fn pool(&self, at_once: usize, stop: &Stop, bell: Arc<Bell>) -> Pool {
        let (clock, stop) = (Arc::clone(&self.clock), stop.clone());
        Pool { at_once, pause: self.options.pause, clock, stop, bell }
    }

    fn later(&self, span: TimeDelta) -> DateTime<Utc> {
        let now = self.clock.now();
        now.checked_add_signed(span).unwrap_or(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn may_be_sent(_: &(impl Send + 'static)) {}

    /// Hosts spawn it on runtimes with several threads.
    #[expect(dead_code, reason = "that it compiles is the test")]
    fn a_host_may_run_it_on_another_thread(worker: Worker) {
        may_be_sent(&async move { worker.run(std::future::pending()).await });
    }
}
