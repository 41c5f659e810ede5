//! What a journal keeps of a request and of each of its effects.

use std::collections::BTreeSet;
use std::fmt;

use chimera_contracts::{
    AgentId, CampaignId, CorrelationId, DecisionId, Digest, EffectId, InstanceId, Money, Namespace,
    RequestId, SkillName, TaskId, derive_uuid,
};
use chimera_governance::{Approver, Authority, BudgetOwner, BudgetScope};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::claims::SafetyClaims;
use crate::effect::{Effect, EffectKind};
use crate::look::LookReport;
use crate::outcome::{Candidate, ExternalPost, FoundBy, Refusal, Said};
use crate::pause::PauseKey;
use crate::plan::ExecutionPlan;
use crate::platform::Uploaded;
use crate::state::EffectState;
use crate::undo::Undoes;

/// The caller's key, scoped by tenant and skill (PUB-05).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestKey {
    /// The tenant.
    pub namespace: Namespace,
    /// The skill.
    pub skill: SkillName,
    /// The caller's idempotency key.
    pub key: String,
}

impl RequestKey {
    /// The id of the request that has this key.
    #[must_use]
    pub fn request_id(&self) -> RequestId {
        let parts = [self.namespace.as_str().as_bytes(), self.skill.as_str().as_bytes(), self.key.as_bytes()];
        RequestId::from_uuid(derive_uuid("chimera/request/v1", &parts))
    }

    /// The id of the effect with this digest within the request.
    #[must_use]
    pub fn effect_id(&self, digest: &Digest) -> EffectId {
        effect_id(self.request_id(), digest)
    }
}

/// The id of the effect with this digest within a request.
pub(crate) fn effect_id(request: RequestId, digest: &Digest) -> EffectId {
    let parts = [request.as_uuid().as_bytes().as_slice(), digest.as_bytes()];
    EffectId::from_uuid(derive_uuid("chimera/effect-id/v1", &parts))
}

/// The key that every call of one effect carries: 64 of `[0-9a-f]`, the same for all attempts until its post is taken back
/// (mcp.md, *Keys on the wire*).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallKey(String);

impl CallKey {
    /// The key of the main call of an effect.
    #[must_use]
    pub fn of(request: &RequestKey, effect: &Effect) -> Self {
        Self::within(request.request_id(), effect)
    }

    /// The same of a request whose id is known.
    pub(crate) fn within(request: RequestId, effect: &Effect) -> Self {
        let content = effect.content();
        Self::derive(&[
            request.as_uuid().as_bytes(),
            content.platform.as_str().as_bytes(),
            content.account.as_bytes(),
            content.kind.as_str().as_bytes(),
            effect.digest().as_bytes(),
        ])
    }

    /// The key of a step before the main call, such as the upload of the medium at `index`.
    #[must_use]
    pub fn step(&self, step: &str, index: usize) -> Self {
        Self::derive(&[self.0.as_bytes(), step.as_bytes(), &(index as u64).to_be_bytes()])
    }

    /// The key of the attempts after this key's post was taken back. A server that enforces keys would answer the same key with
    /// the deleted post.
    #[must_use]
    pub fn next_generation(&self) -> Self {
        Self::derive(&[self.0.as_bytes(), b"generation"])
    }

    /// The key after `generation` posts were taken back, this one being the first of its effect: for journals that keep it
    /// with what never changes.
    #[must_use]
    pub fn of_generation(self, generation: u32) -> Self {
        (0..generation).fold(self, |key, _| key.next_generation())
    }

    fn derive(parts: &[&[u8]]) -> Self {
        let mut bytes = Vec::new();
        for part in parts {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part);
        }
        Self(Digest::tagged("chimera/call-key/v1", &bytes).to_string())
    }

    /// The key as it goes on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CallKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A request as it was first admitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRecord {
    /// The version of this document: 1.
    pub v: u32,
    /// Derived from the key.
    pub id: RequestId,
    /// The key.
    pub key: RequestKey,
    /// The campaign that pays.
    pub campaign: CampaignId,
    /// The agent in whose name it happens.
    pub agent: AgentId,
    /// The trace.
    pub correlation: CorrelationId,
    /// The planner's task.
    pub task: Option<TaskId>,
    /// The approved artifact.
    pub artifact: String,
    /// Who asked for it, as the host names its callers: may not settle its effects by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<String>,
    /// How it is to be executed: the first plan of its key.
    #[serde(default, skip_serializing_if = "ExecutionPlan::is_default")]
    pub plan: ExecutionPlan,
    /// Budgets that hold for it beside the campaign's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further_budgets: Vec<BudgetOwner>,
    /// When it was admitted, by the store's clock.
    pub admitted_at: DateTime<Utc>,
}

