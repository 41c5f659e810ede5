//! What a step of one effect writes.

use chimera_audit::Draft;
use chimera_contracts::canonical::to_statement;
use chimera_contracts::{Digest, ErrorCode, InstanceId, Money};
use chimera_governance::{Standing, Use, use_of};
use chrono::{DateTime, TimeDelta, Utc};

use super::evidence;
use crate::effect::{EffectKind, EffectV1};
use crate::journal::{Advance, Refused, Step, Window};
use crate::platform::{ExternalPost, Lost, Refusal};
use crate::record::{EffectRecord, Lease, Progress, RequestRecord};
use crate::state::{EffectEvent, EffectState, IllegalTransition, transition};

/// What is stored around the effect that moves.
#[derive(Debug)]
pub struct Context<'a> {
    /// Its request.
    pub request: &'a RequestRecord,
    /// The other effects of the request.
    pub siblings: &'a [EffectRecord],
    /// The decision that allows it; needed for `Begin` alone.
    pub standing: Option<&'a Standing>,
    /// The opener that takes the step.
    pub instance: InstanceId,
    /// The store's clock.
    pub now: DateTime<Utc>,
}

/// What a step does to the campaign's budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetMove {
    /// The hold is spent.
    Settle {
        /// What was held.
        held: Money,
        /// What it cost.
        actual: Money,
    },
    /// The hold is let go.
    Release {
        /// What was held.
        held: Money,
    },
}

/// Everything that a step writes.
#[derive(Debug)]
pub struct Change {
    /// The effect after the step.
    pub record: EffectRecord,
    /// What happens to the budget.
    pub budget: Option<BudgetMove>,
    /// The evidence, in order.
    pub drafts: Vec<Draft>,
}

/// What comes of a step.
#[derive(Debug)]
pub enum Verdict {
    /// Write this.
    Apply(Box<Change>),
    /// It was applied before; write nothing.
    Already,
    /// The caller's view is past; write nothing.
    Fenced,
    /// The approval does not hold any more; write nothing.
    Refused(Refused),
}

