//! What tests of the kernel and its stores act out: a campaign, an agent, a request key, approved effects.
//!
//! Everything derives from a name, so that scenes with different names share nothing within one store, and a scene reads
//! the same at every run.

use chimera_contracts::{
    AgentId, CampaignId, Clock, CorrelationId, DecisionId, Digest, ErrorCode, Money, Namespace, PlatformName,
    ReviewId, SkillName, derive_uuid,
};
use chimera_effect::{
    Admit, Effect, EffectKind, EffectV1, Evidence, ExecutionPlan, ExternalPost, FoundBy, LookReport,
    NewEffect, Refusal, RequestKey, SafetyClaims, Step, Window,
};
use chimera_governance::review::{Edit, NewReview, Review};
use chimera_governance::{
    ApprovalStore, Approved, Approver, ApproverRole, Budget, BudgetScope, Claim, Decision, Gate, Recorded,
    Verdict,
};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;

use crate::Memory;
use crate::entropy::TestEntropy;

/// The window of an attempt in tests: ten seconds to send, five to settle, ten more of lease.
pub const WINDOW: Window = Window {
    send: TimeDelta::seconds(10),
    settle: TimeDelta::seconds(5),
    lease: TimeDelta::seconds(10),
    // Everything: what the platform serves decides.
    claims: SafetyClaims { keys_for_s: Some(u32::MAX), sets_state: true, look_rules: None },
};

/// What an effect costs in tests.
pub const PRICE: Money = Money::usd_micros(1_000);

/// Names that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scene {
    /// The name that all the others derive from.
    pub name: String,
    /// The tenant.
    pub namespace: Namespace,
    /// The campaign.
    pub campaign: CampaignId,
    /// The agent.
    pub agent: AgentId,
    /// The trace.
    pub correlation: CorrelationId,
    /// The decision about the scene's effects.
    pub decision: DecisionId,
    /// The artifact that was approved.
    pub artifact: String,
    /// The request's key.
    pub key: RequestKey,
}

impl Scene {
    /// The scene of this name, in the default namespace.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let id = |what: &str| derive_uuid("chimera/testkit/scene", &[name.as_bytes(), what.as_bytes()]);
        let namespace = Namespace::default();
        Self {
            name: name.to_owned(),
            campaign: CampaignId::from_uuid(id("campaign")),
            agent: AgentId::from_uuid(id("agent")),
            correlation: CorrelationId::from_uuid(id("correlation")),
            decision: DecisionId::from_uuid(id("decision")),
            artifact: format!("bundle of {name}"),
            key: RequestKey { namespace: namespace.clone(), skill: SkillName::Publish, key: name.to_owned() },
            namespace,
        }
    }

    /// The same campaign, agent and decision under another key.
    #[must_use]
    pub fn under_key(&self, key: &str) -> Self {
        let key = RequestKey { key: format!("{} {key}", self.name), ..self.key.clone() };
        Self { key, ..self.clone() }
    }

    /// The budget that pays.
    #[must_use]
    pub fn scope(&self) -> BudgetScope {
        BudgetScope::campaign(self.namespace.clone(), self.campaign)
    }

    /// What a caller claims about the scene's approval.
    #[must_use]
    pub fn claim(&self) -> Claim {
        Claim {
            artifact: self.artifact.clone(),
            role: ApproverRole::HitlReviewer,
            decision: Some(self.decision),
        }
    }
}

/// A post of the scene's campaign, in the scene's account on this platform.
#[must_use]
pub fn sample_effect(scene: &Scene, platform: PlatformName, text: &str) -> Effect {
    let content = EffectV1 {
        namespace: scene.namespace.clone(),
        campaign: scene.campaign,
        kind: EffectKind::Publish,
        platform,
        account: format!("account of {}", scene.name),
        target: None,
        text: text.to_owned(),
        media: Vec::new(),
        disclosure: None,
        not_before: None,
        not_after: None,
    };
    Effect::new(content).expect("an effect has a canonical form")
}

/// The scene's decision: a reviewer approves these effects, until it is revoked.
#[must_use]
pub fn sample_decision(scene: &Scene, effects: &[Effect], clock: &dyn Clock) -> Decision {
    Decision {
        id: scene.decision,
        namespace: scene.namespace.clone(),
        artifact: scene.artifact.clone(),
        verdict: Verdict::Approve,
        approver: Approver { id: "reviewer".to_owned(), role: ApproverRole::HitlReviewer },
        requested_by: Some("planner".to_owned()),
        agent: None,
        decided_at: clock.now(),
        expires_at: None,
        revoked_at: None,
        effects: effects.iter().map(Effect::digest).collect(),
        confidence: None,
        spec_version: None,
        takes_back: false,
    }
}

/// Passes effects through the real gate, each for the scene's key.
pub async fn approve(
    approvals: &Arc<dyn ApprovalStore>,
    clock: &Arc<dyn Clock>,
    scene: &Scene,
    effects: &[Effect],
) -> Vec<Approved<Effect>> {
    let gate = Gate::new(Arc::clone(approvals), Arc::clone(clock));
    let mut approved = Vec::new();
    for effect in effects {
        let id = scene.key.effect_id(&effect.digest());
        approved.push(
            gate.check(effect.clone(), id, None, &scene.claim())
                .await
                .expect("the scene's effects are approved"),
        );
    }
    approved
}

