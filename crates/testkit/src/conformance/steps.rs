//! `EffectJournal::advance`: atomic, durable, fenced, already, taken.

use chimera_contracts::{Applied, Clock as _, ErrorCode, Money, PlatformName, StoreErrorKind};
use chimera_effect::{
    Advance, Advanced, Effect, EffectKind, EffectRecord, EffectState, EffectV1, Step, Uploaded,
};
use chrono::TimeDelta;
use futures_util::future::join_all;

use super::StoreFactory;
use super::ports::GivesJournal;
use super::stage::{
    PLENTY, Stage, accepted, advance, applied, begin, fresh, last, lost, not_done, openers, outlast, request,
};
use crate::scene::{PRICE, WINDOW, cannot_tell, looked, published, sample_effect};

/// *Atomic*: a step moves the effect, its budget and its evidence together.
pub async fn steps_move_effect_budget_and_evidence_together(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "steps move effect, budget and evidence together").await;
    let record = stage.begun().await;
    stage.clock.advance(TimeDelta::seconds(3));
    let record = applied(stage.advance(last(&record, published("together"))).await);
    assert_eq!(
        stage.view().await.unwrap().effects,
        std::slice::from_ref(&record),
        "what is answered is what is stored"
    );
    assert_eq!(record.progress.state, EffectState::Published);
    assert_eq!(record.progress.changed_at, stage.clock.now());
    assert_eq!(record.progress.lease, None, "the lease is let go with the step");
    let balance = stage.balance().await.unwrap();
    assert_eq!((balance.spent, balance.committed), (PRICE, Money::usd_micros(0)));
    let told =
        ["start", "attempt", "success", "complete"].map(|verb| format!("skill.publish_content.{verb}"));
    assert_eq!(stage.trace().await, told);
}

/// *Durable*: what `advance` answered survives a crash.
pub async fn answers_of_advance_survive_a_crash<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "answers of advance survive a crash").await;
    let view = stage.admitted(2, true).await;
    stage.apply(&view.effects[0], published("durable")).await;
    stage.apply(&view.effects[1], lost()).await;
    let before = stage.snapshot().await;
    let stage = stage.crashed().await;
    assert_eq!(stage.snapshot().await, before);
}

/// *Fenced*: a step under a past epoch or version changes nothing.
pub async fn a_past_epoch_or_version_is_fenced<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a past epoch or version is fenced").await;
    let record = stage.begun().await;
    let unknown = stage.apply(&record, lost()).await;
    let looked = looked(false, stage.clock.now());
    let unknown = stage.apply(&unknown, looked).await;
    outlast(&stage.clock, &unknown);
    let leased = stage.lease_one(&unknown).await.expect("the lease ended");
    let before = stage.snapshot().await;
    let current = advance(&leased, published("fenced"));
    let (epoch, version) = (current.epoch, current.version);
    for stale in [
        Advance { epoch: epoch - 1, ..current.clone() },
        Advance { epoch: epoch + 1, ..current.clone() },
        Advance { version: version - 1, ..current.clone() },
        Advance { version: version - 2, ..current.clone() },
        Advance { version: version + 1, ..current.clone() },
    ] {
        assert_eq!(stage.advance(stale.clone()).await, Advanced::Fenced, "{stale:?}");
    }
    assert_eq!(stage.snapshot().await, before);
    applied(stage.advance(current).await);
}

/// Takes a step, then the same step again: once applied, once already, and nothing moves twice.
async fn twice<P: GivesJournal>(stage: &Stage<'_, P>, step: Advance) -> EffectRecord {
    let record = applied(stage.advance(step.clone()).await);
    let before = stage.snapshot().await;
    let said = format!("{step:?}");
    assert_eq!(stage.advance(step).await, Advanced::Already(Box::new(record.clone())), "{said}");
    assert_eq!(stage.snapshot().await, before, "{said}");
    record
}

