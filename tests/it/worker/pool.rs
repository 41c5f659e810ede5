//! What is slow holds nobody, nothing is under way beyond the bounds, and the store is not asked without need.

use chimera::WorkerOptions;
use chimera::contracts::Clock;
use chimera::contracts::engage::EngageAction;
use chimera::effect::{EffectRecord, EffectState, FoundBy, KernelOptions, LateOutcome, Outcome};
use chimera_testkit::{Fault, TestClock, done};
use chimera_tests::engage_stage::engage_context;
use chrono::TimeDelta;

use super::scene::{PAUSE, Scene, name};

fn effects_at_once(effects_at_once: usize) -> WorkerOptions {
    WorkerOptions { effects_at_once, ..WorkerOptions::default() }
}

/// One call does not come back, and more effects are due than there are places.
#[tokio::test(flavor = "current_thread")]
async fn a_slow_effect_holds_no_other() {
    let scene = Scene::new(effects_at_once(2)).await;
    scene.submit(0..9).await;
    scene.gates.hold("perform post_0");
    let started = scene.clock.now();
    let told = async {
        scene.until("all others to be public", || scene.public().len() == 8).await;
        scene.until("the slow one to be called", || scene.gates.waiting("perform post_0") == 1).await;
        assert_eq!(scene.public(), (1..9).map(name).collect::<Vec<_>>());
        // What becomes due later finds a place, too.
        scene.submit([9]).await;
        scene.pause().await;
        scene.until("what came later to be public", || scene.public().contains(&name(9))).await;
        assert_eq!(scene.gates.waiting("perform post_0"), 1, "it is still under way");
        scene.gates.release("perform post_0");
        scene.until_all(EffectState::Published).await;
    };
    scene.run(told).await;
    assert_eq!(scene.clock.now(), started + PAUSE, "nobody waited for more");
    assert_eq!(scene.public().len(), 10);
    assert_eq!(scene.platform.violations(), Vec::<String>::new());
}

/// The same of a look, within its lease.
#[tokio::test(flavor = "current_thread")]
async fn a_slow_look_holds_no_other() {
    let scene = Scene::new(effects_at_once(2)).await;
    for post in 0..5 {
        scene.lose(post, Fault::LostAfter).await;
    }
    let settled = scene.effects().await.iter().filter_map(|record| record.progress.settled_from).max();
    scene.clock.set(settled.unwrap());
    scene.gates.hold("find post_2");
    let told = async {
        let found = |effects: &[EffectRecord]| {
            effects.iter().filter(|record| record.progress.state == EffectState::Published).count()
        };
        scene.until_effects("all others to be found", |effects| found(effects) == 4).await;
        assert_eq!(scene.gates.waiting("find post_2"), 1);
        scene.gates.release("find post_2");
        scene.until_all(EffectState::Published).await;
    };
    scene.run(told).await;
    assert_eq!(scene.platform.looks(), 5, "one look each");
}

/// Its lease is renewed: leased again meanwhile, what the look finds would count for nothing, and so for each one after it.
#[tokio::test(flavor = "current_thread")]
async fn a_look_that_takes_longer_than_a_lease_is_recorded() {
    let scene = Scene::new(WorkerOptions::default()).await;
    scene.lose(0, Fault::LostAfter).await;
    scene.clock.set(scene.effects().await[0].progress.settled_from.unwrap());
    scene.gates.hold("find post_0");
    let told = async {
        scene.until("the look", || scene.gates.waiting("find post_0") == 1).await;
        let lease = KernelOptions::default().lease.num_seconds();
        for _ in 0..lease * 2 {
            scene.pause().await;
            assert_eq!(scene.gates.waiting("find post_0"), 1, "no second look beside it");
        }
        scene.gates.release("find post_0");
        scene.until_all(EffectState::Published).await;
    };
    scene.run(told).await;
    assert_eq!(scene.platform.looks(), 1);
}

