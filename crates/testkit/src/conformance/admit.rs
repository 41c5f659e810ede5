//! `EffectJournal::admit`: atomic, durable, once.

use chimera_contracts::{
    AgentId, CampaignId, Clock as _, ErrorCode, Money, PlatformName, SkillName, derive_uuid,
};
use chimera_effect::{Admission, Admit, EffectState, RequestKey, RequestView};
use chimera_governance::Balance;
use futures_util::future::join_all;

use super::StoreFactory;
use super::ports::GivesJournal;
use super::stage::{PLENTY, Stage, admission_refused, fresh, openers, request};
use crate::scene::{PRICE, Scene, WINDOW, admit_request, new_effect};

fn known(admission: Admission) -> RequestView {
    match admission {
        Admission::Known(view) => view,
        other => panic!("expected a known request, got {other:?}"),
    }
}

fn is_conflict(admission: &Admission) -> bool {
    matches!(admission, Admission::Conflict { .. })
}

/// *Atomic*: one admission claims the key, inserts and leases the effects, holds the budget, uses the approvals, appends
/// the evidence and marks the first attempts.
pub async fn admission_records_everything_at_once(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "admission records everything at once").await;
    let now = stage.clock.now();
    let effects = stage.effects(2);
    let approved = stage.set_up(PLENTY, &effects).await;
    let news = vec![new_effect(approved[0].clone(), true), new_effect(approved[1].clone(), false)];
    let view = fresh(stage.admit(admit_request(&stage.scene, news)).await);

    assert_eq!(stage.view().await.as_ref(), Some(&view), "what is answered is what is stored");
    assert_eq!((view.request.id, view.request.admitted_at), (stage.scene.key.request_id(), now));
    for (position, (record, effect)) in view.effects.iter().zip(&effects).enumerate() {
        assert_eq!(usize::try_from(record.position).unwrap(), position, "effects keep their order");
        assert_eq!(record.effect, *effect);
        assert_eq!(record.id, stage.scene.key.effect_id(&effect.digest()));
        let lease = record.progress.lease.expect("a fresh effect is leased");
        assert_eq!(lease.holder, stage.stores.journal.instance(), "to the opener that admitted it");
        let standing = stage.standing(effect).await.expect("the decision is known");
        assert_eq!(standing.used_by, Some(record.id), "its approval is used");
    }
    let begun = &view.effects[0].progress;
    assert_eq!((begun.state, begun.attempts), (EffectState::Attempting, 1));
    assert_eq!(begun.send_before, Some(now + WINDOW.send));
    assert_eq!(begun.settled_from, Some(now + WINDOW.send + WINDOW.settle));
    let waiting = &view.effects[1].progress;
    assert_eq!((waiting.state, waiting.attempts), (EffectState::Admitted, 0));
    assert_eq!(stage.balance().await.unwrap().committed, Money::usd_micros(2 * PRICE.micros));
    assert_eq!(stage.trace().await, ["skill.publish_content.start", "skill.publish_content.attempt"]);
}

/// *Atomic*: an admission that is refused for one effect leaves nothing of the others.
pub async fn refused_admission_changes_nothing(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "refused admission changes nothing").await;
    let effects = stage.effects(2);
    let approved = stage.set_up(PLENTY, &effects).await;
    // The second effect's approval goes to another request first.
    let other = stage.scene.under_key("before");
    let theirs = stage.approve_for(&other, &effects[1..]).await;
    fresh(stage.admit(request(&other, &theirs, true)).await);
    let before = stage.snapshot().await;

    let refused = admission_refused(stage.admit(request(&stage.scene, &approved, true)).await);
    assert_eq!(refused.code, ErrorCode::ApprovalUsed);
    assert_eq!(refused.platform, Some(effects[1].content().platform));
    assert_eq!(stage.snapshot().await, before);
    assert_eq!(stage.standing(&effects[0]).await.unwrap().used_by, None, "the first approval is unused");
    assert_eq!(stage.view().await, None, "the key is not claimed");
}

/// *Atomic*: an admission that the budget does not cover as a whole holds no part of it.
pub async fn uncovered_admission_changes_nothing(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "uncovered admission changes nothing").await;
    let approved = stage.set_up(Money::usd_micros(2 * PRICE.micros - 1), &stage.effects(2)).await;
    let before = stage.snapshot().await;
    let refused = admission_refused(stage.admit(request(&stage.scene, &approved, true)).await);
    assert_eq!(refused.code, ErrorCode::BudgetExceeded);
    assert_eq!(stage.snapshot().await, before);
    // The key was not claimed, so that it can be asked again with less.
    fresh(stage.admit(request(&stage.scene, &approved[..1], true)).await);
}

