//! `RateLimits`: exact, shared by all openers, the same for whoever asks twice.

use chimera_contracts::{Clock as _, Namespace, PlatformName, derive_uuid};
use chimera_effect::EffectKind;
use chimera_platform::limits::{self, Permit, RateKey, RateLimit, TakenPermit};
use chrono::TimeDelta;
use futures_util::future::join_all;
use uuid::Uuid;

use super::StoreFactory;
use super::case::port_suite;
use super::ports::GivesLimits;
use super::stage::{Stage, openers};

port_suite! {
    GivesLimits:
    a_limit_gives_its_count_and_says_when_to_ask_again
    permits_end_by_themselves
    what_is_taken_is_what_the_rule_computes
    openers_share_permits
    the_same_id_takes_one_permit
    permits_are_of_one_account_and_action
    permits_survive_a_crash
    what_is_given_back_is_free
}

/// Three a minute.
const LIMIT: RateLimit = RateLimit { count: 3, window: TimeDelta::minutes(1) };

/// The scene's account likes on X.
fn key<P>(stage: &Stage<'_, P>) -> RateKey {
    RateKey {
        namespace: stage.scene.namespace.clone(),
        platform: PlatformName::Twitter,
        account: format!("account of {}", stage.scene.name),
        kind: EffectKind::Like,
    }
}

fn by(number: u32) -> Uuid {
    derive_uuid("chimera/testkit/permit", &[&number.to_be_bytes()])
}

async fn take<P: GivesLimits>(stage: &Stage<'_, P>, key: &RateKey, number: u32) -> Permit {
    stage.stores.limits().take(key, LIMIT, by(number)).await.expect("the store answers")
}

fn taken(used: u32) -> Permit {
    Permit::Taken { used }
}

/// *Bound*: a limit gives as many permits as it counts, then says when the next one is free.
pub async fn a_limit_gives_its_count_and_says_when_to_ask_again<P: GivesLimits>(
    factory: &dyn StoreFactory<P>,
) {
    let stage = Stage::open(factory, "a limit gives its count and says when to ask again").await;
    let (key, start) = (key(&stage), stage.clock.now());
    for number in 0..3 {
        assert_eq!(take(&stage, &key, number).await, taken(number + 1));
        stage.clock.advance(TimeDelta::seconds(10));
    }
    for number in 3..5 {
        assert_eq!(take(&stage, &key, number).await, Permit::Wait { until: start + LIMIT.window });
    }
    let nothing = RateLimit { count: 0, ..LIMIT };
    let none = RateKey { kind: EffectKind::Follow, ..key };
    let said = stage.stores.limits().take(&none, nothing, by(0)).await.unwrap();
    assert!(matches!(said, Permit::Wait { until } if until > stage.clock.now()), "{said:?}");
}

/// *Bound*: a permit counts for one window by the store's clock, to the moment, whether anybody used it or not.
pub async fn permits_end_by_themselves<P: GivesLimits>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "permits end by themselves").await;
    let (key, start) = (key(&stage), stage.clock.now());
    let after = |seconds| start + TimeDelta::seconds(seconds);
    for number in 0..3 {
        stage.clock.set(after(i64::from(number) * 10));
        assert_eq!(take(&stage, &key, number).await, taken(number + 1));
    }
    stage.clock.set(after(59));
    assert_eq!(take(&stage, &key, 3).await, Permit::Wait { until: after(60) });
    stage.clock.set(after(60));
    assert_eq!(take(&stage, &key, 3).await, taken(3), "the first one ended");
    assert_eq!(take(&stage, &key, 4).await, Permit::Wait { until: after(70) }, "the second one did not");
    stage.clock.set(after(3_600));
    assert_eq!(take(&stage, &key, 4).await, taken(1), "all of them ended");
}

/// *Atomic*: what is kept and answered is what [`limits::take`] computes.
pub async fn what_is_taken_is_what_the_rule_computes<P: GivesLimits>(factory: &dyn StoreFactory<P>) {
    let mut stage = Stage::open(factory, "what is taken is what the rule computes").await;
    let key = key(&stage);
    let mut log: Vec<TakenPermit> = Vec::new();
    for (number, (seconds, again)) in
        (0..).zip([(0, 0), (5, 0), (0, 1), (20, 0), (1, 3), (40, 0), (2, 0), (-30, 0), (70, 9), (1, 0)])
    {
        stage.clock.advance(TimeDelta::seconds(seconds));
        let by = by(u32::saturating_sub(number, again));
        let (expected, kept) = limits::take(&log, LIMIT, by, stage.clock.now());
        assert_eq!(stage.stores.limits().take(&key, LIMIT, by).await.unwrap(), expected, "call {number}");
        log = kept;
        stage = stage.crashed().await;
    }
    stage.clock.advance(TimeDelta::seconds(30));
}

