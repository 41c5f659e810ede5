//! What stays open after a second attempt, and when nothing more can be found out.

use chimera_effect::{
    Advance, DoubtfulItem, EffectRecord, EffectState, Finding, LeaseScope, LookPolicy, LookReport,
    OPEN_EFFECTS, Purpose, Step, step,
};
use chimera_testkit::{Fault, Rules, TestClock, WINDOW, block_on};
use chrono::TimeDelta;

use crate::world::{PLACE, World};

const DAY: TimeDelta = TimeDelta::hours(24);

/// Drives one effect by its id, for so long.
async fn drive(world: &World, record: &EffectRecord, patience: TimeDelta) -> EffectRecord {
    let kernel = world.kernel();
    let leased = kernel.lease(LeaseScope::Of(vec![record.id]), 1).await.unwrap().remove(0);
    kernel.drive(leased, Purpose::Asked, world.now() + patience).await.unwrap()
}

/// The key would say what became of it, and may not be sent any more: no later drive can, so a person is asked.
#[test]
fn an_approval_that_ended_leaves_what_only_its_key_could_settle_to_a_person() {
    block_on(async {
        let world = World::new(TestClock::new(), Rules::default().without_look_up().enforcing_keys(DAY));
        let lost = world.performed("a text", Fault::LostAfter).await;
        let namespace = &lost.effect.content().namespace;
        world.stores.approvals.revoke(namespace, lost.decision, world.now()).await.unwrap();
        let barred = drive(&world, &lost, TimeDelta::minutes(1)).await;
        assert_eq!(barred.progress.state, EffectState::Unknown);
        assert!(barred.progress.needs_human, "{:?}", barred.progress);
        assert_eq!(barred.progress.due_at, None, "no drive will know more");
        assert_eq!(world.platform.strict.performed().len(), 1, "nothing is sent without an approval");
    });
}

/// The later of two attempts is recent; the earlier one may have made a post that was removed since.
#[test]
fn absence_is_seen_late_where_the_first_of_two_open_attempts_is_old() {
    for (late_by, person) in [(TimeDelta::zero(), false), (TimeDelta::microseconds(1), true)] {
        block_on(async {
            let world = World::new(TestClock::new(), Rules::default().enforcing_keys(DAY));
            let lost = world.performed("a text", Fault::LostBefore).await;
            let first_settled = lost.progress.settled_from.unwrap();
            world.clock.advance(TimeDelta::minutes(50));
            // Refused while the first is open: from then on only a look tells.
            world.platform.strict.plan(PLACE, [Fault::RateLimit { retry_after: TimeDelta::seconds(1) }]);
            let refused = drive(&world, &lost, TimeDelta::seconds(1)).await;
            assert_eq!((refused.progress.state, refused.progress.attempts), (EffectState::Unknown, 2));
            world.clock.set(first_settled + LookPolicy::default().absence_within + late_by);
            assert!(refused.progress.settled_from.is_some_and(|from| from < world.now()));
            let looked = drive(&world, &refused, TimeDelta::zero()).await;
            assert_eq!(looked.progress.looks, 1);
            let counted = looked.progress.absent_looks == 1;
            assert_eq!((looked.progress.needs_human, counted), (person, !person), "{late_by}");
        });
    }
}

/// The tool to look with is gone; what an earlier look could not explain is what the person has to see.
#[test]
fn a_person_is_shown_what_was_in_doubt_though_nothing_can_be_looked_for_any_more() {
    block_on(async {
        let world = World::new(TestClock::new(), Rules::default());
        let lost = world.performed("a text", Fault::LostAfter).await;
        let item = DoubtfulItem {
            id: Some("17".to_owned()),
            url: None,
            text: "a text, shortened".to_owned(),
            created_at: None,
            why: "it is like ours".to_owned(),
        };
        let seen = LookReport { in_doubt: vec![item.clone()], ..LookReport::missing("", "one is like ours") };
        world.platform.find_always(Finding::InDoubt(seen));
        let looked = world.look_when_due(&lost).await;
        world.platform.find_always(Finding::Blind { reason: "its server has no such tool".to_owned() });
        let blind = world.look_when_due(&looked).await;
        let report = blind.progress.latest_look.expect("there was a look").report;
        assert_eq!(report.missing.as_deref(), Some("its server has no such tool"));
        assert_eq!(report.in_doubt, [item]);
        assert_eq!((blind.progress.state, blind.progress.due_at), (EffectState::Unknown, None));
    });
}

/// Asking about it again tells the same, and writes nothing down that nobody saw.
#[test]
fn what_waits_for_a_person_is_not_looked_for_each_time_that_somebody_asks() {
    block_on(async {
        let world = World::new(TestClock::new(), Rules::default().without_look_up());
        let record = world.performed("a text", Fault::LostAfter).await;
        let blind = record.progress.clone();
        assert_eq!((blind.needs_human, blind.due_at, blind.looks), (true, None, 1));
        for _ in 0..3 {
            world.clock.advance(TimeDelta::hours(1));
            let asked = drive(&world, &record, TimeDelta::minutes(1)).await.progress;
            assert_eq!((asked.looks, asked.latest_look), (1, blind.latest_look.clone()));
            assert!(asked.needs_human);
        }
    });
}

/// A caller who waits exactly until something can be known is told.
#[test]
fn a_look_at_the_last_moment_of_a_wait_is_taken() {
    block_on(async {
        let world = World::new(TestClock::new(), Rules::default());
        let lost = world.performed("a text", Fault::LostAfter).await;
        let patience = lost.progress.settled_from.unwrap() - world.now();
        let early = drive(&world, &lost, patience - TimeDelta::microseconds(1)).await;
        assert_eq!((early.progress.state, early.progress.looks), (EffectState::Unknown, 0));
        let found = drive(&world, &lost, lost.progress.settled_from.unwrap() - world.now()).await;
        assert_eq!(found.progress.state, EffectState::Published);
    });
}

/// Where an account has more open effects than are looked at, one that is not seen may show the same: none begins.
#[test]
fn among_too_many_open_effects_none_begins() {
    block_on(async {
        let world = World::new(TestClock::manual(), Rules::default());
        let unknown = world.performed("a text", Fault::LostAfter).await;
        let (leased, _) = world.not_begun("quite another one").await;
        let request = leased.request().clone();
        let standing = {
            let content = leased.record().effect.content();
            let digest = leased.record().effect.digest();
            let found =
                world.stores.approvals.decision(&content.namespace, leased.record().decision, &digest);
            found.await.unwrap()
        };
        for (many, attempts) in [(OPEN_EFFECTS - 1, 1), (OPEN_EFFECTS, 0)] {
            let open = vec![unknown.clone(); many];
            let context = step::Context {
                request: &request,
                siblings: &[],
                standing: standing.as_ref(),
                balances: &[],
                undone: None,
                owners: None,
                open: &open,
                pauses: &[],
                owner: None,
                instance: world.stores.journal.instance(),
                now: world.now(),
            };
            let record = leased.record();
            let begin = Step::Begin { window: WINDOW, uploads: Vec::new() };
            let (epoch, version) = (record.progress.epoch, record.progress.version);
            let asked = Advance { effect: record.id, epoch, version, step: begin, keep: None };
            let Ok(step::Verdict::Apply(change)) = step::advance(record, &asked, &context) else {
                panic!("it begins or waits")
            };
            assert_eq!(change.record.progress.attempts, attempts, "beside {many}");
            assert_eq!(change.record.progress.waits_for.is_some(), attempts == 0);
        }
    });
}
