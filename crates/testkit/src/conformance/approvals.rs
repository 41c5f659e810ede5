//! `ApprovalStore`: recorded once, revoked once, used once.

use chimera_contracts::{Clock as _, DecisionId, EffectId, Namespace, derive_uuid};
use chimera_effect::Effect;
use chimera_governance::{Decision, Denial, Recorded, Standing, Use, Verdict};
use chrono::TimeDelta;
use futures_util::future::join_all;

use super::StoreFactory;
use super::case::port_suite;
use super::ports::GivesApprovals;
use super::stage::{Stage, openers};
use crate::scene::sample_decision;

port_suite! {
    GivesApprovals:
    a_decision_is_recorded_once
    another_decision_under_the_id_is_a_conflict
    a_decision_is_revoked_once_for_good
    decisions_are_found_by_digest_oldest_first
    artifacts_are_known_by_tenant
    use_approval_grants_one_effect
    use_approval_refuses_what_is_not_permitted
    decisions_and_uses_survive_a_crash
}

fn user(name: &str) -> EffectId {
    EffectId::from_uuid(derive_uuid("test", &[name.as_bytes()]))
}

async fn record<P: GivesApprovals>(stage: &Stage<'_, P>, decision: &Decision) -> Recorded {
    stage.stores.approvals().record(decision.clone()).await.unwrap()
}

async fn use_it<P: GivesApprovals>(stage: &Stage<'_, P>, effect: &Effect, user: EffectId) -> Use {
    let scene = &stage.scene;
    let digest = effect.digest();
    let used = stage.stores.approvals().use_approval(&scene.namespace, scene.decision, &digest, user);
    used.await.unwrap()
}

/// The scene with its decision recorded.
async fn decided<'a, P: GivesApprovals>(
    factory: &'a dyn StoreFactory<P>,
    name: &str,
) -> (Stage<'a, P>, Vec<Effect>, Decision) {
    let stage = Stage::open(factory, name).await;
    let effects = stage.effects(3);
    let decision = sample_decision(&stage.scene, &effects, stage.clock.as_ref());
    assert_eq!(record(&stage, &decision).await, Recorded::New);
    (stage, effects, decision)
}

/// `record` is idempotent: the same decision again is `Already`, whoever says so, and stands as it was recorded.
pub async fn a_decision_is_recorded_once<P: GivesApprovals>(factory: &dyn StoreFactory<P>) {
    let (stage, effects, decision) = decided(factory, "a decision is recorded once").await;
    assert_eq!(record(&stage, &decision).await, Recorded::Already);
    let other = Stage::open(factory, &stage.scene.name).await;
    assert_eq!(record(&other, &decision).await, Recorded::Already);
    assert_eq!(
        stage.standing(&effects[0]).await,
        Some(Standing { decision: decision.clone(), used_by: None })
    );

    let id = DecisionId::from_uuid(derive_uuid("test", &[b"recorded concurrently"]));
    let decision = Decision { id, ..decision };
    let others = openers(factory, 2).await;
    let calls = (0..16).map(|n| others[n % 2].approvals().record(decision.clone()));
    let answers: Vec<_> = join_all(calls).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| **answer == Recorded::New).count(), 1);
    assert!(!answers.contains(&Recorded::Conflict));
}

/// `record` of another decision under a known id is `Conflict` and changes nothing; ids are of one tenant.
pub async fn another_decision_under_the_id_is_a_conflict<P: GivesApprovals>(factory: &dyn StoreFactory<P>) {
    let (stage, effects, decision) = decided(factory, "another decision under the id is a conflict").await;
    let others = [
        Decision { verdict: Verdict::Reject, ..decision.clone() },
        Decision { expires_at: Some(stage.clock.now()), ..decision.clone() },
        Decision { artifact: "another".to_owned(), ..decision.clone() },
        Decision { effects: effects[..2].iter().map(Effect::digest).collect(), ..decision.clone() },
    ];
    for other in others {
        assert_eq!(record(&stage, &other).await, Recorded::Conflict, "{other:?}");
    }
    assert_eq!(stage.standing(&effects[2]).await.unwrap().decision, decision);
    let tenant = Decision { namespace: "another-tenant".parse().unwrap(), ..decision };
    assert_eq!(record(&stage, &tenant).await, Recorded::New);
}