/// *Fenced*: repeating a step that was applied is `Already`, for every kind of step, and moves nothing again.
pub async fn a_repeated_step_is_already<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a repeated step is already").await;
    let view = stage.admitted(5, false).await;
    let mut begun = Vec::new();
    for record in &view.effects {
        begun.push(twice(&stage, advance(record, begin())).await);
    }
    twice(&stage, last(&begun[0], published("repeated"))).await;
    twice(&stage, last(&begun[1], accepted())).await;
    twice(&stage, last(&begun[2], not_done(ErrorCode::ContentPolicyViolation))).await;
    let refused = twice(&stage, advance(&begun[3], not_done(ErrorCode::PlatformRateLimit))).await;
    let refused = twice(&stage, advance(&refused, Step::Yield)).await;
    twice(&stage, advance(&refused, begin())).await;

    let unknown = twice(&stage, advance(&begun[4], lost())).await;
    let again = twice(&stage, advance(&unknown, begin())).await;
    // A refusal while an earlier attempt is open settles nothing.
    let unknown = twice(&stage, advance(&again, not_done(ErrorCode::PlatformRateLimit))).await;
    assert_eq!(unknown.progress.state, EffectState::Unknown);
    let settled_from = unknown.progress.settled_from.expect("an attempt began");
    stage.clock.set(settled_from.max(stage.clock.now()));
    let look_again = stage.clock.now();
    let unknown = twice(&stage, advance(&unknown, looked(true, look_again))).await;
    let reason = "the list is short".to_owned();
    let unknown = twice(&stage, advance(&unknown, cannot_tell(&reason))).await;
    let absent = twice(&stage, advance(&unknown, Step::AbsentForGood)).await;
    assert_eq!(absent.progress.state, EffectState::NotDone);
}

/// *Fenced*: of concurrent steps from one version, in two processes, one applies.
pub async fn concurrent_steps_of_one_version_apply_once<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "concurrent steps of one version apply once").await;
    let record = stage.begun().await;
    let others = openers(factory, 2).await;
    let step = |n: usize| if n.is_multiple_of(3) { lost() } else { published("concurrent") };
    let calls = (0..16).map(|n| others[n % 2].journal().advance(advance(&record, step(n))));
    let answers: Vec<Advanced> = join_all(calls).await.into_iter().map(Result::unwrap).collect();
    let winners: Vec<_> = answers
        .iter()
        .filter_map(|answer| if let Advanced::Applied(won) = answer { Some(won) } else { None })
        .collect();
    assert_eq!(winners.len(), 1, "one step applies");
    for answer in &answers {
        match answer {
            Advanced::Applied(after) | Advanced::Already(after) => assert_eq!(after, winners[0]),
            Advanced::Fenced => {}
            other => panic!("expected the same step or a fence, got {other:?}"),
        }
    }
    assert_eq!(stage.view().await.unwrap().effects, [winners[0].as_ref().clone()]);
}

/// A step that cannot follow the state is `Misuse`, was not applied, and changes nothing.
pub async fn an_illegal_step_is_misuse_and_changes_nothing<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "an illegal step is misuse and changes nothing").await;
    let view = stage.admitted(2, true).await;
    let public = stage.apply(&view.effects[0], published("legal")).await;
    let failed = stage.apply(&view.effects[1], not_done(ErrorCode::ContentPolicyViolation)).await;
    let before = stage.snapshot().await;
    let look = || looked(true, stage.clock.now());
    for (record, step) in [
        (&public, begin()),
        (&public, lost()),
        (&public, Step::AbsentForGood),
        (&public, not_done(ErrorCode::PlatformRateLimit)),
        (&public, look()),
        (&failed, begin()),
        (&failed, published("illegal")),
        (&failed, lost()),
    ] {
        let said = format!("{step:?}");
        let error = stage.stores.journal().advance(advance(record, step)).await.expect_err(&said);
        assert_eq!((error.kind, error.applied), (StoreErrorKind::Misuse, Applied::NotApplied), "{said}");
    }
    assert_eq!(stage.snapshot().await, before);
}

