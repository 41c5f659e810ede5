//! What a step of one effect writes.

use std::borrow::Cow;

use chimera_audit::Draft;
use chimera_contracts::canonical::to_statement;
use chimera_contracts::{Digest, ErrorCode, InstanceId, Money};
use chimera_governance::{Standing, Use, use_of};
use chrono::{DateTime, TimeDelta, Utc};

use super::{begin, evidence, hand, late};
use crate::effect::EffectKind;
use crate::journal::{Advance, HandVerdict, Refused, Step};
use crate::look::LookReport;
use crate::outcome::{Candidate, Evidence, ExternalPost, FoundBy, Outcome, Refusal, UnknownOutcome};
use crate::record::{EffectRecord, LatestLook, Lease, Progress, RequestRecord};
use crate::state::{EffectEvent, EffectState, IllegalTransition, transition};

/// How many candidates of one effect are kept; each is one answer that named a post and settled nothing.
const CANDIDATES: usize = 8;

/// How soon what was disowned is looked for again.
const SOON: TimeDelta = TimeDelta::seconds(2);

/// What is stored around the effect that moves.
#[derive(Debug)]
pub struct Context<'a> {
    /// Its request.
    pub request: &'a RequestRecord,
    /// The other effects of the request.
    pub siblings: &'a [EffectRecord],
    /// The decision that allows it; needed for `Begin` and `SettledByHand`.
    pub standing: Option<&'a Standing>,
    /// Effects of its account that are being attempted or unknown; needed for `Begin`.
    pub open: &'a [EffectRecord],
    /// The effect that owns the post of [`claimed_post`], where there is one.
    pub owner: Option<Owner<'a>>,
    /// The opener that takes the step.
    pub instance: InstanceId,
    /// The store's clock.
    pub now: DateTime<Utc>,
}

/// An effect that owns a post, and what is stored around it.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// The effect.
    pub record: &'a EffectRecord,
    /// Its request.
    pub request: &'a RequestRecord,
    /// The other effects of its request.
    pub siblings: &'a [EffectRecord],
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
    /// What was spent is held again: it is not known any more to have happened.
    Recommit {
        /// What was spent and is held now.
        amount: Money,
    },
    /// It is spent without a hold: it happened after the hold had been let go. May pass the limit.
    Charge {
        /// What it cost.
        actual: Money,
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
    /// What happens to the effect that a look had given the post to; its budget is that of its own request. It is written
    /// first, so that the post is free.
    pub disowned: Option<Box<Change>>,
}

/// What comes of a step.
#[derive(Debug)]
pub enum Verdict {
    /// Write this.
    Apply(Box<Change>),
    /// It was applied before, or says nothing new; write nothing.
    Already,
    /// The caller's view is past; write nothing.
    Fenced,
    /// The approval does not hold any more, or the person may not; write nothing.
    Refused(Refused),
    /// The post belongs to another effect; write nothing.
    Taken {
        /// The platform's id of that post.
        external_id: String,
    },
}