/// Records the scene's decision about these effects, sets the campaign's limit, and approves the effects.
pub async fn set_up(
    approvals: &Arc<dyn ApprovalStore>,
    budget: &dyn Budget,
    clock: &Arc<dyn Clock>,
    scene: &Scene,
    limit: Money,
    effects: &[Effect],
) -> Vec<Approved<Effect>> {
    budget.set_limit(&scene.scope(), limit).await.expect("a limit can be set");
    let recorded = approvals.record(sample_decision(scene, effects, clock.as_ref())).await;
    assert_ne!(
        recorded.expect("a decision can be recorded"),
        Recorded::Conflict,
        "the scene's decision is new"
    );
    approve(approvals, clock, scene, effects).await
}

/// An approved effect at the usual price, with its first attempt in the same step where `begin` says so.
#[must_use]
pub fn new_effect(approved: Approved<Effect>, begin: bool) -> NewEffect {
    NewEffect { approved, price: PRICE, begin: begin.then_some(WINDOW), lease: WINDOW.send, undoes: None }
}

/// The scene's request for these effects.
#[must_use]
pub fn admit_request(scene: &Scene, effects: Vec<NewEffect>) -> Admit {
    Admit {
        key: scene.key.clone(),
        former_keys: Vec::new(),
        campaign: scene.campaign,
        agent: scene.agent,
        asked_by: Some("planner".to_owned()),
        correlation: scene.correlation,
        task: None,
        artifact: scene.artifact.clone(),
        review: None,
        plan: ExecutionPlan::default(),
        named_budgets: Vec::new(),
        decisions: Vec::new(),
        reasons: Vec::new(),
        effects,
    }
}

/// The scene's request for these engagements, free, under a decision of a policy that it brings.
#[must_use]
pub(crate) fn decided_request(
    clock: &Arc<dyn Clock>,
    scene: &Scene,
    effects: &[Effect],
    begin: bool,
) -> Admit {
    let approver = Approver { id: "policy".to_owned(), role: ApproverRole::Policy };
    let decision = Decision { approver, ..sample_decision(scene, effects, clock.as_ref()) };
    // Whoever decides by itself asks no store.
    let approvals = Memory::new(Arc::clone(clock), Arc::new(TestEntropy::seeded(1))).open();
    let gate = Gate::new(Arc::new(approvals), Arc::clone(clock));
    let (mut decisions, mut new) = (Vec::new(), Vec::new());
    for effect in effects {
        let decided = gate.decide(effect.clone(), scene.agent, decision.clone());
        let (approved, decided) = decided.expect("a policy decides about engagements");
        decisions = vec![decided];
        new.push(NewEffect { price: Money::usd_micros(0), ..new_effect(approved, begin) });
    }
    Admit { decisions, ..admit_request(scene, new) }
}

/// Something of the scene's campaign that a person is to decide about within an hour, asked for by the planner.
#[must_use]
pub fn sample_review(scene: &Scene, name: &str) -> NewReview {
    let parts = [scene.namespace.as_str().as_bytes(), scene.name.as_bytes(), name.as_bytes()];
    NewReview {
        id: ReviewId::from_uuid(derive_uuid("chimera/testkit/review", &parts)),
        namespace: scene.namespace.clone(),
        skill: SkillName::Engage,
        request: Some(scene.key.request_id()),
        correlation: Some(scene.correlation),
        campaign: Some(scene.campaign),
        artifact: format!("{name} of {}", scene.name),
        subject: Digest::of(name.as_bytes()),
        document: format!("{{\"v\":1,\"text\":\"{name}\"}}"),
        requested_by: "planner".to_owned(),
        agent: None,
        reasons: vec!["confidence".to_owned()],
        confidence: None,
        priority: 5,
        refused: false,
        within: TimeDelta::hours(1),
    }
}

/// A person who reviews.
#[must_use]
pub fn reviewer(id: &str) -> Approver {
    Approver { id: id.to_owned(), role: ApproverRole::HitlReviewer }
}

/// What a reviewer says about a review as it stands, and about what became of it where there is an edit.
#[must_use]
pub fn decision_about(
    review: &Review,
    reviewer: &Approver,
    verdict: Verdict,
    edit: Option<&Edit>,
    now: DateTime<Utc>,
) -> Decision {
    Decision {
        id: review.decision_id(),
        namespace: review.namespace.clone(),
        artifact: review.artifact.clone(),
        verdict,
        approver: reviewer.clone(),
        requested_by: Some(review.requested_by.clone()),
        agent: review.agent,
        decided_at: now,
        expires_at: None,
        revoked_at: None,
        effects: [edit.map_or(review.subject, |edit| edit.subject)].into(),
        confidence: review.confidence,
        spec_version: None,
        takes_back: false,
    }
}

/// The evidence that an effect is public under this id of the platform's.
#[must_use]
pub fn done(external_id: &str) -> Evidence {
    let post = ExternalPost { id: external_id.to_owned(), url: None, published_at: None };
    Evidence { post, said: Some(format!("posted as {external_id}")), cost: None }
}

/// The step that says so, by a direct answer.
#[must_use]
pub fn published(external_id: &str) -> Step {
    Step::Done { evidence: done(external_id), found_by: FoundBy::Answer }
}

/// The step of a look that did not settle it, saw the whole list or not, and is repeated then.
#[must_use]
pub fn looked(absent: bool, look_again: DateTime<Utc>) -> Step {
    let report = LookReport::missing("", "nothing was seen");
    Step::Looked { absent, report, look_again: Some(look_again), person: false }
}

/// The step of a look after which only a person can tell.
#[must_use]
pub fn cannot_tell(reason: &str) -> Step {
    Step::Looked { absent: false, report: LookReport::missing("", reason), look_again: None, person: true }
}

/// A refusal with this code.
#[must_use]
pub fn refused(code: ErrorCode) -> Refusal {
    Refusal { code, message: "refused by the test".to_owned(), retry_at: None, said: None }
}
