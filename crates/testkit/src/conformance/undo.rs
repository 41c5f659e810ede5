//! *Taken back*, *Rolled back*, *Again*: an undo is an effect of its own, and its post moves when it is known to be done.

use std::sync::Arc;

use chimera_audit::{EffectStep, What};
use chimera_contracts::{Clock, DecisionId, ErrorCode, Money, Namespace, PlatformName, derive_uuid};
use chimera_effect::{
    AccountKey, Admission, Admit, Advanced, Effect, EffectQuery, EffectRecord, EffectState, EffectV1,
    FoundBy, HandSettlement, HandVerdict, NewEffect, Outcome, Page, RequestKey, RequestView, Step, Undoes,
};
use chimera_governance::{Approved, Authority, Balance, Decision, Gate, GateError, Recorded};
use chrono::TimeDelta;

use super::StoreFactory;
use super::changes::{latest, since};
use super::stage::{
    PLENTY, Stage, admission_refused, advance, applied, begin, fresh, last, lost, not_done, openers, outlast,
    request,
};
use crate::entropy::TestEntropy;
use crate::scene::{
    PRICE, Scene, approve, cannot_tell, done, new_effect, published, reviewer, sample_decision, sample_effect,
};

const POST: &str = "the post";

/// A request whose effects are attempted, approved with the rule that they are taken back, or without. Where the rule holds,
/// one more was refused for good: the case for it.
async fn posting(stage: &Stage<'_>, count: usize, takes_back: bool) -> RequestView {
    if !takes_back {
        return attempting(stage, count, false).await;
    }
    let mut view = attempting(stage, count + 1, true).await;
    let refused = view.effects.pop().expect("there is one more");
    stage.apply(&refused, not_done(ErrorCode::ContentPolicyViolation)).await;
    view
}

async fn attempting(stage: &Stage<'_>, count: usize, takes_back: bool) -> RequestView {
    let effects = stage.effects(count);
    limit(stage, PLENTY).await;
    let sample = sample_decision(&stage.scene, &effects, stage.clock.as_ref());
    record(stage, Decision { takes_back, ..sample }).await;
    let approved = stage.approve_for(&stage.scene, &effects).await;
    fresh(stage.admit(request(&stage.scene, &approved, true)).await)
}

async fn limit(stage: &Stage<'_>, limit: Money) {
    stage.stores.budget.set_limit(&stage.scene.scope(), limit).await.expect("a limit can be set");
}

async fn record(stage: &Stage<'_>, decision: Decision) {
    let recorded = stage.stores.approvals.record(decision).await.expect("a decision can be recorded");
    assert_eq!(recorded, Recorded::New);
}

/// One post that is public, by an approval with the rule that it is taken back.
async fn public(stage: &Stage<'_>) -> EffectRecord {
    let post = posting(stage, 1, true).await.effects.remove(0);
    stage.apply(&post, published(POST)).await
}

/// The undo of a post under this id, by the rule of the post's decision.
async fn gate(stage: &Stage<'_>, post: &EffectRecord, id: &str) -> Result<Approved<Effect>, GateError> {
    let gate = Gate::new(Arc::clone(&stage.stores.approvals), stage.clock());
    gate.check_undo(&post.effect, id, post.id, Some(stage.scene.agent), post.decision).await
}

async fn allowed(stage: &Stage<'_>, post: &EffectRecord, id: &str) -> Approved<Effect> {
    gate(stage, post, id).await.expect("the rule allows it")
}

/// The request for the undo of a post of the scene's request, as it is stored.
async fn asked(stage: &Stage<'_>, post: &EffectRecord, undo: NewEffect) -> Admit {
    let view = stage.view().await.expect("the request of the post is stored");
    Admit::undo(&view.request, post, undo)
}

/// The undo of a post, admitted; its attempt begins where `begins` says so.
async fn undo(stage: &Stage<'_>, post: &EffectRecord, begins: bool) -> EffectRecord {
    let id = post.progress.post.as_ref().map(|post| post.id.clone()).expect("it is public");
    let approved = allowed(stage, post, &id).await;
    let asked = asked(stage, post, new_effect(approved, begins)).await;
    fresh(stage.admit(asked).await).effects.remove(0)
}

/// An effect as it is stored.
async fn stored(stage: &Stage<'_>, record: &EffectRecord) -> EffectRecord {
    let namespace = stage.scene.namespace.clone();
    let query = EffectQuery { namespace, ids: vec![record.id], ..EffectQuery::default() };
    let page = Page { after: None, limit: 1 };
    stage.stores.journal.effects(&query, page).await.expect("it is read").pop().expect("it is there")
}

async fn owners(stage: &Stage<'_>, post: &EffectRecord) -> Vec<EffectRecord> {
    let account = AccountKey::of(post.effect.content());
    stage.stores.journal.owners(&account, &[POST.to_owned()]).await.expect("owners are read")
}

async fn spent_and_held(stage: &Stage<'_>) -> (u64, u64) {
    let Balance { spent, committed, .. } = stage.balance().await.expect("a budget is set");
    (spent.micros / PRICE.micros, committed.micros / PRICE.micros)
}

fn verbs(trace: &[String]) -> Vec<&str> {
    trace.iter().filter_map(|kind| kind.rsplit('.').next()).collect()
}

