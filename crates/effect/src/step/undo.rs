//! What lets an undo begin, and what it does to its post once it is known to be done.

use chimera_contracts::{AgentId, DecisionId, ErrorCode, RequestId};
use chimera_governance::{Authority, Denial, Standing, permits_undo};
use chrono::{DateTime, Utc};

use super::change::{Change, Owner};
use super::evidence;
use super::told::with_complete;
use crate::effect::{Effect, EffectKind};
use crate::journal::{NewEffect, Refused, Step};
use crate::outcome::{FoundBy, Outcome};
use crate::record::{EffectRecord, Progress, TakenBack};
use crate::state::{EffectEvent, EffectState, transition};
use crate::undo::Undoes;

/// The request of the post that an undo takes back, where the step asks for it or moves it: a journal gives it to the step and
/// makes its revision a condition.
#[must_use]
pub fn undone_request(record: &EffectRecord, step: &Step) -> Option<RequestId> {
    let asks = matches!(
        step,
        Step::Begin { .. }
            | Step::Prepare
            | Step::Done { .. }
            | Step::SettledByHand(_)
            | Step::Observed { outcome: Outcome::Done(_), .. }
    );
    record.undoes.filter(|_| asks).map(|undoes| undoes.request)
}

/// An undo as it is to be admitted or begun.
#[derive(Clone, Copy)]
pub(super) struct Undo<'a> {
    pub(super) effect: &'a Effect,
    pub(super) undoes: Option<Undoes>,
    pub(super) authority: Authority,
    pub(super) decision: DecisionId,
    pub(super) agent: AgentId,
}

impl<'a> Undo<'a> {
    pub(super) fn new(new: &'a NewEffect, agent: AgentId) -> Self {
        Self {
            effect: new.approved.get(),
            undoes: new.undoes,
            authority: new.approved.authority(),
            decision: new.approved.decision(),
            agent,
        }
    }

    pub(super) fn of(record: &'a EffectRecord, agent: AgentId) -> Self {
        let EffectRecord { effect, undoes, authority, decision, .. } = record;
        Self { effect, undoes: *undoes, authority: *authority, decision: *decision, agent }
    }

    /// Whether the post as it is stored can be taken back by this, and by the rule of its decision where nothing else allows
    /// it. `standing` is that of the undo's decision towards the post's digest then.
    pub(super) fn check(&self, post: Option<Owner<'_>>, standing: Option<&Standing>) -> Result<(), Refused> {
        let platform = Some(self.effect.content().platform);
        let refuse = |code, message: String| Err(Refused { code, platform, message });
        let deny = |denial: Denial| refuse(denial.code(), denial.as_str().to_owned());
        let Some(undoes) = self.undoes else {
            // By a derived authority nothing happens but the undo of a post of ours.
            return if self.authority.is_listed() { Ok(()) } else { deny(Denial::NotItsEffect) };
        };
        let its_own = |post: &Owner<'_>| post.record.id == undoes.effect && post.request.id == undoes.request;
        let Some(post) = post.filter(its_own) else {
            return refuse(
                ErrorCode::ValidationError,
                "there is no effect of that id to take back".to_owned(),
            );
        };
        let progress = &post.record.progress;
        if progress.state != EffectState::Published || progress.generation() != undoes.generation {
            let message = format!("the post to be taken back is not public: it is {}", progress.state);
            return refuse(ErrorCode::ValidationError, message);
        }
        // Tenant, campaign, platform, account and the id of the post are all in the digest.
        if !is_undo_of(self.effect, post.record) {
            let message = "it is not the undo of that post, as it is stored".to_owned();
            return refuse(ErrorCode::ValidationError, message);
        }
        match self.authority {
            Authority::Listed => Ok(()),
            Authority::TakesBack if post.record.decision != self.decision => deny(Denial::NotItsEffect),
            Authority::TakesBack if post.request.agent != self.agent => deny(Denial::OtherAgent),
            Authority::TakesBack => {
                let Some(standing) = standing.filter(|standing| standing.decision.id == self.decision) else {
                    return deny(Denial::Unknown);
                };
                let EffectRecord { id, effect, .. } = post.record;
                let (namespace, digest) = (&effect.content().namespace, effect.digest());
                let Standing { decision, used_by } = standing;
                permits_undo(decision, namespace, &digest, *id, Some(self.agent), *used_by).or_else(deny)
            }
        }
    }
}

/// Whether an effect is the one that takes back the post of another one as it is stored.
fn is_undo_of(undo: &Effect, post: &EffectRecord) -> bool {
    undo.content().kind == EffectKind::Undo && post.undo().is_some_and(|own| own.digest() == undo.digest())
}

/// What happens to the post of an undo that is known to be done: it is public no more, and its id is free. `None` where it
/// is not public under that id any more.
pub(super) fn taken_back(undo: &EffectRecord, post: &Owner<'_>, now: DateTime<Utc>) -> Option<Change> {
    let undoes = undo.undoes.filter(|undoes| undoes.effect == post.record.id)?;
    let progress = &post.record.progress;
    if progress.generation() != undoes.generation || !is_undo_of(&undo.effect, post.record) {
        return None;
    }
    let state = transition(progress.state, EffectEvent::TakeBack).ok()?;
    let mut taken_back = progress.taken_back.clone();
    taken_back.push(TakenBack {
        post: progress.post.clone()?,
        undo: undo.id,
        authority: undo.authority,
        at: now,
        attempts: progress.attempts,
        spent: progress.spent,
    });
    let next = Progress {
        state,
        // Nobody works on what is public; should a stale holder come by, it is fenced.
        epoch: progress.epoch.saturating_add(1),
        version: progress.version.saturating_add(1),
        unsettled_since: None,
        due_at: None,
        lease: None,
        // Another call key uploads anew: the platform may have deleted the media with their post.
        uploads: Vec::new(),
        post: None,
        changed_at: now,
        last_step: None,
        said: None,
        found_by: FoundBy::Answer,
        taken_back,
        ..progress.clone()
    };
    let call_key = post.record.call_key.next_generation();
    let record = EffectRecord { progress: next, call_key, ..post.record.clone() };
    let drafts = vec![evidence::taken_back(post.request, &record)];
    let drafts = with_complete(drafts, &record, post.request, post.siblings, now);
    Some(Change { record, budget: None, drafts, released: Vec::new(), disowned: None, taken_back: None })
}