/// `revoke` sets its time once; recording the decision again brings nothing back; without a decision it is `false`.
pub async fn a_decision_is_revoked_once_for_good<P: GivesApprovals>(factory: &dyn StoreFactory<P>) {
    let (stage, effects, decision) = decided(factory, "a decision is revoked once, for good").await;
    let (approvals, scene) = (stage.stores.approvals(), &stage.scene);
    let at = stage.clock.now();
    assert!(approvals.revoke(&scene.namespace, scene.decision, at).await.unwrap());
    let later = at + TimeDelta::hours(1);
    assert!(approvals.revoke(&scene.namespace, scene.decision, later).await.unwrap(), "it is known");
    let revoked = Decision { revoked_at: Some(at), ..decision.clone() };
    assert_eq!(stage.standing(&effects[0]).await.unwrap().decision, revoked, "nothing else is altered");
    assert_eq!(record(&stage, &decision).await, Recorded::Already, "a replay of the record");
    assert_eq!(stage.standing(&effects[0]).await.unwrap().decision, revoked);

    let nobodys = DecisionId::from_uuid(derive_uuid("test", &[b"nobody's decision"]));
    assert!(!approvals.revoke(&scene.namespace, nobodys, at).await.unwrap());
    let elsewhere: Namespace = "yet-another-tenant".parse().unwrap();
    assert!(!approvals.revoke(&elsewhere, scene.decision, at).await.unwrap());
}

/// Decisions are found by digest, oldest first, within the tenant; a digest that none lists has none.
pub async fn decisions_are_found_by_digest_oldest_first<P: GivesApprovals>(factory: &dyn StoreFactory<P>) {
    let (stage, effects, first) = decided(factory, "decisions are found by digest, oldest first").await;
    let id = |name: &[u8]| DecisionId::from_uuid(derive_uuid("test found by digest", &[name]));
    let later = |minutes| first.decided_at + TimeDelta::minutes(minutes);
    let only_first = effects[..1].iter().map(Effect::digest).collect();
    let last = Decision { id: id(b"last"), decided_at: later(2), ..first.clone() };
    let middle = Decision {
        id: id(b"middle"),
        decided_at: later(1),
        effects: only_first,
        verdict: Verdict::Reject,
        ..first.clone()
    };
    let stranger =
        Decision { id: id(b"stranger"), namespace: "a-stranger".parse().unwrap(), ..first.clone() };
    for decision in [&last, &middle, &stranger] {
        record(&stage, decision).await;
    }
    let about = async |effect: &Effect| {
        let found =
            stage.stores.approvals().about_effect(&stage.scene.namespace, &effect.digest()).await.unwrap();
        found.into_iter().map(|standing| standing.decision.id).collect::<Vec<_>>()
    };
    assert_eq!(about(&effects[0]).await, [first.id, middle.id, last.id]);
    assert_eq!(about(&effects[1]).await, [first.id, last.id]);
    let unlisted = stage.effects(4).remove(3);
    assert_eq!(about(&unlisted).await, []);
    // By id a decision is found also towards a digest that it does not list; whether it permits is the gate's to say.
    assert_eq!(stage.standing(&unlisted).await.unwrap().decision, first);
}

/// `knows_artifact` tells whether any decision of the tenant is about the artifact.
pub async fn artifacts_are_known_by_tenant<P: GivesApprovals>(factory: &dyn StoreFactory<P>) {
    let (stage, _, decision) = decided(factory, "artifacts are known by tenant").await;
    let knows = async |namespace: &Namespace, artifact: &str| {
        stage.stores.approvals().knows_artifact(namespace, artifact).await.unwrap()
    };
    let elsewhere = "another-tenant".parse().unwrap();
    assert!(knows(&decision.namespace, &decision.artifact).await);
    assert!(!knows(&decision.namespace, "nobody's artifact").await);
    assert!(!knows(&elsewhere, &decision.artifact).await);
}

