//! Driving one effect: perform what is begun, begin what may be, find out what is unknown, until it rests or time is up.

use std::pin::pin;

use chimera_contracts::StoreError;
use chimera_governance::Approved;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::{Either, select};

use crate::effect::Effect;
use crate::halt::Halt;
use crate::journal::{Advanced, Step};
use crate::kernel::{Kernel, Purpose};
use crate::leased::Leased;
use crate::outcome::UnknownOutcome;
use crate::record::{EffectRecord, RequestRecord};
use crate::state::EffectState;

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The record changed; look at it again.
    On,
    /// Nothing more can be done now.
    Stop,
}

/// What came of work that outlasts leases.
#[derive(Debug)]
pub(crate) enum Held<T> {
    /// It was done.
    Done(T),
    /// The effect is not this drive's any more, or may not begin any more.
    Gone,
    /// It took too long.
    Overtime,
}

/// One effect being driven.
#[derive(Debug)]
pub(crate) struct Drive<'a> {
    pub(crate) kernel: &'a Kernel,
    pub(crate) request: RequestRecord,
    pub(crate) record: EffectRecord,
    /// The approval of an attempt that this drive recorded and did not perform yet.
    pub(crate) begun: Option<Approved<Effect>>,
    /// The approval of an effect that was just admitted; spares asking again.
    pub(crate) approved: Option<Approved<Effect>>,
    pub(crate) purpose: Purpose,
    pub(crate) until: DateTime<Utc>,
    pub(crate) attempts_left: u32,
    /// Whether a platform refused an attempt of this drive.
    pub(crate) refused: bool,
    /// Looks that this drive may still take; a platform that asks to look again at once does not keep it for ever.
    pub(crate) looks_left: u32,
    /// Ends its waits.
    pub(crate) halt: Halt,
    /// The approval does not hold any more: nothing is sent by this drive.
    pub(crate) barred: bool,
    /// Somebody else moved the effect: nothing of it is ours any more.
    pub(crate) fenced: bool,
}

/// How often one drive looks.
const LOOKS: u32 = 32;

impl Kernel {
    /// Drives an effect that this kernel just admitted. One that it leased otherwise is driven as by [`drive`](Self::drive): what
    /// stands as attempted may have been sent by its former holder, so that it is looked up and not performed.
    ///
    /// # Errors
    /// When the store fails. The effect may have become public then; the journal finds out on the next drive.
    pub async fn drive_fresh(
        &self,
        admitted: Leased,
        approved: Approved<Effect>,
        until: DateTime<Utc>,
    ) -> Result<EffectRecord, StoreError> {
        let attempting = admitted.record().progress.state == EffectState::Attempting;
        let begun = (admitted.is_fresh() && attempting).then(|| approved.clone());
        let mut drive = Drive::new(self, admitted, Purpose::Asked, until);
        drive.begun = begun;
        drive.approved = Some(approved);
        drive.run().await
    }

    /// Drives an effect that was leased: after a crash, a lost answer, a refusal, or because it is due.
    ///
    /// # Errors
    /// When the store fails. The effect may have become public then; the journal finds out on the next drive.
    pub async fn drive(
        &self,
        leased: Leased,
        purpose: Purpose,
        until: DateTime<Utc>,
    ) -> Result<EffectRecord, StoreError> {
        self.drive_until(leased, purpose, until, &Halt::never()).await
    }

    /// The same, and it stops waiting when `halt` says so: what is recorded stays as it is, and a later drive goes on.
    ///
    /// # Errors
    /// As [`drive`](Self::drive).
    pub async fn drive_until(
        &self,
        leased: Leased,
        purpose: Purpose,
        until: DateTime<Utc>,
        halt: &Halt,
    ) -> Result<EffectRecord, StoreError> {
        Drive { halt: halt.clone(), ..Drive::new(self, leased, purpose, until) }.run().await
    }
}

impl<'a> Drive<'a> {
    fn new(kernel: &'a Kernel, leased: Leased, purpose: Purpose, until: DateTime<Utc>) -> Self {
        let (request, record) = leased.into_parts();
        Self {
            kernel,
            request,
            record,
            begun: None,
            approved: None,
            purpose,
            until,
            attempts_left: kernel.options.attempts_per_drive,
            refused: false,
            looks_left: LOOKS,
            halt: Halt::never(),
            barred: false,
            fenced: false,
        }
    }

    async fn run(mut self) -> Result<EffectRecord, StoreError> {
        while self.once().await? == Next::On {}
        self.let_go().await?;
        Ok(self.record)
    }

