//! `Admit::plan`: order, all or nothing, time and retries are kept with the request and hold whoever goes on with it.

use chimera_contracts::{Clock as _, ErrorCode};
use chimera_effect::{
    AccountKey, Admission, Admit, Advanced, Effect, EffectRecord, EffectState, EffectV1, ExecutionOrder,
    ExecutionPlan, LeaseScope, PauseCause, PauseKey, PauseOrder, PauseScope, RequestView, RetryPolicy, Step,
};
use chrono::TimeDelta;

use super::StoreFactory;
use super::ports::GivesJournal;
use super::stage::{Stage, advance, applied, begin, fresh, last, lost, not_done, outlast, request};
use crate::scene::{published, refused};

const SEQUENTIAL: ExecutionPlan = ExecutionPlan {
    order: ExecutionOrder::Sequential,
    all_or_nothing: false,
    retry: RetryPolicy::WhenAsked,
    scheduled_for: None,
};

/// `count` effects, admitted under this plan; attempts begin at once where they may.
async fn planned<P: GivesJournal>(stage: &Stage<'_, P>, count: usize, plan: ExecutionPlan) -> RequestView {
    let asked = stage.asking(&stage.scene, &stage.acts(count), true).await;
    fresh(stage.admit(Admit { plan, ..asked }).await)
}

/// One effect as it is stored.
async fn stored<P: GivesJournal>(stage: &Stage<'_, P>, record: &EffectRecord) -> EffectRecord {
    let view = stage.view().await.expect("the request is stored");
    view.effects.into_iter().find(|one| one.id == record.id).expect("the effect is stored")
}

fn states(view: &RequestView) -> Vec<EffectState> {
    view.effects.iter().map(|record| record.progress.state).collect()
}

/// *Planned*: of effects one after the other the first begins alone, and after a crash the next one is due when the attempt
/// of the one before has ended, whatever came of it; asked to begin before, it is put aside.
pub async fn one_after_the_other_keeps_its_order_after_a_crash<P: GivesJournal>(
    factory: &dyn StoreFactory<P>,
) {
    let stage = Stage::open(factory, "one after the other keeps its order after a crash").await;
    let view = planned(&stage, 3, SEQUENTIAL).await;
    assert_eq!(view.request.plan, SEQUENTIAL);
    let [first, second, third] = view.effects.as_slice() else { panic!("three effects") };
    assert_eq!(states(&view), [EffectState::Attempting, EffectState::Admitted, EffectState::Admitted]);
    let early = applied(stage.advance(advance(second, begin())).await);
    assert_eq!((early.progress.state, early.progress.attempts), (EffectState::Admitted, 0));
    assert_eq!(early.progress.due_at, first.progress.send_before, "its turn makes it due");

    // The holder of the first one dies: its attempt ends when nothing of it may be sent any more, and by no other holder before.
    let stage = stage.crashed().await;
    let ends = first.progress.send_before.expect("it began");
    stage.clock.set(ends - TimeDelta::microseconds(1));
    assert_eq!(stage.lease_due().await, []);
    stage.clock.set(ends);
    let due = stage.lease_due().await;
    assert_eq!(
        due.iter().map(|one| one.id).collect::<Vec<_>>(),
        [second.id],
        "not after the platform has settled"
    );
    let second = &due[0];
    assert!(due.iter().all(|one| one.id != third.id), "not the third before the second");
    let begun = stage.apply(second, begin()).await;
    assert_eq!(begun.progress.state, EffectState::Attempting);
    let refusal = not_done(ErrorCode::ContentPolicyViolation);
    applied(stage.advance(last(&begun, refusal)).await);
    let due = stage.lease_due().await;
    let third = due.iter().find(|one| one.id == third.id).expect("a failure lets the next one go");
    assert_eq!(stage.apply(third, begin()).await.progress.state, EffectState::Attempting);
    outlast(&stage.clock, first);
    let due = stage.lease_due().await;
    assert!(due.iter().any(|one| one.id == first.id), "and the first one is looked for");
}

/// *Planned*: effects that go together are due together.
pub async fn together_means_at_once<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "together means at once").await;
    let view = planned(&stage, 3, ExecutionPlan::default()).await;
    assert_eq!(states(&view), [EffectState::Attempting; 3]);
}

