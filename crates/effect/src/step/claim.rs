//! Whose a post is: a direct answer takes it from the effect that a look had given it to, and nothing else does.

use std::borrow::Cow;

use chrono::{DateTime, TimeDelta, Utc};

use super::budget::BudgetMove;
use super::change::{Change, Context, Owner};
use super::told::with_complete;
use super::{after, evidence};
use crate::effect::EffectKind;
use crate::journal::{HandVerdict, Step};
use crate::outcome::{FoundBy, Outcome};
use crate::record::{EffectRecord, Progress};
use crate::state::{EffectEvent, transition};

/// How soon what was disowned is looked for again.
const SOON: TimeDelta = TimeDelta::seconds(2);

/// The post of which a step says that it is the effect's: a journal gives the step the effect that owns it. An undo owns none:
/// what its answer names is the post that it took back.
#[must_use]
pub fn claimed_post(kind: EffectKind, step: &Step) -> Option<&str> {
    match step {
        _ if kind == EffectKind::Undo => None,
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

/// What happens to the effect that owns the claimed post. A direct answer beats a look; nothing else takes a post away.
///
/// # Errors
/// With the post's id, where it stays with its owner or was taken back from this effect.
pub(super) fn taken(
    record: &EffectRecord,
    step: &Step,
    context: &Context<'_>,
) -> Result<Option<Box<Change>>, String> {
    let Some(claimed) = claimed_post(record.kind(), step) else { return Ok(None) };
    // A list may show a deleted post for a while, and a server may answer an old key with it.
    if record.progress.taken_back.iter().any(|taken| taken.post.id == claimed) {
        return Err(claimed.to_owned());
    }
    let Some(owner) = context.owner else { return Ok(None) };
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
pub(super) fn siblings<'a>(context: &Context<'a>, disowned: Option<&Change>) -> Cow<'a, [EffectRecord]> {
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
    let actual = progress.spent;
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
        cost: None,
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
    let held = record.price;
    let actual = actual.filter(|_| held.micros > 0);
    let budget = actual.map(|actual| BudgetMove::Recommit { held, actual });
    Some(Change { record, budget, drafts, released: Vec::new(), disowned: None, taken_back: None })
}