/// `time + span`, or the end of time.
pub(super) fn after(time: DateTime<Utc>, span: TimeDelta) -> DateTime<Utc> {
    time.checked_add_signed(span).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// The post of which a step says that it is the effect's: a journal gives the step the effect that owns it.
#[must_use]
pub fn claimed_post(step: &Step) -> Option<&str> {
    match step {
        Step::Done { evidence, .. } | Step::Observed { outcome: Outcome::Done(evidence), .. } => {
            Some(&evidence.post.id)
        }
        Step::SettledByHand(hand) => match &hand.verdict {
            HandVerdict::There { id, .. } => id.as_deref(),
            HandVerdict::NotThere | HandVerdict::StillUnknown => None,
        },
        _ => None,
    }
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
    if let Some(refused) = refused(record, &advance.step, context) {
        return Ok(Verdict::Refused(refused));
    }
    let Some(Moved { mut next, drafts }) = moved(record, advance, context)? else {
        return Ok(Verdict::Already);
    };
    let disowned = match taken(record, &advance.step, context) {
        Ok(disowned) => disowned,
        Err(external_id) => return Ok(Verdict::Taken { external_id }),
    };
    let siblings = siblings(context, disowned.as_deref());
    next.version = progress.version.saturating_add(1);
    next.changed_at = context.now;
    next.last_step = Some(identity);
    let budget = settle(record, &mut next);
    let record = EffectRecord { progress: next, ..record.clone() };
    let drafts = drafts.into_iter().map(|event| event.draft(context.request, &record)).collect();
    let drafts = with_complete(drafts, &record, context.request, &siblings, context.now);
    Ok(Verdict::Apply(Box::new(Change { record, budget, drafts, disowned })))
}

/// What makes two steps the same one. A step without canonical form is like no other, so its repetition is fenced.
fn identity(step: &Step) -> Digest {
    let bytes = to_statement(step).unwrap_or_default();
    Digest::tagged("chimera/step/v1", &bytes)
}

/// Where a step leads, before its version and budget.
struct Moved {
    next: Progress,
    drafts: Vec<Told>,
}

/// An event of the ledger that the step leaves; made when the record is whole.
enum Told {
    Attempt,
    Success(Option<String>),
    Failure(Option<String>),
    Unknown(String, Option<String>),
    Processing(Option<String>),
    Observed(String),
    Incident,
    ByHand(crate::journal::HandSettlement),
}

impl Told {
    fn draft(self, request: &RequestRecord, record: &EffectRecord) -> Draft {
        match self {
            Self::Attempt => evidence::attempt(request, record),
            Self::Success(said) => evidence::success(request, record, &said),
            Self::Failure(said) => evidence::failure(request, record, &said),
            Self::Unknown(reason, said) => evidence::unknown(request, record, &reason, &said),
            Self::Processing(said) => evidence::processing(request, record, &said),
            Self::Observed(what) => evidence::observed(request, record, &what),
            Self::Incident => evidence::incident(request, record),
            Self::ByHand(hand) => evidence::by_hand(request, record, &hand),
        }
    }
}

fn moved(
    record: &EffectRecord,
    advance: &Advance,
    context: &Context<'_>,
) -> Result<Option<Moved>, IllegalTransition> {
    match &advance.step {
        Step::Observed { attempt, outcome } => observed(record, *attempt, outcome, context),
        step => {
            if let (Step::Begin { .. }, Some(other)) = (step, begin::waits_for(record, context.open)) {
                return Ok(Some(waiting(record, other, context)));
            }
            let state = next_state(&record.progress, step, context.now)?;
            let mut next = stepped(record, state, step, context);
            next.lease = leased_on(&record.progress, &next, advance, context);
            Ok(Some(Moved { drafts: drafts(&record.progress, &next, step), next }))
        }
    }
}

/// It does not begin while an effect that would show the same is open: of two posts alike no look could tell whose it sees.
fn waiting(record: &EffectRecord, other: &EffectRecord, context: &Context<'_>) -> Moved {
    let progress = &record.progress;
    // What was refused waits for its caller (PUB-10); the rest asks again by itself.
    let by_itself = matches!(progress.state, EffectState::Admitted | EffectState::Scheduled);
    let due_at = if by_itself { Some(after(context.now, begin::ASK_AGAIN)) } else { progress.due_at };
    let needs_human = other.progress.needs_human;
    let next = Progress { waits_for: Some(other.id), needs_human, due_at, lease: None, ..progress.clone() };
    Moved { next, drafts: Vec::new() }
}

/// An answer that came when its outcome had been told already.
fn observed(
    record: &EffectRecord,
    attempt: u32,
    outcome: &Outcome,
    context: &Context<'_>,
) -> Result<Option<Moved>, IllegalTransition> {
    let progress = &record.progress;
    let what = late::amounts_to(progress, attempt, outcome);
    tracing::debug!(effect = %record.id, attempt, ?what, "an answer came late");
    Ok(match what {
        late::Late::Known => None,
        late::Late::As(step) => {
            // The latest attempt is the only open one, and this is its own answer.
            let before = Progress { unsettled_since: None, ..progress.clone() };
            let before = if late::is_only_open(progress, attempt) { before } else { progress.clone() };
            let state = next_state(&before, &step, context.now)?;
            let mut next =
                stepped(&EffectRecord { progress: before.clone(), ..record.clone() }, state, &step, context);
            next.lease = progress.lease.filter(|_| !state.at_rest() || state == EffectState::Unknown);
            next.due_at = next.due_at.map(|due| due.min(context.now));
            Some(Moved { drafts: drafts(&before, &next, &step), next })
        }
        late::Late::Note(unknown) => {
            let next =
                Progress { candidates: candidates(progress, unknown.candidate.as_ref()), ..progress.clone() };
            Some(Moved { next, drafts: vec![Told::Observed(unknown.reason)] })
        }
        late::Late::Named(evidence) => Some(Moved {
            next: late::named(progress, &evidence),
            drafts: vec![Told::Observed("its answer names the post that a person saw".to_owned())],
        }),
        late::Late::Second(evidence) => Some(Moved {
            next: late::second_post(progress, attempt, &evidence, context.now),
            drafts: vec![Told::Incident],
        }),
        late::Late::Surfaced(evidence) => {
            transition(progress.state, EffectEvent::Surface)?;
            let said = evidence.said.clone();
            let next = late::surfaced(record.kind(), progress, attempt, &evidence, context.now);
            Some(Moved { next, drafts: vec![Told::Success(said), Told::Incident] })
        }
    })
}

/// Why a step may not be taken at all.
fn refused(record: &EffectRecord, step: &Step, context: &Context<'_>) -> Option<Refused> {
    match step {
        Step::Begin { .. } => denied(record, context),
        Step::SettledByHand(hand) => hand::refused(record, hand, context),
        _ => None,
    }
}

/// What happens to the effect that owns the claimed post. A direct answer beats a look; nothing else takes a post away.
///
/// # Errors
/// With the post's id, where it stays with its owner.
fn taken(record: &EffectRecord, step: &Step, context: &Context<'_>) -> Result<Option<Box<Change>>, String> {
    let (Some(claimed), Some(owner)) = (claimed_post(step), context.owner) else { return Ok(None) };
    let direct = matches!(step, Step::Done { found_by: FoundBy::Answer, .. } | Step::Observed { .. });
    let found_by_look = owner.record.progress.found_by == FoundBy::Look;
    if !(direct && found_by_look) {
        return Err(claimed.to_owned());
    }
    let of_one_request = owner.record.request == record.request;
    let change = disown(&owner, of_one_request, context.now).ok_or_else(|| claimed.to_owned())?;
    Ok(Some(Box::new(change)))
}

/// The other effects of the request as they are after the step: one of them may have lost its post by it.
fn siblings<'a>(context: &Context<'a>, disowned: Option<&Change>) -> Cow<'a, [EffectRecord]> {
    let lost = disowned.map(|change| &change.record);
    let Some(lost) = lost.filter(|lost| context.siblings.iter().any(|sibling| sibling.id == lost.id)) else {
        return Cow::Borrowed(context.siblings);
    };
    let after = |sibling: &EffectRecord| if sibling.id == lost.id { lost.clone() } else { sibling.clone() };
    context.siblings.iter().map(after).collect()
}