/// *Shared*: of many callers in several processes as many get a permit as the limit counts.
pub async fn openers_share_permits<P: GivesLimits>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "openers share permits").await;
    let key = key(&stage);
    let openers = openers(factory, 3).await;
    let calls = (0..24).map(|number: u32| {
        let opener = &openers[number as usize % 3];
        opener.limits().take(&key, LIMIT, by(number))
    });
    let answers: Vec<_> = join_all(calls).await.into_iter().map(Result::unwrap).collect();
    let mut used: Vec<_> = answers.iter().filter(|answer| matches!(answer, Permit::Taken { .. })).collect();
    used.sort_by_key(|permit| format!("{permit:?}"));
    assert_eq!(used, [&taken(1), &taken(2), &taken(3)], "{answers:?}");
    let until = stage.clock.now() + LIMIT.window;
    let waits = answers.iter().filter(|answer| **answer == Permit::Wait { until }).count();
    assert_eq!(waits, 21, "{answers:?}");
}

/// *Idempotent*: the same id again, at once or later, from here or elsewhere, takes nothing more while its permit counts.
pub async fn the_same_id_takes_one_permit<P: GivesLimits>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "the same id takes one permit").await;
    let key = key(&stage);
    let openers = openers(factory, 3).await;
    let calls = (0..12).map(|number| openers[number % 3].limits().take(&key, LIMIT, by(0)));
    assert!(join_all(calls).await.into_iter().all(|answer| answer.unwrap() == taken(1)));
    assert_eq!(take(&stage, &key, 1).await, taken(2));
    stage.clock.advance(TimeDelta::seconds(59));
    assert_eq!(take(&stage, &key, 0).await, taken(2), "it still counts");
    assert_eq!(take(&stage, &key, 2).await, taken(3));
    assert!(matches!(take(&stage, &key, 3).await, Permit::Wait { .. }));
    assert_eq!(take(&stage, &key, 1).await, taken(3), "who has one need not wait");
    stage.clock.advance(TimeDelta::seconds(1));
    assert_eq!(take(&stage, &key, 0).await, taken(2), "a new one: that of before ended, and that of 1 too");
}

/// Permits are of one tenant, platform, account and kind.
pub async fn permits_are_of_one_account_and_action<P: GivesLimits>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "permits are of one account and action").await;
    let first = key(&stage);
    let namespace: Namespace = "another-tenant".parse().unwrap();
    let keys = [
        first.clone(),
        RateKey { namespace, ..first.clone() },
        RateKey { platform: PlatformName::Threads, ..first.clone() },
        RateKey { account: format!("{} 2", first.account), ..first.clone() },
        RateKey { kind: EffectKind::Reply, ..first },
    ];
    // By ids of their own: one id takes one permit, wherever keys are mixed up.
    for number in 0..3 {
        for (place, key) in (0..).zip(&keys) {
            assert_eq!(take(&stage, key, 10 * place + number).await, taken(number + 1), "{key:?}");
        }
    }
    for (place, key) in (0..).zip(&keys) {
        assert!(matches!(take(&stage, key, 10 * place + 3).await, Permit::Wait { .. }), "{key:?}");
    }
}

/// What is given back is free at once, and no more than that: of this id and this key, and nothing where there is none.
pub async fn what_is_given_back_is_free<P: GivesLimits>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "what is given back is free").await;
    let key = key(&stage);
    let elsewhere = RateKey { kind: EffectKind::Follow, ..key.clone() };
    for number in 0..3 {
        assert_eq!(take(&stage, &key, number).await, taken(number + 1));
    }
    let give_back = async |stage: &Stage<'_, P>, key: &RateKey, number| {
        stage.stores.limits().give_back(key, by(number)).await.expect("the store answers");
    };
    give_back(&stage, &key, 7).await;
    give_back(&stage, &elsewhere, 1).await;
    assert!(matches!(take(&stage, &key, 3).await, Permit::Wait { .. }), "nobody gave one of these back");
    give_back(&stage, &key, 1).await;
    let stage = stage.crashed().await;
    assert_eq!(take(&stage, &key, 3).await, taken(3), "the one that was given back");
    give_back(&stage, &key, 1).await;
    assert!(matches!(take(&stage, &key, 1).await, Permit::Wait { .. }), "it was given back once");
}

/// *Durable*: permits that were given count after a crash.
pub async fn permits_survive_a_crash<P: GivesLimits>(factory: &dyn StoreFactory<P>) {
    let mut stage = Stage::open(factory, "permits survive a crash").await;
    let key = key(&stage);
    for number in 0..3 {
        assert_eq!(take(&stage, &key, number).await, taken(number + 1));
        stage = stage.crashed().await;
    }
    assert!(matches!(take(&stage, &key, 3).await, Permit::Wait { .. }));
    assert_eq!(take(&stage, &key, 0).await, taken(3));
}
