//! Finding out what became of an attempt whose outcome is unknown. One function serves a timeout, a crash and a lost answer.
//!
//! The order: the same key again where the tool enforces keys; else look the post up; else a human. Absence means nothing
//! before `settled_from`, and then only in two looks.

use chimera_contracts::StoreError;
use chrono::{DateTime, TimeDelta, Utc};

use crate::drive::{Drive, Next};
use crate::journal::{Advanced, Step};
use crate::platform::{Finding, LookUp, Trace};

/// How many posts of other effects one resolution steps over before it leaves the rest to the next one.
const STRANGERS: usize = 16;

/// How long an effect is left alone about which this host can find nothing out.
const ELSEWHERE: TimeDelta = TimeDelta::seconds(60);

impl Drive<'_> {
    pub(crate) async fn resolve(&mut self) -> Result<Next, StoreError> {
        let Some(service) = self.service() else {
            // Another host on this store may have the tool.
            return self.leave_for_later(ELSEWHERE).await;
        };
        let progress = &self.record.progress;
        let first = progress.unsettled_since.or(progress.began_at);
        let now = self.kernel.clock.now();
        let enforced = first.is_some_and(|first| service.enforces_key(first, now));
        if enforced && !progress.resend_refused && self.attempts_left > 0 {
            return self.begin().await;
        }
        if !service.look_up && enforced && !progress.resend_refused && !self.barred {
            // The same key again is the only way to find out, and it is still open: a later drive takes it.
            return self.leave_for_later(service.settle.max(ELSEWHERE)).await;
        }
        if !service.look_up {
            return self.cannot_tell("the platform offers nothing to look a post up with").await;
        }
        let settled_from = progress.settled_from.unwrap_or(now);
        let due = progress.due_at.unwrap_or(now).max(settled_from);
        if due > now {
            if due > self.until {
                return Ok(Next::Stop);
            }
            self.kernel.clock.sleep_until(due).await;
        }
        self.look().await
    }

    async fn look(&mut self) -> Result<Next, StoreError> {
        if self.looks_left == 0 {
            return Ok(Next::Stop);
        }
        self.looks_left = self.looks_left.saturating_sub(1);
        while self.not_ours.len() <= STRANGERS {
            let Some(look) = LookUp::about(&self.record, self.not_ours.clone(), Trace::of(&self.request))
            else {
                return self.cannot_tell("there is no attempt to look for").await;
            };
            let step = match self.kernel.platform.find(&look).await {
                Finding::There(evidence) => Step::Done(evidence),
                Finding::AbsentForGood => Step::AbsentForGood,
                Finding::Unsettled { look_again, absent } => {
                    return self.looked(absent, look_again).await;
                }
                Finding::CannotTell { reason } => Step::CannotTell { reason },
            };
            let stop = matches!(step, Step::CannotTell { .. });
            // Kept over to the next attempt, so that nobody is told of a failure that is about to be mended.
            let keep = matches!(step, Step::AbsentForGood) && self.may_try_again();
            let advanced = self.kernel.advance(&self.record, step, keep).await?;
            match advanced {
                Advanced::Taken { external_id } => self.not_ours.push(external_id),
                _ if stop => {
                    self.adopt(advanced).await?;
                    return Ok(Next::Stop);
                }
                advanced => return self.adopt(advanced).await,
            }
        }
        self.cannot_tell("too many posts with this text belong to other effects").await
    }

    async fn looked(&mut self, absent: bool, look_again: DateTime<Utc>) -> Result<Next, StoreError> {
        let go_on = look_again <= self.until;
        let next = self.step(Step::Looked { absent, look_again }, go_on).await?;
        Ok(if go_on { next } else { Next::Stop })
    }

    /// Nothing can be found out now, and something may be later: due again after `pause`, not at once.
    async fn leave_for_later(&mut self, pause: TimeDelta) -> Result<Next, StoreError> {
        let now = self.kernel.clock.now();
        let look_again = now.checked_add_signed(pause).unwrap_or(now);
        self.step(Step::Looked { absent: false, look_again }, false).await?;
        Ok(Next::Stop)
    }

    async fn cannot_tell(&mut self, reason: &str) -> Result<Next, StoreError> {
        if !self.record.progress.needs_human {
            self.step(Step::CannotTell { reason: reason.to_owned() }, false).await?;
        }
        Ok(Next::Stop)
    }
}