/// The effect that a look had given the post to: unknown again, its spend held again, with a correction in the ledger. Where
/// both effects are of one request the end of its invocation is told once, by the step that takes the post.
fn disown(owner: &Owner<'_>, of_one_request: bool, now: DateTime<Utc>) -> Option<Change> {
    let progress = &owner.record.progress;
    let state = transition(progress.state, EffectEvent::Disown).ok()?;
    let amount = progress.spent;
    let next = Progress {
        state,
        // Nobody works on what is public; should a stale holder come by, it is fenced.
        epoch: progress.epoch.saturating_add(1),
        version: progress.version.saturating_add(1),
        unsettled_since: progress.unsettled_since.or(progress.began_at),
        absent_looks: 0,
        looks: 0,
        due_at: Some(after(now, SOON)),
        lease: None,
        spent: None,
        held: true,
        changed_at: now,
        last_step: None,
        said: None,
        found_by: FoundBy::Answer,
        open_reason: Some(
            "a look had taken another effect's post for it; that effect's own answer names the post"
                .to_owned(),
        ),
        ..progress.clone()
    };
    let drafts = vec![evidence::corrected(owner.request, owner.record, &next)];
    let next = Progress { post: None, ..next };
    let record = EffectRecord { progress: next, ..owner.record.clone() };
    let drafts = if of_one_request {
        drafts
    } else {
        with_complete(drafts, &record, owner.request, owner.siblings, now)
    };
    let budget = amount.filter(|amount| amount.micros > 0).map(|amount| BudgetMove::Recommit { amount });
    Some(Change { record, budget, drafts, disowned: None })
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
        Step::Done { .. } => EffectEvent::Publish,
        Step::Accepted(_) => EffectEvent::Accept,
        // A refusal while an earlier attempt is unsettled settles nothing: it is as good as a lost answer.
        Step::NotDone(_) if progress.unsettled_since.is_some() => EffectEvent::Lose,
        Step::NotDone(refusal) => not_done(refusal),
        Step::Unknown(_) => EffectEvent::Lose,
        Step::Looked { .. } => EffectEvent::Look,
        Step::AbsentForGood => not_done(&told_when_absent(progress)),
        Step::SettledByHand(hand) => match hand.verdict {
            HandVerdict::There { .. } => EffectEvent::Publish,
            HandVerdict::NotThere => EffectEvent::Refuse,
            HandVerdict::StillUnknown => EffectEvent::Look,
        },
        // Observations go their own way.
        Step::Uploaded(_) | Step::Yield | Step::Observed { .. } => return Ok(state),
    };
    let unknown = state == EffectState::Unknown;
    let settled = progress.settled_from.is_some_and(|from| from <= now);
    let illegal = match step {
        // Absence is known only after `settled_from`, and only at the second look.
        Step::AbsentForGood => !(unknown && settled && progress.absent_looks > 0),
        Step::SettledByHand(hand) => !unknown || (hand.verdict == HandVerdict::NotThere && !settled),
        _ => false,
    };
    if illegal {
        return Err(IllegalTransition { state, event });
    }
    transition(state, event)
}