fn by_a_person(verdict: HandVerdict) -> Step {
    Step::SettledByHand(HandSettlement { verdict, principal: reviewer("ann"), note: "looked".to_owned() })
}

/// *Rolled back*: the step that knows an undo done moves its post too: it keeps what was taken back, its id is free, what it
/// cost stays spent, and both are told. While the undo runs the post is public.
pub async fn an_undo_moves_its_post_in_the_same_step(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "an undo moves its post in the same step").await;
    let post = public(&stage).await;
    assert_eq!(spent_and_held(&stage).await, (1, 0));
    let undo = undo(&stage, &post, true).await;
    assert_eq!((undo.progress.state, undo.authority), (EffectState::Attempting, Authority::TakesBack));
    assert_eq!(undo.undoes, Some(Undoes::of(&post)));
    assert_ne!(undo.request, post.request, "a request of its own");
    let stage = stage.crashed().await;
    assert_eq!(stored(&stage, &undo).await, undo);
    assert_eq!(stored(&stage, &post).await, post, "it stays as it is meanwhile");
    assert_eq!(spent_and_held(&stage).await, (1, 1));

    stage.clock.advance(TimeDelta::seconds(1));
    let (before, from) = (stage.trace().await.len(), latest(&stage).await);
    let over = stage.apply(&undo, published(POST)).await;
    assert_eq!((over.progress.state, &over.progress.post), (EffectState::Published, &None));
    let down = stored(&stage, &post).await;
    let progress = &down.progress;
    assert_eq!(progress.state, EffectState::RolledBack);
    assert_eq!((&progress.post, progress.lease, progress.due_at), (&None, None, None));
    assert_eq!((progress.held, progress.spent), (false, Some(PRICE)), "what it cost stays spent");
    assert_eq!(progress.epoch, post.progress.epoch + 1, "a stale holder is fenced off");
    assert_eq!(progress.version, post.progress.version + 1);
    let [taken] = progress.taken_back.as_slice() else { panic!("one post: {:?}", progress.taken_back) };
    assert_eq!(Some(&taken.post), post.progress.post.as_ref());
    assert_eq!((taken.undo, taken.at, taken.attempts), (undo.id, stage.clock.now(), 1));
    assert_eq!((taken.spent, taken.authority), (Some(PRICE), Authority::TakesBack));
    assert_ne!(down.call_key, post.call_key);
    assert_eq!(owners(&stage, &post).await, [], "its id is free");
    assert_eq!(spent_and_held(&stage).await, (2, 0));
    let told = stage.trace().await;
    assert_eq!(verbs(&told[before..]), ["success", "complete", "taken_back", "complete"]);
    let told = since(&stage, from).await.into_iter().filter_map(|change| match change.what {
        What::Effect(told) if told.kind.as_str() == "undo" => Some((told.undoes, told.step)),
        _ => None,
    });
    let undone = EffectStep::Undone { spent_micros: PRICE.micros, found_by: None };
    assert_eq!(told.collect::<Vec<_>>(), [(Some(post.id), undone)], "whoever follows counts no post of it");

    let again = advance(&undo, published(POST));
    assert_eq!(stage.advance(again).await, Advanced::Already(Box::new(over.clone())));
    let stage = stage.crashed().await;
    assert_eq!(stored(&stage, &post).await, down, "also after a crash");
    assert_eq!(stored(&stage, &undo).await, over);
}

/// *Rolled back*: by an answer, a late one, a look, or a person, and after it had been told as failed.
pub async fn however_an_undo_is_known_to_be_done(factory: &dyn StoreFactory) {
    let looked = Step::Done { evidence: done(POST), found_by: FoundBy::Look };
    let late = Step::Observed { attempt: 1, outcome: Outcome::Done(done(POST)) };
    let seen = by_a_person(HandVerdict::There { id: None, url: None });
    for (how, before, step) in [
        ("a look", lost(), looked),
        ("a late answer", lost(), late.clone()),
        ("a person", lost(), seen),
        ("an answer after a refusal", not_done(ErrorCode::ContentPolicyViolation), late),
    ] {
        let stage = Stage::open(factory, &format!("however an undo is known to be done: {how}")).await;
        let post = public(&stage).await;
        let undo = undo(&stage, &post, true).await;
        let open = stage.apply(&undo, before).await;
        assert_eq!(stored(&stage, &post).await, post, "{how}");
        let over = stage.apply(&open, step).await;
        assert_eq!((over.progress.state, &over.progress.post), (EffectState::Published, &None), "{how}");
        assert_eq!(over.progress.incidents, [], "{how}");
        assert_eq!(stored(&stage, &post).await.progress.state, EffectState::RolledBack, "{how}");
        let repeated = Step::Observed { attempt: 1, outcome: Outcome::Done(done(POST)) };
        assert_eq!(stage.advance(advance(&over, repeated)).await, Advanced::Already(Box::new(over)));
    }
}

