//! `EffectJournal`: approved and covered.

use chimera_contracts::{Clock as _, ErrorCode, Money, PlatformName};
use chimera_effect::{Admission, Advanced, Effect, EffectState, FoundBy, NewEffect, Step};
use chimera_governance::{Approved, Decision, Recorded};
use chrono::TimeDelta;
use futures_util::future::join_all;

use super::StoreFactory;
use super::stage::{
    PLENTY, Stage, accepted, admission_refused, advance, begin, fresh, lost, not_done, openers, request,
};
use crate::scene::{PRICE, admit_request, done, new_effect, published, sample_decision, sample_effect};

/// How long the scene's approval holds, where it ends.
const HOLDS: TimeDelta = TimeDelta::seconds(60);

/// Sets a scene up whose approval ends after [`HOLDS`].
async fn expiring(stage: &Stage<'_>, effects: &[Effect]) -> Vec<Approved<Effect>> {
    let expires_at = Some(stage.clock.now() + HOLDS);
    let decision = Decision { expires_at, ..sample_decision(&stage.scene, effects, stage.clock.as_ref()) };
    assert_eq!(stage.stores.approvals.record(decision).await.unwrap(), Recorded::New);
    stage.stores.budget.set_limit(&stage.scene.scope(), PLENTY).await.unwrap();
    stage.approve_for(&stage.scene, effects).await
}

/// *Approved*: of many requests for the same digest, in two processes, one uses the approval.
pub async fn an_approval_is_used_by_one_effect(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "an approval is used by one effect").await;
    let effects = stage.effects(1);
    stage.set_up(PLENTY, &effects).await;
    let mut requests = Vec::new();
    for n in 0..16 {
        let scene = stage.scene.under_key(&n.to_string());
        requests.push(request(&scene, &stage.approve_for(&scene, &effects).await, true));
    }
    let others = openers(factory, 2).await;
    let calls = requests.into_iter().enumerate().map(|(n, admit)| others[n % 2].journal.admit(admit));
    let mut user = None;
    for answer in join_all(calls).await {
        match answer.unwrap() {
            Admission::Fresh(view) => {
                assert_eq!(user.replace(view.effects[0].id), None, "one request uses the approval");
            }
            other => assert_eq!(admission_refused(other).code, ErrorCode::ApprovalUsed),
        }
    }
    assert_eq!(stage.standing(&effects[0]).await.unwrap().used_by, user);
    assert_eq!(stage.balance().await.unwrap().committed, PRICE);
}

/// *Approved*: each digest of a decision is used by itself, also under different keys.
pub async fn every_digest_of_a_decision_is_used_by_itself(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "every digest of a decision is used by itself").await;
    let effects = stage.effects(3);
    stage.set_up(PLENTY, &effects).await;
    for (n, effect) in effects.iter().enumerate() {
        let scene = stage.scene.under_key(&n.to_string());
        let approved = stage.approve_for(&scene, std::slice::from_ref(effect)).await;
        let view = fresh(stage.admit(request(&scene, &approved, true)).await);
        assert_eq!(stage.standing(effect).await.unwrap().used_by, Some(view.effects[0].id));
    }
}

/// *Approved*: `admit` refuses an approval that was revoked after the gate.
pub async fn admission_checks_revocation_again(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "admission checks revocation again").await;
    let approved = stage.set_up(PLENTY, &stage.effects(1)).await;
    stage.revoke().await;
    let before = stage.snapshot().await;
    let refused = admission_refused(stage.admit(request(&stage.scene, &approved, true)).await);
    assert_eq!(refused.code, ErrorCode::ApprovalRevoked);
    assert_eq!(stage.snapshot().await, before);
}

/// *Approved*: `admit` refuses an approval whose time has come after the gate, by the store's clock.
pub async fn admission_checks_expiry_by_the_stores_clock(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "admission checks expiry by the store's clock").await;
    let approved = expiring(&stage, &stage.effects(1)).await;
    stage.clock.advance(HOLDS);
    let before = stage.snapshot().await;
    let refused = admission_refused(stage.admit(request(&stage.scene, &approved, true)).await);
    assert_eq!(refused.code, ErrorCode::ApprovalExpired);
    assert_eq!(stage.snapshot().await, before);
}

fn begin_refused(advanced: &Advanced, code: ErrorCode) {
    match advanced {
        Advanced::Refused(refused) => assert_eq!(refused.code, code),
        other => panic!("expected `Begin` to be refused, got {other:?}"),
    }
}

/// *Approved*: every `Begin`, the first and the one after a refusal or a lost answer, is refused once the approval is
/// revoked, and nothing changes.
pub async fn every_begin_checks_revocation_again(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "every begin checks revocation again").await;
    let view = stage.admitted(3, false).await;
    let waiting = view.effects[0].clone();
    let refused = stage.apply(&view.effects[1], begin()).await;
    let refused = stage.apply(&refused, not_done(ErrorCode::PlatformRateLimit)).await;
    let unknown = stage.apply(&view.effects[2], begin()).await;
    let unknown = stage.apply(&unknown, lost()).await;
    stage.revoke().await;
    let before = stage.snapshot().await;
    for record in [waiting, refused, unknown] {
        begin_refused(&stage.advance(advance(&record, begin())).await, ErrorCode::ApprovalRevoked);
    }
    assert_eq!(stage.snapshot().await, before);
}