fn not_done(refusal: &Refusal) -> EffectEvent {
    if refusal.code.retryable() { EffectEvent::Refuse } else { EffectEvent::Fail }
}

/// What is told of an effect that two looks did not find: the refusal that an answer had left open, else that no answer came.
fn told_when_absent(progress: &Progress) -> Refusal {
    let shown = "two looks show that nothing was posted";
    match &progress.refusal {
        Some(refusal) => Refusal { message: format!("{}; {shown}", refusal.message), ..refusal.clone() },
        None => Refusal {
            code: ErrorCode::Timeout,
            message: format!("the outcome of the call was not known, and {shown}"),
            retry_at: None,
            said: None,
        },
    }
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
    if let Some(refused) = begin::outside_window(content, context.now) {
        return Some(refused);
    }
    let digest = record.effect.digest();
    match use_of(&standing.decision, &content.namespace, &digest, record.id, standing.used_by, context.now) {
        Use::Granted | Use::Already => None,
        Use::Refused(denial) => Some(refuse(denial)),
    }
}

fn stepped(record: &EffectRecord, state: EffectState, step: &Step, context: &Context<'_>) -> Progress {
    let now = context.now;
    let progress = Progress { state, ..record.progress.clone() };
    match step {
        Step::Begin { window, uploads } => {
            let begun = begin::begun(progress, state, *window, context.instance, now);
            Progress { uploads: uploads.clone(), ..begun }
        }
        Step::Uploaded(uploads) => Progress { uploads: uploads.clone(), ..progress },
        Step::Done { evidence, found_by } => published(record.kind(), progress, evidence, *found_by, now),
        Step::Accepted(pending) => {
            settled(Progress { pending_id: Some(pending.pending_id.clone()), refusal: None, ..progress })
        }
        Step::NotDone(refusal) if progress.unsettled_since.is_some() => {
            let reason = format!(
                "sending it again was refused ({}); the earlier attempt is still open",
                refusal.message
            );
            Progress { resend_refused: true, refusal: Some(refusal.clone()), ..lost(progress, reason, now) }
        }
        Step::NotDone(refusal) => settled(Progress { refusal: Some(refusal.clone()), ..progress }),
        Step::Unknown(unknown) => {
            let candidates = candidates(&progress, unknown.candidate.as_ref());
            let refusal = unknown.refusal.clone().or(progress.refusal.clone());
            Progress { candidates, refusal, ..lost(progress, unknown.reason.clone(), now) }
        }
        Step::Looked { absent, report, look_again, person } => {
            let counts = *absent && progress.settled_from.is_none_or(|from| from <= now);
            Progress {
                absent_looks: progress.absent_looks.saturating_add(u32::from(counts)),
                looks: progress.looks.saturating_add(1),
                latest_look: Some(LatestLook { at: now, report: bounded(report) }),
                // Once it waits for a person it does so until it is settled or attempted again.
                needs_human: progress.needs_human || *person,
                due_at: *look_again,
                ..progress
            }
        }
        Step::AbsentForGood => {
            let refusal = told_when_absent(&progress);
            settled(Progress { refusal: Some(refusal), ..progress })
        }
        Step::SettledByHand(hand) => hand::settled(record, progress, hand, now),
        Step::Yield | Step::Observed { .. } => progress,
    }
}