/// *Rolled back*: refused, unknown, or waiting for a person: the post stays as it is.
pub async fn an_undo_that_is_not_known_to_be_done_leaves_its_post(factory: &dyn StoreFactory) {
    for (how, step, state) in [
        ("refused for good", not_done(ErrorCode::ContentPolicyViolation), EffectState::Failed),
        ("refused for now", not_done(ErrorCode::PlatformRateLimit), EffectState::NotDone),
        ("lost", lost(), EffectState::Unknown),
    ] {
        let stage = Stage::open(factory, &format!("an undo leaves its post: {how}")).await;
        let post = public(&stage).await;
        let undo = undo(&stage, &post, true).await;
        let came = stage.apply(&undo, step).await;
        assert_eq!(came.progress.state, state);
        assert_eq!(stored(&stage, &post).await, post, "{how}");
        let told = if state == EffectState::Unknown {
            let open = stage.apply(&came, cannot_tell("nothing to look with")).await;
            // Who names the post may mean that it is still there.
            for (id, url) in [(Some(POST), None), (None, Some("https://post.example.com/1"))] {
                let [id, url] = [id, url].map(|one| one.map(str::to_owned));
                let named = advance(&open, by_a_person(HandVerdict::There { id, url }));
                let Advanced::Refused(refused) = stage.advance(named).await else {
                    panic!("it names a post")
                };
                assert_eq!(refused.code, ErrorCode::ValidationError);
            }
            let from = open.progress.settled_from.expect("it was attempted");
            stage.clock.set(from.max(stage.clock.now()));
            stage.apply(&open, by_a_person(HandVerdict::NotThere)).await
        } else {
            came
        };
        assert!(matches!(told.progress.state, EffectState::Failed | EffectState::NotDone), "{how}");
        let stage = stage.crashed().await;
        assert_eq!(stored(&stage, &post).await, post, "{how}");
        assert_eq!(owners(&stage, &post).await, [post]);
    }
}

/// *Rolled back*: the answer of an undo is lost with its process; the next holder finds it unknown and the post public, until a
/// look shows that the post is gone.
pub async fn a_lost_undo_is_settled_by_a_look_after_a_crash(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "a lost undo is settled by a look after a crash").await;
    let post = public(&stage).await;
    let undo = undo(&stage, &post, true).await;
    let stage = stage.crashed().await;
    outlast(&stage.clock, &undo);
    let leased = stage.lease_one(&undo).await.expect("its holder is dead");
    assert_eq!(leased.progress.state, EffectState::Attempting);
    let open = stage.apply(&leased, lost()).await;
    assert_eq!(stored(&stage, &post).await.progress.state, EffectState::Published);
    let stage = stage.crashed().await;
    let gone = Step::Done { evidence: done(POST), found_by: FoundBy::Look };
    let leased = stage.lease_one(&open).await.expect("its holder is dead");
    applied(stage.advance(last(&leased, gone)).await);
    let stage = stage.crashed().await;
    assert_eq!(stored(&stage, &undo).await.progress.state, EffectState::Published);
    assert_eq!(stored(&stage, &post).await.progress.state, EffectState::RolledBack);
}

/// *Taken back*: one undo for a post and its generation, whoever asks and however many; under no other key, and nothing else
/// under that key.
pub async fn a_post_is_undone_once(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "a post is undone once").await;
    let post = public(&stage).await;
    let approved = allowed(&stage, &post, POST).await;
    let asked = asked(&stage, &post, new_effect(approved.clone(), true)).await;

    let another = Admit { key: stage.scene.under_key("another").key, ..asked.clone() };
    let two = Admit {
        effects: [asked.effects.clone(), vec![new_effect(approved.clone(), false)]].concat(),
        ..asked.clone()
    };
    let other = [sample_effect(&stage.scene, PlatformName::Twitter, "something else")];
    let decision = Scene::named("another decision about a post that is undone once").decision;
    let scene = Scene { decision, key: asked.key.clone(), ..stage.scene.clone() };
    record(&stage, sample_decision(&scene, &other, stage.clock.as_ref())).await;
    let other = approve(&stage.stores.approvals, &stage.clock(), &scene, &other).await;
    let in_its_place = Admit { effects: vec![new_effect(other[0].clone(), true)], ..asked.clone() };
    let before = stage.snapshot().await;
    for (what, wrong) in [("another key", another), ("two", two), ("something else", in_its_place)] {
        let refused = admission_refused(stage.admit(wrong).await);
        assert_eq!(refused.code, ErrorCode::ValidationError, "{what}: {}", refused.message);
    }
    assert_eq!(stage.snapshot().await, before);

    let others = openers(factory, 4).await;
    let all = others.iter().map(|stores| stores.journal.admit(asked.clone()));
    let all = futures_util::future::join_all(all).await;
    let all: Vec<Admission> = all.into_iter().map(|one| one.expect("it is admitted")).collect();
    let news: Vec<&RequestView> = all
        .iter()
        .filter_map(|one| match one {
            Admission::Fresh(view) => Some(view),
            Admission::Known(_) => None,
            other => panic!("it is known, not {other:?}"),
        })
        .collect();
    assert_eq!(news.len(), 1);
    let undo = news[0].effects[0].clone();
    assert_eq!(undo.id, asked.key.effect_id(&approved.digest()));
    let over = stage.apply(&undo, published(POST)).await;
    match stage.admit(asked).await {
        Admission::Known(view) => assert_eq!(view.effects, [over], "also once the post is gone"),
        other => panic!("it is known, not {other:?}"),
    }
}

