//! How a kernel looks for what is unknown: when, how often, how long, and what keeps it from settling.

use std::sync::Arc;

use chimera_effect::{Advance, Carry, EffectRecord, EffectState, Finding, LookPolicy, LookReport};
use chimera_testkit::{Fault, Rules, TestClock, block_on, published};
use chrono::TimeDelta;

use crate::world::{PLACE, World, missing};

#[test]
fn absence_that_is_seen_late_first_goes_to_a_person() {
    let within = LookPolicy::default().absence_within;
    for (late_by, person) in [(TimeDelta::zero(), false), (TimeDelta::microseconds(1), true)] {
        block_on(async {
            let world = World::new(TestClock::new(), Rules::default());
            let lost = world.performed("a text", Fault::LostBefore).await;
            world.clock.set(lost.progress.settled_from.unwrap() + within + late_by);
            let looked = world.drive_due().await.remove(0);
            assert_eq!(looked.progress.state, EffectState::Unknown);
            assert_eq!((looked.progress.needs_human, looked.progress.absent_looks == 0), (person, person));
            assert_eq!(missing(&looked).contains("so late"), person, "{looked:?}");
            // However often it looks from then on.
            let mut record = looked;
            for _ in 0..5 {
                if record.progress.state == EffectState::Unknown {
                    record = world.look_when_due(&record).await;
                }
            }
            let expected = if person { EffectState::Unknown } else { EffectState::NotDone };
            assert_eq!(record.progress.state, expected, "{late_by}");
            assert_eq!(world.platform.strict.posts(), []);
        });
    }
}

#[test]
fn looks_grow_apart_and_end_at_a_person() {
    block_on(async {
        let world = World::new(TestClock::new(), Rules::default());
        let seen = LookReport::missing("what is looked for", "the server does not answer");
        world.platform.find_always(Finding::Open(seen));
        let mut record = world.performed("a text", Fault::LostAfter).await;
        let settled_from = record.progress.settled_from.unwrap();
        assert_eq!(record.progress.due_at, Some(settled_from), "the first look when it means something");
        let policy = LookPolicy::default();
        let mut asked = None;
        for number in 0..1_000_u32 {
            record = world.look_when_due(&record).await;
            assert_eq!(record.progress.looks, number + 1);
            assert_eq!(record.progress.state, EffectState::Unknown, "a look that fails settles nothing");
            let looked_at = world.now();
            if record.progress.needs_human && asked.is_none() {
                asked = Some(number);
            }
            let Some(again) = record.progress.due_at else { break };
            let usual = i64::from(2_u32.saturating_pow(number + 1).min(300)) * 1_000;
            let pause = (again - looked_at).num_milliseconds();
            assert!((pause - usual).abs() <= usual / 8, "after look {number}: {pause} ms for {usual}");
            assert!(looked_at < settled_from + policy.within, "no look is planned after the end");
        }
        assert_eq!(asked, Some(policy.patience), "a person is asked beside the looks");
        assert_eq!(record.progress.due_at, None, "it ends");
        assert!(record.progress.needs_human);
        let waited = world.now() - settled_from;
        assert!(waited >= policy.within && waited <= policy.within + policy.longest_pause * 2, "{waited}");
        assert_eq!(missing(&record), "the server does not answer");
        world.clock.advance(TimeDelta::days(30));
        assert_eq!(world.drive_due().await, [], "nothing is due any more");
        assert_eq!(world.platform.strict.performed().len(), 1, "nothing is sent again");
    });
}

#[test]
fn what_is_in_doubt_goes_to_a_person_at_once_and_is_looked_for_on() {
    block_on(async {
        let world = World::new(TestClock::new(), Rules { complete_list: false, ..Rules::default() });
        let lost = world.performed("a text", Fault::LostBefore).await;
        let looked = world.look_when_due(&lost).await;
        assert!(looked.progress.needs_human && looked.progress.due_at.is_some());
        // A later look explains it.
        world.platform.find_always(Finding::Absent(LookReport::default()));
        let once = world.look_when_due(&looked).await;
        assert_eq!((once.progress.absent_looks, once.progress.needs_human), (1, true));
        let twice = world.look_when_due(&once).await;
        assert_eq!((twice.progress.state, twice.progress.needs_human), (EffectState::NotDone, false));
    });
}

