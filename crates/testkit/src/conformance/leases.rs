//! `EffectJournal::lease`: one holder, a raised epoch, the store's clock, dead holders.

use chimera_contracts::{Clock as _, ErrorCode};
use chimera_effect::{Advanced, EffectRecord, EffectState, LeaseScope};
use chrono::TimeDelta;
use futures_util::future::join_all;

use super::StoreFactory;
use super::ports::GivesJournal;
use super::stage::{Stage, advance, applied, begin, last, lost, not_done, openers, outlast};
use crate::scene::{WINDOW, cannot_tell, looked, published};

/// *Leased*: of concurrent holders in four processes one gets the effect, under the next epoch.
pub async fn a_lease_goes_to_one_holder_and_raises_the_epoch<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a lease goes to one holder and raises the epoch").await;
    let record = stage.begun().await;
    let record = applied(stage.advance(last(&record, lost())).await);
    let others = openers(factory, 4).await;
    let scope = || LeaseScope::Of(vec![record.id]);
    let calls = (0..32).map(|n| others[n % 4].journal().lease(scope(), 1, WINDOW.lease));
    let leased: Vec<_> = join_all(calls).await.into_iter().flat_map(Result::unwrap).collect();

    assert_eq!(leased.len(), 1, "one holder");
    let held = &leased[0].record.progress;
    assert_eq!(held.epoch, record.progress.epoch + 1);
    assert_eq!(held.version, record.progress.version, "a lease is no step");
    assert_eq!(held.lease.unwrap().until, stage.clock.now() + WINDOW.lease);
    let view = stage.view().await.unwrap();
    assert_eq!(view.effects, [leased[0].record.clone()]);
    assert_eq!(view.request, leased[0].request);
    let holder = held.lease.unwrap().holder;
    assert!(others.iter().any(|other| other.journal().instance() == holder));
    let late = advance(&record, published("late"));
    assert_eq!(stage.advance(late).await, Advanced::Fenced, "the holder before is fenced off");
}

/// *Leased*: what is held by the living is not given away, neither by id nor as due, and not to its own holder either.
pub async fn a_held_effect_is_not_leased<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a held effect is not leased").await;
    let view = stage.admitted(2, false).await;
    stage.apply(&view.effects[0], begin()).await;
    let before = stage.snapshot().await;
    let other = Stage::open(factory, &stage.scene.name).await;
    for opener in [&stage, &other] {
        for record in &view.effects {
            assert_eq!(opener.lease_one(record).await, None);
        }
        assert_eq!(opener.lease_due().await, []);
    }
    assert_eq!(stage.snapshot().await, before);
}

/// *Leased*: a lease ends when its time has come by the store's clock, not before.
pub async fn a_lease_ends_by_the_stores_clock<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a lease ends by the store's clock").await;
    let record = stage.begun().await;
    let other = Stage::open(factory, &stage.scene.name).await;
    let until = record.progress.lease.unwrap().until;
    stage.clock.set(until - TimeDelta::seconds(1));
    assert_eq!(other.lease_one(&record).await, None, "before its end");
    stage.clock.set(until);
    let leased = other.lease_one(&record).await.expect("at its end");
    assert_eq!(leased.progress.lease.unwrap().holder, other.stores.journal().instance());
    assert_eq!(stage.advance(advance(&record, lost())).await, Advanced::Fenced);
}

/// *Leased*: what a dead holder left is free at once, and stays with the living until then. By itself it is due when its
/// platform has settled, where an attempt began, and at once where none did.
pub async fn a_dead_holders_effects_are_free<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a dead holder's effects are free").await;
    let view = stage.admitted(3, false).await;
    let begun = stage.apply(&view.effects[0], begin()).await;
    let asked_for = stage.apply(&view.effects[1], begin()).await;
    let waiting = &view.effects[2];
    let other = Stage::open(factory, &stage.scene.name).await;
    assert_eq!(other.lease_due().await, [], "the holder lives");
    assert_eq!(other.lease_one(&begun).await, None, "the holder lives");
    let reborn = stage.crashed().await;

    let ids = |records: Vec<EffectRecord>| records.into_iter().map(|record| record.id).collect::<Vec<_>>();
    assert_eq!(ids(other.lease_due().await), [waiting.id], "nothing was begun of it");
    assert!(other.lease_one(&asked_for).await.is_some(), "who asks for it does not wait");
    let settled_from = begun.progress.settled_from.expect("an attempt began");
    other.clock.set(settled_from.max(other.clock.now()));
    let inherited = other.lease_due().await;
    let inherited = inherited.iter().find(|record| record.id == begun.id).expect("it is due by itself");
    assert_eq!(reborn.advance(advance(&begun, lost())).await, Advanced::Fenced, "the dead are fenced off");
    other.apply(inherited, lost()).await;
}

