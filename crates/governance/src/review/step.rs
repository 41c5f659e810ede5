//! What a queue writes for a new review and for a step of one: pure, the same in every store.

use chimera_audit::Draft;
use chimera_contracts::{ErrorCode, ReviewId};
use chrono::{DateTime, TimeDelta, Utc};

use super::state::{ReviewEvent, ReviewState, transition};
use super::{Edit, NewReview, Review, ReviewClaim, evidence};
use crate::decision::{Approver, ApproverRole, Decision, Verdict};
use crate::principal::Principal;

/// What happens to a review, with what it takes.
#[expect(clippy::large_enum_variant, reason = "a move is made once and handed on; no list of them is kept")]
#[derive(Clone, Debug, PartialEq)]
pub enum ReviewMove {
    /// A reviewer takes it for so long.
    Claim {
        /// Who.
        reviewer: Approver,
        /// For how long, by the queue's clock.
        lease: TimeDelta,
    },
    /// The holder puts it back.
    Release {
        /// The holder.
        reviewer: Approver,
    },
    /// The holder hands it to someone with more authority: it waits again, before all others.
    Escalate {
        /// The holder.
        reviewer: Approver,
    },
    /// The holder puts it off.
    Defer {
        /// The holder.
        reviewer: Approver,
        /// Until when.
        until: DateTime<Utc>,
    },
    /// The holder decides: approve, approve with edit, reject.
    Decide {
        /// The decision; its approver is the holder. With an approval it lists the subject, edited where there is an edit.
        decision: Decision,
        /// What was changed; with `approve_with_edit` and with nothing else.
        edit: Option<Edit>,
    },
    /// Its time is over.
    Expire,
    /// Its requester cancels it.
    Cancel,
    /// What was approved stands in the journal.
    Execute,
}

/// Why a step may not be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReviewDenial {
    /// Another reviewer holds it.
    #[error("`{}` looks at it until {until}", .holder.id)]
    Held {
        /// Who holds it.
        holder: Approver,
        /// Until when.
        until: DateTime<Utc>,
    },
    /// The caller does not hold it (any more): claim it first.
    #[error("it has to be claimed first")]
    NotHeld,
    /// The caller has no name.
    #[error("the reviewer has to be named")]
    Unnamed,
    /// The caller asked for the review.
    #[error("nobody decides about their own request")]
    OwnRequest,
    /// Its time is over.
    #[error("the review has expired")]
    Expired,
    /// Its time is not over yet.
    #[error("the review has not expired")]
    NotExpired,
    /// The state does not allow it.
    #[error("the review is {} already", .0.as_str())]
    Settled(ReviewState),
    /// The journal has it already: what is left is to note that.
    #[error("what was asked for stands in the journal already")]
    Admitted,
    /// The decision does not fit the review.
    #[error("the step does not fit the review: {0}")]
    Unfit(&'static str),
}

impl ReviewDenial {
    /// The code on the wire.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::OwnRequest => ErrorCode::ApprovalSelf,
            Self::Expired => ErrorCode::ReviewExpired,
            Self::Settled(ReviewState::Rejected) => ErrorCode::ReviewRejected,
            Self::Unnamed
            | Self::Held { .. }
            | Self::NotHeld
            | Self::NotExpired
            | Self::Settled(_)
            | Self::Admitted => ErrorCode::AuthzFailure,
            Self::Unfit(_) => ErrorCode::ApprovalContentMismatch,
        }
    }
}

/// A review to be written, and the evidence that goes with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    /// The review.
    pub review: Review,
    /// What the ledger is told, in the same step.
    pub evidence: Vec<Draft>,
}