#[test]
fn a_look_settles_nothing_while_an_alike_effect_is_attempted() {
    block_on(async {
        let world = World::new(TestClock::new(), Rules::default());
        let ours = world.performed("Our spring sale starts today", Fault::LostBefore).await;
        world.clock.set(ours.progress.settled_from.unwrap());
        let (theirs, _) = world.admitted("Reminder: Our spring sale starts today").await;
        let (clearly_another, _) = world.admitted("Nobody expects the July release").await;
        assert_eq!(theirs.record().progress.state, EffectState::Attempting);
        for _ in 0..3 {
            let due = world.stored(&ours).await;
            let looked = world.look_when_due(&due).await;
            assert!(missing(&looked).contains(&theirs.record().id.to_string()), "{}", missing(&looked));
            assert_eq!((looked.progress.state, looked.progress.absent_looks), (EffectState::Unknown, 0));
            assert!(!looked.progress.needs_human);
        }
        assert_eq!(world.platform.strict.looks(), 0, "the platform is not even asked");

        let epoch = theirs.record().progress.epoch;
        let version = theirs.record().progress.version;
        let (effect, step) = (theirs.record().id, published("theirs"));
        let done = Advance { effect, epoch, version, step, keep: None };
        world.stores.journal.advance(done).await.unwrap();
        let mut record = world.stored(&ours).await;
        for _ in 0..2 {
            record = world.look_when_due(&record).await;
        }
        assert_eq!(record.progress.state, EffectState::NotDone);
        assert_eq!(world.platform.strict.looks(), 2);
        let other = world.stored(clearly_another.record()).await;
        assert_eq!(other.progress.state, EffectState::Attempting, "another text keeps no look");
    });
}

#[test]
fn a_look_may_ask_whose_the_posts_of_the_account_are() {
    block_on(async {
        let world = World::new(TestClock::new(), Rules::default());
        let (theirs, _) = world.admitted("Nobody expects the July release").await;
        let (effect, epoch, version) =
            (theirs.record().id, theirs.record().progress.epoch, theirs.record().progress.version);
        let done = Advance { effect, epoch, version, step: published("theirs"), keep: None };
        world.stores.journal.advance(done).await.unwrap();
        let ours = world.performed("Our spring sale starts today", Fault::LostAfter).await;
        world.look_when_due(&ours).await;
        let owned = world.platform.owned.lock().unwrap().clone();
        let [owned] = owned.as_slice() else { panic!("one of the two belongs to an effect: {owned:?}") };
        let content = theirs.record().effect.content();
        assert_eq!((owned.external_id.as_str(), owned.effect), ("theirs", effect));
        assert_eq!((owned.kind, owned.text.as_str()), (content.kind, content.text.as_str()));
        assert_eq!(owned.known_at, world.stored(theirs.record()).await.progress.changed_at);
    });
}

/// Two posts that are under way together, each of which comes to a lost answer.
async fn lost_together(world: &World, texts: [&str; 2]) -> [EffectRecord; 2] {
    let mut begun = Vec::new();
    for text in texts {
        begun.push(world.admitted(text).await);
    }
    let mut lost = Vec::new();
    for (leased, approved) in begun {
        world.platform.strict.plan(PLACE, [Fault::LostAfter]);
        lost.push(world.kernel().drive_fresh(leased, approved, world.now()).await.unwrap());
    }
    lost.try_into().expect("two of them")
}