/// *Approved*: `Begin` is refused once the approval's time has come, by the store's clock.
pub async fn every_begin_checks_expiry_by_the_stores_clock(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "every begin checks expiry by the store's clock").await;
    let approved = expiring(&stage, &stage.effects(1)).await;
    let view = fresh(stage.admit(request(&stage.scene, &approved, true)).await);
    let record = stage.apply(&view.effects[0], not_done(ErrorCode::PlatformRateLimit)).await;
    let record = stage.apply(&record, begin()).await;
    let record = stage.apply(&record, not_done(ErrorCode::PlatformRateLimit)).await;
    stage.clock.advance(HOLDS);
    let before = stage.snapshot().await;
    begin_refused(&stage.advance(advance(&record, begin())).await, ErrorCode::ApprovalExpired);
    assert_eq!(stage.snapshot().await, before);
}

/// *Covered*: concurrent holds in two processes never pass the limit; what fits is held.
pub async fn holds_never_pass_the_limit(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "holds never pass the limit").await;
    let texts = (0..20).map(|n| sample_effect(&stage.scene, PlatformName::Twitter, &format!("text {n}")));
    let effects: Vec<Effect> = texts.collect();
    let limit = Money::usd_micros(5 * PRICE.micros + PRICE.micros / 2);
    stage.set_up(limit, &effects).await;
    let mut requests = Vec::new();
    for (n, effect) in effects.iter().enumerate() {
        let scene = stage.scene.under_key(&n.to_string());
        requests.push(request(&scene, &stage.approve_for(&scene, std::slice::from_ref(effect)).await, false));
    }
    let others = openers(factory, 2).await;
    let calls = requests.into_iter().enumerate().map(|(n, admit)| others[n % 2].journal.admit(admit));
    let mut fresh = 0;
    for answer in join_all(calls).await {
        match answer.unwrap() {
            Admission::Fresh(_) => fresh += 1,
            other => assert_eq!(admission_refused(other).code, ErrorCode::BudgetExceeded),
        }
    }
    assert_eq!(fresh, 5, "as many as the budget covers");
    assert_eq!(stage.balance().await.unwrap().committed, Money::usd_micros(5 * PRICE.micros));
}

/// *Covered*: without a budget nothing that has a price is admitted, and what is free is.
pub async fn nothing_with_a_price_is_admitted_without_a_budget(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "nothing with a price is admitted without a budget").await;
    let effects = stage.effects(1);
    let decision = sample_decision(&stage.scene, &effects, stage.clock.as_ref());
    stage.stores.approvals.record(decision).await.unwrap();
    let approved = stage.approve_for(&stage.scene, &effects).await;
    let before = stage.snapshot().await;
    let refused = admission_refused(stage.admit(request(&stage.scene, &approved, true)).await);
    assert_eq!(refused.code, ErrorCode::BudgetExceeded);
    assert_eq!(stage.snapshot().await, before);
    let free = NewEffect { price: Money::usd_micros(0), ..new_effect(approved[0].clone(), true) };
    let record = fresh(stage.admit(admit_request(&stage.scene, vec![free])).await).effects.remove(0);
    stage.apply(&record, published("free of charge")).await;
    assert_eq!(stage.balance().await, None);
}

/// *Covered*: what costs nothing needs no budget, whatever becomes of it: also when a look gave its post to another effect.
pub async fn what_is_free_needs_no_budget(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "what is free needs no budget").await;
    let effects =
        ["a text", "another text"].map(|text| sample_effect(&stage.scene, PlatformName::Twitter, text));
    let decision = sample_decision(&stage.scene, &effects, stage.clock.as_ref());
    stage.stores.approvals.record(decision).await.unwrap();
    let approved = stage.approve_for(&stage.scene, &effects).await.into_iter();
    let free = approved.map(|one| NewEffect { price: Money::usd_micros(0), ..new_effect(one, true) });
    let view = fresh(stage.admit(admit_request(&stage.scene, free.collect())).await);
    let loser = stage.apply(&view.effects[0], lost()).await;
    let found = Step::Done { evidence: done("the one"), found_by: FoundBy::Look };
    stage.apply(&loser, found).await;
    stage.apply(&view.effects[1], published("the one")).await;
    let states: Vec<EffectState> =
        stage.view().await.unwrap().effects.iter().map(|record| record.progress.state).collect();
    assert_eq!(states, [EffectState::Unknown, EffectState::Published]);
    assert_eq!(stage.balance().await, None);
}

/// *Covered*: a hold is spent when its effect is public, released when it failed for good, and kept while it is open,
/// may be tried again, or is unknown.
pub async fn a_hold_is_spent_released_or_kept_with_its_effect(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "a hold is spent, released or kept with its effect").await;
    let view = stage.admitted(5, true).await;
    let steps = [
        (published("paid"), EffectState::Published, 1, 4),
        (not_done(ErrorCode::ContentPolicyViolation), EffectState::Failed, 1, 3),
        (not_done(ErrorCode::PlatformRateLimit), EffectState::NotDone, 1, 3),
        (lost(), EffectState::Unknown, 1, 3),
        (accepted(), EffectState::Processing, 1, 3),
    ];
    for (record, (step, state, spent, committed)) in view.effects.iter().zip(steps) {
        let record = stage.apply(record, step).await;
        assert_eq!(record.progress.state, state);
        let balance = stage.balance().await.unwrap();
        assert_eq!(balance.spent, Money::usd_micros(spent * PRICE.micros), "spent at {state}");
        assert_eq!(balance.committed, Money::usd_micros(committed * PRICE.micros), "committed at {state}");
    }
}
