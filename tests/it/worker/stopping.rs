//! Told to stop, it waits for nothing but the calls that are under way. The clock stands still in every test.

use chimera::WorkerOptions;
use chimera::contracts::Clock;
use chimera::effect::{EffectState, KernelOptions, LookPolicy};
use chimera_testkit::{Fault, TestClock};
use chrono::TimeDelta;
use futures_channel::oneshot;
use futures_util::future::join;

use super::scene::{Scene, name};

#[tokio::test(flavor = "current_thread")]
async fn a_look_that_is_due_in_an_hour_is_not_waited_for() {
    let hour = TimeDelta::hours(1);
    let looks = LookPolicy { first_pause: hour, longest_pause: hour, ..LookPolicy::default() };
    let kernel = KernelOptions { looks, ..KernelOptions::default() };
    let options = WorkerOptions { stay: hour * 2, ..WorkerOptions::default() };
    let scene = Scene::with(options, kernel, TestClock::manual()).await;
    scene.lose(0, Fault::LostBefore).await;
    scene.clock.set(scene.effects().await[0].progress.settled_from.unwrap());
    let started = scene.clock.now();
    let told = async {
        scene.until_effects("the first look", |effects| effects[0].progress.absent_looks == 1).await;
        scene.at_this_moment().await;
        let progress = &scene.effects().await[0].progress;
        assert!(progress.due_at.unwrap() > started + TimeDelta::minutes(50), "{progress:?}");
        assert!(progress.lease.is_some(), "the worker stays with it");
    };
    scene.run(told).await;
    assert_eq!(scene.clock.now(), started);
    let progress = &scene.effects().await[0].progress;
    assert_eq!((progress.state, progress.absent_looks), (EffectState::Unknown, 1));
    assert_eq!(progress.lease, None, "it holds nothing any more");
    assert_eq!(scene.platform.looks(), 1);
}

#[tokio::test(flavor = "current_thread")]
async fn a_pause_is_not_waited_for() {
    let scene = Scene::new(WorkerOptions::default()).await;
    let started = scene.clock.now();
    scene.run(scene.until("it to pause", || scene.leases.asked() == 1 && scene.pages.asked() == 1)).await;
    assert_eq!(scene.clock.now(), started);
    assert_eq!((scene.leases.asked(), scene.pages.asked()), (1, 1));
}

#[tokio::test(flavor = "current_thread")]
async fn a_call_that_is_under_way_is_finished_and_recorded_and_nothing_new_is_begun() {
    let scene = Scene::new(WorkerOptions { effects_at_once: 1, ..WorkerOptions::default() }).await;
    scene.submit([0]).await;
    scene.gates.hold("perform post_0");
    let (stop, stopped) = oneshot::channel::<()>();
    let ended = std::cell::Cell::new(false);
    let worker = async {
        scene.run(async { stopped.await.unwrap() }).await;
        // Before anything else has a turn.
        assert_eq!(scene.states().await, [EffectState::Published, EffectState::Admitted]);
        ended.set(true);
    };
    let test = async {
        scene.until("the call", || scene.gates.waiting("perform post_0") == 1).await;
        // It is due, and would be next.
        scene.submit([1]).await;
        scene.approve(chimera::contracts::engage::EngageAction::Like, &name(2)).await;
        let asked = (scene.leases.asked(), scene.pages.asked());
        stop.send(()).unwrap();
        scene.at_this_moment().await;
        assert!(!ended.get(), "the call is under way");
        scene.gates.release("perform post_0");
        scene.until("the worker to end", || ended.get()).await;
        assert_eq!((scene.leases.asked(), scene.pages.asked()), asked, "nothing is asked any more");
    };
    join(worker, test).await;
    assert_eq!((scene.public(), scene.executed().await), (vec![name(0)], 0));
}

/// What the store gives to a worker that was told to stop meanwhile is there for the next one at once.
#[tokio::test(flavor = "current_thread")]
async fn what_was_leased_while_it_was_told_to_stop_is_let_go() {
    let scene = Scene::new(WorkerOptions::default()).await;
    scene.submit(0..3).await;
    scene.gates.hold("lease");
    let (stop, stopped) = oneshot::channel::<()>();
    let test = async {
        scene.until("the question to be under way", || scene.gates.waiting("lease") == 1).await;
        stop.send(()).unwrap();
        scene.at_this_moment().await;
        assert!(scene.effects().await.iter().all(|record| record.progress.lease.is_some()));
        scene.gates.release("lease");
    };
    join(scene.run(async { stopped.await.unwrap() }), test).await;
    assert_eq!(scene.platform.performed(), []);
    for record in scene.effects().await {
        assert_eq!((record.progress.state, record.progress.lease), (EffectState::Admitted, None));
    }
    assert_eq!(scene.host.worker().run_once().await.unwrap(), 3, "another one has them at once");
    assert_eq!(scene.public().len(), 3);
}