/// *Planned*: of all or nothing one after the other begins once the one before is public, and none begins any more when one is
/// known never to happen.
pub async fn all_or_nothing_stops_at_the_first_failure<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "all or nothing stops at the first failure").await;
    let plan = ExecutionPlan { all_or_nothing: true, ..SEQUENTIAL };
    let view = planned(&stage, 3, plan).await;
    let [first, second, third] = view.effects.as_slice() else { panic!("three effects") };
    let open = stage.apply(first, lost()).await;
    let early = applied(stage.advance(advance(second, begin())).await);
    assert_eq!(early.progress.attempts, 0, "what may or may not be public stands before it");
    applied(stage.advance(last(&open, published("first"))).await);
    let second = stored(&stage, second).await;
    assert!(second.progress.due_at.is_some(), "its turn has come");
    let begun = stage.apply(&second, begin()).await;
    assert_eq!(begun.progress.state, EffectState::Attempting);
    applied(stage.advance(last(&begun, not_done(ErrorCode::ContentPolicyViolation))).await);
    let third = stored(&stage, third).await;
    assert!(third.progress.due_at.is_some(), "somebody has to close it");
    let Advanced::Refused(told) = stage.advance(advance(&third, begin())).await else {
        panic!("nothing begins beside a failure")
    };
    assert_eq!(told.code, ErrorCode::Cancelled);
    let closed = applied(stage.advance(last(&third, Step::NotDone(refused(told.code)))).await);
    assert_eq!(closed.progress.state, EffectState::Failed);
    assert!(!closed.progress.held, "its hold is let go");
}

/// *Planned*: the first plan of a key stands; a repetition with another one is the same request.
pub async fn the_first_plan_of_a_key_stands<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "the first plan of a key stands").await;
    let asked = stage.asking(&stage.scene, &stage.acts(2), true).await;
    let asked = Admit { plan: SEQUENTIAL, ..asked };
    let first = fresh(stage.admit(asked.clone()).await);
    let stage = stage.crashed().await;
    let other = ExecutionPlan { all_or_nothing: true, ..ExecutionPlan::default() };
    match stage.admit(Admit { plan: other, ..asked }).await {
        Admission::Known(view) => assert_eq!(view, first),
        other => panic!("it is known, not {other:?}"),
    }
}

/// *In time*: what was approved for later, or is planned for later, is admitted and scheduled, and begins from its time on;
/// asked before, it goes on waiting. At no time does it fail for being early.
pub async fn an_early_window_waits(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "an early window waits").await;
    let opens = stage.clock.now() + TimeDelta::hours(1);
    let effects = stage.effects(2).into_iter().map(|effect| {
        Effect::new(EffectV1 { not_before: Some(opens), ..effect.content().clone() })
            .expect("it is an effect")
    });
    let approved = stage.set_up(super::stage::PLENTY, &effects.collect::<Vec<_>>()).await;
    let later = opens + TimeDelta::minutes(30);
    let plan = ExecutionPlan { scheduled_for: Some(later), ..ExecutionPlan::default() };
    let planned_for = [(ExecutionPlan::default(), &approved[..1], opens), (plan, &approved[1..], later)];
    for (plan, approved, opens) in planned_for {
        let scene = stage.scene.under_key(&opens.to_string());
        let scene_stage = Stage { scene, stores: factory.open().await, clock: factory.clock(), factory };
        let approved = scene_stage.approve_for(&scene_stage.scene, &[approved[0].get().clone()]).await;
        let admit = Admit { plan, ..request(&scene_stage.scene, &approved, true) };
        let admitted = fresh(scene_stage.admit(admit).await).effects.remove(0);
        assert_eq!(admitted.progress.state, EffectState::Scheduled);
        assert_eq!((admitted.progress.due_at, admitted.progress.lease), (Some(opens), None));

        let early = opens - TimeDelta::microseconds(1);
        scene_stage.clock.set(early.max(scene_stage.clock.now()));
        assert_eq!(scene_stage.lease_due().await, []);
        let leased = scene_stage.lease_one(&admitted).await.expect("nobody holds it");
        let waits = scene_stage.apply(&leased, begin()).await;
        assert_eq!((waits.progress.state, waits.progress.due_at), (EffectState::Scheduled, Some(opens)));
        assert_eq!((waits.progress.attempts, waits.progress.lease), (0, None));

        let scene_stage = scene_stage.crashed().await;
        scene_stage.clock.set(opens);
        let due = scene_stage.lease_due().await;
        assert_eq!(due.len(), 1, "its time has come");
        let begun = scene_stage.apply(&due[0], begin()).await;
        assert_eq!((begun.progress.state, begun.progress.attempts), (EffectState::Attempting, 1));
    }
}