/// What a queue writes for a new review.
#[must_use]
pub fn enqueue(new: NewReview, now: DateTime<Utc>) -> Changed {
    let state = if new.refused { ReviewState::Refused } else { ReviewState::Waiting };
    let review = Review {
        v: 1,
        id: new.id,
        namespace: new.namespace,
        skill: new.skill,
        request: new.request,
        correlation: new.correlation,
        campaign: new.campaign,
        artifact: new.artifact,
        subject: new.subject,
        document: new.document,
        requested_by: new.requested_by,
        agent: new.agent,
        reasons: new.reasons,
        confidence: new.confidence,
        priority: new.priority.min(9),
        created_at: now,
        expires_at: now.checked_add_signed(new.within).unwrap_or(now),
        state,
        version: 0,
        claim: None,
        deferred_until: None,
        decision: None,
        edit: None,
        changed_at: now,
    };
    let evidence = vec![evidence::queued(&review)];
    Changed { review, evidence }
}

impl NewReview {
    /// Whether a stored review with this id is about the same thing.
    #[must_use]
    pub fn same_as(&self, stored: &Review) -> bool {
        let Review { id, namespace, artifact, subject, document, agent, .. } = stored;
        self.id == *id
            && self.namespace == *namespace
            && self.artifact == *artifact
            && self.subject == *subject
            && self.document == *document
            && self.agent == *agent
    }
}

/// What a queue writes for a step at `now`. `admitted`: the journal has the review's request, so that nothing can be decided
/// or cancelled any more.
///
/// # Errors
/// When the step may not be.
pub fn step(
    review: &Review,
    to: &ReviewMove,
    admitted: bool,
    now: DateTime<Utc>,
) -> Result<Changed, ReviewDenial> {
    let event = to.event();
    let state = transition(review.state, event).map_err(|illegal| match illegal.state {
        ReviewState::Waiting | ReviewState::Deferred => ReviewDenial::NotHeld,
        state => ReviewDenial::Settled(state),
    })?;
    if admitted && event != ReviewEvent::Execute {
        return Err(ReviewDenial::Admitted);
    }
    check_time(review, event, now)?;
    check_holder(review, to, now)?;
    let mut next = Review {
        state,
        version: review.version.saturating_add(1),
        claim: None,
        deferred_until: None,
        changed_at: now,
        ..review.clone()
    };
    match to {
        ReviewMove::Claim { reviewer, lease } => {
            let until =
                now.checked_add_signed(*lease).map_or(review.expires_at, |end| end.min(review.expires_at));
            check_ahead(until, now)?;
            next.claim = Some(ReviewClaim { reviewer: reviewer.clone(), until });
        }
        ReviewMove::Escalate { .. } => next.priority = 9,
        ReviewMove::Defer { until, .. } => {
            check_ahead(*until, now)?;
            next.deferred_until = Some((*until).min(review.expires_at));
        }
        ReviewMove::Decide { decision, edit } => {
            check_decision(review, decision, edit.as_ref(), now)?;
            next.decision = Some(decision.clone());
            next.edit.clone_from(edit);
        }
        ReviewMove::Release { .. } | ReviewMove::Expire | ReviewMove::Cancel | ReviewMove::Execute => {}
    }
    let evidence = evidence::moved(&next, to);
    Ok(Changed { review: next, evidence })
}

impl ReviewMove {
    /// The event of the state machine.
    #[must_use]
    pub const fn event(&self) -> ReviewEvent {
        match self {
            Self::Claim { .. } => ReviewEvent::Claim,
            Self::Release { .. } | Self::Escalate { .. } => ReviewEvent::Release,
            Self::Defer { .. } => ReviewEvent::Defer,
            Self::Decide { decision, .. } if decision.verdict.permits() => ReviewEvent::Approve,
            Self::Decide { .. } => ReviewEvent::Reject,
            Self::Expire => ReviewEvent::Expire,
            Self::Cancel => ReviewEvent::Cancel,
            Self::Execute => ReviewEvent::Execute,
        }
    }

    /// The reviewer who takes the step.
    #[must_use]
    pub const fn reviewer(&self) -> Option<&Approver> {
        match self {
            Self::Claim { reviewer, .. }
            | Self::Release { reviewer }
            | Self::Escalate { reviewer }
            | Self::Defer { reviewer, .. } => Some(reviewer),
            Self::Decide { decision, .. } => Some(&decision.approver),
            Self::Expire | Self::Cancel | Self::Execute => None,
        }
    }
}

