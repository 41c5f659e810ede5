//! What of an effect's progress a step changes, its state being known.

use chrono::{DateTime, TimeDelta, Utc};

use super::change::Context;
use super::next_state::told_when_absent;
use super::{after, begin, hand};
use crate::claims::SafetyClaims;
use crate::effect::EffectKind;
use crate::journal::{Advance, Step};
use crate::look::LookReport;
use crate::outcome::{Candidate, Evidence, ExternalPost, FoundBy};
use crate::record::{EffectRecord, LatestLook, Lease, Progress};
use crate::state::EffectState;

/// How many candidates of one effect are kept; each is one answer that named a post and settled nothing.
const CANDIDATES: usize = 8;

/// The progress after a step that leads to `state`.
pub(super) fn stepped(
    record: &EffectRecord,
    state: EffectState,
    step: &Step,
    context: &Context<'_>,
) -> Progress {
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
        Step::NotDone(refusal) => {
            let next = settled(Progress { refusal: Some(refusal.clone()), ..progress });
            Progress { due_at: next_attempt(&next, context), ..next }
        }
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
            let refusal = told_when_absent(record);
            let next = settled(Progress { refusal: Some(refusal), ..progress });
            Progress { due_at: next_attempt(&next, context), ..next }
        }
        // It is looked for again as soon as that means something, by the rules that were accepted.
        // What was said of keys and states then stays: a call that took no key is not made safe by a word about looks.
        Step::ClaimsAccepted(accepted) => {
            let before = progress.claims.unwrap_or(accepted.claims);
            let claims =
                SafetyClaims { look_rules: accepted.claims.look_rules, ..before.and(accepted.claims) };
            let due_at = Some(progress.settled_from.map_or(now, |from| from.max(now)));
            Progress { claims: Some(claims), needs_human: false, due_at, ..progress }
        }
        Step::SettledByHand(hand) => hand::settled(record, progress, hand, now),
        // Nothing stands in its way any more.
        Step::Prepare if state != EffectState::Unknown => {
            Progress { waits_for: None, paused_by: None, needs_human: false, ..progress }
        }
        Step::Prepare => Progress { waits_for: None, paused_by: None, ..progress },
        Step::PutOff(until) => Progress { due_at: *until, ..progress },
        Step::Renew | Step::Yield | Step::Observed { .. } => progress,
    }
}

/// When an effect that was refused for now is attempted again by itself, where the plan of its request says so.
fn next_attempt(progress: &Progress, context: &Context<'_>) -> Option<DateTime<Utc>> {
    let request = context.request;
    let refusal = progress.refusal.as_ref().filter(|_| progress.state == EffectState::NotDone)?;
    request.plan.retry.next_attempt(
        refusal.code,
        progress.attempts,
        refusal.retry_at,
        request.admitted_at,
        context.now,
    )
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
    let cost = evidence.cost.or(progress.cost);
    let since = progress.unsettled_since.or(progress.began_at);
    // What an undo names is the post that it took back, which is nobody's from now on.
    let post = Some(post).filter(|_| kind != EffectKind::Undo);
    let progress =
        settled(Progress { post, refusal: None, pending_id: None, said, cost, found_by, ..progress });
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
        paused_by: None,
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
pub(super) fn candidates(progress: &Progress, new: Option<&Candidate>) -> Vec<Candidate> {
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

pub(super) fn leased_on(
    before: &Progress,
    next: &Progress,
    advance: &Advance,
    context: &Context<'_>,
) -> Option<Lease> {
    if next.state == EffectState::Attempting {
        return next.lease;
    }
    // A person takes no lease, and ends none unless the effect is settled.
    if matches!(advance.step, Step::SettledByHand(_) | Step::ClaimsAccepted(_)) {
        return before.lease.filter(|_| next.state == EffectState::Unknown);
    }
    let from = next.due_at.map_or(context.now, |due| due.max(context.now));
    advance.keep.map(|span| Lease { holder: context.instance, until: after(from, span) })
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
