//! Uploads that take longer than a lease: renewed while their holder works, free when it does not, ended by a switch.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;

use chimera_contracts::{Clock as _, ErrorCode, StoreError};
use chimera_effect::{
    Advance, Advanced, EffectRecord, EffectState, LeaseScope, PauseCause, PauseKey, PauseOrder, PauseScope,
    Paused, Purpose, Step,
};
use chimera_governance::{Approver, ApproverRole};
use chimera_testkit::conformance::Stores;
use chimera_testkit::{Rules, TestClock, WINDOW, block_on};
use chrono::TimeDelta;
use futures_util::FutureExt as _;

use crate::world::{PLACE, World};

const UPLOAD: TimeDelta = TimeDelta::minutes(10);

/// A world whose next upload takes ten minutes.
fn slow_world() -> World {
    let world = World::new(TestClock::manual(), Rules { uploads: true, ..Rules::default() });
    let clock = Arc::clone(&world.clock);
    world.platform.meanwhile_an_upload(move || {
        let clock = Arc::clone(&clock);
        Box::pin(async move { clock.sleep_until(clock.now() + UPLOAD).await })
    });
    world
}

type Driving<'a> = Pin<&'a mut dyn Future<Output = Result<EffectRecord, StoreError>>>;

/// Lets so much time pass, second by second, each of which the drive sees; what it came to, once it did.
fn pass(world: &World, driving: &mut Driving<'_>, span: TimeDelta) -> Option<EffectRecord> {
    for _ in 0..span.num_seconds() {
        if let Some(driven) = driving.as_mut().now_or_never() {
            return Some(driven.unwrap());
        }
        world.clock.advance(TimeDelta::seconds(1));
    }
    driving.as_mut().now_or_never().map(Result::unwrap)
}

#[test]
fn a_lease_is_renewed_over_an_upload_of_ten_minutes() {
    block_on(async {
        let world = slow_world();
        let (leased, approved) = world.with_medium("a film").await;
        let (id, kernel) = (leased.record().id, world.kernel());
        let other = world.kernel_over(&Stores::of(Arc::new(world.store.backend().memory().open())));
        let until = world.now() + TimeDelta::hours(1);
        let mut driving: Driving<'_> = pin!(kernel.drive_fresh(leased, approved, until));
        for second in 1..UPLOAD.num_seconds() {
            assert_eq!(pass(&world, &mut driving, TimeDelta::seconds(1)), None, "after {second} s");
            let due = other.lease(LeaseScope::Due, 10).await.unwrap();
            assert!(due.is_empty(), "after {second} s it is still held");
            let asked = other.lease(LeaseScope::Of(vec![id]), 1).await.unwrap();
            assert!(asked.is_empty(), "nor is it free for who asks, after {second} s");
        }
        let done = pass(&world, &mut driving, TimeDelta::seconds(1)).expect("the upload is over");
        assert_eq!((done.progress.state, done.progress.attempts), (EffectState::Published, 1));
        assert_eq!(world.platform.strict.uploads(), 1);
        assert_eq!(world.platform.strict.posts().len(), 1);
    });
}

#[test]
fn a_holder_that_stands_still_is_fenced() {
    block_on(async {
        let world = slow_world();
        let (leased, approved) = world.with_medium("a film").await;
        let kernel = world.kernel();
        let other = world.kernel_over(&Stores::of(Arc::new(world.store.backend().memory().open())));
        let until = world.now() + TimeDelta::hours(1);
        let mut driving: Driving<'_> = pin!(kernel.drive_fresh(leased, approved, until));
        assert_eq!(pass(&world, &mut driving, TimeDelta::minutes(1)), None);
        world.clock.advance(TimeDelta::minutes(1));
        let taken = other.lease(LeaseScope::Due, 10).await.unwrap().remove(0);
        let done = other.drive(taken, Purpose::Background, until).await.unwrap();
        assert_eq!(done.progress.state, EffectState::Published);
        let stood_still = driving.now_or_never().expect("it renews no lease that is gone").unwrap();
        assert_eq!(stood_still, world.stored(&done).await, "it tells what the other one did");
        assert_eq!(world.platform.strict.performed().len(), 1, "and sends nothing");
        assert_eq!(world.platform.strict.posts().len(), 1);
    });
}