/// The progress of an effect that is public.
pub(super) fn published(
    kind: EffectKind,
    progress: Progress,
    evidence: &Evidence,
    found_by: FoundBy,
    now: DateTime<Utc>,
) -> Progress {
    let post = ExternalPost {
        published_at: evidence.post.published_at.filter(|at| plausible(*at, now)).or(Some(now)),
        ..evidence.post.clone()
    };
    // The answer about a post is its id and its URL; that about a like is what the platform said.
    let said = evidence.said.clone().filter(|_| kind != EffectKind::Publish);
    let since = progress.unsettled_since.or(progress.began_at);
    let progress =
        settled(Progress { post: Some(post), refusal: None, pending_id: None, said, found_by, ..progress });
    // What a look found may become unknown again, from the same moment on.
    let unsettled_since = since.filter(|_| found_by == FoundBy::Look);
    Progress { unsettled_since, ..progress }
}

/// Whether a platform's time can be a time at which it published: one in another unit, or none at all, is not repeated.
fn plausible(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    at > DateTime::UNIX_EPOCH && at <= after(now, TimeDelta::days(1))
}

/// Nothing is open about the effect any more, and nothing is due by itself.
pub(super) fn settled(progress: Progress) -> Progress {
    Progress {
        unsettled_since: None,
        resend_refused: false,
        absent_looks: 0,
        needs_human: false,
        due_at: None,
        open_reason: None,
        candidates: Vec::new(),
        looks: 0,
        latest_look: None,
        waits_for: None,
        ..progress
    }
}

fn lost(progress: Progress, reason: String, now: DateTime<Utc>) -> Progress {
    Progress {
        unsettled_since: progress.unsettled_since.or(progress.began_at),
        // Nothing is looked for before the platform has settled, a candidate neither: that it is not shown means nothing then.
        due_at: Some(progress.settled_from.unwrap_or(now)),
        open_reason: Some(reason),
        ..progress
    }
}

/// The candidates with one more, the latest last.
fn candidates(progress: &Progress, new: Option<&Candidate>) -> Vec<Candidate> {
    let mut kept = progress.candidates.clone();
    if let Some(new) = new.filter(|new| kept.iter().all(|known| known.id != new.id)) {
        kept.push(new.clone());
        let surplus = kept.len().saturating_sub(CANDIDATES);
        kept.drain(..surplus);
    }
    kept
}