/// *Leased*: an effect that is being attempted stays so; its attempt, deadline and settle time are those of the dead.
pub async fn an_attempted_effect_stays_attempting<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "an attempted effect stays attempting").await;
    let record = stage.begun().await;
    let stage = stage.crashed().await;
    let leased = stage.lease_one(&record).await.expect("its holder is dead");
    assert_eq!(leased.progress.state, EffectState::Attempting);
    let mut expected = record.progress.clone();
    expected.epoch += 1;
    expected.lease = leased.progress.lease;
    assert_eq!(leased.progress, expected, "a lease changes holder and epoch alone");
}

/// `Due`: what waits for a look is leased from its time on; what is done, refused or waits for a human is not.
pub async fn only_what_is_due_is_leased_by_itself<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "only what is due is leased by itself").await;
    let view = stage.admitted(5, true).await;
    let [public, failed, refused, unknown, human] = view.effects.as_slice() else { panic!("five effects") };
    stage.advance(last(public, published("not due"))).await;
    stage.advance(last(failed, not_done(ErrorCode::ContentPolicyViolation))).await;
    stage.advance(last(refused, not_done(ErrorCode::PlatformRateLimit))).await;
    let open = applied(stage.advance(last(unknown, lost())).await);
    let human = stage.apply(human, lost()).await;
    let reason = "nothing to look with".to_owned();
    stage.advance(last(&human, cannot_tell(&reason))).await;

    let due = open.progress.due_at.expect("a look is due");
    stage.clock.set(due - TimeDelta::seconds(1));
    assert_eq!(stage.lease_due().await, [], "before its time");
    stage.clock.set(due);
    let leased = stage.lease_due().await;
    assert_eq!(leased.iter().map(|record| record.id).collect::<Vec<_>>(), [open.id]);
    let look_again = stage.clock.now() + TimeDelta::hours(1);
    let looked = looked(true, look_again);
    stage.advance(last(&leased[0], looked)).await;
    assert_eq!(stage.lease_due().await, [], "put off by the look");
    stage.clock.set(look_again);
    assert_eq!(stage.lease_due().await.len(), 1);
}

/// `Of`: what may be attempted again is leased by its id, though it is not due by itself.
pub async fn what_may_be_attempted_again_is_leased_by_id<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "what may be attempted again is leased by id").await;
    let record = stage.begun().await;
    let refused = applied(stage.advance(last(&record, not_done(ErrorCode::PlatformRateLimit))).await);
    stage.clock.advance(TimeDelta::hours(1));
    assert_eq!(stage.lease_due().await, []);
    let leased = stage.lease_one(&refused).await.expect("it may be attempted again");
    let again = stage.apply(&leased, begin()).await;
    assert_eq!((again.progress.state, again.progress.attempts), (EffectState::Attempting, 2));
    assert_eq!(again.call_key, record.call_key, "under the same call key");
}

/// `lease` gives at most `limit` effects, and the rest to the next one who asks.
pub async fn a_lease_gives_at_most_the_limit<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a lease gives at most the limit").await;
    let view = stage.admitted(5, true).await;
    let stage = stage.crashed().await;
    let ids: Vec<_> = view.effects.iter().map(|record| record.id).collect();
    let mut leased = Vec::new();
    for expected in [2, 2, 1, 0] {
        let part = stage.lease(LeaseScope::Of(ids.clone()), 2).await;
        assert_eq!(part.len(), expected);
        leased.extend(part.into_iter().map(|leased| leased.record.id));
    }
    leased.sort();
    leased.dedup();
    assert_eq!(leased.len(), ids.len(), "each was given once");
    assert_eq!(stage.lease(LeaseScope::Of(ids), 0).await, []);
}

/// *Durable*: a lease outlives the crash of another opener.
pub async fn leases_survive_a_crash_of_somebody_else<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "leases survive a crash of somebody else").await;
    let record = stage.begun().await;
    let other = Stage::open(factory, &stage.scene.name).await;
    let other = other.crashed().await;
    assert_eq!(other.lease_one(&record).await, None);
    assert_eq!(other.view().await.unwrap().effects, std::slice::from_ref(&record));
    outlast(&stage.clock, &record);
    assert!(other.lease_one(&record).await.is_some());
}

/// Every opener has an instance of its own, also after a crash.
pub async fn openers_have_instances_of_their_own<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let first = Stage::open(factory, "openers have instances of their own").await;
    let second = Stage::open(factory, &first.scene.name).await;
    let (a, b) = (first.stores.journal().instance(), second.stores.journal().instance());
    assert_ne!(a, b);
    let first = first.crashed().await;
    let c = first.stores.journal().instance();
    assert!(c != a && c != b, "a crashed opener does not come back");
    assert_eq!(first.stores.journal().instance(), c, "an opener keeps its id");
}