/// *Taken back*: nothing but the undo of the post that it names, as that is stored: not under another id, not of another effect,
/// account or tenant, not of what is not public or of a post that no effect made; and a post of ours only by its name.
pub async fn a_strange_post_is_not_undone(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "a strange post is not undone").await;
    let view = posting(&stage, 3, true).await;
    let ours = stage.apply(&view.effects[0], published(POST)).await;
    let theirs = stage.apply(&view.effects[1], published("on another platform")).await;
    let open = stage.apply(&view.effects[2], lost()).await;
    let tenant: Namespace = "of-a-strange-post".parse().expect("it is a namespace");

    let right = asked(&stage, &ours, new_effect(allowed(&stage, &ours, POST).await, true)).await;
    let with = |approved, undoes| {
        let new = NewEffect { undoes, ..new_effect(approved, true) };
        Admit { effects: vec![new], ..right.clone() }
    };
    let of = |post: &EffectRecord| Some(Undoes::of(post));
    let moved = |change: fn(&mut Undoes)| {
        let mut undoes = Undoes::of(&ours);
        change(&mut undoes);
        Some(undoes)
    };
    let strange_key = RequestKey { namespace: tenant, ..right.key.clone() };
    let of_open = asked(&stage, &open, new_effect(allowed(&stage, &open, "seen").await, true)).await;
    let wrong = [
        ("another id", with(allowed(&stage, &ours, "another").await, of(&ours))),
        ("of another effect", with(allowed(&stage, &theirs, "on another platform").await, of(&ours))),
        ("another effect's id", with(allowed(&stage, &theirs, POST).await, of(&ours))),
        ("what is not public", of_open),
        ("no post named", with(allowed(&stage, &ours, "another").await, None)),
        ("a post of ours not named", with(allowed(&stage, &ours, POST).await, None)),
        ("another generation", with(allowed(&stage, &ours, POST).await, moved(|one| one.generation = 1))),
        (
            "another request",
            with(
                allowed(&stage, &ours, POST).await,
                moved(|one| {
                    one.request = RequestKey {
                        namespace: Namespace::default(),
                        skill: chimera_contracts::SkillName::Publish,
                        key: "of nothing".to_owned(),
                    }
                    .request_id();
                }),
            ),
        ),
        ("another tenant", Admit { key: strange_key, ..right.clone() }),
        ("another agent", Admit { agent: Scene::named("a stranger").agent, ..right.clone() }),
        ("another campaign", Admit { campaign: Scene::named("a stranger").campaign, ..right.clone() }),
    ];
    let before = stage.snapshot().await;
    for (what, wrong) in wrong {
        let refused = admission_refused(stage.admit(wrong).await);
        assert!(!refused.code.retryable(), "{what}: {}", refused.message);
        assert_eq!(stage.snapshot().await, before, "{what}");
    }

    // A decision of its own lists the undo of a post: one in another account, and ours without its name.
    let content = ours.undo().expect("it can be undone").content().clone();
    let elsewhere =
        Effect::new(EffectV1 { account: "another account".to_owned(), ..content }).expect("it is an effect");
    let listed = [elsewhere, ours.undo().expect("it can be undone")];
    let decision = DecisionId::from_uuid(derive_uuid("chimera/testkit/strange", &[b"listed"]));
    let scene = Scene { decision, key: right.key.clone(), ..stage.scene.clone() };
    record(&stage, sample_decision(&scene, &listed, stage.clock.as_ref())).await;
    let approved = approve(&stage.stores.approvals, &stage.clock(), &scene, &listed).await;
    let own_key = stage.scene.under_key("own").key;
    let unnamed = Admit { key: own_key, ..with(approved[1].clone(), None) };
    for (what, wrong) in [
        ("listed, in another account", with(approved[0].clone(), of(&ours))),
        ("listed, and not named", unnamed),
    ] {
        let refused = admission_refused(stage.admit(wrong).await);
        assert_eq!(refused.code, ErrorCode::ValidationError, "{what}: {}", refused.message);
    }
    assert_eq!(stored(&stage, &ours).await, ours);
    fresh(stage.admit(right).await);
}

/// *Taken back*: by the rule of a decision alone, as this store has it; an approval from elsewhere does not help.
pub async fn without_the_rule_nothing_is_undone(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "without the rule nothing is undone").await;
    let post = posting(&stage, 1, false).await.effects.remove(0);
    let post = stage.apply(&post, published(POST)).await;
    let denied = gate(&stage, &post, POST).await.expect_err("no rule allows it");
    assert_eq!(denied.code(), ErrorCode::ApprovalNotGranted);

    // Another store, in which the same decision has the rule, and the same effect used it.
    let clock: Arc<dyn Clock> = stage.clock();
    let elsewhere = crate::Memory::new(Arc::clone(&clock), Arc::new(TestEntropy::seeded(3))).open();
    let elsewhere = super::Stores::of(Arc::new(elsewhere));
    let effects = [post.effect.clone()];
    let decision =
        Decision { takes_back: true, ..sample_decision(&stage.scene, &effects, stage.clock.as_ref()) };
    elsewhere.approvals.record(decision).await.expect("it is recorded");
    let digest = post.effect.digest();
    let (namespace, id) = (&stage.scene.namespace, stage.scene.decision);
    elsewhere.approvals.use_approval(namespace, id, &digest, post.id).await.expect("it is used");
    let gate = Gate::new(Arc::clone(&elsewhere.approvals), clock);
    let forged = gate.check_undo(&post.effect, POST, post.id, Some(stage.scene.agent), id).await;
    let forged = forged.expect("the other store's rule allows it");
    let before = stage.snapshot().await;
    let asked = asked(&stage, &post, new_effect(forged, true)).await;
    assert_eq!(admission_refused(stage.admit(asked).await).code, ErrorCode::ApprovalNotGranted);
    assert_eq!(stage.snapshot().await, before);
}

