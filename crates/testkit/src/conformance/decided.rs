//! `EffectJournal`: decided. An admission brings the policy's decision and its reasons.

use chimera_audit::Draft;
use chimera_contracts::{ErrorCode, Money};
use chimera_effect::{Admission, Admit, Effect, EffectKind, EffectV1};
use chimera_governance::{Approver, ApproverRole, Decided, Decision, Gate, Recorded};
use chrono::TimeDelta;

use super::StoreFactory;
use super::stage::{PLENTY, Stage, admission_refused, fresh, request};
use crate::scene::{PRICE, sample_decision};

/// The kind of the event that tells why.
const WHY: &str = "conformance.decided";

/// A reply of the scene's account.
fn reply(stage: &Stage<'_>) -> Effect {
    let post = stage.effects(1).remove(0);
    let target = Some(format!("a post for {}", stage.scene.name));
    Effect::new(EffectV1 { kind: EffectKind::Reply, target, ..post.content().clone() }).unwrap()
}

/// The decision of a policy about the scene's reply.
fn by_policy(stage: &Stage<'_>) -> Decision {
    let approver = Approver { id: "policy".to_owned(), role: ApproverRole::Policy };
    Decision { approver, ..sample_decision(&stage.scene, &[reply(stage)], stage.clock.as_ref()) }
}

fn why(stage: &Stage<'_>, number: u64) -> Draft {
    stage.draft(WHY, number).with_correlation(Some(stage.scene.correlation))
}

/// A request that brings this decision, and why.
fn deciding(stage: &Stage<'_>, decision: Decision, reasons: Vec<Draft>) -> Admit {
    about(stage, reply(stage), decision, reasons)
}

fn about(stage: &Stage<'_>, effect: Effect, decision: Decision, reasons: Vec<Draft>) -> Admit {
    let gate = Gate::new(stage.stores.approvals.clone(), stage.clock());
    let agent = request(&stage.scene, &[], true).agent;
    let (approved, decided): (_, Decided) = gate.decide(effect, agent, decision).unwrap();
    Admit { decisions: vec![decided], reasons, ..request(&stage.scene, &[approved], true) }
}

/// *Decided*: the decision is recorded and used, and the reasons are told first, in the step that admits.
pub async fn an_admission_records_the_decision_it_brings(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "an admission records the decision it brings").await;
    stage.stores.budget.set_limit(&stage.scene.scope(), PLENTY).await.unwrap();
    let decision = by_policy(&stage);
    let asked = deciding(&stage, decision.clone(), vec![why(&stage, 1)]);
    let view = fresh(stage.admit(asked.clone()).await);
    assert_eq!(view.effects[0].decision, decision.id);
    let standing = stage.standing(&reply(&stage)).await.unwrap();
    assert_eq!((standing.decision, standing.used_by), (decision, Some(view.effects[0].id)));
    let trace = stage.trace().await;
    assert_eq!(trace.first().map(String::as_str), Some(WHY), "{trace:?}");
    assert!(trace.len() > 2, "{trace:?}");
    // The same again is known, and tells and records nothing.
    let before = stage.snapshot().await;
    let stage = stage.crashed().await;
    assert!(matches!(stage.admit(asked).await, Admission::Known(known) if known.request == view.request));
    assert_eq!(stage.snapshot().await, before);
}

/// *Decided*: where the admission is refused, neither its decision nor its reasons are recorded.
pub async fn what_a_refused_admission_brings_is_not_recorded(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "what a refused admission brings is not recorded").await;
    let too_little = Money { micros: PRICE.micros - 1, ..PRICE };
    stage.stores.budget.set_limit(&stage.scene.scope(), too_little).await.unwrap();
    let before = stage.snapshot().await;
    let asked = deciding(&stage, by_policy(&stage), vec![why(&stage, 1)]);
    let refused = admission_refused(stage.admit(asked.clone()).await);
    assert_eq!(refused.code, ErrorCode::BudgetExceeded);
    assert_eq!(stage.snapshot().await, before);
    assert_eq!(stage.standing(&reply(&stage)).await, None);
    // Once it fits, the same decision and the same reasons do.
    stage.stores.budget.set_limit(&stage.scene.scope(), PLENTY).await.unwrap();
    fresh(stage.admit(asked).await);
    assert_eq!(stage.trace().await.first().map(String::as_str), Some(WHY));
}

