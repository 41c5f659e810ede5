//! One review of the model, in the words of the contract.

use std::collections::BTreeSet;

use chimera_governance::Verdict;
use chimera_governance::review::{Review, ReviewState};
use chrono::{DateTime, TimeDelta, Utc};

use super::history::{Act, Say};
use super::{REVIEWERS, WITHIN};

/// What speaks against a step. Several things may; a queue names one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    Held,
    NotHeld,
    OwnRequest,
    Expired,
    NotExpired,
    Settled,
    Unfit,
}

/// A review as the model sees it.
#[derive(Clone, Debug)]
pub(super) struct Modelled {
    pub(super) content: u8,
    pub(super) version: u64,
    requested_by: &'static str,
    state: ReviewState,
    priority: u8,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    changed_at: DateTime<Utc>,
    claim: Option<(&'static str, DateTime<Utc>)>,
    deferred_until: Option<DateTime<Utc>>,
    /// What was said, by whom, and how long it holds.
    decided: Option<(&'static str, Verdict, Option<DateTime<Utc>>)>,
}

/// What is compared of a review.
#[derive(Debug, PartialEq)]
pub(super) struct Seen {
    state: ReviewState,
    version: u64,
    priority: u8,
    times: [DateTime<Utc>; 3],
    claim: Option<(String, DateTime<Utc>)>,
    deferred_until: Option<DateTime<Utc>>,
    decided: Option<(String, Verdict, Option<DateTime<Utc>>)>,
    edited: bool,
}

impl Modelled {
    pub(super) fn queued(
        content: u8,
        requested_by: &'static str,
        priority: u8,
        refused: bool,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            content,
            version: 0,
            requested_by,
            state: if refused { ReviewState::Refused } else { ReviewState::Waiting },
            priority,
            created_at: now,
            expires_at: now + WITHIN,
            changed_at: now,
            claim: None,
            deferred_until: None,
            decided: None,
        }
    }

    /// Whether somebody still has to decide.
    fn open(&self) -> bool {
        matches!(self.state, ReviewState::Waiting | ReviewState::Claimed | ReviewState::Deferred)
    }

    fn over(&self, now: DateTime<Utc>) -> bool {
        self.open() && self.expires_at <= now
    }

    /// Whether the approval that it came to holds no more.
    fn lapsed(&self, now: DateTime<Utc>) -> bool {
        let end = self.decided.and_then(|(_, _, end)| end);
        self.state == ReviewState::Approved && end.is_some_and(|end| end <= now)
    }

    /// Everything that speaks against a step.
    pub(super) fn denials(&self, act: Act, now: DateTime<Utc>) -> BTreeSet<Why> {
        let approved = self.state == ReviewState::Approved;
        let against: &[(Why, bool)] = match act {
            Act::Expire => &[
                (Why::Settled, !self.open() && !approved),
                (Why::NotExpired, !self.over(now) && !self.lapsed(now)),
            ],
            Act::Cancel => &[
                (Why::Settled, !self.open() && !approved),
                (Why::Expired, self.over(now) || self.lapsed(now)),
            ],
            // An open review is held by nobody who could hand it over; a settled one is settled.
            Act::Execute => {
                &[(Why::Settled, !approved), (Why::NotHeld, self.open()), (Why::Expired, self.over(now))]
            }
            // What would be over before it begins does not fit.
            Act::Claim { by, seconds } => return self.denials_to(by, true, seconds == 0, now),
            Act::Defer { by, seconds } => return self.denials_to(by, false, seconds == 0, now),
            Act::Release { by } | Act::Escalate { by } => {
                return self.denials_to(by, false, false, now);
            }
            Act::Decide { by, say, .. } => {
                let unfit = matches!(say, Say::Nothing | Say::Elsewhere);
                return self.denials_to(by, false, unfit, now);
            }
        };
        against.iter().filter(|(_, holds)| *holds).map(|(why, _)| *why).collect()
    }

    /// What speaks against a step of a reviewer: they have to hold the review, but to take it.
    fn denials_to(&self, by: usize, takes: bool, unfit: bool, now: DateTime<Utc>) -> BTreeSet<Why> {
        let by = REVIEWERS[by % REVIEWERS.len()];
        let holder = self.claim.filter(|(_, until)| *until > now).map(|(holder, _)| holder);
        let against = [
            (Why::Settled, !self.open()),
            (Why::Expired, self.over(now)),
            (Why::OwnRequest, self.requested_by == by),
            (Why::Held, holder.is_some_and(|holder| holder != by)),
            (Why::NotHeld, holder.is_none() && !takes),
            (Why::Unfit, unfit),
        ];
        against.into_iter().filter(|(_, holds)| *holds).map(|(why, _)| why).collect()
    }

    /// Takes a step against which nothing speaks.
    pub(super) fn apply(&mut self, act: Act, now: DateTime<Utc>) {
        let person = |by: usize| REVIEWERS[by % REVIEWERS.len()];
        let after = |seconds: u8| now + TimeDelta::seconds(seconds.into());
        self.version += 1;
        self.changed_at = now;
        self.claim = None;
        self.deferred_until = None;
        self.state = match act {
            Act::Claim { by, seconds } => {
                self.claim = Some((person(by), after(seconds).min(self.expires_at)));
                ReviewState::Claimed
            }
            Act::Release { .. } => ReviewState::Waiting,
            Act::Escalate { .. } => {
                self.priority = 9;
                ReviewState::Waiting
            }
            Act::Defer { seconds, .. } => {
                self.deferred_until = Some(after(seconds).min(self.expires_at));
                ReviewState::Deferred
            }
            Act::Decide { by, say, holds } => {
                let (verdict, state) = match say {
                    Say::Edit => (Verdict::ApproveWithEdit, ReviewState::Approved),
                    Say::Reject => (Verdict::Reject, ReviewState::Rejected),
                    _ => (Verdict::Approve, ReviewState::Approved),
                };
                self.decided = Some((person(by), verdict, holds.map(after)));
                state
            }
            Act::Expire => ReviewState::Expired,
            Act::Cancel => ReviewState::Cancelled,
            Act::Execute => ReviewState::Executed,
        };
    }

    /// Whether it can be decided at this time.
    pub(super) fn ready(&self, now: DateTime<Utc>) -> bool {
        self.open() && !self.over(now) && self.deferred_until.is_none_or(|until| until <= now)
    }

    /// Whether somebody has to go on with it.
    pub(super) fn unsettled(&self, now: DateTime<Utc>) -> bool {
        self.state == ReviewState::Approved || self.over(now)
    }

    /// Its place in a listing: priority, highest first, then age.
    pub(super) fn rank(&self) -> (u8, DateTime<Utc>) {
        (9 - self.priority, self.created_at)
    }

    pub(super) fn expected(&self) -> Seen {
        let decided = self.decided.map(|(by, verdict, end)| (by.to_owned(), verdict, end));
        Seen {
            state: self.state,
            version: self.version,
            priority: self.priority,
            times: [self.created_at, self.expires_at, self.changed_at],
            claim: self.claim.map(|(holder, until)| (holder.to_owned(), until)),
            deferred_until: self.deferred_until,
            edited: decided.as_ref().is_some_and(|(_, verdict, _)| *verdict == Verdict::ApproveWithEdit),
            decided,
        }
    }

    /// The same of a stored review.
    pub(super) fn seen(review: &Review) -> Seen {
        let said = review.decision.as_ref();
        Seen {
            state: review.state,
            version: review.version,
            priority: review.priority,
            times: [review.created_at, review.expires_at, review.changed_at],
            claim: review.claim.as_ref().map(|claim| (claim.reviewer.id.clone(), claim.until)),
            deferred_until: review.deferred_until,
            edited: review.edit.is_some(),
            decided: said.map(|said| (said.approver.id.clone(), said.verdict, said.expires_at)),
        }
    }
}