impl RequestRecord {
    /// Every budget that holds for it, in one order for all requests: those that share some never wait for one another in a
    /// circle.
    #[must_use]
    pub fn budgets(&self) -> BTreeSet<BudgetScope> {
        let owners = self.further_budgets.iter().cloned().chain([BudgetOwner::Campaign(self.campaign)]);
        owners.map(|owner| BudgetScope { namespace: self.key.namespace.clone(), owner }).collect()
    }
}

impl RequestRecord {
    /// The budgets that the host named for it.
    #[must_use]
    pub fn named_budgets(&self) -> Vec<String> {
        let name = |owner: &BudgetOwner| match owner {
            BudgetOwner::Named(name) => Some(name.clone()),
            _ => None,
        };
        self.further_budgets.iter().filter_map(name).collect()
    }
}

/// Who is at work on an effect, and until when nobody else may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lease {
    /// The opener of the store.
    pub holder: InstanceId,
    /// By the store's clock. Free earlier when the holder is known to be dead.
    pub until: DateTime<Utc>,
}

/// What the latest look saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LatestLook {
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// What it asked, saw and missed.
    pub report: LookReport,
}

/// A second post of one effect, or one that became public after the effect had been told as not done: only its platform or
/// its server can have made it, and only a person can remove it. Of an undo: the post that it took back may have been another
/// effect's by then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// When it was noticed.
    pub at: DateTime<Utc>,
    /// Which attempt's answer proves it.
    pub attempt: u32,
    /// The post that should not be there; of an undo the one that should be there still.
    pub post: Candidate,
    /// What happened, for people.
    pub what: String,
}

/// A post of an effect that was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenBack {
    /// The post.
    pub post: ExternalPost,
    /// The undo that took it back.
    pub undo: EffectId,
    /// By what that undo was allowed.
    #[serde(default, skip_serializing_if = "Authority::is_listed")]
    pub authority: Authority,
    /// When that was known.
    pub at: DateTime<Utc>,
    /// How many attempts there were by then: what they are answered late says nothing about a later post.
    pub attempts: u32,
    /// What was spent on the post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent: Option<Money>,
}

/// What changes about an effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The version of this document: 1.
    pub v: u32,
    /// Where it stands.
    pub state: EffectState,
    /// Raised by every lease: a holder whose epoch is past is fenced off.
    pub epoch: u64,
    /// Raised by every step.
    pub version: u64,
    /// Attempts recorded so far.
    pub attempts: u32,
    /// When the latest attempt was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began_at: Option<DateTime<Utc>>,
    /// Nothing of the latest attempt goes on the wire at or after this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_before: Option<DateTime<Utc>>,
    /// From when on absence means something: `send_before` plus the platform's settle time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_from: Option<DateTime<Utc>>,
    /// When the first attempt began whose outcome is not known; a refusal of a later one says nothing about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsettled_since: Option<DateTime<Utc>>,
    /// What the profile claimed when the open attempts began; `None` before the first, and of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<SafetyClaims>,
    /// Whether sending the same key again was refused while unsettled; then only looking helps.
    pub resend_refused: bool,
    /// Looks after `settled_from` that did not find it.
    pub absent_looks: u32,
    /// Whether the platform cannot tell, so that a human has to.
    pub needs_human: bool,
    /// When it is due by itself: a look, a poll, a schedule; `None` when nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<Utc>>,
    /// Who is at work on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// Media that the platform knows already.
    pub uploads: Vec<Uploaded>,
    /// The post, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<ExternalPost>,
    /// Why it is not there. While it is unknown: what is told if a look knows that nothing happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// What its platform says that it cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Money>,
    /// What was spent on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent: Option<Money>,
    /// Whether its hold still stands.
    pub held: bool,
    /// When the latest step was taken, by the store's clock.
    pub changed_at: DateTime<Utc>,
    /// The digest of the latest step, so that its repetition is recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_step: Option<Digest>,
    /// The id to poll, while the platform works on it (PUB-19).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_id: Option<String>,
    /// What the platform said when an engagement succeeded, redacted: part of the engage contract's answer (ENG-14).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Said,
    /// How it became known that it is public.
    #[serde(default, skip_serializing_if = "FoundBy::is_answer")]
    pub found_by: FoundBy,
    /// Why it is unknown: what came and settles nothing, or how the answer was lost; redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_reason: Option<String>,
    /// Posts that answers named while it is unknown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
    /// Looks since the latest attempt, whatever came of them: the pauses between them grow.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub looks: u32,
    /// The latest look, while it is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest_look: Option<LatestLook>,
    /// The unknown effect with an equal text that it waits for before it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<EffectId>,
    /// The switch that stopped it when it was last asked to begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_by: Option<PauseKey>,
    /// Posts that should not be there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub incidents: Vec<Incident>,
    /// Posts of it that were taken back, in order: all of them, since their number tells its call key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken_back: Vec<TakenBack>,
}

