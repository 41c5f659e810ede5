//! An approval that is bound to an agent is used for this agent alone, whatever was checked before the admission.

use std::sync::Arc;

use chimera_contracts::{AgentId, Clock, ErrorCode, InstanceId, Money, PlatformName, derive_uuid};
use chimera_effect::Admit;
use chimera_effect::step::{AdmitContext, admit};
use chimera_governance::{ApprovalStore, Balance, BudgetOwner, Decision, Gate};
use chimera_testkit::{
    Memory, Scene, TestClock, TestEntropy, admit_request, block_on, new_effect, sample_decision,
    sample_effect,
};

#[test]
fn a_decision_for_another_agent_admits_nothing() {
    let clock = Arc::new(TestClock::manual());
    let store = Arc::new(Memory::new(clock.clone(), Arc::new(TestEntropy::seeded(7))).open());
    let scene = Scene::named("agents");
    let effect = sample_effect(&scene, PlatformName::Twitter, "text");
    let decision = Decision {
        agent: Some(scene.agent),
        ..sample_decision(&scene, std::slice::from_ref(&effect), clock.as_ref())
    };
    block_on(store.record(decision)).unwrap();
    let id = scene.key.effect_id(&effect.digest());
    let gate = Gate::new(store.clone(), clock.clone());
    let approved = block_on(gate.check(effect, id, Some(scene.agent), &scene.claim())).unwrap();

    let digest = approved.digest();
    let standing = block_on(store.decision(&scene.namespace, scene.decision, &digest)).unwrap();
    let asked = admit_request(&scene, vec![new_effect(approved, true)]);
    let budget = BudgetOwner::Campaign(scene.campaign);
    let balances = [(budget, Some(Balance::new(Money::usd_micros(1_000_000))))];
    let instance = InstanceId::from_uuid(derive_uuid("test", &[b"instance"]));
    let by = |agent: AgentId| {
        let asked = Admit { agent, ..asked.clone() };
        let standings = std::slice::from_ref(&standing);
        let now = clock.now();
        let context = AdmitContext {
            standings,
            balances: &balances,
            open: &[],
            pauses: &[],
            undone: None,
            owners: None,
            instance,
            now,
        };
        admit(&asked, &context)
    };
    assert!(by(scene.agent).is_ok());
    let refused = by(AgentId::from_uuid(derive_uuid("test", &[b"another"]))).unwrap_err();
    assert_eq!((refused.code, refused.platform), (ErrorCode::AuthzFailure, Some(PlatformName::Twitter)));
}
