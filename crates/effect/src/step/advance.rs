//! One step of one effect: whether it may be taken, and what it writes.

use chimera_contracts::{Digest, ErrorCode};
use chimera_governance::{Authority, Denial, Use, use_of};

use super::budget::{overrun, settle, uncovered};
use super::change::{Change, Context, Verdict};
use super::claim::{siblings, taken};
use super::next_state::next_state;
use super::progress::{candidates, leased_on, published, stepped};
use super::told::{Told, drafts, with_complete};
use super::turn::{self, Turn, turn};
use super::undo::{self, Rule, Undo};
use super::{after, begin, hand, late, pause};
use crate::effect::EffectKind;
use crate::journal::{Advance, Refused, Step};
use crate::outcome::{FoundBy, Outcome};
use crate::pause::Pause;
use crate::record::{EffectRecord, Progress};
use crate::state::{EffectEvent, EffectState, IllegalTransition, transition};

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
        let repeated = next && identity.is_some() && progress.last_step == identity;
        return Ok(if repeated { Verdict::Already } else { Verdict::Fenced });
    }
    if let Some(refused) = refused(record, &advance.step, context) {
        return Ok(Verdict::Refused(refused));
    }
    let Some(Moved { mut next, mut drafts }) = moved(record, advance, context)? else {
        return Ok(Verdict::Already);
    };
    let is_done = record.kind() == EffectKind::Undo
        && next.state == EffectState::Published
        && progress.state != EffectState::Published;
    if let (true, Some(what)) = (is_done, undo::strayed(record, context)) {
        let attempt = match advance.step {
            Step::Observed { attempt, .. } => attempt,
            _ => progress.attempts,
        };
        next = late::took_back_another(record, &next, attempt, what, context.now);
        drafts.push(Told::Incident);
    }
    let disowned = match taken(record, &advance.step, context) {
        Ok(disowned) => disowned,
        Err(external_id) => return Ok(Verdict::Taken { external_id }),
    };
    let siblings = siblings(context, disowned.as_deref());
    next.version = progress.version.saturating_add(1);
    next.changed_at = context.now;
    next.last_step = identity;
    let budget = settle(record, &mut next);
    let newly_paid = record.progress.spent.is_none() && next.spent.is_some();
    let overrun = overrun(record, &next).filter(|_| newly_paid);
    let record = EffectRecord { progress: next, ..record.clone() };
    let overrun = overrun.map(|(held, spent)| Told::Overrun { held, spent });
    let drafts = drafts.into_iter().chain(overrun);
    let drafts = drafts.map(|event| event.draft(context.request, &record)).collect();
    let drafts = with_complete(drafts, &record, context.request, &siblings, context.now);
    let released = turn::released(&context.request.plan, &record, &siblings, context.now);
    // Told last: that the post is public no more follows from what the undo came to.
    let undone = context.undone.filter(|_| is_done);
    let taken_back = undone.and_then(|post| undo::taken_back(&record, &post, context.now)).map(Box::new);
    Ok(Verdict::Apply(Box::new(Change { record, budget, drafts, released, disowned, taken_back })))
}

/// What makes two steps the same one: what they say, member by member in the order of their types. A step that cannot be
/// written down is like no other, so its repetition is fenced.
fn identity(step: &Step) -> Option<Digest> {
    let mut bytes = Vec::with_capacity(512);
    serde_json::to_writer(&mut bytes, step).ok()?;
    Some(Digest::tagged("chimera/step/v1", &bytes))
}

/// Where a step leads, before its version and budget.
struct Moved {
    next: Progress,
    drafts: Vec<Told>,
}

fn moved(
    record: &EffectRecord,
    advance: &Advance,
    context: &Context<'_>,
) -> Result<Option<Moved>, IllegalTransition> {
    match &advance.step {
        Step::Observed { attempt, outcome } => observed(record, *attempt, outcome, context),
        step => {
            if matches!(step, Step::Begin { .. } | Step::Prepare)
                && let Some(next) = put_off(record, context)?
            {
                return Ok(Some(Moved { next, drafts: Vec::new() }));
            }
            let state = next_state(record, step, context.now)?;
            let mut next = stepped(record, state, step, context);
            next.lease = leased_on(&record.progress, &next, advance, context);
            Ok(Some(Moved { drafts: drafts(&record.progress, &next, step), next }))
        }
    }
}

/// The progress of an effect that does not begin yet, and what it waits for is recorded; `None` where it begins.
fn put_off(record: &EffectRecord, context: &Context<'_>) -> Result<Option<Progress>, IllegalTransition> {
    let progress = &record.progress;
    let plan = &context.request.plan;
    let stop = pause::stops(record.effect.content(), context.pauses);
    // What is unknown is sent again to find out what became of it: that waits for a switch alone, and is looked for meanwhile.
    if progress.state == EffectState::Unknown {
        let paused = |stop: &Pause| Progress { paused_by: Some(stop.key.clone()), ..progress.clone() };
        return Ok(stop.map(paused));
    }
    // What it waited for before says nothing about what it waits for now.
    let aside =
        Progress { waits_for: None, paused_by: None, needs_human: false, lease: None, ..progress.clone() };
    // First of all: what is due and cannot go on would stand in the way of what can.
    if let Turn::Later { until } = turn(plan, record.position, context.siblings, context.now) {
        // Its turn makes it due: the step by which the one before it comes to rest. What was refused asks again, or its caller.
        let due_at = match progress.state {
            EffectState::NotDone | EffectState::RolledBack => {
                progress.due_at.map(|_| after(context.now, begin::ASK_AGAIN))
            }
            _ => until,
        };
        return Ok(Some(Progress { due_at, ..aside }));
    }
    if let Some(stop) = stop {
        return Ok(Some(pause::paused(record, aside, stop, context.now)));
    }
    if let Some(opens) = turn::too_early(plan, record.effect.content(), context.now) {
        let state = match progress.state {
            EffectState::Admitted => transition(EffectState::Admitted, EffectEvent::Schedule)?,
            state => state,
        };
        // What was taken back is due at no time: its caller asks.
        let due_at = Some(opens).filter(|_| state != EffectState::RolledBack);
        return Ok(Some(Progress { state, due_at, ..aside }));
    }
    if undo::waits_for_a_failure(record, context) {
        let by_itself = progress.state != EffectState::NotDone || progress.due_at.is_some();
        let due_at = by_itself.then(|| after(context.now, begin::ASK_AGAIN));
        return Ok(Some(Progress { due_at, ..aside }));
    }
    Ok(begin::waits_for(record, context.open).map(|other| waiting(record, other, context)))
}