fn check_ahead(until: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), ReviewDenial> {
    if until > now { Ok(()) } else { Err(ReviewDenial::Unfit("it would be over before it begins")) }
}

fn check_time(review: &Review, event: ReviewEvent, now: DateTime<Utc>) -> Result<(), ReviewDenial> {
    let expired = review.runs_out_at().is_some_and(|end| end <= now);
    match event {
        ReviewEvent::Expire if !expired => Err(ReviewDenial::NotExpired),
        // Whether an approval still holds when it is handed over is the gate's to check.
        ReviewEvent::Expire | ReviewEvent::Execute => Ok(()),
        _ if expired => Err(ReviewDenial::Expired),
        _ => Ok(()),
    }
}

fn check_holder(review: &Review, to: &ReviewMove, now: DateTime<Utc>) -> Result<(), ReviewDenial> {
    let Some(reviewer) = to.reviewer() else { return Ok(()) };
    let who = Principal::of(&reviewer.id);
    if who.is_nobody() {
        return Err(ReviewDenial::Unnamed);
    }
    if who == Principal::of(&review.requested_by) {
        return Err(ReviewDenial::OwnRequest);
    }
    let holds = |claim: &ReviewClaim| {
        claim.reviewer.role == reviewer.role && Principal::of(&claim.reviewer.id) == who
    };
    let held = review.claim.as_ref().filter(|claim| claim.until > now);
    match (held, to) {
        (Some(claim), _) if !holds(claim) => {
            Err(ReviewDenial::Held { holder: claim.reviewer.clone(), until: claim.until })
        }
        (None, ReviewMove::Claim { .. }) | (Some(_), _) => Ok(()),
        (None, _) => Err(ReviewDenial::NotHeld),
    }
}

fn check_decision(
    review: &Review,
    decision: &Decision,
    edit: Option<&Edit>,
    now: DateTime<Utc>,
) -> Result<(), ReviewDenial> {
    let subject = edit.map_or(review.subject, |edit| edit.subject);
    let edited = decision.verdict == Verdict::ApproveWithEdit;
    let fits = [
        (decision.namespace == review.namespace, "it is about another namespace"),
        (decision.artifact == review.artifact, "it is about another artifact"),
        (edit.is_some() == edited, "an edit goes with `approve_with_edit`, and only with it"),
        (decision.effects.contains(&subject), "it does not list what would become public"),
        (!matches!(decision.verdict, Verdict::Defer | Verdict::Escalate), "it decides nothing"),
        (
            decision.requested_by.as_deref().map(Principal::of) == Some(Principal::of(&review.requested_by)),
            "it names another requester",
        ),
        (decision.agent == review.agent, "it is for another agent"),
        (decision.id == review.decision_id(), "it has another id than this step's"),
        (decision.decided_at <= now, "it is dated in the future"),
        (decision.revoked_at.is_none(), "it is revoked already"),
        (decision.approver.role != ApproverRole::Policy, "a policy decides about no review"),
        (
            edit.is_none_or(|edit| {
                edit.subject == review.subject || !decision.effects.contains(&review.subject)
            }),
            "it approves the content before the edit too",
        ),
    ];
    fits.into_iter()
        .find_map(|(fits, why)| (!fits).then_some(why))
        .map_or(Ok(()), |why| Err(ReviewDenial::Unfit(why)))
}

impl Review {
    /// The id of a decision about this review as it stands: the same step has the same id.
    #[must_use]
    pub fn decision_id(&self) -> chimera_contracts::DecisionId {
        decision_id(self.id, self.version)
    }
}

fn decision_id(review: ReviewId, version: u64) -> chimera_contracts::DecisionId {
    let parts = [review.as_uuid().as_bytes().as_slice(), &version.to_be_bytes()];
    chimera_contracts::DecisionId::from_uuid(chimera_contracts::derive_uuid(
        "chimera/review-decision/v1",
        &parts,
    ))
}