/// *Durable*: what `admit` answered survives a crash of the process.
pub async fn answers_of_admit_survive_a_crash<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "answers of admit survive a crash").await;
    let view = stage.admitted(2, true).await;
    let before = stage.snapshot().await;
    let stage = stage.crashed().await;
    assert_eq!(stage.view().await, Some(view));
    assert_eq!(stage.snapshot().await, before);
}

/// *Once*: of 64 concurrent callers in two processes exactly one is `Fresh`; all get the same request.
pub async fn one_key_is_fresh_once<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "one key is fresh once").await;
    let asked = stage.asking(&stage.scene, &stage.acts(2), true).await;
    let others = openers(factory, 2).await;
    let calls = (0..64).map(|n| others[n % 2].journal().admit(asked.clone()));
    let answers: Vec<Admission> = join_all(calls).await.into_iter().map(Result::unwrap).collect();

    let fresh = answers.iter().filter(|answer| matches!(answer, Admission::Fresh(_))).count();
    assert_eq!(fresh, 1, "exactly one admission is fresh");
    let stored = stage.view().await.expect("the request is stored");
    for answer in answers {
        match answer {
            Admission::Fresh(view) | Admission::Known(view) => assert_eq!(view, stored),
            other => panic!("every caller gets the request back, not {other:?}"),
        }
    }
    stage.pays(0, 2).await;
    stage.tells_of("start", 1).await;
}

/// *Once*: a part of the effects is the same request, and nothing changes by asking.
pub async fn a_part_of_the_effects_is_the_same_request<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a part of the effects is the same request").await;
    let asked = stage.asking(&stage.scene, &stage.acts(3), true).await;
    let view = fresh(stage.admit(asked.clone()).await);
    let before = stage.snapshot().await;
    let mut again = asked;
    again.effects.reverse();
    for part in [0..1, 1..3, 0..3] {
        let part = Admit { effects: again.effects[part].to_vec(), ..again.clone() };
        assert_eq!(known(stage.admit(part).await), view);
    }
    // Neither the trace nor the artifact, nor when it begins, is part of what makes a request the same.
    let correlation = Scene::named("elsewhere").correlation;
    let mut elsewhere = Admit { correlation, artifact: "another name".to_owned(), ..again };
    elsewhere.effects.iter_mut().for_each(|new| new.begin = None);
    assert_eq!(known(stage.admit(elsewhere).await), view);
    assert_eq!(stage.snapshot().await, before);
}

/// *Once*: an effect outside the first set is a `Conflict`, and nothing changes.
pub async fn other_content_under_the_key_is_a_conflict<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "other content under the key is a conflict").await;
    let effects = [
        stage.act(PlatformName::Twitter, "a text"),
        stage.act(PlatformName::Twitter, "another text"),
        stage.act(PlatformName::Threads, "a text"),
    ];
    let asked = stage.asking(&stage.scene, &effects, true).await;
    let part = |part| Admit { effects: Vec::from(&asked.effects[part]), ..asked.clone() };
    fresh(stage.admit(part(0..1)).await);
    let before = stage.snapshot().await;
    for strange in [1..2, 2..3, 0..2] {
        assert!(is_conflict(&stage.admit(part(strange)).await));
    }
    assert_eq!(stage.snapshot().await, before);
    if let Some(approvals) = stage.stores.whole().map(|stores| &stores.approvals) {
        let Scene { namespace, decision, .. } = &stage.scene;
        let unused = approvals.decision(namespace, *decision, &effects[1].digest()).await.unwrap();
        assert_eq!(unused.unwrap().used_by, None);
    }
}

/// *Once*: another campaign or agent under the key is a `Conflict`, and nothing changes.
pub async fn another_payer_or_agent_is_a_conflict<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "another payer or agent is a conflict").await;
    let same = stage.asking(&stage.scene, &stage.acts(1), true).await;
    fresh(stage.admit(same.clone()).await);
    let before = stage.snapshot().await;
    let campaign = CampaignId::from_uuid(derive_uuid("test", &[b"another campaign"]));
    let agent = AgentId::from_uuid(derive_uuid("test", &[b"another agent"]));
    for other in [Admit { campaign, ..same.clone() }, Admit { agent, ..same }] {
        assert!(is_conflict(&stage.admit(other).await));
    }
    assert_eq!(stage.snapshot().await, before);
}