/// *Taken back*: expiry and revocation say that it should not be public; they do not keep it so.
pub async fn the_rule_outlives_expiry_and_revocation(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "the rule outlives expiry and revocation").await;
    let effects = stage.effects(2);
    limit(&stage, PLENTY).await;
    let expires_at = Some(stage.clock.now() + TimeDelta::hours(1));
    let sample = sample_decision(&stage.scene, &effects, stage.clock.as_ref());
    record(&stage, Decision { takes_back: true, expires_at, ..sample }).await;
    let approved = stage.approve_for(&stage.scene, &effects).await;
    let view = fresh(stage.admit(request(&stage.scene, &approved, true)).await);
    let post = stage.apply(&view.effects[0], published(POST)).await;
    stage.apply(&view.effects[1], not_done(ErrorCode::ContentPolicyViolation)).await;
    stage.clock.advance(TimeDelta::hours(2));
    stage.revoke().await;
    let waiting = undo(&stage, &post, false).await;
    let begun = stage.apply(&waiting, begin()).await;
    assert_eq!(begun.progress.state, EffectState::Attempting);
    stage.apply(&begun, published(POST)).await;
    let down = stored(&stage, &post).await;
    assert_eq!(down.progress.state, EffectState::RolledBack);
    let leased = stage.lease_one(&down).await.expect("its caller may ask");
    let Advanced::Refused(refused) = stage.advance(advance(&leased, begin())).await else {
        panic!("the post needs its approval")
    };
    assert_eq!(refused.code, ErrorCode::ApprovalRevoked);
}

/// *Taken back*: by the rule where another effect of the request failed, at the admission and at each begin: while that may come
/// to be still the undo waits, and once all others are public it is refused.
pub async fn the_rule_holds_where_another_effect_failed(factory: &dyn StoreFactory) {
    for succeeds in [true, false] {
        let stage = Stage::open(factory, &format!("the rule holds where another failed: {succeeds}")).await;
        let view = attempting(&stage, 2, true).await;
        let post = stage.apply(&view.effects[0], published(POST)).await;
        let approved = allowed(&stage, &post, POST).await;
        let undo = asked(&stage, &post, new_effect(approved, false)).await;
        let before = stage.snapshot().await;
        let refused = admission_refused(stage.admit(undo.clone()).await);
        assert_eq!(refused.code, ErrorCode::ApprovalNotGranted, "the other one is being attempted");
        assert_eq!(stage.snapshot().await, before);

        // Refused for now and under a lease: its holder may be about to attempt it again.
        let other = stage.apply(&view.effects[1], not_done(ErrorCode::PlatformRateLimit)).await;
        assert_eq!(other.progress.due_at, None, "it waits for its caller");
        assert!(other.progress.lease.is_some());
        let before = stage.snapshot().await;
        admission_refused(stage.admit(undo.clone()).await);
        assert_eq!(stage.snapshot().await, before);
        outlast(&stage.clock, &other);
        let waiting = fresh(stage.admit(undo).await).effects.remove(0);

        let leased = stage.lease_one(&other).await.expect("its caller asks");
        let begun = stage.apply(&leased, begin()).await;
        let aside = applied(stage.advance(advance(&waiting, begin())).await);
        assert_eq!((aside.progress.state, aside.progress.attempts), (EffectState::Admitted, 0), "it waits");
        assert_eq!((aside.progress.lease, aside.progress.held), (None, true));
        let due = aside.progress.due_at.expect("it asks again by itself");
        assert!(due > stage.clock.now());
        let comes =
            if succeeds { published("the other one") } else { not_done(ErrorCode::ContentPolicyViolation) };
        stage.apply(&begun, comes).await;
        stage.clock.set(due);
        let leased = stage.lease_one(&aside).await.expect("nobody holds it");
        if succeeds {
            for step in [begin(), Step::Prepare] {
                let Advanced::Refused(refused) = stage.advance(advance(&leased, step)).await else {
                    panic!("no other effect failed")
                };
                assert_eq!(refused.code, ErrorCode::ApprovalNotGranted);
            }
            assert_eq!(stored(&stage, &post).await, post);
        } else {
            let begun = stage.apply(&leased, begin()).await;
            assert_eq!(begun.progress.state, EffectState::Attempting);
        }
    }
}

/// A post that a look found, by the rule of whose decision it may be taken back.
async fn found_by_a_look(stage: &Stage<'_>) -> EffectRecord {
    let post = posting(stage, 1, true).await.effects.remove(0);
    let post = stage.apply(&post, lost()).await;
    stage.apply(&post, Step::Done { evidence: done(POST), found_by: FoundBy::Look }).await
}