/// `time + span`, or the end of time.
pub(super) fn after(time: DateTime<Utc>, span: TimeDelta) -> DateTime<Utc> {
    time.checked_add_signed(span).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Computes a step.
///
/// # Errors
/// When the step cannot follow the state.
pub fn advance(
    record: &EffectRecord,
    advance: &Advance,
    context: &Context<'_>,
) -> Result<Verdict, IllegalTransition> {
    let progress = &record.progress;
    let identity = identity(&advance.step);
    if progress.epoch != advance.epoch {
        return Ok(Verdict::Fenced);
    }
    if progress.version != advance.version {
        let next = progress.version == advance.version.saturating_add(1);
        let repeated = next && progress.last_step == Some(identity);
        return Ok(if repeated { Verdict::Already } else { Verdict::Fenced });
    }
    if let (Step::Begin { .. }, Some(denial)) = (&advance.step, denied(record, context)) {
        return Ok(Verdict::Refused(denial));
    }
    let state = next_state(progress, &advance.step, context.now)?;
    let mut next = stepped(record, state, advance, context);
    next.version = progress.version.saturating_add(1);
    next.changed_at = context.now;
    next.last_step = Some(identity);
    next.lease = leased_on(&next, advance.keep, context);
    let moved = settle(record, &mut next);
    let record = EffectRecord { progress: next, ..record.clone() };
    let drafts = drafts(&record, &advance.step, context);
    Ok(Verdict::Apply(Box::new(Change { record, budget: moved, drafts })))
}

/// What makes two steps the same one. A step without canonical form is like no other, so its repetition is fenced.
fn identity(step: &Step) -> Digest {
    let bytes = to_statement(step).unwrap_or_default();
    Digest::tagged("chimera/step/v1", &bytes)
}

/// The state after a step, by the one transition function.
fn next_state(
    progress: &Progress,
    step: &Step,
    now: DateTime<Utc>,
) -> Result<EffectState, IllegalTransition> {
    let state = progress.state;
    let event = match step {
        Step::Begin { .. } => EffectEvent::Begin,
        Step::Done(_) => EffectEvent::Publish,
        Step::Accepted(_) => EffectEvent::Accept,
        // A refusal while an earlier attempt is unsettled settles nothing: it is as good as a lost answer.
        Step::NotDone(_) if progress.unsettled_since.is_some() => EffectEvent::Lose,
        Step::NotDone(refusal) if refusal.code.retryable() => EffectEvent::Refuse,
        Step::NotDone(_) => EffectEvent::Fail,
        Step::Lost(_) => EffectEvent::Lose,
        Step::Looked { .. } | Step::CannotTell { .. } => EffectEvent::Look,
        Step::AbsentForGood => EffectEvent::Refuse,
        Step::Uploaded(_) | Step::Yield => return Ok(state),
    };
    // Absence is known only after `settled_from`, and only at the second look.
    let settled = progress.settled_from.is_some_and(|from| from <= now) && progress.absent_looks > 0;
    if matches!(step, Step::AbsentForGood) && !(state == EffectState::Unknown && settled) {
        return Err(IllegalTransition { state, event });
    }
    transition(state, event)
}

fn denied(record: &EffectRecord, context: &Context<'_>) -> Option<Refused> {
    let content = record.effect.content();
    let refuse = |denial: chimera_governance::Denial| Refused {
        code: denial.code(),
        platform: Some(content.platform),
        message: denial.as_str().to_owned(),
    };
    let Some(standing) = context.standing.filter(|standing| standing.decision.id == record.decision) else {
        return Some(refuse(chimera_governance::Denial::Unknown));
    };
    if let Some(refused) = outside_window(content, context.now) {
        return Some(refused);
    }
    let digest = record.effect.digest();
    match use_of(&standing.decision, &content.namespace, &digest, record.id, standing.used_by, context.now) {
        Use::Granted | Use::Already => None,
        Use::Refused(denial) => Some(refuse(denial)),
    }
}

/// Why an effect may not begin at `now`, where its content says when it may.
pub(super) fn outside_window(content: &EffectV1, now: DateTime<Utc>) -> Option<Refused> {
    let refuse = |message: String| Refused {
        code: ErrorCode::ApprovalExpired,
        platform: Some(content.platform),
        message,
    };
    let early = content.not_before.filter(|from| now < *from);
    let late = content.not_after.filter(|until| *until < now);
    early
        .map(|from| refuse(format!("it was approved for {from} or later")))
        .or_else(|| late.map(|until| refuse(format!("it was approved for {until} or earlier"))))
}

/// The progress of an attempt that begins now.
pub(super) fn begun(
    progress: Progress,
    state: EffectState,
    window: Window,
    instance: InstanceId,
    now: DateTime<Utc>,
) -> Progress {
    let send_before = after(now, window.send);
    // While an earlier attempt is open its own margin stands, whatever the profile or the clock say by now.
    let open = progress.unsettled_since.and(progress.settled_from);
    let settled_from = after(send_before, window.settle).max(open.unwrap_or(DateTime::<Utc>::MIN_UTC));
    Progress {
        state,
        attempts: progress.attempts.saturating_add(1),
        began_at: Some(now),
        send_before: Some(send_before),
        settled_from: Some(settled_from),
        absent_looks: 0,
        needs_human: false,
        due_at: Some(settled_from),
        lease: Some(Lease { holder: instance, until: after(settled_from, window.lease) }),
        ..progress
    }
}

fn stepped(record: &EffectRecord, state: EffectState, advance: &Advance, context: &Context<'_>) -> Progress {
    let now = context.now;
    let progress = Progress { state, ..record.progress.clone() };
    match &advance.step {
        Step::Begin { window, uploads } => {
            let begun = begun(progress, state, *window, context.instance, now);
            Progress { uploads: uploads.clone(), ..begun }
        }
        Step::Uploaded(uploads) => Progress { uploads: uploads.clone(), ..progress },
        Step::Done(evidence) => {
            let post = ExternalPost {
                published_at: evidence.post.published_at.filter(|at| plausible(*at, now)).or(Some(now)),
                ..evidence.post.clone()
            };
            // The answer about a post is its id and its URL; that about a like is what the platform said.
            let said = evidence.said.clone().filter(|_| record.kind() != EffectKind::Publish);
            settled(Progress { post: Some(post), refusal: None, pending_id: None, said, ..progress })
        }
        Step::Accepted(pending) => {
            settled(Progress { pending_id: Some(pending.pending_id.clone()), refusal: None, ..progress })
        }
        Step::NotDone(refusal) if progress.unsettled_since.is_some() => {
            Progress { resend_refused: true, refusal: Some(refusal.clone()), ..lost(progress) }
        }
        Step::NotDone(refusal) => settled(Progress { refusal: Some(refusal.clone()), ..progress }),
        Step::Lost(_) => lost(progress),
        Step::Looked { absent, look_again } => {
            let counts = *absent && progress.settled_from.is_none_or(|from| from <= now);
            let absent_looks = progress.absent_looks.saturating_add(u32::from(counts));
            Progress { absent_looks, due_at: Some(*look_again), ..progress }
        }
        Step::AbsentForGood => {
            let message = "the answer was lost, and two looks show that nothing was posted".to_owned();
            let refusal = Refusal { code: ErrorCode::Timeout, message, retry_at: None, said: None };
            settled(Progress { refusal: Some(refusal), ..progress })
        }
        Step::CannotTell { .. } => Progress { needs_human: true, due_at: None, ..progress },
        Step::Yield => progress,
    }
}

/// Whether a platform's time can be a time at which it published: one in another unit, or none at all, is not repeated.
fn plausible(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    at > DateTime::UNIX_EPOCH && at <= after(now, TimeDelta::days(1))
}

/// Nothing is open about the effect any more, and nothing is due by itself.
fn settled(progress: Progress) -> Progress {
    Progress {
        unsettled_since: None,
        resend_refused: false,
        absent_looks: 0,
        needs_human: false,
        due_at: None,
        ..progress
    }
}

fn lost(progress: Progress) -> Progress {
    Progress {
        unsettled_since: progress.unsettled_since.or(progress.began_at),
        due_at: progress.settled_from,
        ..progress
    }
}

fn leased_on(next: &Progress, keep: Option<TimeDelta>, context: &Context<'_>) -> Option<Lease> {
    if next.state == EffectState::Attempting {
        return next.lease;
    }
    let from = next.due_at.map_or(context.now, |due| due.max(context.now));
    keep.map(|span| Lease { holder: context.instance, until: after(from, span) })
}

/// Spends or lets go of the hold where the effect came to an end.
fn settle(record: &EffectRecord, next: &mut Progress) -> Option<BudgetMove> {
    let held = record.price;
    let ended = match next.state {
        EffectState::Published if next.held => {
            next.spent = Some(held);
            BudgetMove::Settle { held, actual: held }
        }
        EffectState::Failed | EffectState::Cancelled if next.held => BudgetMove::Release { held },
        _ => return None,
    };
    next.held = false;
    (held.micros > 0).then_some(ended)
}

fn drafts(record: &EffectRecord, step: &Step, context: &Context<'_>) -> Vec<Draft> {
    let request = context.request;
    let mut drafts = match step {
        Step::Begin { .. } => vec![evidence::attempt(request, record)],
        Step::Done(done) => vec![evidence::success(request, record, &done.said)],
        Step::Accepted(pending) => vec![evidence::processing(request, record, &pending.said)],
        Step::NotDone(refusal) if record.progress.state == EffectState::Unknown => {
            let reason = "sending the same key again was refused; the earlier attempt is still open";
            vec![evidence::unknown(request, record, reason, &refusal.said)]
        }
        Step::NotDone(refusal) => vec![evidence::failure(request, record, &refusal.said)],
        Step::AbsentForGood => vec![evidence::failure(request, record, &None)],
        Step::Lost(Lost { reason, said }) => vec![evidence::unknown(request, record, reason, said)],
        Step::CannotTell { reason } => vec![evidence::unknown(request, record, reason, &None)],
        // A look that settles nothing changes nothing that anybody was told.
        Step::Looked { .. } | Step::Uploaded(_) | Step::Yield => return Vec::new(),
    };
    let all: Vec<&EffectRecord> = context.siblings.iter().chain([record]).collect();
    if all.iter().all(|effect| effect.progress.state.at_rest()) {
        drafts.push(evidence::complete(request, &all, context.now));
    }
    drafts
}
