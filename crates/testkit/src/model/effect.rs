//! One effect of the model.

use chimera_contracts::{EffectId, InstanceId, PlatformName};
use chimera_effect::{Advance, EffectRecord, EffectState, FoundBy};
use chrono::{DateTime, TimeDelta, Utc};

use super::history::{Move, external_id, look_again};
use crate::scene::WINDOW;

/// How many posts that should not be there are kept of an effect.
const INCIDENTS: usize = 8;

/// An effect as the model sees it.
#[derive(Clone, Debug)]
pub(super) struct Modelled {
    pub(super) id: EffectId,
    pub(super) key: usize,
    pub(super) content: usize,
    pub(super) platform: PlatformName,
    pub(super) state: EffectState,
    pub(super) epoch: u64,
    pub(super) version: u64,
    pub(super) attempts: u32,
    pub(super) held: bool,
    pub(super) post: Option<u8>,
    pub(super) due: Option<DateTime<Utc>>,
    pub(super) lease: Option<(InstanceId, DateTime<Utc>)>,
    pub(super) last: Option<(Move, Advance)>,
    /// Whether the post is only what a look took for it: a direct answer may take it away.
    pub(super) found_by_look: bool,
    /// How many posts should not be there.
    incidents: usize,
    /// Whether an attempt is open whose outcome nobody knows.
    open: bool,
    settled_from: Option<DateTime<Utc>>,
    absent_looks: u32,
    needs_human: bool,
    /// Whether what was refused while it is open is final: told once absence is known.
    refused_for_good: bool,
}

/// What is compared of an effect.
#[derive(Debug, PartialEq)]
pub(super) struct Seen {
    id: EffectId,
    state: EffectState,
    epoch_version_attempts: (u64, u64, u32),
    held_open_human: (bool, bool, bool),
    post: Option<String>,
    found_by_look: bool,
    incidents: usize,
    due: Option<DateTime<Utc>>,
    settled_from: Option<DateTime<Utc>>,
    absent_looks: u32,
    lease: Option<(InstanceId, DateTime<Utc>)>,
}

impl Modelled {
    pub(super) fn admitted(
        id: EffectId,
        key: usize,
        content: usize,
        platform: PlatformName,
        begin: bool,
        holder: InstanceId,
        now: DateTime<Utc>,
    ) -> Self {
        let mut one = Self {
            id,
            key,
            content,
            platform,
            state: EffectState::Admitted,
            epoch: 1,
            version: 1,
            attempts: 0,
            held: true,
            post: None,
            due: Some(now),
            lease: Some((holder, now + WINDOW.send)),
            last: None,
            found_by_look: false,
            incidents: 0,
            open: false,
            settled_from: None,
            absent_looks: 0,
            needs_human: false,
            refused_for_good: false,
        };
        if begin {
            one.state = EffectState::Attempting;
            one.begin(holder, now);
        }
        one
    }

    /// Where a step leads, if it may be taken.
    pub(super) fn follows(&self, step: Move, now: DateTime<Utc>) -> Option<EffectState> {
        use EffectState::{Admitted, Attempting, Failed, NotDone, Processing, Published, Unknown};
        let from = |states: &[EffectState], to| states.contains(&self.state).then_some(to);
        match step {
            Move::Begin => from(&[Admitted, NotDone, Unknown], Attempting),
            Move::Done(_) | Move::Found(_) => from(&[Attempting, Processing, Unknown], Published),
            // Whatever it was told as, it is public.
            Move::Late(_) => from(&[Attempting, Processing, Unknown, NotDone, Failed, Published], Published),
            Move::SeenByHand(_) => from(&[Unknown], Published),
            Move::AbsentByHand => {
                from(&[Unknown], NotDone).filter(|_| self.settled_from.is_some_and(|from| from <= now))
            }
            Move::UnknownByHand => from(&[Unknown], Unknown),
            Move::Accepted => from(&[Attempting, Unknown], Processing),
            // Nothing that is said about a later attempt settles an earlier one.
            Move::RateLimited | Move::Refused if self.open => from(&[Attempting, Unknown], Unknown),
            Move::RateLimited => from(&[Admitted, Attempting, NotDone], NotDone),
            Move::Refused => from(&[Admitted, Attempting, NotDone, Processing], Failed),
            Move::Lost => from(&[Attempting, Processing, Unknown], Unknown),
            Move::Looked | Move::CannotTell => from(&[Unknown], Unknown),
            // Absence is known once the platform has settled, and at the second look.
            Move::AbsentForGood => {
                let known = self.absent_looks > 0 && self.settled_from.is_some_and(|from| from <= now);
                from(&[Unknown], if self.refused_for_good { Failed } else { NotDone }).filter(|_| known)
            }
            Move::Yield => Some(self.state),
        }
    }