/// Another effect in the same account, whose own answer names the post.
async fn answered_with_it(stage: &Stage<'_>) -> EffectRecord {
    let other = [sample_effect(&stage.scene, PlatformName::ALL[0], "another text, of another effect")];
    let decision = Scene::named(&format!("another decision in {}", stage.scene.key.key)).decision;
    let scene = Scene { decision, ..stage.scene.under_key(&format!("other {}", stage.scene.key.key)) };
    record(stage, sample_decision(&scene, &other, stage.clock.as_ref())).await;
    let approved = approve(&stage.stores.approvals, &stage.clock(), &scene, &other).await;
    let other = fresh(stage.admit(request(&scene, &approved, true)).await).effects.remove(0);
    stage.apply(&other, published(POST)).await
}

/// An undo that a decision of its own lists, of a post that is no effect's.
async fn unnamed(stage: &Stage<'_>, begins: bool) -> EffectRecord {
    let of = sample_effect(&stage.scene, PlatformName::ALL[0], "a post of another time");
    let listed = [chimera_governance::Reversible::undo(&of, POST).expect("it can be undone")];
    let decision = Scene::named(&format!("it is taken down in {}", stage.scene.key.key)).decision;
    let scene = Scene { decision, ..stage.scene.under_key(&format!("down {}", stage.scene.key.key)) };
    record(stage, sample_decision(&scene, &listed, stage.clock.as_ref())).await;
    limit(stage, PLENTY).await;
    let approved = approve(&stage.stores.approvals, &stage.clock(), &scene, &listed).await;
    fresh(stage.admit(request(&scene, &approved, begins)).await).effects.remove(0)
}

/// *Taken back*: an undo that names no effect begins only while its post is no effect's.
pub async fn an_unnamed_post_is_asked_for_by_each_begin(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "an unnamed post is asked for by each begin").await;
    let waiting = unnamed(&stage, false).await;
    assert_eq!((waiting.undoes, waiting.authority), (None, Authority::Listed));
    let post = answered_with_it(&stage).await;
    for step in [begin(), Step::Prepare] {
        let Advanced::Refused(refused) = stage.advance(advance(&waiting, step)).await else {
            panic!("the post is an effect's")
        };
        assert_eq!(refused.code, ErrorCode::ValidationError);
    }
    assert_eq!(stored(&stage, &waiting).await, waiting);
    assert_eq!(owners(&stage, &post).await, [post]);
}

/// *Rolled back*: where the post was another effect's by the time at which the undo is known to be done, that is an incident of
/// the undo, and the ledger tells it.
pub async fn an_undo_of_another_effects_post_is_an_incident(factory: &dyn StoreFactory) {
    for named in [true, false] {
        let stage = Stage::open(factory, &format!("an undo of another effect's post: {named}")).await;
        let undo = if named {
            let post = found_by_a_look(&stage).await;
            undo(&stage, &post, true).await
        } else {
            unnamed(&stage, true).await
        };
        assert_eq!(undo.progress.state, EffectState::Attempting);
        let theirs = answered_with_it(&stage).await;
        let before = stage.trace().await.len();
        let over = stage.apply(&undo, published(POST)).await;
        assert_eq!(over.progress.state, EffectState::Published);
        let incidents: Vec<_> =
            over.progress.incidents.iter().map(|one| (one.attempt, &*one.post.id)).collect();
        assert_eq!(incidents, [(1, POST)], "named: {named}");
        assert_eq!(verbs(&stage.trace().await[before..]), ["success", "incident", "complete"]);
        assert_eq!(owners(&stage, &theirs).await, [theirs], "what is not known is left as it is");
        let again = advance(&undo, published(POST));
        assert_eq!(stage.advance(again).await, Advanced::Already(Box::new(over)));
    }
}

/// *Rolled back*: what another undo of the same post took back before is no incident.
pub async fn a_second_undo_that_is_done_changes_nothing(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "a second undo that is done changes nothing").await;
    let post = public(&stage).await;
    let first = undo(&stage, &post, true).await;
    let first = stage.apply(&first, not_done(ErrorCode::PlatformNotConfigured)).await;
    let listed = [post.undo().expect("it can be undone")];
    let decision = Scene::named("a decision beside the rule").decision;
    let key = Undoes::of(&post).key(&stage.scene.key, decision, &listed[0]);
    let scene = Scene { decision, key, ..stage.scene.clone() };
    record(&stage, sample_decision(&scene, &listed, stage.clock.as_ref())).await;
    let approved = approve(&stage.stores.approvals, &stage.clock(), &scene, &listed).await.remove(0);
    let second = asked(&stage, &post, new_effect(approved, true)).await;
    let second = fresh(stage.admit(second).await).effects.remove(0);
    assert_eq!(second.progress.state, EffectState::Attempting);
    let late = Step::Observed { attempt: 1, outcome: Outcome::Done(done(POST)) };
    stage.apply(&first, late).await;
    let down = stored(&stage, &post).await;
    assert_eq!(down.progress.state, EffectState::RolledBack);
    let over = stage.apply(&second, published(POST)).await;
    assert_eq!((over.progress.state, &*over.progress.incidents), (EffectState::Published, &[][..]));
    assert_eq!(stored(&stage, &post).await, down);
}