/// A report comes from a platform's port; what of it is stored is bounded here.
fn bounded(report: &LookReport) -> LookReport {
    let mut report = report.clone();
    report.in_doubt.truncate(crate::look::SHOWN_ITEMS);
    report
}

fn leased_on(before: &Progress, next: &Progress, advance: &Advance, context: &Context<'_>) -> Option<Lease> {
    if next.state == EffectState::Attempting {
        return next.lease;
    }
    // A person takes no lease, and ends none unless the effect is settled.
    if matches!(advance.step, Step::SettledByHand(_)) {
        return before.lease.filter(|_| next.state == EffectState::Unknown);
    }
    let from = next.due_at.map_or(context.now, |due| due.max(context.now));
    advance.keep.map(|span| Lease { holder: context.instance, until: after(from, span) })
}

/// Spends or lets go of the hold where the effect came to an end.
fn settle(record: &EffectRecord, next: &mut Progress) -> Option<BudgetMove> {
    let held = record.price;
    let ended = match next.state {
        EffectState::Published if next.held => {
            next.spent = Some(held);
            BudgetMove::Settle { held, actual: held }
        }
        // It surfaced after its hold was let go.
        EffectState::Published if next.spent.is_none() => {
            next.spent = Some(held);
            BudgetMove::Charge { actual: held }
        }
        EffectState::Failed | EffectState::Cancelled if next.held => BudgetMove::Release { held },
        _ => return None,
    };
    next.held = false;
    (held.micros > 0).then_some(ended)
}

fn drafts(before: &Progress, next: &Progress, step: &Step) -> Vec<Told> {
    let one = match step {
        Step::Begin { .. } => Told::Attempt,
        Step::Done { evidence, .. } => Told::Success(evidence.said.clone()),
        Step::Accepted(pending) => Told::Processing(pending.said.clone()),
        Step::NotDone(refusal) if next.state == EffectState::Unknown => {
            let reason = "sending it again was refused; the earlier attempt is still open";
            Told::Unknown(reason.to_owned(), refusal.said.clone())
        }
        Step::NotDone(refusal) => Told::Failure(refusal.said.clone()),
        Step::AbsentForGood => Told::Failure(None),
        Step::Unknown(UnknownOutcome { reason, said, .. }) => Told::Unknown(reason.clone(), said.clone()),
        // A look that settles nothing is told once, when it ends at a person.
        Step::Looked { report, person: true, .. } if !before.needs_human => {
            Told::Unknown(report.missing.clone().unwrap_or_default(), None)
        }
        Step::SettledByHand(hand) => {
            let told = match hand.verdict {
                HandVerdict::There { .. } => Some(Told::Success(None)),
                HandVerdict::NotThere => Some(Told::Failure(None)),
                HandVerdict::StillUnknown => None,
            };
            return [Told::ByHand(hand.clone())].into_iter().chain(told).collect();
        }
        Step::Looked { .. } | Step::Uploaded(_) | Step::Yield | Step::Observed { .. } => return Vec::new(),
    };
    vec![one]
}

/// The end of the invocation, where the step told something and nobody acts on any effect of the request.
fn with_complete(
    mut drafts: Vec<Draft>,
    record: &EffectRecord,
    request: &RequestRecord,
    siblings: &[EffectRecord],
    now: DateTime<Utc>,
) -> Vec<Draft> {
    let all: Vec<&EffectRecord> = siblings.iter().chain([record]).collect();
    if !drafts.is_empty() && all.iter().all(|effect| effect.progress.state.at_rest()) {
        drafts.push(evidence::complete(request, &all, now));
    }
    drafts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_in_another_unit_is_no_time_of_a_post() {
        let now = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
        let day = TimeDelta::days(1);
        for (at, expected) in [
            (now, true),
            (DateTime::UNIX_EPOCH, false),
            (DateTime::UNIX_EPOCH - day, false),
            (DateTime::UNIX_EPOCH + TimeDelta::seconds(1), true),
            (now + day, true),
            (now + day + TimeDelta::microseconds(1), false),
        ] {
            assert_eq!(plausible(at, now), expected, "{at}");
        }
    }
}