    async fn once(&mut self) -> Result<Next, StoreError> {
        match self.record.progress.state {
            EffectState::Attempting => match self.begun.take() {
                Some(approved) => self.perform(approved).await,
                None => self.inherit().await,
            },
            EffectState::Admitted | EffectState::Scheduled => self.begin().await,
            EffectState::NotDone if self.may_try_again() => self.begin().await,
            EffectState::RolledBack if self.may_try_again() => self.begin().await,
            EffectState::NotDone if self.is_overdue() => self.step(Step::PutOff(None), false).await,
            EffectState::Unknown => self.resolve().await,
            _ => Ok(Next::Stop),
        }
    }

    /// An attempt that somebody else recorded and did not finish: nobody knows how far it came.
    async fn inherit(&mut self) -> Result<Next, StoreError> {
        let reason = "no answer came: the process that attempted it did not come back";
        self.step(Step::Unknown(UnknownOutcome::because(reason)), true).await
    }

    pub(crate) fn may_try_again(&self) -> bool {
        let refusal = self.record.progress.refusal.as_ref();
        let due = refusal.and_then(|refusal| refusal.retry_at).is_none_or(|at| at <= self.kernel.clock.now());
        // By itself where the plan says when, and that time has come.
        let by_itself = self.is_due_by_itself() && !self.is_overdue();
        let asked = self.purpose == Purpose::Asked && !self.record.progress.is_taken_down();
        (asked || by_itself) && !self.refused && self.attempts_left > 0 && due
    }

    /// Whether it was refused, and the plan of its request has it attempted again by now.
    fn is_due_by_itself(&self) -> bool {
        self.record.progress.state == EffectState::NotDone
            && self.record.progress.due_at.is_some_and(|at| at <= self.kernel.clock.now())
    }

    /// Whether nothing is attempted by itself any more, because the worker came too late: it waits for its caller then.
    fn is_overdue(&self) -> bool {
        self.is_due_by_itself()
            && self.purpose == Purpose::Background
            && self.request.plan.retry.is_over(self.request.admitted_at, self.kernel.clock.now())
    }

    /// Does what may take longer than a lease, for at most `longest`, and takes the step `renew` whenever half of a lease is
    /// over. Where it does not come to an end the work is dropped.
    pub(crate) async fn holding<T>(
        &mut self,
        renew: &Step,
        longest: TimeDelta,
        work: impl Future<Output = T>,
    ) -> Result<Held<T>, StoreError> {
        let kernel = self.kernel;
        let later = |span| kernel.clock.now().checked_add_signed(span).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let (half, end) = (kernel.options.lease / 2, later(longest));
        let mut work = pin!(work);
        loop {
            let at = later(half).min(end);
            if let Either::Left((done, _)) = select(work.as_mut(), kernel.clock.sleep_until(at)).await {
                return Ok(Held::Done(done));
            }
            if kernel.clock.now() >= end {
                return Ok(Held::Overtime);
            }
            let next = self.step(renew.clone(), true).await?;
            if next == Next::Stop || self.barred || self.record.progress.lease.is_none() {
                return Ok(Held::Gone);
            }
        }
    }

    /// Takes a step and adopts what came of it.
    ///
    /// Once another holder was seen nothing is written any more: what was read then has its epoch, and a step of ours would pass
    /// for one of theirs.
    pub(crate) async fn step(&mut self, step: Step, keep: bool) -> Result<Next, StoreError> {
        if self.fenced {
            return Ok(Next::Stop);
        }
        let advanced = self.kernel.advance(&self.record, step, keep).await?;
        self.adopt(advanced).await
    }

    pub(crate) async fn adopt(&mut self, advanced: Advanced) -> Result<Next, StoreError> {
        match advanced {
            Advanced::Applied(record) | Advanced::Already(record) => {
                self.record = *record;
                Ok(Next::On)
            }
            Advanced::Fenced => {
                self.reload().await?;
                Ok(Next::Stop)
            }
            // Nothing changed; whose the post is was told to the one who named it.
            Advanced::Taken { .. } => Ok(Next::Stop),
            Advanced::Refused(refused) => self.barred(refused).await,
        }
    }

    /// Somebody else moved the effect: show what is there now, and touch nothing more.
    pub(crate) async fn reload(&mut self) -> Result<(), StoreError> {
        self.fenced = true;
        let view = self.kernel.journal.request(&self.request.key).await?;
        let found = view.and_then(|view| view.effects.into_iter().find(|effect| effect.id == self.record.id));
        if let Some(record) = found {
            self.record = record;
        }
        Ok(())
    }

    /// Lets a lease go that this drive still holds though it does nothing more.
    async fn let_go(&mut self) -> Result<(), StoreError> {
        let progress = &self.record.progress;
        let ours = progress.lease.is_some_and(|lease| lease.holder == self.kernel.journal.instance());
        if ours && !self.fenced && progress.state != EffectState::Attempting {
            self.step(Step::Yield, false).await?;
        }
        Ok(())
    }
}