/// It does not begin while an effect that would show the same is open: of two posts alike no look could tell whose it sees.
fn waiting(record: &EffectRecord, other: &EffectRecord, context: &Context<'_>) -> Progress {
    let progress = &record.progress;
    // What was refused or taken back waits for its caller (PUB-10); the rest asks again by itself.
    let waits = matches!(progress.state, EffectState::NotDone | EffectState::RolledBack);
    let by_itself = !waits || progress.due_at.is_some();
    let due_at = if by_itself { Some(after(context.now, begin::ASK_AGAIN)) } else { progress.due_at };
    let needs_human = other.progress.needs_human;
    let waits_for = Some(other.id);
    Progress { waits_for, paused_by: None, needs_human, due_at, lease: None, ..progress.clone() }
}

/// An answer that came when its outcome had been told already.
fn observed(
    record: &EffectRecord,
    attempt: u32,
    outcome: &Outcome,
    context: &Context<'_>,
) -> Result<Option<Moved>, IllegalTransition> {
    let progress = &record.progress;
    let what = late::amounts_to(record.kind(), progress, attempt, outcome);
    tracing::debug!(effect = %record.id, attempt, ?what, "an answer came late");
    Ok(match what {
        late::Late::Known => None,
        late::Late::As(step) => {
            // The latest attempt is the only open one, and this is its own answer.
            let before = Progress { unsettled_since: None, ..progress.clone() };
            let before = if late::is_only_open(progress, attempt) { before } else { progress.clone() };
            let record = EffectRecord { progress: before.clone(), ..record.clone() };
            let state = next_state(&record, &step, context.now)?;
            let mut next = stepped(&record, state, &step, context);
            next.lease = progress.lease.filter(|_| !state.at_rest() || state == EffectState::Unknown);
            // What stays open is looked for at once; what was refused keeps the pause of its plan.
            if state == EffectState::Unknown {
                let soon = next.settled_from.map_or(context.now, |from| from.max(context.now));
                next.due_at = next.due_at.map(|due| due.min(soon));
            }
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
        late::Late::Stray(evidence) => Some(Moved {
            next: late::stray(progress, attempt, &evidence, context.now),
            drafts: vec![Told::Incident],
        }),
        // An undo that had been told as not done: what it took back is told with its post.
        late::Late::Surfaced(evidence) if record.kind() == EffectKind::Undo => {
            let state = transition(progress.state, EffectEvent::Surface)?;
            let before = Progress { state, ..progress.clone() };
            let next = published(EffectKind::Undo, before, &evidence, FoundBy::Answer, context.now);
            Some(Moved { next, drafts: vec![Told::Success(evidence.said)] })
        }
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
        Step::Begin { .. } | Step::Prepare => {
            denied(record, context).or_else(|| uncovered(record, context.balances))
        }
        Step::SettledByHand(hand) => hand::refused_settlement(record, hand, context),
        Step::ClaimsAccepted(accepted) => hand::refused(record, &accepted.principal, context),
        _ => None,
    }
}

fn denied(record: &EffectRecord, context: &Context<'_>) -> Option<Refused> {
    let content = record.effect.content();
    let refuse = |denial: Denial| Refused {
        code: denial.code(),
        platform: Some(content.platform),
        message: denial.as_str().to_owned(),
    };
    let Some(standing) = context.standing.filter(|standing| standing.decision.id == record.decision) else {
        return Some(refuse(Denial::Unknown));
    };
    if record.progress.state == EffectState::RolledBack && record.progress.is_taken_down() {
        return Some(refuse(Denial::TakenDown));
    }
    if let Some(refused) = begin::too_late(content, context.now) {
        return Some(refused);
    }
    if turn(&context.request.plan, record.position, context.siblings, context.now) == Turn::Never {
        let message =
            "another effect of the request failed, and they were to happen all or not at all".to_owned();
        return Some(Refused { code: ErrorCode::Cancelled, platform: Some(content.platform), message });
    }
    if record.kind() == EffectKind::Undo {
        let undo = Undo::of(record, context.request.agent);
        match undo.check(context.undone, context.owners, Some(standing), context.now) {
            Err(refused) => return Some(refused),
            // What is unknown is looked for meanwhile, and not sent again; the rest waits.
            Ok(Rule::NotYet) if record.progress.state == EffectState::Unknown => {
                return Some(undo.none_failed());
            }
            Ok(_) if record.authority == Authority::TakesBack => return None,
            Ok(_) => {}
        }
    }
    let digest = record.effect.digest();
    let (agent, used_by) = (Some(context.request.agent), standing.used_by);
    match use_of(&standing.decision, &content.namespace, &digest, record.id, agent, used_by, context.now) {
        Use::Granted | Use::Already => None,
        Use::Refused(denial) => Some(refuse(denial)),
    }
}
