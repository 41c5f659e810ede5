//! Answers that come when their attempt was told already, and those of a holder that lost its lease in mid-call.

use std::sync::Arc;

use chimera_contracts::ErrorCode;
use chimera_effect::{
    Advance, Advanced, Candidate, EffectRecord, EffectState, FoundBy, LateOutcome, LeaseScope, Outcome,
    Purpose, Step, UnknownOutcome,
};
use chimera_testkit::conformance::Stores;
use chimera_testkit::{Fault, Rules, TestClock, block_on, done, refused};
use chrono::TimeDelta;

use crate::world::{PLACE, World};

fn answer(record: &EffectRecord, attempt: u32, outcome: Outcome) -> LateOutcome {
    let namespace = record.effect.content().namespace.clone();
    LateOutcome { namespace, effect: record.id, attempt, outcome }
}

fn post(record: &EffectRecord) -> Option<&str> {
    record.progress.post.as_ref().map(|post| post.id.as_str())
}

#[test]
fn a_late_answer_is_recorded_before_a_look() {
    block_on(async {
        let world = World::new(TestClock::new(), Rules::default());
        let lost = world.performed("a text", Fault::LostAfter).await;
        let id = world.platform.strict.posts()[0].id.clone();
        world.clock.set(lost.progress.settled_from.unwrap());
        let kernel = world.kernel();
        let leased = kernel.lease(LeaseScope::Due, 1).await.unwrap().remove(0);
        world.platform.strict.answer_late(answer(&lost, 1, Outcome::Done(done(&id))));
        let until = world.now() + TimeDelta::minutes(1);
        let record = kernel.drive(leased, Purpose::Background, until).await.unwrap();
        assert_eq!((record.progress.state, post(&record)), (EffectState::Published, Some(id.as_str())));
        assert_eq!(record.progress.found_by, FoundBy::Answer, "not by a look");
        assert_eq!(world.platform.strict.looks(), 0);
        assert_eq!(world.stored(&lost).await, record);
    });
}

/// One that comes while a drive waits for its look is recorded at the next step of it.
#[test]
fn a_late_answer_that_comes_during_the_wait_spares_the_look() {
    block_on(async {
        let world = World::new(TestClock::manual(), Rules::default());
        let lost = world.performed("a text", Fault::LostAfter).await;
        let id = world.platform.strict.posts()[0].id.clone();
        let kernel = world.kernel();
        let leased = kernel.lease(LeaseScope::Of(vec![lost.id]), 1).await.unwrap().remove(0);
        let until = world.now() + TimeDelta::minutes(5);
        let mut drive = Box::pin(kernel.drive(leased, Purpose::Background, until));
        assert!(futures_util::FutureExt::now_or_never(&mut drive).is_none(), "it waits");
        world.platform.strict.answer_late(answer(&lost, 1, Outcome::Done(done(&id))));
        world.clock.set(lost.progress.settled_from.unwrap());
        let record = drive.await.unwrap();
        assert_eq!(post(&record), Some(id.as_str()));
        assert_eq!(world.platform.strict.looks(), 0);
    });
}

#[test]
fn a_late_answer_to_what_was_told_as_not_done_is_an_incident_and_ends_it() {
    block_on(async {
        let world = World::new(TestClock::new(), Rules::default());
        let refused = Fault::RateLimit { retry_after: TimeDelta::seconds(1) };
        let told = world.performed("a text", refused).await;
        assert_eq!(told.progress.state, EffectState::NotDone);
        world.platform.strict.answer_late(answer(&told, 1, Outcome::Done(done("surfaced"))));
        let kernel = world.kernel();
        assert_eq!(kernel.record_late().await.unwrap(), [told.id]);
        let record = world.stored(&told).await;
        assert_eq!((record.progress.state, post(&record)), (EffectState::Published, Some("surfaced")));
        assert_eq!(record.progress.incidents.len(), 1);
        world.clock.advance(TimeDelta::hours(1));
        let leased = kernel.lease(LeaseScope::Of(vec![told.id]), 1).await.unwrap();
        assert_eq!(leased, [], "its caller asks in vain: it is public");
        assert_eq!(world.platform.strict.performed().len(), 1);
        assert_eq!(kernel.record_late().await.unwrap(), [], "each answer is recorded once");
    });
}