/// *Decided*: a decision that runs out before the step is applied permits nothing.
pub async fn a_brought_decision_that_ran_out_permits_nothing(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "a brought decision that ran out permits nothing").await;
    stage.stores.budget.set_limit(&stage.scene.scope(), PLENTY).await.unwrap();
    let expires_at =
        chimera_contracts::Clock::now(stage.clock.as_ref()).checked_add_signed(TimeDelta::seconds(5));
    let asked = deciding(&stage, Decision { expires_at, ..by_policy(&stage) }, vec![why(&stage, 1)]);
    stage.clock.advance(TimeDelta::seconds(5));
    let refused = admission_refused(stage.admit(asked).await);
    assert_eq!(refused.code, ErrorCode::ApprovalExpired);
    assert_eq!(stage.standing(&reply(&stage)).await, None);
    assert!(stage.trace().await.is_empty());
}

/// *Decided*: a decision that is recorded counts before one with its id that is brought: revoked it stays revoked, and what
/// another request used is used.
pub async fn a_recorded_decision_counts_before_one_that_is_brought(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "a recorded decision counts before one that is brought").await;
    stage.stores.budget.set_limit(&stage.scene.scope(), PLENTY).await.unwrap();
    let decision = by_policy(&stage);
    assert_eq!(stage.stores.approvals.record(decision.clone()).await.unwrap(), Recorded::New);
    let asked = deciding(&stage, decision.clone(), vec![why(&stage, 1)]);
    let view = fresh(stage.admit(asked.clone()).await);
    let other = Admit { key: stage.scene.under_key("another").key, ..asked.clone() };
    assert_eq!(admission_refused(stage.admit(other).await).code, ErrorCode::ApprovalUsed);
    assert_eq!(stage.standing(&reply(&stage)).await.unwrap().used_by, Some(view.effects[0].id));

    let stage = Stage::open(factory, "a revoked decision counts before one that is brought").await;
    stage.stores.budget.set_limit(&stage.scene.scope(), PLENTY).await.unwrap();
    let decision = by_policy(&stage);
    assert_eq!(stage.stores.approvals.record(decision.clone()).await.unwrap(), Recorded::New);
    stage.revoke().await;
    let asked = deciding(&stage, decision, vec![why(&stage, 1)]);
    assert_eq!(admission_refused(stage.admit(asked).await).code, ErrorCode::ApprovalRevoked);
    assert!(stage.trace().await.is_empty());
}

/// *Decided*: a policy lets engagements happen. A post is not admitted by its word, brought or recorded, and neither is an undo.
pub async fn a_policy_decides_about_engagements_alone(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "a policy decides about engagements alone").await;
    stage.stores.budget.set_limit(&stage.scene.scope(), PLENTY).await.unwrap();
    let post = stage.effects(1).remove(0);
    for (number, kind) in (0_u8..).zip([EffectKind::Publish, EffectKind::Undo]) {
        let (target, text) = match kind {
            EffectKind::Undo => (Some("17".to_owned()), String::new()),
            _ => (None, post.content().text.clone()),
        };
        let effect = Effect::new(EffectV1 { kind, target, text, ..post.content().clone() }).unwrap();
        let id = chimera_contracts::DecisionId::from_uuid(chimera_contracts::derive_uuid(
            "chimera/testkit/decided",
            &[stage.scene.name.as_bytes(), &[number]],
        ));
        let decision = Decision { id, effects: [effect.digest()].into(), ..by_policy(&stage) };
        let asked = about(&stage, effect, decision.clone(), Vec::new());
        assert_eq!(
            admission_refused(stage.admit(asked.clone()).await).code,
            ErrorCode::ApprovalWrongRole,
            "{kind:?}"
        );
        assert_eq!(stage.stores.approvals.record(decision).await.unwrap(), Recorded::New);
        assert_eq!(
            admission_refused(stage.admit(asked).await).code,
            ErrorCode::ApprovalWrongRole,
            "{kind:?}"
        );
    }
}
