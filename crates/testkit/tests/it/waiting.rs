//! Waiting for a request that others drive: woken by their steps, ended by the clock.

use std::sync::Arc;

use chimera_audit::{Changes as _, Cursor};
use chimera_contracts::{Clock as _, ErrorCode, Namespace, SkillName};
use chimera_effect::{Carry, EffectState, LeaseScope, RequestKey, RequestView};
use chimera_store::Backend as _;
use chimera_testkit::conformance::Stores;
use chimera_testkit::{Fault, Rules, TestClock, block_on, within};
use chrono::TimeDelta;
use futures_util::FutureExt as _;
use futures_util::future::{join, join_all};

use crate::world::World;

fn states(view: &RequestView) -> Vec<EffectState> {
    view.effects.iter().map(|record| record.progress.state).collect()
}

/// A world on a clock that nothing moves.
fn stopped() -> World {
    World::new(TestClock::manual(), Rules::default())
}

fn watches(world: &World) -> usize {
    world.store.backend().watchers().unwrap().count()
}

#[test]
fn a_wait_ends_when_nobody_acts_without_the_clock() {
    block_on(async {
        let world = stopped();
        let (leased, approved) = world.admitted("a post").await;
        let key = world.scene.under_key("a post").key;
        let (kernel, began) = (world.kernel(), world.now());
        let until = began + TimeDelta::days(1);
        let waits = join_all((0..8).map(|_| kernel.wait(&key, until)));
        let waiting = within("a post that another task makes", waits);
        let driver = world.kernel();
        let driving = driver.drive_fresh(leased, approved, until);
        let (waited, driven) = join(waiting, driving).await;
        let record = driven.unwrap();
        for view in waited {
            let view = view.unwrap().expect("the request is known");
            assert_eq!(states(&view), [EffectState::Published]);
            assert_eq!(view.effects[0].progress.post, record.progress.post);
        }
        assert_eq!(world.now(), began, "nothing moved the clock");
        assert_eq!(watches(&world), 0, "nothing is left of the waits");
    });
}

#[test]
fn a_wait_for_what_is_at_rest_or_unknown_ends_at_once() {
    block_on(async {
        let world = stopped();
        let kernel = world.kernel();
        let until = world.now() + TimeDelta::days(1);
        let nobody = RequestKey {
            namespace: Namespace::default(),
            skill: SkillName::Publish,
            key: "nobody's".to_owned(),
        };
        assert_eq!(within("an unknown key", kernel.wait(&nobody, until)).await, Ok(None));

        for (text, fault, state) in [
            ("refused", Fault::Refuse(ErrorCode::PlatformTransientError), EffectState::NotDone),
            ("lost", Fault::LostAfter, EffectState::Unknown),
        ] {
            world.performed(text, fault).await;
            let key = world.scene.under_key(text).key;
            let view = within("what is at rest", kernel.wait(&key, until)).await.unwrap().unwrap();
            assert_eq!(states(&view), [state], "{text}");
        }
        assert_eq!(watches(&world), 0);
    });
}

#[test]
fn a_wait_ends_at_its_time_with_the_request_as_it_stands() {
    block_on(async {
        let world = World::new(TestClock::new(), Rules::default());
        let (_leased, _approved) = world.admitted("held for ever").await;
        let key = world.scene.under_key("held for ever").key;
        for span in [TimeDelta::seconds(5), TimeDelta::zero()] {
            let until = world.now() + span;
            let view = within("the end of a wait", world.kernel().wait(&key, until)).await.unwrap().unwrap();
            assert_eq!(states(&view), [EffectState::Attempting], "as it stands then");
            assert_eq!(world.now(), until, "not later, and no earlier");
        }
    });
}

/// What ends by the clock alone, with no step, is seen as well: a lease on what was refused.
#[test]
fn a_wait_sees_what_the_clock_ends() {
    block_on(async {
        let world = World::new(TestClock::new(), Rules::default());
        let record =
            world.performed("refused and held", Fault::Refuse(ErrorCode::PlatformTransientError)).await;
        let kernel = world.kernel();
        let scope = LeaseScope::Of(vec![record.id]);
        assert_eq!(kernel.lease(scope, 1).await.unwrap().len(), 1);
        let held = world.stored(&record).await.progress.lease.expect("it is held").until;
        let key = world.scene.under_key("refused and held").key;
        let until = held + TimeDelta::hours(1);
        let view = within("the end of a lease", kernel.wait(&key, until)).await.unwrap().unwrap();
        assert_eq!(states(&view), [EffectState::NotDone]);
        assert!((held..until).contains(&world.now()), "it ended with the lease");
    });
}

#[test]
fn a_dropped_wait_leaves_nothing() {
    block_on(async {
        let world = stopped();
        let (_leased, _approved) = world.admitted("waited for").await;
        let key = world.scene.under_key("waited for").key;
        let until = world.now() + TimeDelta::days(1);
        let kernel = world.kernel();
        let mut waits: Vec<_> = (0..50).map(|_| Box::pin(kernel.wait(&key, until))).collect();
        assert!(waits.iter_mut().all(|wait| wait.now_or_never().is_none()));
        let mut following = world.store.wait(Cursor::before(1_000_000), until);
        assert!((&mut following).now_or_never().expect("it is refused at once").is_err());
        drop(waits);
        assert_eq!(watches(&world), 0);
    });
}

/// A caller that finds another one at work is woken by its steps: its own pauses may be as long as they like.
#[test]
fn a_caller_is_woken_by_the_one_that_drives() {
    block_on(async {
        let world = stopped();
        let (leased, approved) = world.admitted("driven by another").await;
        let (key, id) = (world.scene.under_key("driven by another").key, leased.record().id);
        let (clock, began) = (Arc::clone(&world.clock), world.now());
        let until = began + TimeDelta::days(1);
        let carry = Carry {
            key: key.clone(),
            effects: vec![id],
            within: TimeDelta::days(1),
            until,
            poll: TimeDelta::hours(1),
        };
        // Another opener asks: it cannot take what this one holds.
        let other = Stores::of(Arc::new(world.store.backend().memory().open()));
        let asking = world.kernel_over(&other);
        let view = asking.request(&key).await.unwrap().expect("it is admitted");
        let driver = world.kernel();
        let driving = async {
            // Not before the other one waits.
            yield_often().await;
            driver.drive_fresh(leased, approved, until).await
        };
        let (told, driven) =
            join(within("a post that another caller makes", asking.carry_on(&carry, view)), driving).await;
        assert_eq!(driven.unwrap().progress.state, EffectState::Published);
        assert_eq!(told[0].state(), EffectState::Published);
        assert_eq!(clock.now(), began, "nothing moved the clock");
    });
}

async fn yield_often() {
    let mut left = 50;
    std::future::poll_fn(|context| {
        left -= 1;
        if left == 0 {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}