#[test]
fn a_late_answer_without_an_outcome_leaves_a_candidate() {
    block_on(async {
        let world = World::new(TestClock::new(), Rules::default());
        let lost = world.performed("a text", Fault::LostBefore).await;
        let candidate = Candidate { id: "named".to_owned(), url: None, may_be_older: false };
        let unclear = UnknownOutcome {
            candidate: Some(candidate.clone()),
            refusal: Some(refused(ErrorCode::ContentPolicyViolation)),
            ..UnknownOutcome::because("an id beside an error word")
        };
        world.platform.strict.answer_late(answer(&lost, 1, Outcome::Unknown(unclear)));
        world.kernel().record_late().await.unwrap();
        let record = world.stored(&lost).await;
        assert_eq!(record.progress.candidates, [candidate]);
        assert!(record.open_words().unwrap().contains("an id beside an error word"));
        // Absence that is known later tells what the answer said, not that none came.
        world.clock.set(lost.progress.settled_from.unwrap());
        let kernel = world.kernel();
        let leased = kernel.lease(LeaseScope::Due, 1).await.unwrap().remove(0);
        let until = world.now() + TimeDelta::minutes(1);
        let record = kernel.drive(leased, Purpose::Background, until).await.unwrap();
        let refusal = record.progress.refusal.expect("it is told why");
        assert_eq!(
            (record.progress.state, refusal.code),
            (EffectState::Failed, ErrorCode::ContentPolicyViolation)
        );
        assert!(refusal.message.contains("refused by the test"), "{}", refusal.message);
        assert!(refusal.message.contains("two looks show that nothing was posted"), "{}", refusal.message);
    });
}

/// One answer that cannot be recorded does not keep the others, nor a drive, for ever.
#[test]
fn an_answer_about_nothing_is_let_go() {
    block_on(async {
        let world = World::new(TestClock::new(), Rules::default());
        let lost = world.performed("a text", Fault::LostAfter).await;
        let strange = LateOutcome {
            namespace: "another-tenant".parse().unwrap(),
            ..answer(&lost, 1, Outcome::Done(done("strange")))
        };
        // Nothing of this one was ever attempted.
        let waiting = world.waiting("another text").await;
        world.platform.strict.answer_late(strange);
        world.platform.strict.answer_late(answer(&waiting, 1, Outcome::Done(done("never asked for"))));
        world.platform.strict.answer_late(answer(&lost, 9, Outcome::Unknown(UnknownOutcome::because("odd"))));
        let kernel = world.kernel();
        kernel.record_late().await.unwrap();
        assert_eq!(kernel.record_late().await.unwrap(), []);
        assert_eq!(post(&world.stored(&lost).await), None);
        assert_eq!(world.stored(&waiting).await, waiting);
    });
}

/// A holder is so slow that another one took its effect over while its call was under way: what the call came to is recorded
/// all the same.
#[test]
fn a_holder_that_was_fenced_in_mid_call_records_its_outcome() {
    for (fault, expected) in [
        (Fault::Post, EffectState::Published),
        (Fault::Accept, EffectState::Processing),
        (Fault::RateLimit { retry_after: TimeDelta::seconds(1) }, EffectState::NotDone),
        (Fault::LostAfter, EffectState::Unknown),
    ] {
        block_on(async {
            let world = Arc::new(World::new(TestClock::new(), Rules::default()));
            let (leased, approved) = world.admitted("a text").await;
            let id = leased.record().id;
            world.platform.strict.plan(PLACE, [fault]);
            let other = Arc::clone(&world);
            world.platform.meanwhile(move || {
                let world = Arc::clone(&other);
                Box::pin(async move {
                    let stores: Stores = Stores::of(Arc::new(world.store.backend().memory().open()));
                    let kernel = world.kernel_over(&stores);
                    world.clock.advance(TimeDelta::seconds(26));
                    let taken = kernel.lease(LeaseScope::Of(vec![id]), 1).await.unwrap();
                    assert_eq!(taken.len(), 1, "the lease ended");
                    let progress = &taken[0].record().progress;
                    let step = Step::Unknown(UnknownOutcome::because("its holder did not come back"));
                    let (epoch, version) = (progress.epoch, progress.version);
                    let took = Advance { effect: id, epoch, version, step, keep: None };
                    let took = stores.journal.advance(took).await.unwrap();
                    assert!(matches!(took, Advanced::Applied(_)), "it takes it for lost");
                })
            });
            let kernel = world.kernel();
            let record = kernel.drive_fresh(leased, approved, world.now()).await.unwrap();
            assert_eq!(record.progress.state, expected, "{fault:?}");
            assert_eq!(world.stored(&record).await, record, "{fault:?}");
            if expected == EffectState::Published {
                let posts = world.platform.strict.posts();
                assert_eq!(post(&record), Some(posts[0].id.as_str()));
                assert_eq!(record.progress.found_by, FoundBy::Answer);
            }
            assert_eq!(world.platform.strict.violations(), Vec::<String>::new());
        });
    }
}