/// *Planned*: what was refused for now is due again by itself where the plan says when, so often and no longer; else it waits
/// for its caller.
pub async fn what_was_refused_is_due_again_as_planned<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "what was refused is due again as planned").await;
    let retry = RetryPolicy::Background { attempts: 2, first_pause_s: 5, within_s: 60 };
    let view = planned(&stage, 1, ExecutionPlan { retry, ..ExecutionPlan::default() }).await;
    let refused = not_done(ErrorCode::PlatformRateLimit);
    let waits = applied(stage.advance(last(&view.effects[0], refused.clone())).await);
    let due = waits.progress.due_at.expect("it is attempted again");
    assert!(due >= stage.clock.now() + TimeDelta::seconds(5));
    let stage = stage.crashed().await;
    stage.clock.set(due - TimeDelta::microseconds(1));
    assert_eq!(stage.lease_due().await, []);
    stage.clock.set(due);
    let leased = stage.lease_due().await.remove(0);
    let begun = stage.apply(&leased, begin()).await;
    let over = applied(stage.advance(last(&begun, refused)).await);
    assert_eq!(
        (over.progress.state, over.progress.due_at),
        (EffectState::NotDone, None),
        "two attempts in all"
    );
    stage.clock.advance(TimeDelta::days(1));
    assert_eq!(stage.lease_due().await, []);
    let asked = stage.lease(LeaseScope::Of(vec![over.id]), 1).await;
    assert_eq!(asked.len(), 1, "its caller may ask again");
}

/// *Planned*: one after the other is one at a time also where one that waited comes after those behind it; and what is due and
/// not in turn stands in the way of nothing that is.
pub async fn what_is_not_in_turn_stands_in_nobodys_way(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "what is not in turn stands in nobody's way").await;
    let account = |record: &EffectRecord| AccountKey::of(record.effect.content());
    let approved = stage.set_up(super::stage::PLENTY, &stage.effects(2)).await;
    let view =
        fresh(stage.admit(Admit { plan: SEQUENTIAL, ..request(&stage.scene, &approved, false) }).await);
    let [first, second] = view.effects.as_slice() else { panic!("two effects") };
    let scope = PauseScope::Account(account(first));
    let by = crate::scene::reviewer("ann@example.com");
    let key = PauseKey { scope, cause: PauseCause::Ordered };
    let order = PauseOrder { key, by, note: String::new() };
    stage.stores.pauses.pause(order.clone()).await.expect("the store pauses");
    let held = applied(stage.advance(last(first, begin())).await);
    let second = stored(&stage, second).await;
    assert!(second.progress.due_at.is_some(), "one that is held lets the next one go");
    stage.stores.pauses.resume(order).await.expect("the store resumes");
    // It goes on now, and stands before the second one again, which is due.
    let ready = stage.apply(&held, Step::Prepare).await;
    let stage = stage.crashed().await;
    stage.clock.set(ready.progress.due_at.expect("it is due").max(stage.clock.now()));
    let mut leased = Vec::new();
    // Others that share the store are due as well.
    for _ in 0..super::stage::PAGES {
        if !leased.is_empty() {
            break;
        }
        leased.extend(stage.lease(LeaseScope::Due, 1).await.into_iter().map(|grant| grant.record));
        leased.retain(|record| record.request == view.request.id);
    }
    assert_eq!(leased.iter().map(|one| one.id).collect::<Vec<_>>(), [first.id]);
    let begun = stage.apply(&leased[0], begin()).await;
    let aside = stored(&stage, &second).await;
    let asked = stage.lease_one(&aside).await.expect("nobody holds it");
    let waits = applied(stage.advance(last(&asked, begin())).await);
    assert_eq!(waits.progress.attempts, 0, "one at a time");
    applied(stage.advance(last(&begun, published("first"))).await);
    assert!(stored(&stage, &waits).await.progress.due_at.is_some(), "its turn makes it due");
}