/// *Taken back*: checked again by each begin: a post that turned out to be another effect's is not deleted.
pub async fn an_undo_is_checked_again_before_its_attempt(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "an undo is checked again before its attempt").await;
    let post = found_by_a_look(&stage).await;
    let waiting = undo(&stage, &post, false).await;
    answered_with_it(&stage).await;
    assert_eq!(stored(&stage, &post).await.progress.state, EffectState::Unknown, "it was not its post");

    for step in [begin(), Step::Prepare] {
        let Advanced::Refused(refused) = stage.advance(advance(&waiting, step)).await else {
            panic!("the post is another effect's")
        };
        assert_eq!(refused.code, ErrorCode::ValidationError);
    }
    assert_eq!(stored(&stage, &waiting).await, waiting);
}

/// A post that was taken back by its own rule, and its undo.
async fn taken_back(stage: &Stage<'_>, most: Money) -> (EffectRecord, EffectRecord) {
    let post = public(stage).await;
    limit(stage, most).await;
    let approved = allowed(stage, &post, POST).await;
    let free = NewEffect { price: Money::usd_micros(0), ..new_effect(approved, true) };
    let undo = fresh(stage.admit(asked(stage, &post, free).await).await).effects.remove(0);
    let undo = stage.apply(&undo, published(POST)).await;
    (stored(stage, &post).await, undo)
}

/// *Again*: under the next call key, in the same request and by the same approval, when its caller asks; its next undo is another
/// one.
pub async fn what_was_taken_back_is_attempted_again_under_the_next_key(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "what was taken back is attempted again under the next key").await;
    let (down, first_undo) = taken_back(&stage, PLENTY).await;
    assert_eq!(spent_and_held(&stage).await, (1, 0));
    stage.clock.advance(TimeDelta::days(1));
    assert_eq!(stage.lease_due().await, [], "it waits for its caller");
    let stage = stage.crashed().await;
    assert_eq!(stored(&stage, &down).await, down, "the key is the next one after a crash, too");
    let leased = stage.lease_one(&down).await.expect("its caller asks");
    let put_off = Step::PutOff(Some(stage.clock.now()));
    assert!(stage.stores.journal.advance(advance(&leased, put_off)).await.is_err(), "it is due at no time");
    let begun = stage.apply(&leased, begin()).await;
    let progress = &begun.progress;
    assert_eq!((progress.state, progress.attempts), (EffectState::Attempting, 2));
    assert_eq!((progress.held, progress.spent, progress.cost), (true, None, None));
    assert_eq!((begun.id, begun.decision, &begun.call_key), (down.id, down.decision, &down.call_key));
    assert_eq!(spent_and_held(&stage).await, (1, 1), "its price is held again");
    let again = stage.apply(&begun, published("the second post")).await;
    assert_eq!(again.progress.taken_back, down.progress.taken_back);
    assert_eq!(spent_and_held(&stage).await, (2, 0));

    let second = undo(&stage, &again, true).await;
    assert_ne!((second.id, second.request), (first_undo.id, first_undo.request));
    stage.apply(&second, published("the second post")).await;
    let stage = stage.crashed().await;
    let twice = stored(&stage, &down).await;
    assert_eq!(twice.progress.state, EffectState::RolledBack);
    let posts: Vec<&str> = twice.progress.taken_back.iter().map(|taken| taken.post.id.as_str()).collect();
    assert_eq!(posts, [POST, "the second post"]);
    assert!(twice.call_key != down.call_key && twice.call_key != begun.call_key);
}

/// *Again*: the post that was taken back is given to its effect by no answer, look or person any more; a late answer of an
/// attempt before it was taken back says nothing, and another post that it names is an incident.
pub async fn a_post_that_was_taken_back_comes_back_by_no_answer(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "a post that was taken back comes back by no answer").await;
    let (down, _) = taken_back(&stage, PLENTY).await;
    let late = |outcome| Step::Observed { attempt: 1, outcome };
    let says_nothing = |record: &EffectRecord, outcome: Outcome| advance(record, late(outcome));
    let already = |record: &EffectRecord| Advanced::Already(Box::new(record.clone()));
    let refusal = Outcome::NotDone(crate::scene::refused(ErrorCode::PlatformRateLimit));
    assert_eq!(stage.advance(says_nothing(&down, Outcome::Done(done(POST)))).await, already(&down));
    assert_eq!(stage.advance(says_nothing(&down, refusal.clone())).await, already(&down));

    let leased = stage.lease_one(&down).await.expect("its caller asks");
    let begun = stage.apply(&leased, begin()).await;
    assert_eq!(stage.advance(says_nothing(&begun, Outcome::Done(done(POST)))).await, already(&begun));
    assert_eq!(stage.advance(says_nothing(&begun, refusal)).await, already(&begun));
    let taken = Advanced::Taken { external_id: POST.to_owned() };
    assert_eq!(stage.advance(advance(&begun, published(POST))).await, taken);
    let own = Step::Observed { attempt: 2, outcome: Outcome::Done(done(POST)) };
    assert_eq!(stage.advance(advance(&begun, own)).await, taken);
    let open = stage.apply(&begun, lost()).await;
    let found = Step::Done { evidence: done(POST), found_by: FoundBy::Look };
    assert_eq!(stage.advance(advance(&open, found)).await, taken);
    let there = by_a_person(HandVerdict::There { id: Some(POST.to_owned()), url: None });
    assert_eq!(stage.advance(advance(&open, there)).await, taken);

    let stray = stage.apply(&open, late(Outcome::Done(done("one more")))).await;
    assert_eq!(stray.progress.state, EffectState::Unknown, "it says nothing about this attempt");
    let incidents: Vec<_> = stray.progress.incidents.iter().map(|one| (one.attempt, &*one.post.id)).collect();
    assert_eq!(incidents, [(1, "one more")]);
    assert_eq!(stage.advance(says_nothing(&stray, Outcome::Done(done("one more")))).await, already(&stray));
    let public = stage.apply(&stray, published("its own")).await;
    assert_eq!(public.progress.state, EffectState::Published);
}