#[test]
fn a_look_tells_which_unknown_effects_may_show_the_same() {
    let ours = "Our spring sale starts today";
    for (theirs, (equals, lookalike)) in [
        ("our SPRING sale starts today!", (1, true)),
        ("our SPRING sale starts  today", (2, false)),
        // Cut off where ours ends, it would show our words.
        ("Our spring sale starts today: have a look at the new colours", (1, true)),
        ("#now Our spring sale starts today", (1, true)),
        ("Our spring sale", (1, false)),
        ("Nobody expects the July release", (1, false)),
    ] {
        block_on(async {
            let world = World::new(TestClock::new(), Rules::default());
            let [one, other] = lost_together(&world, [ours, theirs]).await;
            assert_eq!(other.progress.state, EffectState::Unknown, "{theirs:?}");
            world.look_when_due(&one).await;
            let asked = world.platform.asked_last();
            assert_eq!(
                (asked.equals, asked.place, asked.has_lookalike),
                (equals, 0, lookalike),
                "{theirs:?}"
            );
        });
    }
}

/// Whoever asks is told how it is now, and not how it was when the effect last asked whether it may begin.
#[test]
fn a_caller_of_what_waits_goes_on_once_the_other_is_settled() {
    block_on(async {
        let world = World::new(TestClock::new(), Rules::default());
        let first = world.performed("Our spring sale starts today", Fault::LostAfter).await;
        let text = "our SPRING sale starts  today";
        let waiting = world.waiting(text).await;
        assert_eq!(waiting.progress.waits_for, Some(first.id));
        let lease = waiting.progress.lease.expect("the one that admitted it holds it");
        world.clock.set(lease.until);
        let ask = async || {
            let key = world.scene.under_key(text).key;
            let effects = vec![waiting.id];
            let view = world.stores.journal.request(&key).await.unwrap().expect("it is stored");
            let (within, poll) = (TimeDelta::seconds(1), TimeDelta::milliseconds(100));
            let until = world.now() + within;
            let carry = Carry { key, effects, within, until, poll };
            world.kernel().carry_on(&carry, view).await.remove(0)
        };
        assert!(ask().await.record.open_words().expect("it waits").contains(&first.id.to_string()));
        let (epoch, version) = (first.progress.epoch, first.progress.version);
        let now = world.stored(&first).await.progress;
        assert_eq!((now.epoch, now.version), (epoch, version));
        let step = published("the first");
        let done = Advance { effect: first.id, epoch, version, step, keep: None };
        world.stores.journal.advance(done).await.unwrap();
        let told = ask().await;
        assert_eq!(told.state(), EffectState::Published, "{told:?}");
        assert_eq!(world.platform.strict.performed().len(), 2);
    });
}

#[test]
fn a_look_beside_an_equal_effect_that_is_settled_meanwhile_settles_nothing() {
    block_on(async {
        let world = World::new(TestClock::new(), Rules::default());
        let texts = ["Our spring sale starts today", "our SPRING sale starts  today"];
        let [one, other] = lost_together(&world, texts).await;
        let (journal, step) = (Arc::clone(&world.stores.journal), published("theirs"));
        let (effect, epoch, version) = (other.id, other.progress.epoch, other.progress.version);
        world.platform.meanwhile_a_look(move || {
            let (journal, step) = (Arc::clone(&journal), step.clone());
            Box::pin(async move {
                journal.advance(Advance { effect, epoch, version, step, keep: None }).await.unwrap();
            })
        });
        // Two posts stood there for two effects, and the first is taken for the first; now it is known to be the other's.
        let post = chimera_effect::ExternalPost { id: "theirs".to_owned(), url: None, published_at: None };
        let evidence = chimera_effect::Evidence { post, said: None, cost: None };
        world.platform.find_always(Finding::There(evidence));
        let looked = world.look_when_due(&one).await;
        assert_eq!(looked.progress.state, EffectState::Unknown);
        assert!(missing(&looked).contains("settled during the look"), "{}", missing(&looked));
        assert!(!looked.progress.needs_human && looked.progress.due_at.is_some(), "it is looked for again");
        let again = world.look_when_due(&looked).await;
        assert_eq!(world.platform.asked_last().equals, 1);
        assert_eq!(again.progress.state, EffectState::Unknown, "the post is another's");
        assert!(missing(&again).contains("claimed by another effect"), "{}", missing(&again));
    });
}