/// It is not waited for longer than a look may take: then it is dropped, and another one follows.
#[tokio::test(flavor = "current_thread")]
async fn a_look_that_hangs_is_given_up() {
    let scene = Scene::new(WorkerOptions::default()).await;
    scene.lose(0, Fault::LostAfter).await;
    scene.clock.set(scene.effects().await[0].progress.settled_from.unwrap());
    scene.gates.hold("find post_0");
    let told = async {
        scene.until("the look", || scene.gates.waiting("find post_0") == 1).await;
        scene.submit([1]).await;
        for _ in 0..KernelOptions::default().longest_look.num_seconds() + 1 {
            scene.pause().await;
        }
        scene.until("a second look", || scene.gates.waiting("find post_0") == 2).await;
        assert_eq!(scene.public(), [name(0), name(1)], "the other one was driven");
        scene.gates.release("find post_0");
        scene.until_all(EffectState::Published).await;
    };
    scene.run(told).await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_hand_over_that_hangs_keeps_no_effect_and_no_other_review() {
    let scene = Scene::new(WorkerOptions { reviews_at_once: 2, ..WorkerOptions::default() }).await;
    scene.approve(EngageAction::Follow, "user_1").await;
    for post in 0..4 {
        scene.approve(EngageAction::Like, &name(post)).await;
    }
    scene.submit([4]).await;
    scene.gates.hold("ready threads");
    let started = scene.clock.now();
    let told = async {
        // By no clock: what was handed over is driven at once.
        scene.until("everything else to be public", || scene.public().len() == 5).await;
        assert_eq!(scene.clock.now(), started);
        for _ in 0..5 {
            scene.pause().await;
            assert_eq!(scene.gates.waiting("ready threads"), 1, "it is not handed over twice at once");
        }
        assert_eq!((scene.executed().await, scene.public().len()), (4, 5));
        let before = scene.clock.now();
        scene.gates.release("ready threads");
        scene.until("the slow one to be public", || scene.public().len() == 6).await;
        assert_eq!(scene.clock.now(), before, "after no pause");
    };
    scene.run(told).await;
    assert_eq!(scene.executed().await, 5);
    assert_eq!(scene.platform.violations(), Vec::<String>::new());
}

#[tokio::test(flavor = "current_thread")]
async fn no_more_than_the_bounds_are_under_way() {
    let scene = Scene::new(effects_at_once(3)).await;
    scene.submit(0..10).await;
    (0..10).for_each(|post| scene.gates.hold(format!("perform {}", name(post))));
    let waiting =
        || (0..10).map(|post| scene.gates.waiting(&format!("perform {}", name(post)))).sum::<usize>();
    let told = async {
        scene.until("every place to be taken", || waiting() == 3).await;
        let asked = scene.leases.asked();
        for _ in 0..3 {
            scene.pause().await;
        }
        assert_eq!((waiting(), scene.leases.asked()), (3, asked), "with no place free nothing is asked");
        (0..10).for_each(|post| scene.gates.release(&format!("perform {}", name(post))));
        scene.until_all(EffectState::Published).await;
    };
    scene.run(told).await;
    assert_eq!(scene.gates.most(), 3);

    let scene = Scene::new(WorkerOptions { reviews_at_once: 2, ..WorkerOptions::default() }).await;
    for user in 0..5 {
        scene.approve(EngageAction::Follow, &format!("user_{user}")).await;
    }
    scene.gates.hold("ready threads");
    let told = async {
        scene.until("every place to be taken", || scene.gates.waiting("ready threads") == 2).await;
        let asked = scene.pages.asked();
        for _ in 0..3 {
            scene.pause().await;
        }
        assert_eq!(scene.pages.asked(), asked, "with no place free nothing is asked");
        scene.gates.release("ready threads");
        scene.until("all to be public", || scene.public().len() == 5).await;
    };
    scene.run(told).await;
    assert_eq!(scene.gates.most(), 2);
}

#[tokio::test(flavor = "current_thread")]
async fn a_store_that_fails_is_asked_again_after_the_pause() {
    // It cannot say what is due.
    let scene = Scene::new(WorkerOptions::default()).await;
    let lost = scene.lose(0, Fault::LostAfter).await;
    let post = scene.platform.posts()[0].id.clone();
    scene.submit([1]).await;
    scene.platform.answer_late(LateOutcome {
        namespace: engage_context().namespace,
        effect: lost,
        attempt: 1,
        outcome: Outcome::Done(done(&post)),
    });
    let asked = scene.leases.asked();
    scene.leases.fail_once();
    let told = async {
        scene.at_this_moment().await;
        assert_eq!(scene.leases.asked(), asked + 1, "not before the pause is over");
        assert_eq!(scene.states().await, [EffectState::Published, EffectState::Admitted]);
        assert_eq!(scene.effects().await[0].progress.found_by, FoundBy::Answer, "a late answer is recorded");
        assert!(scene.pages.asked() > 0, "reviews are asked for");
        scene.pause().await;
        scene.until_all(EffectState::Published).await;
    };
    scene.run(told).await;

    // It cannot say what is approved.
    let scene = Scene::new(WorkerOptions::default()).await;
    scene.approve(EngageAction::Like, &name(0)).await;
    scene.submit([1]).await;
    scene.pages.fail_once();
    let told = async {
        scene.at_this_moment().await;
        assert_eq!(scene.pages.asked(), 1, "not before the pause is over");
        assert_eq!(scene.public(), [name(1)], "what is due is driven");
        scene.pause().await;
        scene.until("the review to run", || scene.public().len() == 2).await;
    };
    scene.run(told).await;
}

/// On a clock that goes from one pause to the next.
#[tokio::test(flavor = "current_thread")]
async fn with_nothing_due_the_store_is_asked_once_a_pause() {
    let scene = Scene::with(WorkerOptions::default(), KernelOptions::default(), TestClock::new()).await;
    let pauses = 40;
    let end = scene.clock.now() + PAUSE * pauses;
    scene.run(scene.until("forty pauses", || scene.clock.now() >= end)).await;
    let pauses = usize::try_from(pauses).unwrap();
    for (what, asked) in [("leases", scene.leases.asked()), ("pages", scene.pages.asked())] {
        assert!((pauses / 2..=pauses + 2).contains(&asked), "{asked} {what} in {pauses} pauses");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn an_effect_that_ends_does_not_end_the_pause() {
    let scene = Scene::new(WorkerOptions::default()).await;
    scene.submit(0..5).await;
    (0..5).for_each(|post| scene.gates.hold(format!("perform {}", name(post))));
    let before = scene.leases.asked();
    let told = async {
        for post in 0..5 {
            let call = format!("perform {}", name(post));
            scene.until("it to be called", || scene.gates.waiting(&call) == 1).await;
            scene.gates.release(&call);
            scene.at_this_moment().await;
        }
        assert_eq!((scene.public().len(), scene.leases.asked()), (5, before + 1));
        scene.clock.advance(PAUSE - TimeDelta::milliseconds(1));
        scene.at_this_moment().await;
        assert_eq!(scene.leases.asked(), before + 1);
        scene.clock.advance(TimeDelta::milliseconds(1));
        scene.until("it to be asked again", || scene.leases.asked() == before + 2).await;
    };
    scene.run(told).await;
}
