//! The background worker: leases what is due and finds out what became of it; hands over what reviewers approved.
//!
//! It finishes what a dead caller began and settles what is unknown. It never attempts again what a platform refused:
//! that waits for its caller (PUB-10). Reviews that nobody decided in time it closes; expiry never approves.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use chimera_contracts::{Clock, ReviewId, SkillName, StoreError};
use chimera_effect::{Halt, Kernel, LeaseScope, Leased, Purpose};
use chimera_governance::ReviewDesk;
use chimera_governance::review::{Review, ReviewPage};
use chimera_skill_engage::EngageSkill;
use chrono::{DateTime, TimeDelta, Utc};
use futures_channel::oneshot;
use futures_util::FutureExt as _;
use futures_util::future::{Either, join, join_all, select};

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
    desk: ReviewDesk,
    engage: Option<EngageSkill>,
    clock: Arc<dyn Clock>,
    options: WorkerOptions,
    /// The last review of the page that was handed over last; `None` at the beginning.
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
        Self { kernel, desk, engage, clock, options, reviewed: Arc::default() }
    }

    /// Works until `stop` is ready. Then every wait ends at once (a look that is not due yet, a pause), calls that are under
    /// way are finished, and it returns; nothing is lost by it. A store that fails is asked again after the pause.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let (give, given) = oneshot::channel::<()>();
        let mut give = Some(give);
        let halt = Halt::when(given.map(|_| ()));
        loop {
            let round = pin!(self.round_until(&halt));
            let worked = match select(stop.as_mut(), round).await {
                // What waits stops waiting; a call that is under way is finished, and its outcome recorded.
                Either::Left(((), round)) => {
                    drop(give.take());
                    if let Err(error) = round.await {
                        tracing::warn!(%error, "the worker could not use the store");
                    }
                    return;
                }
                Either::Right((worked, _)) => worked,
            };
            let idle = match worked {
                // More reviews may follow on the next page.
                Ok(worked) => worked == 0 && self.reviewed_up_to().is_none(),
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

    /// One round: leases what is due and drives it, and hands over what reviewers approved, up to the batch each. Says how
    /// many effects were driven.
    ///
    /// # Errors
    /// When the store cannot be asked what is due. An effect or a review on which the store fails is left to a later round.
    pub async fn round(&self) -> Result<usize, StoreError> {
        self.round_until(&Halt::never()).await
    }

    async fn round_until(&self, halt: &Halt) -> Result<usize, StoreError> {
        let late = self.kernel.record_late().await?;
        if !late.is_empty() {
            tracing::info!(answers = late.len(), "answers that came late are recorded");
        }
        // Neither waits for the other: a review whose server does not start keeps no due effect.
        let (driven, handed_over) = join(self.drive_due(halt), self.hand_over()).await;
        let after = if handed_over? > 0 { self.drive_due(halt).await? } else { 0 };
        Ok(driven?.saturating_add(after))
    }

    /// How many reviews are in the journal now.
    async fn hand_over(&self) -> Result<usize, StoreError> {
        // Page by page over the rounds, so that what a limit holds up does not keep the rest waiting.
        let page = ReviewPage { after: self.reviewed_up_to(), limit: self.options.batch };
        let (approved, next) = self.desk.unsettled(page).await?;
        self.go_on_after(next);
        let settled = join_all(approved.iter().map(|review| self.settle(review))).await;
        Ok(settled.into_iter().filter(|settled| *settled).count())
    }

    /// Whether an approved review was handed over; what a limit or a server holds up is left to a later round.
    async fn settle(&self, review: &Review) -> bool {
        let (Some(engage), SkillName::Engage) = (&self.engage, review.skill) else {
            // Who executes an approved proposal is not decided here.
            return false;
        };
        let error = engage.settle(review).await.error;
        if let Some(error) = &error {
            tracing::warn!(review = %review.id, code = %error.code, "an approved engagement waits");
        }
        error.is_none()
    }

    fn reviewed_up_to(&self) -> Option<ReviewId> {
        *self.reviewed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn go_on_after(&self, review: Option<ReviewId>) {
        *self.reviewed.lock().unwrap_or_else(PoisonError::into_inner) = review;
    }

    async fn drive_due(&self, halt: &Halt) -> Result<usize, StoreError> {
        let leased = self.kernel.lease(LeaseScope::Due, self.options.batch).await?;
        let count = leased.len();
        let until = self.later(self.options.stay);
        join_all(leased.into_iter().map(|leased| self.drive(leased, until, halt))).await;
        Ok(count)
    }

    async fn drive(&self, leased: Leased, until: DateTime<Utc>, halt: &Halt) {
        let effect = leased.record().id;
        match self.kernel.drive_until(leased, Purpose::Background, until, halt).await {
            Ok(record) => tracing::debug!(%effect, state = %record.progress.state, "driven"),
            Err(error) => tracing::warn!(%effect, %error, "an effect is left to a later round"),
        }
    }

    fn later(&self, span: TimeDelta) -> DateTime<Utc> {
        let now = self.clock.now();
        now.checked_add_signed(span).unwrap_or(now)
    }
}