impl Progress {
    /// How often its post was taken back: the generation of its call key.
    #[must_use]
    pub fn generation(&self) -> u32 {
        u32::try_from(self.taken_back.len()).unwrap_or(u32::MAX)
    }

    /// Whether it is down by a decision of its own. The approval of the post is older than that one and does not bring it back.
    #[must_use]
    pub fn is_taken_down(&self) -> bool {
        self.taken_back.last().is_some_and(|last| last.authority.is_listed())
    }

    /// Whether its caller may have it attempted again, as far as its state goes: what was refused for now, and what was taken
    /// back by the rule of its own approval.
    #[must_use]
    pub fn may_be_tried_again(&self) -> bool {
        match self.state {
            EffectState::NotDone => true,
            EffectState::RolledBack => !self.is_taken_down(),
            _ => false,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
pub(crate) const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// One effect in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectRecord {
    /// Derived from the request and the digest.
    pub id: EffectId,
    /// The request.
    pub request: RequestId,
    /// Its place within the request.
    pub position: u32,
    /// What becomes public.
    pub effect: Effect,
    /// The decision that allows it.
    pub decision: DecisionId,
    /// Who decided.
    pub approver: Approver,
    /// By what the decision allows it.
    pub authority: Authority,
    /// The post that it takes back, where it is the undo of a post of ours.
    pub undoes: Option<Undoes>,
    /// What is held for it.
    pub price: Money,
    /// The key of its calls: another one from each time on that its post is taken back.
    pub call_key: CallKey,
    /// What changes.
    pub progress: Progress,
}

impl EffectRecord {
    /// Whether somebody may be acting on it at `now`, so that what is known may change without anybody asking: it is not
    /// at rest, or it is about to be attempted again by whoever holds it.
    #[must_use]
    pub fn under_way(&self, now: DateTime<Utc>) -> bool {
        let Progress { state, lease, .. } = &self.progress;
        let held = lease.is_some_and(|lease| lease.until > now);
        (!state.at_rest() && (held || !self.waits(now))) || (self.progress.may_be_tried_again() && held)
    }

    /// Whether it waits, without an attempt, until another effect's outcome is known or a switch is ended.
    #[must_use]
    pub fn waits(&self, now: DateTime<Utc>) -> bool {
        let Progress { waits_for, paused_by, due_at, .. } = &self.progress;
        (waits_for.is_some() || paused_by.is_some()) && due_at.is_some_and(|due| due > now)
    }

    /// The kind of the effect.
    #[must_use]
    pub fn kind(&self) -> EffectKind {
        self.effect.content().kind
    }
}

/// A request with its effects in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestView {
    /// The request.
    pub request: RequestRecord,
    /// Its effects, by position.
    pub effects: Vec<EffectRecord>,
}
