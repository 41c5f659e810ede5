//! What an answer amounts to that came when its outcome had been told already.

use chrono::{DateTime, Utc};

use super::hand::NAMELESS;
use super::progress::published;
use crate::effect::EffectKind;
use crate::journal::Step;
use crate::outcome::{Candidate, Evidence, ExternalPost, FoundBy, Outcome, UnknownOutcome};
use crate::record::{EffectRecord, Incident, Progress};
use crate::state::EffectState;

/// How many incidents of one effect are kept. Each is a post too many; the ledger has them all.
const INCIDENTS: usize = 8;

/// What a late answer amounts to.
#[derive(Debug)]
pub(super) enum Late {
    /// It says nothing new.
    Known,
    /// It is what the attempt came to.
    As(Step),
    /// It is kept beside an attempt that is under way.
    Note(UnknownOutcome),
    /// It names the post that a person saw and could not name.
    Named(Evidence),
    /// The effect is public already, as another post.
    Second(Evidence),
    /// It is about an attempt before the effect's post was taken back, and names a post that was not.
    Stray(Evidence),
    /// The effect had been told as not done.
    Surfaced(Evidence),
}

/// Weighs a late answer to attempt `attempt`.
pub(super) fn amounts_to(kind: EffectKind, progress: &Progress, attempt: u32, outcome: &Outcome) -> Late {
    if progress.taken_back.last().is_some_and(|last| attempt <= last.attempts) {
        return of_an_earlier_generation(progress, outcome);
    }
    let open = matches!(progress.state, EffectState::Attempting | EffectState::Unknown);
    let latest = attempt == progress.attempts;
    match (outcome, progress.state) {
        // An undo has no post of its own, so there is no second one.
        (Outcome::Done(_), EffectState::Published) if kind == EffectKind::Undo => Late::Known,
        (Outcome::Done(evidence), EffectState::Published) => {
            let same = progress.post.as_ref().is_some_and(|post| post.id == evidence.post.id);
            let nameless = progress.post.as_ref().is_some_and(|post| post.id.starts_with(NAMELESS));
            if same {
                Late::Known
            } else if nameless && progress.found_by == FoundBy::Person {
                Late::Named(evidence.clone())
            } else {
                Late::Second(evidence.clone())
            }
        }
        (Outcome::Done(evidence), EffectState::NotDone | EffectState::Failed | EffectState::Cancelled) => {
            Late::Surfaced(evidence.clone())
        }
        (Outcome::Done(evidence), _) => {
            Late::As(Step::Done { evidence: evidence.clone(), found_by: FoundBy::Answer })
        }
        _ if !open => Late::Known,
        (Outcome::Accepted(pending), _) => Late::As(Step::Accepted(pending.clone())),
        (Outcome::NotDone(refusal), _) if is_only_open(progress, attempt) => {
            Late::As(Step::NotDone(refusal.clone()))
        }
        (Outcome::NotDone(refusal), _) => {
            let unknown = UnknownOutcome {
                refusal: Some(refusal.clone()),
                ..UnknownOutcome::because(format!("one of several attempts was refused: {}", refusal.message))
            };
            weigh(progress, latest, unknown)
        }
        (Outcome::Unknown(unknown), _) => weigh(progress, latest, unknown.clone()),
    }
}

/// An answer to an attempt before the effect's post was taken back: it says nothing about the attempts after. A post that it
/// names beside those that are known is public without being asked for any more.
fn of_an_earlier_generation(progress: &Progress, outcome: &Outcome) -> Late {
    let Outcome::Done(evidence) = outcome else { return Late::Known };
    let id = &evidence.post.id;
    let is_known = progress.taken_back.iter().any(|taken| taken.post.id == *id)
        || progress.post.as_ref().is_some_and(|post| post.id == *id)
        || progress.incidents.iter().any(|incident| incident.post.id == *id);
    if is_known { Late::Known } else { Late::Stray(evidence.clone()) }
}