/// *Fenced*: no two effects of a platform's account own one external id; the same id elsewhere is another post.
pub async fn a_post_belongs_to_one_effect<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a post belongs to one effect").await;
    let first = stage.act(PlatformName::Twitter, "a text");
    let second = stage.act(PlatformName::Twitter, "another text");
    let elsewhere = stage.act(PlatformName::Threads, "a text");
    let content = EffectV1 { account: "another account".to_owned(), ..first.content().clone() };
    let other_account = Effect::new(content).unwrap();
    let view = stage.admitted_acts(&[first, second, elsewhere, other_account], true).await;
    let claim = |record: &EffectRecord| advance(record, published("the one"));

    let owner = applied(stage.advance(claim(&view.effects[0])).await);
    let before = stage.snapshot().await;
    let taken = Advanced::Taken { external_id: "the one".to_owned() };
    assert_eq!(stage.advance(claim(&view.effects[1])).await, taken);
    assert_eq!(stage.snapshot().await, before);
    applied(stage.advance(claim(&view.effects[2])).await);
    applied(stage.advance(claim(&view.effects[3])).await);

    let stage = stage.crashed().await;
    assert_eq!(stage.advance(claim(&view.effects[1])).await, taken, "also after a crash");
    applied(stage.advance(advance(&view.effects[1], published("another one"))).await);
    assert_eq!(stage.view().await.unwrap().effects[0], owner);
}

/// What is written is what the steps compute: every event of a request, in the order in which it happened.
pub async fn evidence_tells_the_whole_story_in_order(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "evidence tells the whole story in order").await;
    let view = stage.admitted(2, true).await;
    let refused = stage.apply(&view.effects[0], not_done(ErrorCode::PlatformRateLimit)).await;
    let unknown = stage.apply(&view.effects[1], lost()).await;
    let again = stage.apply(&refused, begin()).await;
    stage.apply(&again, published("in the end")).await;
    let looked = looked(false, stage.clock.now());
    let unknown = stage.apply(&unknown, looked).await;
    stage.apply(&unknown, published("it was there")).await;
    let told = [
        "start", "attempt", "attempt", "failure", "unknown", "complete", "attempt", "success", "complete",
        "success", "complete",
    ];
    assert_eq!(stage.trace().await, told.map(|verb| format!("skill.publish_content.{verb}")));
}

/// *Durable*: media that a platform knows stay with their effect, whether a step of their own names them or the `Begin` that
/// they were uploaded for: no attempt uploads one of them again.
pub async fn media_that_a_platform_knows_stay_known<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "media that a platform knows stay known").await;
    let record = stage.admitted(1, false).await.effects.remove(0);
    let media = |ids: &[&str]| -> Vec<Uploaded> {
        ids.iter().map(|id| Uploaded { media_id: (*id).to_owned() }).collect()
    };
    let record = stage.apply(&record, Step::Uploaded(media(&["first"]))).await;
    assert_eq!(record.progress.uploads, media(&["first"]));
    let both = media(&["first", "second"]);
    let begun = stage.apply(&record, Step::Begin { window: WINDOW, uploads: both.clone() }).await;
    stage.apply(&begun, not_done(ErrorCode::PlatformRateLimit)).await;
    let stage = stage.crashed().await;
    assert_eq!(stage.view().await.unwrap().effects[0].progress.uploads, both, "also after a crash");
}

/// What a platform said is a part of the answer about an engagement (ENG-14); about a post its id and its URL are.
pub async fn what_is_said_of_an_engagement_is_kept(factory: &dyn StoreFactory) {
    use EffectKind::{Comment, Follow, Like, Publish, Reply, Share};
    let stage = Stage::open(factory, "what is said of an engagement is kept").await;
    let kinds = [Publish, Reply, Comment, Like, Follow, Share];
    let effects = kinds.map(|kind| {
        let sample = sample_effect(&stage.scene, PlatformName::Twitter, "").content().clone();
        let target = (kind != Publish).then(|| format!("the target of a {}", kind.as_str()));
        Effect::new(EffectV1 { kind, target, ..sample }).unwrap()
    });
    let approved = stage.set_up(PLENTY, &effects).await;
    for record in fresh(stage.admit(request(&stage.scene, &approved, true)).await).effects {
        let kind = record.kind();
        let public = stage.apply(&record, published(kind.as_str())).await;
        let said = (kind != Publish).then(|| format!("posted as {}", kind.as_str()));
        assert_eq!(public.progress.said, said, "{kind:?}");
    }
}