/// *Again*: its price is held again in every budget, or nothing changes.
pub async fn what_was_taken_back_holds_its_price_again(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "what was taken back holds its price again").await;
    let (down, _) = taken_back(&stage, PRICE).await;
    let leased = stage.lease_one(&down).await.expect("its caller asks");
    let before = stage.snapshot().await;
    for step in [begin(), Step::Prepare] {
        let Advanced::Refused(refused) = stage.advance(advance(&leased, step)).await else {
            panic!("the budget is spent")
        };
        assert_eq!(refused.code, ErrorCode::BudgetExceeded);
        assert_eq!(stage.snapshot().await, before);
    }
    limit(&stage, Money::usd_micros(2 * PRICE.micros)).await;
    let begun = stage.apply(&leased, begin()).await;
    assert_eq!(begun.progress.state, EffectState::Attempting);
    assert_eq!(spent_and_held(&stage).await, (1, 1));
    stage.apply(&begun, not_done(ErrorCode::ContentPolicyViolation)).await;
    assert_eq!(spent_and_held(&stage).await, (1, 0), "the first post stays paid");
}

/// *Again*: not what a decision of its own took down: the approval of the post is older than that decision.
pub async fn what_a_decision_took_down_stays_down(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "what a decision took down stays down").await;
    let post = posting(&stage, 1, false).await.effects.remove(0);
    let post = stage.apply(&post, published(POST)).await;
    let listed = [post.undo().expect("it can be undone")];
    let decision = Scene::named("a decision takes it down").decision;
    let key = Undoes::of(&post).key(&stage.scene.key, decision, &listed[0]);
    let scene = Scene { decision, key, ..stage.scene.clone() };
    record(&stage, sample_decision(&scene, &listed, stage.clock.as_ref())).await;
    let approved = approve(&stage.stores.approvals, &stage.clock(), &scene, &listed).await.remove(0);
    let asked = asked(&stage, &post, new_effect(approved, true)).await;
    let undo = fresh(stage.admit(asked).await).effects.remove(0);
    assert_eq!((undo.authority, undo.undoes), (Authority::Listed, Some(Undoes::of(&post))));
    stage.apply(&undo, published(POST)).await;
    let stage = stage.crashed().await;
    let down = stored(&stage, &post).await;
    assert_eq!(down.progress.state, EffectState::RolledBack);
    assert!(down.progress.is_taken_down());
    assert_eq!(stage.lease_one(&down).await, None, "nobody has it attempted again");
    let Advanced::Refused(refused) = stage.advance(advance(&down, begin())).await else {
        panic!("it stays down")
    };
    assert_eq!(refused.code, ErrorCode::ApprovalUsed);
}

/// *Taken back*: an undo that ended without being done keeps its post public for no longer than until another decision lists it.
pub async fn an_undo_that_ended_is_asked_for_by_another_decision(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "an undo that ended is asked for by another decision").await;
    let post = posting(&stage, 1, false).await.effects.remove(0);
    let post = stage.apply(&post, published(POST)).await;
    let listed = [post.undo().expect("it can be undone")];
    let mut ended = None;
    for name in ["the first decision takes it down", "the second decision takes it down"] {
        let decision = Scene::named(name).decision;
        let key = Undoes::of(&post).key(&stage.scene.key, decision, &listed[0]);
        let scene = Scene { decision, key, ..stage.scene.clone() };
        record(&stage, sample_decision(&scene, &listed, stage.clock.as_ref())).await;
        let approved = approve(&stage.stores.approvals, &stage.clock(), &scene, &listed).await.remove(0);
        let asked = asked(&stage, &post, new_effect(approved, true)).await;
        let undo = fresh(stage.admit(asked).await).effects.remove(0);
        assert_ne!(ended.replace(undo.id), Some(undo.id));
        let done = name.starts_with("the second");
        let step = if done { published(POST) } else { not_done(ErrorCode::PlatformNotConfigured) };
        let undo = stage.apply(&undo, step).await;
        let expected = if done { EffectState::Published } else { EffectState::Failed };
        assert_eq!(undo.progress.state, expected);
    }
    assert_eq!(stage.view().await.unwrap().effects[0].progress.state, EffectState::RolledBack);
}
