//! What whoever wants to execute a proposed action is told: the codes of PRO-11 and PRO-13.
//!
//! A denial answers `AUTHZ_FAILURE` and names its own code beside it; a row with such a code is about the latter.

use std::sync::Arc;

use chimera::Chimera;
use chimera::contracts::propose::{
    AlwaysNull, CandidateContext, ProposeInput, ProposeOutput, ProposedAction,
};
use chimera::contracts::{Clock, DecisionId, ErrorCode, Skill, derive_uuid};
use chimera::governance::review::{Enqueued, Review, ReviewQueue as _};
use chimera::governance::{
    ActionPermits, ActionReview, PermitDenial, PermitDenied, PermitRequest, Terms, new_action_review,
};
use chimera_testkit::{MemoryStore, Rules, StrictPlatform, TestClock};
use chimera_tests::engage_stage::reviewer;
use chimera_tests::stage::{context, host};
use chrono::TimeDelta;
use futures_util::FutureExt as _;

use super::{Row, Told, memory};

pub(super) const ROWS: &[Row] = &[
    (ErrorCode::AuthzFailure, || told(executed_unapproved()).boxed_local()),
    (ErrorCode::UnsupportedAction, || told(executed_by_nobody()).boxed_local()),
    (ErrorCode::ApprovalSpecVersion, || why(approved_under_another_version()).boxed_local()),
];

/// A proposal to publish and to limit who sees it, and the host that made it.
struct Scene {
    clock: Arc<dyn Clock>,
    store: Arc<MemoryStore>,
    host: Chimera,
    proposal: ProposeOutput,
}

impl Scene {
    async fn new() -> Self {
        let clock: Arc<dyn Clock> = Arc::new(TestClock::new());
        let store = memory(&clock);
        let platform = StrictPlatform::everywhere(Arc::clone(&clock), Rules::default());
        let host = host(&store, Arc::new(platform), &clock);
        let proposal = host.propose().call(&context(), input()).await.unwrap().into_result().unwrap();
        Self { clock, store, host, proposal }
    }

    /// The action of this type.
    fn action(&self, action_type: &str) -> &ProposedAction {
        let mut actions = self.proposal.proposed_actions.iter();
        actions.find(|action| action.action_type == action_type).unwrap()
    }

    /// Wants to execute it by this decision.
    async fn execute(&self, action: &ProposedAction, decision: DecisionId) -> PermitDenied {
        let namespace = context().namespace;
        let ask =
            PermitRequest::new(&namespace, &self.proposal, &action.action_id, decision, "test/executor");
        let (approvals, ledger) =
            (Arc::<MemoryStore>::clone(&self.store), Arc::<MemoryStore>::clone(&self.store));
        let permits = ActionPermits::new(approvals, ledger, Arc::clone(&self.clock));
        permits.permit(&ask).await.unwrap_err()
    }

    /// Sends an action to the desk.
    async fn queue(&self, action: &ProposedAction) -> Review {
        let ask = ActionReview {
            namespace: &context().namespace,
            proposal: &self.proposal,
            action,
            requested_by: "test/planner",
            agent: None,
            correlation: None,
            campaign: None,
            shown: serde_json::Map::new(),
            priority: 5,
            within: TimeDelta::hours(1),
        };
        let queued = self.store.enqueue(new_action_review(ask).unwrap()).await.unwrap();
        let Enqueued::Fresh(review) = queued else { panic!("{queued:?}") };
        *review
    }

    /// A reviewer approves it on these terms.
    async fn approve(&self, review: &Review, terms: Terms) -> DecisionId {
        let (desk, ann) = (self.host.desk(), reviewer("ann"));
        desk.claim(&review.namespace, review.id, &ann, TimeDelta::minutes(10)).await.unwrap();
        desk.approve(&review.namespace, review.id, &ann, terms).await.unwrap().decision.unwrap().id
    }
}

fn input() -> ProposeInput {
    ProposeInput {
        request_id: "req-1".to_owned(),
        artifact_id: "artifact-1".to_owned(),
        candidate_context: Some(CandidateContext {
            target_platforms: vec!["linkedin".to_owned()],
            audience_constraints: [("locale".to_owned(), "de-DE".to_owned())].into(),
        }),
        actor_id: "agent-1".to_owned(),
        spec_version: "1.0.0".to_owned(),
        approval_reference: AlwaysNull,
    }
}

/// What the answer is called.
async fn told(denied: impl Future<Output = PermitDenied>) -> Told {
    let code = Some(denied.await.code());
    Told { code, retryable: false, acted: false }
}

/// What the denial itself is called.
async fn why(denied: impl Future<Output = PermitDenied>) -> Told {
    let denied = denied.await;
    let PermitDenial::Denied(denial) = denied.why else { panic!("{denied:?}") };
    assert_eq!((denied.code(), denied.why.reason()), (ErrorCode::AuthzFailure, denial.code().as_str()));
    Told { code: Some(denial.code()), retryable: false, acted: false }
}

fn nobody() -> DecisionId {
    DecisionId::from_uuid(derive_uuid("chimera-tests/codes", &[b"nobody"]))
}

async fn executed_unapproved() -> PermitDenied {
    let scene = Scene::new().await;
    scene.execute(scene.action("publish"), nobody()).await
}

async fn executed_by_nobody() -> PermitDenied {
    let scene = Scene::new().await;
    scene.execute(scene.action("target"), nobody()).await
}

async fn approved_under_another_version() -> PermitDenied {
    let scene = Scene::new().await;
    let action = scene.action("publish");
    let review = scene.queue(action).await;
    let terms = Terms { also: [].into(), holds: TimeDelta::hours(1), spec_version: Some("0.9.0".to_owned()) };
    let decision = scene.approve(&review, terms).await;
    scene.execute(action, decision).await
}