/// Keys are scoped by tenant and skill: the same text under another skill, or of another tenant, is another request.
pub async fn keys_are_scoped_by_tenant_and_skill<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "keys are scoped by tenant and skill").await;
    let view = stage.admitted(1, true).await;
    let engage = RequestKey { skill: SkillName::Engage, ..stage.scene.key.clone() };
    let tenant = RequestKey { namespace: "another-tenant".parse().unwrap(), ..stage.scene.key.clone() };
    for key in [engage.clone(), tenant] {
        assert_eq!(stage.stores.journal().request(&key).await.unwrap(), None, "{key:?}");
    }
    let other = Scene { key: engage, ..stage.scene.clone() };
    let effect = stage.act(PlatformName::Threads, "for another skill");
    let decision = Scene { decision: Scene::named("keys are scoped, too").decision, ..other };
    let theirs = fresh(stage.admit(stage.asking(&decision, &[effect], true).await).await);
    assert_ne!(theirs.request.id, view.request.id);
    assert_eq!(stage.view().await, Some(view), "the first request is untouched");
}

/// *Once* goes before everything else: a key that is known answers so when its approval has ended and its budget is used
/// up since.
pub async fn a_known_key_stays_known_when_its_approval_ends(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "a known key stays known when its approval ends").await;
    let approved = stage.set_up(PRICE, &stage.effects(1)).await;
    let view = fresh(stage.admit(request(&stage.scene, &approved, true)).await);
    stage.revoke().await;
    assert_eq!(known(stage.admit(request(&stage.scene, &approved, true)).await), view);
    let Balance { committed, .. } = stage.balance().await.unwrap();
    assert_eq!(committed, PRICE);
}

/// *Once*: a request that was admitted under a former key of the same request is that request, in whatever bytes its words
/// are given now; nothing changes.
pub async fn a_request_under_a_former_key_is_known<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a request under a former key is known").await;
    let view = stage.admitted(1, true).await;
    let renamed = stage.scene.under_key("in the form of today");
    let renamed =
        Scene { decision: Scene::named("a former key is known, decided again").decision, ..renamed };
    // The words of the same request may differ in their bytes.
    let respelled = stage.act(PlatformName::Twitter, "a text in another form");
    let today = stage.asking(&renamed, &[respelled], true).await;
    let before = stage.snapshot().await;
    let older = stage.scene.under_key("older still").key;
    let asked = Admit { former_keys: vec![older, stage.scene.key.clone()], ..today };
    assert_eq!(known(stage.admit(asked.clone()).await), view);
    assert_eq!(stage.snapshot().await, before);
    assert_eq!(stage.stores.journal().request(&renamed.key).await.unwrap(), None, "nothing is claimed anew");

    let stage = stage.crashed().await;
    let known_again = known(stage.admit(asked.clone()).await);
    assert_eq!(known_again.request, view.request, "also after a crash");
    // Without the former key it is another request.
    fresh(stage.admit(Admit { former_keys: Vec::new(), ..asked }).await);
}

/// *Once*: a former key that belongs to another campaign or agent is a `Conflict`, and nothing changes.
pub async fn a_former_key_of_another_payer_or_agent_is_a_conflict<P: GivesJournal>(
    factory: &dyn StoreFactory<P>,
) {
    let stage = Stage::open(factory, "a former key of another payer or agent is a conflict").await;
    let asked = stage.asking(&stage.scene, &stage.acts(1), true).await;
    fresh(stage.admit(asked.clone()).await);
    let before = stage.snapshot().await;
    let key = stage.scene.under_key("in the form of today").key;
    let same = Admit { key, former_keys: vec![stage.scene.key.clone()], ..asked };
    let campaign = CampaignId::from_uuid(derive_uuid("test", &[b"another campaign"]));
    let agent = AgentId::from_uuid(derive_uuid("test", &[b"another agent"]));
    for other in [Admit { campaign, ..same.clone() }, Admit { agent, ..same }] {
        assert!(is_conflict(&stage.admit(other).await));
    }
    assert_eq!(stage.snapshot().await, before);
}
