//! A profile that is edited while an outcome is unknown: what was attempted is resolved by what both claim, or by a person.

use chimera_contracts::ErrorCode;
use std::sync::Arc;

use chimera_effect::{
    EffectRecord, EffectState, KernelOptions, LeaseScope, PauseCause, PauseKey, PauseOrder, PauseScope,
    Paused, Purpose, Settled,
};
use chimera_governance::{Approver, ApproverRole};
use chimera_testkit::conformance::Stores;
use chimera_testkit::{Fault, Rules, TestClock, block_on};
use chrono::TimeDelta;

use crate::world::{PLACE, World, missing};

fn person(id: &str) -> Approver {
    Approver { id: id.to_owned(), role: ApproverRole::HitlReviewer }
}

/// A post whose answer is lost, attempted under what the platform claims by now.
async fn lose(world: &World) -> EffectRecord {
    let (leased, approved) = world.not_begun("a text").await;
    world.platform.strict.plan(PLACE, [Fault::LostAfter]);
    let until = world.now() + TimeDelta::milliseconds(1);
    let once = KernelOptions { attempts_per_drive: 1, ..KernelOptions::default() };
    let kernel = world.kernel_with(&world.stores, once);
    let lost = kernel.drive_fresh(leased, approved, until).await.unwrap();
    assert_eq!((lost.progress.state, lost.progress.attempts), (EffectState::Unknown, 1));
    lost
}

#[test]
fn a_key_that_was_not_enforced_then_is_not_sent_again() {
    let enforced = Rules::default().enforcing_keys(TimeDelta::hours(24));
    for (then, now, calls) in [
        (enforced, enforced, 2),
        (Rules::default(), enforced, 1),
        (enforced, Rules::default(), 1),
        // A server that forgets keys sooner than it said.
        (enforced, Rules::default().enforcing_keys(TimeDelta::seconds(1)), 1),
        (Rules::default().enforcing_keys(TimeDelta::seconds(1)), enforced, 1),
    ] {
        block_on(async {
            let mut world = World::new(TestClock::new(), then);
            let lost = lose(&world).await;
            world.platform.strict = world.platform.strict.with_rules(PLACE, now);
            world.clock.set(lost.progress.settled_from.unwrap());
            let kernel = world.kernel();
            let leased = kernel.lease(LeaseScope::Due, 1).await.unwrap().remove(0);
            let until = world.now() + TimeDelta::minutes(5);
            let driven = kernel.drive(leased, Purpose::Background, until).await.unwrap();
            let sent = world.platform.strict.performed().len();
            assert_eq!(sent, calls, "{then:?} then, {now:?} now");
            assert_eq!(driven.progress.state, EffectState::Published);
            assert_eq!(world.platform.strict.posts().len(), 1);
        });
    }
}

#[test]
fn a_look_by_other_rules_waits_for_a_persons_word() {
    block_on(async {
        let mut world = World::new(TestClock::new(), Rules::default());
        let lost = lose(&world).await;
        // It claims more of keys as well, which says nothing about the call of then.
        let edited = Rules { look_rules: 2, ..Rules::default().enforcing_keys(TimeDelta::hours(24)) };
        world.platform.strict = world.platform.strict.with_rules(PLACE, edited);
        let waits = world.look_when_due(&lost).await;
        assert_eq!((waits.progress.state, waits.progress.needs_human), (EffectState::Unknown, true));
        assert!(missing(&waits).contains("other rules"), "{}", missing(&waits));
        assert_eq!(world.platform.strict.looks(), 0, "it is not even asked");
        assert!(waits.progress.due_at > Some(world.now()), "another host may have the profile of then");

        let namespace = &waits.effect.content().namespace;
        let (kernel, id) = (world.kernel(), waits.id);
        let policy = Approver { role: ApproverRole::Policy, ..person("ann@example.com") };
        for (who, code) in [
            (person("planner"), ErrorCode::ApprovalSelf),
            (person(" "), ErrorCode::AuthzFailure),
            (policy, ErrorCode::AuthzFailure),
        ] {
            match kernel.accept_profile(namespace, id, &who, "").await.unwrap() {
                Settled::Refused(refused) => assert_eq!(refused.code, code, "{who:?}"),
                other => panic!("{who:?}: {other:?}"),
            }
        }
        assert_eq!(world.stored(&waits).await, waits, "nothing changed");
        let accepted =
            kernel.accept_profile(namespace, id, &person("ann@example.com"), "read it").await.unwrap();
        let Settled::Recorded(accepted) = accepted else { panic!("{accepted:?}") };
        assert_eq!((accepted.progress.needs_human, accepted.progress.due_at), (false, Some(world.now())));
        assert_eq!(accepted.progress.claims.unwrap().keys_for_s, None, "the call took no key");
        let kernel = world.kernel();
        let leased = kernel.lease(LeaseScope::Due, 1).await.unwrap().remove(0);
        let until = world.now() + TimeDelta::minutes(5);
        let found = kernel.drive(leased, Purpose::Background, until).await.unwrap();
        assert_eq!(found.progress.state, EffectState::Published);
        assert_eq!(world.platform.strict.performed().len(), 1);
        let late = kernel.accept_profile(namespace, id, &person("ann@example.com"), "again").await.unwrap();
        assert!(matches!(late, Settled::NotUnknown(_)), "{late:?}");
    });
}