/// `use_approval`: of concurrent effects one is `Granted`, the same again is `Already`, the others `Refused(Used)`; for
/// each digest by itself.
pub async fn use_approval_grants_one_effect<P: GivesApprovals>(factory: &dyn StoreFactory<P>) {
    let (stage, effects, _) = decided(factory, "use_approval grants one effect").await;
    let others = openers(factory, 2).await;
    let scene = &stage.scene;
    let users: Vec<_> = (0..16).map(|n| user(&format!("user {}", n / 2))).collect();
    let digest = effects[0].digest();
    let calls = users.iter().enumerate().map(|(n, user)| {
        others[n % 2].approvals().use_approval(&scene.namespace, scene.decision, &digest, *user)
    });
    let answers: Vec<_> = join_all(calls).await.into_iter().map(Result::unwrap).collect();
    let granted: Vec<_> = users.iter().zip(&answers).filter(|(_, answer)| **answer == Use::Granted).collect();
    assert_eq!(granted.len(), 1, "one effect is granted");
    let winner = *granted[0].0;
    for (user, answer) in users.iter().zip(&answers) {
        let expected = if *user == winner {
            *answer != Use::Refused(Denial::Used)
        } else {
            *answer == Use::Refused(Denial::Used)
        };
        assert!(expected, "{answer:?}");
    }
    assert_eq!(use_it(&stage, &effects[0], winner).await, Use::Already);
    assert_eq!(stage.standing(&effects[0]).await.unwrap().used_by, Some(winner));
    assert_eq!(use_it(&stage, &effects[1], user("another")).await, Use::Granted, "each digest by itself");
}

/// `use_approval` never grants what `permits` refuses: no decision, an unlisted digest, a no, an end, a revocation.
pub async fn use_approval_refuses_what_is_not_permitted<P: GivesApprovals>(factory: &dyn StoreFactory<P>) {
    let (stage, effects, decision) = decided(factory, "use_approval refuses what is not permitted").await;
    let scene = &stage.scene;
    let listed = effects[0].digest();
    let id = |name: &[u8]| DecisionId::from_uuid(derive_uuid("test not permitted", &[name]));
    let rejected = Decision { id: id(b"rejected"), verdict: Verdict::Reject, ..decision.clone() };
    let ended = Decision { id: id(b"ended"), expires_at: Some(stage.clock.now()), ..decision.clone() };
    let own =
        Decision { id: id(b"own"), requested_by: Some(decision.approver.id.clone()), ..decision.clone() };
    for other in [&rejected, &ended, &own] {
        record(&stage, other).await;
    }
    let unlisted = stage.effects(4)[3].digest();
    for (id, digest, denial) in [
        (id(b"nobody's"), listed, Denial::Unknown),
        (scene.decision, unlisted, Denial::ContentMismatch),
        (rejected.id, listed, Denial::NotGranted),
        (ended.id, listed, Denial::Expired),
        (own.id, listed, Denial::SelfApproval),
    ] {
        let answer = stage.stores.approvals().use_approval(&scene.namespace, id, &digest, user("any")).await;
        assert_eq!(answer.unwrap(), Use::Refused(denial));
    }
    stage.revoke().await;
    assert_eq!(use_it(&stage, &effects[0], user("any")).await, Use::Refused(Denial::Revoked));
    assert_eq!(stage.standing(&effects[0]).await.unwrap().used_by, None);
}

/// Decisions, revocations and uses are durable.
pub async fn decisions_and_uses_survive_a_crash<P: GivesApprovals>(factory: &dyn StoreFactory<P>) {
    let (stage, effects, decision) = decided(factory, "decisions and uses survive a crash").await;
    use_it(&stage, &effects[0], user("the one")).await;
    let stage = stage.crashed().await;
    let standing = stage.standing(&effects[0]).await;
    assert_eq!(standing, Some(Standing { decision: decision.clone(), used_by: Some(user("the one")) }));
    assert_eq!(use_it(&stage, &effects[0], user("another")).await, Use::Refused(Denial::Used));
    stage.revoke().await;
    let stage = stage.crashed().await;
    assert!(stage.standing(&effects[0]).await.unwrap().decision.revoked_at.is_some());
    assert_eq!(record(&stage, &decision).await, Recorded::Already);
}