/// Whether this attempt is the latest, and no earlier one is open.
pub(super) fn is_only_open(progress: &Progress, attempt: u32) -> bool {
    attempt == progress.attempts
        // Not *no later than*: a clock that was set back in between makes no later attempt an earlier one.
        && progress.unsettled_since.is_none_or(|since| progress.began_at == Some(since))
}

fn weigh(progress: &Progress, latest: bool, unknown: UnknownOutcome) -> Late {
    if progress.state == EffectState::Unknown || latest {
        Late::As(Step::Unknown(unknown))
    } else {
        Late::Note(unknown)
    }
}

/// The post that a person saw without its name has one: no second post is known of.
pub(super) fn named(progress: &Progress, evidence: &Evidence) -> Progress {
    let seen = progress.post.as_ref().and_then(|post| post.published_at);
    let published_at = evidence.post.published_at.or(seen);
    let post = ExternalPost { published_at, ..evidence.post.clone() };
    Progress { post: Some(post), found_by: FoundBy::Answer, ..progress.clone() }
}

/// A second post of one effect. Where a look had found the first, the answer is the proof and the look's post the incident.
pub(super) fn second_post(
    progress: &Progress,
    attempt: u32,
    evidence: &Evidence,
    now: DateTime<Utc>,
) -> Progress {
    let named =
        Candidate { id: evidence.post.id.clone(), url: evidence.post.url.clone(), may_be_older: false };
    let found = progress.post.as_ref().map(|post| Candidate {
        id: post.id.clone(),
        url: post.url.clone(),
        may_be_older: false,
    });
    match (progress.found_by, found) {
        (FoundBy::Look, Some(found)) => {
            let what = "a late answer names another post than a look had found: one of them is a second one, or not ours";
            let next = with_incident(progress, attempt, found, what, now);
            Progress {
                post: Some(evidence.post.clone()),
                found_by: FoundBy::Answer,
                unsettled_since: None,
                ..next
            }
        }
        _ => with_incident(progress, attempt, named, "a late answer names a second post of this effect", now),
    }
}

/// A post of an attempt before the effect's post was taken back.
pub(super) fn stray(progress: &Progress, attempt: u32, evidence: &Evidence, now: DateTime<Utc>) -> Progress {
    let named =
        Candidate { id: evidence.post.id.clone(), url: evidence.post.url.clone(), may_be_older: false };
    let what = "a late answer names another post of an attempt whose post was taken back";
    with_incident(progress, attempt, named, what, now)
}

/// It is public though it had been told as not done: never attempted again, and an incident.
pub(super) fn surfaced(
    kind: EffectKind,
    progress: &Progress,
    attempt: u32,
    evidence: &Evidence,
    now: DateTime<Utc>,
) -> Progress {
    let named =
        Candidate { id: evidence.post.id.clone(), url: evidence.post.url.clone(), may_be_older: false };
    let what = "it had been told as not done, and a late answer names its post";
    let next = with_incident(progress, attempt, named, what, now);
    let next = Progress { state: EffectState::Published, ..next };
    published(kind, next, evidence, FoundBy::Answer, now)
}

/// An undo that is done, and whose post may have been another effect's.
pub(super) fn took_back_another(
    undo: &EffectRecord,
    next: &Progress,
    attempt: u32,
    what: &str,
    now: DateTime<Utc>,
) -> Progress {
    let id = undo.effect.content().target.clone().unwrap_or_default();
    let gone = Candidate { id, url: None, may_be_older: false };
    with_incident(next, attempt, gone, what, now)
}

fn with_incident(
    progress: &Progress,
    attempt: u32,
    post: Candidate,
    what: &str,
    now: DateTime<Utc>,
) -> Progress {
    let mut incidents = progress.incidents.clone();
    incidents.push(Incident { at: now, attempt, post, what: what.to_owned() });
    let surplus = incidents.len().saturating_sub(INCIDENTS);
    incidents.drain(..surplus);
    Progress { incidents, ..progress.clone() }
}