#[test]
fn a_switch_ends_an_upload() {
    block_on(async {
        let world = slow_world();
        let (leased, approved) = world.with_medium("a film").await;
        let kernel = world.kernel();
        let until = world.now() + TimeDelta::hours(1);
        let mut driving: Driving<'_> = pin!(kernel.drive_fresh(leased, approved, until));
        assert_eq!(pass(&world, &mut driving, TimeDelta::minutes(1)), None);
        let key = PauseKey { scope: PauseScope::All, cause: PauseCause::Ordered };
        let by = Approver { id: "ann@example.com".to_owned(), role: ApproverRole::HitlReviewer };
        let order = PauseOrder { key: key.clone(), by, note: String::new() };
        assert!(matches!(world.stores.pauses.pause(order.clone()).await.unwrap(), Paused::Changed(_)));
        let held = pass(&world, &mut driving, TimeDelta::seconds(10)).expect("at the next renewal");
        assert_eq!((held.progress.state, held.progress.attempts), (EffectState::Admitted, 0));
        assert_eq!((&held.progress.paused_by, held.progress.lease), (&Some(key), None));
        assert_eq!(world.platform.strict.performed(), []);

        world.clock.set(held.progress.due_at.expect("it asks again by itself"));
        assert_eq!(world.drive_due().await[0].progress.state, EffectState::Admitted);
        assert_eq!(world.platform.strict.uploads(), 1, "nothing is uploaded for what may not begin");
        assert!(matches!(world.stores.pauses.resume(order).await.unwrap(), Paused::Changed(_)));
        world.clock.advance(TimeDelta::minutes(1));
        let kernel = world.kernel();
        let leased = kernel.lease(LeaseScope::Due, 1).await.unwrap().remove(0);
        let done =
            kernel.drive(leased, Purpose::Background, world.now() + TimeDelta::minutes(1)).await.unwrap();
        assert_eq!(done.progress.state, EffectState::Published);
    });
}

/// It wakes with a refusal in its hands, and what it kept of the media would be written first: neither is, for the attempt that
/// the other holder has on the wire is not its own to settle.
#[test]
fn a_holder_that_was_fenced_settles_nothing() {
    block_on(async {
        let world = World::new(TestClock::manual(), Rules { uploads: true, ..Rules::default() });
        let (clock, platform) = (Arc::clone(&world.clock), world.platform.clone());
        // The first medium arrives; the second one is refused after ten minutes.
        world.platform.meanwhile_an_upload(move || {
            let (clock, platform) = (Arc::clone(&clock), platform.clone());
            Box::pin(async move {
                platform.strict.plan_uploads(PLACE, [ErrorCode::MediaUploadFailed]);
                platform.meanwhile_an_upload(move || {
                    let clock = Arc::clone(&clock);
                    Box::pin(async move { clock.sleep_until(clock.now() + UPLOAD).await })
                });
            })
        });
        let (leased, approved) = world.with_media("two films", 2).await;
        let kernel = world.kernel();
        let other = world.kernel_over(&Stores::of(Arc::new(world.store.backend().memory().open())));
        let until = world.now() + TimeDelta::hours(1);
        let mut driving: Driving<'_> = pin!(kernel.drive_fresh(leased, approved, until));
        assert_eq!(pass(&world, &mut driving, TimeDelta::minutes(1)), None);
        world.clock.advance(UPLOAD);
        let taken = other.lease(LeaseScope::Due, 10).await.unwrap().remove(0);
        let (effect, progress) = (taken.record().id, &taken.record().progress);
        let (epoch, version) = (progress.epoch, progress.version);
        let step = Step::Begin { window: WINDOW, uploads: Vec::new() };
        let begin = Advance { effect, epoch, version, step, keep: None };
        let Advanced::Applied(begun) = world.stores.journal.advance(begin).await.unwrap() else {
            panic!("it begins")
        };
        let fenced = driving.now_or_never().expect("its upload was refused").unwrap();
        assert_eq!(world.stored(&begun).await, *begun, "the other attempt is as it was");
        assert_eq!(fenced.progress.state, EffectState::Attempting, "it tells what is there");
    });
}

/// A look that takes too long counts as one: the pauses grow, and a person is asked at last.
#[test]
fn a_look_that_does_not_end_is_recorded() {
    block_on(async {
        let world = World::new(TestClock::manual(), Rules::default());
        let mut record = world.performed("a text", chimera_testkit::Fault::LostAfter).await;
        for looks in 1..4 {
            let due = record.progress.due_at.expect("it is looked for");
            world.clock.set(due.max(world.now()));
            world.platform.meanwhile_a_look(|| Box::pin(std::future::pending()));
            let kernel = world.kernel();
            let leased = kernel.lease(LeaseScope::Due, 1).await.unwrap().remove(0);
            let until = world.now() + TimeDelta::seconds(1);
            let mut driving: Driving<'_> = pin!(kernel.drive(leased, Purpose::Background, until));
            record = pass(&world, &mut driving, TimeDelta::minutes(3)).expect("it is given up");
            assert_eq!((record.progress.state, record.progress.looks), (EffectState::Unknown, looks));
            assert!(crate::world::missing(&record).contains("did not end"), "{record:?}");
            assert!(record.progress.due_at.is_some_and(|due| due > world.now() - TimeDelta::minutes(3)));
        }
    });
}
