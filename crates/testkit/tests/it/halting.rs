//! What ends the wait of a drive.

use std::future::Future;
use std::pin::pin;

use chimera_effect::{Advance, EffectRecord, EffectState, Halt, LeaseScope, Leased, Purpose, Step};
use chimera_testkit::{Fault, Rules, TestClock, block_on};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;

use crate::world::World;

/// A drive that waits until `until`, with a signal that ends it.
fn halting(
    world: &World,
    leased: Leased,
    until: DateTime<Utc>,
) -> (futures_channel::oneshot::Sender<()>, impl Future<Output = EffectRecord>) {
    let (give, given) = futures_channel::oneshot::channel::<()>();
    let halt = Halt::when(given.map(|_| ()));
    let kernel = world.kernel();
    let drive = async move { kernel.drive_until(leased, Purpose::Background, until, &halt).await.unwrap() };
    (give, drive)
}

#[test]
fn a_halted_drive_ends_its_wait_and_loses_nothing() {
    block_on(async {
        let world = World::new(TestClock::manual(), Rules::default());
        let lost = world.performed("a text", Fault::LostAfter).await;
        let leased = world.kernel().lease(LeaseScope::Of(vec![lost.id]), 1).await.unwrap().remove(0);
        let (give, drive) = halting(&world, leased, world.now() + TimeDelta::hours(1));
        let mut drive = pin!(drive);
        assert!(drive.as_mut().now_or_never().is_none(), "it waits for the platform to settle");
        let before = world.now();
        give.send(()).unwrap();
        let halted = drive.now_or_never().expect("its wait ends at once");
        assert_eq!(world.now(), before, "by no clock");
        assert_eq!(halted.progress.state, EffectState::Unknown);
        assert_eq!(halted.progress.lease, None, "it holds nothing any more");
        assert_eq!(halted.progress.due_at, lost.progress.due_at);
        assert_eq!(world.stored(&lost).await, halted);
        assert_eq!(world.platform.strict.looks(), 0);

        let found = world.look_when_due(&halted).await;
        assert_eq!(found.progress.state, EffectState::Published, "another drive goes on");
    });
}

#[test]
fn a_halt_finishes_a_call_that_is_under_way() {
    block_on(async {
        let rules = Rules { latency: TimeDelta::seconds(3), ..Rules::default() };
        let world = World::new(TestClock::manual(), rules);
        let (admitted, _) = world.admitted("a text").await;
        let (effect, epoch, version) =
            (admitted.record().id, admitted.record().progress.epoch, admitted.record().progress.version);
        // Nothing was sent of it, and its caller is gone: the next drive sends it.
        let refusal = chimera_testkit::refused(chimera_contracts::ErrorCode::PlatformTransientError);
        let step = Step::NotDone(refusal);
        world.stores.journal.advance(Advance { effect, epoch, version, step, keep: None }).await.unwrap();
        let leased = world.kernel().lease(LeaseScope::Of(vec![effect]), 1).await.unwrap().remove(0);
        let (give, given) = futures_channel::oneshot::channel::<()>();
        let halt = Halt::when(given.map(|_| ()));
        let kernel = world.kernel();
        let until = world.now() + TimeDelta::minutes(1);
        let mut drive = pin!(kernel.drive_until(leased, Purpose::Asked, until, &halt));
        assert!(drive.as_mut().now_or_never().is_none(), "the call is under way");
        give.send(()).unwrap();
        assert!(drive.as_mut().now_or_never().is_none(), "it is not dropped");
        world.clock.advance(TimeDelta::seconds(3));
        let done = drive.now_or_never().expect("the call ended").unwrap();
        assert_eq!(done.progress.state, EffectState::Published, "and its outcome is recorded");
        assert_eq!(world.platform.strict.posts().len(), 1);
    });
}