/// Under a switch nothing is sent again, and what may have happened is looked for as ever.
#[test]
fn what_a_switch_stops_is_looked_for() {
    block_on(async {
        let rules = Rules::default().enforcing_keys(TimeDelta::hours(24));
        let world = World::new(TestClock::new(), rules);
        let lost = lose(&world).await;
        let key = PauseKey { scope: PauseScope::All, cause: PauseCause::Ordered };
        let order = PauseOrder { key, by: person("ann@example.com"), note: String::new() };
        assert!(matches!(world.stores.pauses.pause(order).await.unwrap(), Paused::Changed(_)));
        world.clock.set(lost.progress.settled_from.unwrap());
        let kernel = world.kernel();
        let leased = kernel.lease(LeaseScope::Due, 1).await.unwrap().remove(0);
        let until = world.now() + TimeDelta::minutes(5);
        let found = kernel.drive(leased, Purpose::Background, until).await.unwrap();
        assert_eq!((found.progress.state, found.progress.attempts), (EffectState::Published, 1));
        assert_eq!(world.platform.strict.performed().len(), 1);
    });
}

/// A host that has no tool for it leaves an effect to another one, and does not ask for it again at once.
#[test]
fn what_this_host_cannot_do_is_left_to_another() {
    block_on(async {
        let world = World::new(TestClock::manual(), Rules::default());
        let (leased, _) = world.not_begun("a text").await;
        let mut elsewhere = World::new(TestClock::manual(), Rules::default());
        elsewhere.stores = Stores::of(Arc::new(world.store.backend().memory().open()));
        elsewhere.clock = Arc::clone(&world.clock);
        let time: Arc<dyn chimera_contracts::Clock> = Arc::<TestClock>::clone(&world.clock);
        elsewhere.platform.strict = chimera_testkit::StrictPlatform::new(time, []);
        world.clock.set(leased.record().progress.lease.unwrap().until);
        let kernel = elsewhere.kernel();
        let leased = kernel.lease(LeaseScope::Due, 1).await.unwrap().remove(0);
        let until = world.now() + TimeDelta::minutes(1);
        let left = kernel.drive(leased, Purpose::Background, until).await.unwrap();
        assert_eq!((left.progress.state, left.progress.refusal.clone()), (EffectState::Admitted, None));
        assert!(left.progress.due_at > Some(world.now()) && left.progress.lease.is_none());
        assert_eq!(elsewhere.drive_due().await, []);
        world.clock.set(left.progress.due_at.unwrap());
        let until = world.now() + TimeDelta::minutes(1);
        let leased = world.kernel().lease(LeaseScope::Due, 1).await.unwrap().remove(0);
        let done = world.kernel().drive(leased, Purpose::Background, until).await.unwrap();
        assert_eq!(done.progress.state, EffectState::Published);
    });
}