    /// Takes a step that may be taken.
    pub(super) fn step(
        &mut self,
        step: Move,
        next: EffectState,
        advance: &Advance,
        holder: InstanceId,
        now: DateTime<Utc>,
    ) {
        let before = std::mem::replace(&mut self.state, next);
        self.version += 1;
        self.last = Some((step, advance.clone()));
        match step {
            Move::Begin => self.begin(holder, now),
            Move::Done(post) | Move::SeenByHand(post) => self.publish(post, false),
            // It may become unknown again, from the same moment on.
            Move::Found(post) => self.publish(post, true),
            Move::Late(post) => self.late(post, before),
            Move::AbsentByHand => self.close(),
            Move::UnknownByHand => self.needs_human = true,
            Move::RateLimited | Move::Refused | Move::Lost if next == EffectState::Unknown => {
                if step != Move::Lost {
                    self.refused_for_good = step == Move::Refused;
                }
                self.open = true;
                self.due = self.settled_from;
            }
            Move::Accepted | Move::RateLimited | Move::Refused | Move::AbsentForGood => self.close(),
            Move::Looked => {
                // Absence counts once the platform has settled.
                self.absent_looks += u32::from(self.settled_from.is_some_and(|from| from <= now));
                self.due = Some(look_again(now));
            }
            Move::CannotTell => {
                self.needs_human = true;
                self.due = None;
            }
            Move::Lost | Move::Yield => {}
        }
        match step {
            // Neither takes a lease; a holder keeps what is not settled by it.
            Move::UnknownByHand => {}
            Move::SeenByHand(_) | Move::AbsentByHand => self.lease = None,
            Move::Late(_)
                if !matches!(before, EffectState::Published | EffectState::NotDone | EffectState::Failed) =>
            {
                self.lease = None;
            }
            Move::Late(_) => {}
            // The lease of an attempt outlasts its window, whatever the caller asks for.
            _ if next == EffectState::Attempting => {}
            _ => {
                let from = self.due.map_or(now, |due| due.max(now));
                self.lease = advance.keep.map(|keep| (holder, from + keep));
            }
        }
    }

    fn publish(&mut self, post: u8, by_look: bool) {
        self.post = Some(post);
        self.close();
        self.found_by_look = by_look;
        self.open = by_look;
    }

    /// An answer that came late, to an effect that was `before` until then.
    fn late(&mut self, post: u8, before: EffectState) {
        match before {
            // A second post; the one that the answer names is the effect's, unless another answer or a person named one.
            EffectState::Published => {
                self.incidents += 1;
                if self.found_by_look {
                    self.publish(post, false);
                }
            }
            EffectState::NotDone | EffectState::Failed => {
                self.incidents += 1;
                self.publish(post, false);
            }
            _ => self.publish(post, false),
        }
    }

    /// Loses the post that a look took for it.
    pub(super) fn disown(&mut self, now: DateTime<Utc>) {
        self.state = EffectState::Unknown;
        self.epoch += 1;
        self.version += 1;
        self.post = None;
        self.held = true;
        self.open = true;
        self.found_by_look = false;
        self.due = Some(now + TimeDelta::seconds(2));
        self.lease = None;
        self.last = None;
    }

    pub(super) fn leased(&mut self, holder: InstanceId, now: DateTime<Utc>) {
        self.epoch += 1;
        self.lease = Some((holder, now + WINDOW.lease));
    }

    fn begin(&mut self, holder: InstanceId, now: DateTime<Utc>) {
        let settled_from = now + WINDOW.send + WINDOW.settle;
        self.refused_for_good &= self.open;
        self.attempts += 1;
        self.absent_looks = 0;
        self.needs_human = false;
        self.settled_from = Some(settled_from);
        self.due = Some(settled_from);
        self.lease = Some((holder, settled_from + WINDOW.lease));
    }

    /// Nothing is open any more.
    fn close(&mut self) {
        self.open = false;
        self.absent_looks = 0;
        self.needs_human = false;
        self.due = None;
    }

    pub(super) fn expected(&self) -> Seen {
        Seen {
            id: self.id,
            state: self.state,
            epoch_version_attempts: (self.epoch, self.version, self.attempts),
            held_open_human: (self.held, self.open, self.needs_human),
            post: self.post.map(external_id),
            found_by_look: self.found_by_look,
            incidents: self.incidents.min(INCIDENTS),
            due: self.due,
            settled_from: self.settled_from,
            absent_looks: self.absent_looks,
            lease: self.lease,
        }
    }

    /// The same of a record.
    pub(super) fn seen(record: &EffectRecord) -> Seen {
        let progress = &record.progress;
        Seen {
            id: record.id,
            state: progress.state,
            epoch_version_attempts: (progress.epoch, progress.version, progress.attempts),
            held_open_human: (progress.held, progress.unsettled_since.is_some(), progress.needs_human),
            post: progress.post.as_ref().map(|post| post.id.clone()),
            found_by_look: progress.found_by == FoundBy::Look,
            incidents: progress.incidents.len(),
            due: progress.due_at,
            settled_from: progress.settled_from,
            absent_looks: progress.absent_looks,
            lease: progress.lease.map(|lease| (lease.holder, lease.until)),
        }
    }
}
