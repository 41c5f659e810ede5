//! Every action, cut at every port call, before the call and after its answer was lost, then recovered: one act each, the
//! approval used once, the budget settled, the ledger verified. Acting by policy, and acting after a review.

use chimera::audit::verify::verify;
use chimera::audit::{CheckpointSigner, LocalSigner, export};
use chimera::contracts::engage::{EngageAction, EngageInput, EngageOutput, EngageStatus};
use chimera::contracts::{RequestId, SystemEntropy};
use chimera::effect::{EffectJournal, EffectQuery, Page};
use chimera::governance::{ApprovalStore, Budget};
use chimera_testkit::{Action, Cut, Fault, PRICE, Rules, run_until_cut};
use chimera_tests::engage_stage::{
    Judges, cut_engage_host, engage, engage_context, engage_scope, engagement, reviewer, skill,
};
use chimera_tests::stage::work;
use chrono::TimeDelta;
use std::sync::Arc;

use super::World;

/// One way to run.
#[derive(Clone, Copy, Debug)]
struct Way {
    action: EngageAction,
    /// Above the threshold it acts; below it a reviewer approves.
    score: f64,
    fault: Fault,
}

async fn prepare(way: Way) -> (World, EngageInput) {
    let world = World::with(Judges::seed(way.score), Rules::default()).await;
    let input = engagement(way.action);
    world.platform.plan(input.platform, [way.fault]);
    (world, input)
}

/// Asks, and approves what waits; cut somewhere. Gives how many cut points were passed.
async fn ask_cut(world: &World, input: &EngageInput, cut: &Cut) -> usize {
    let store = world.open();
    let host = cut_engage_host(cut, &world.judges, &store, Arc::new(world.platform.clone()), &world.clock());
    let asked = async {
        let answer = engage(&host, input).await;
        review(&host, &answer).await;
    };
    run_until_cut(asked, cut).await;
    cut.count()
}

/// Approves what waits under an answer, as far as that works.
async fn review(host: &chimera::Chimera, answer: &EngageOutput) {
    let namespace = engage_context().namespace;
    let Some(id) = &answer.engagement_id else { return };
    let Ok(waiting) = skill(host).waiting(&namespace, 10).await else { return };
    let Some(review) = waiting.into_iter().find(|review| review.artifact == *id) else { return };
    let ann = reviewer("ann");
    if host.desk().claim(&namespace, review.id, &ann, TimeDelta::minutes(10)).await.is_ok() {
        let _ = skill(host).approve(&namespace, id, &ann).await;
    }
}

/// Asks with the same key, as a new process each time, until it is public.
async fn recover(world: &World, input: &EngageInput) {
    for _ in 0..8 {
        let (_store, host) = world.host();
        let answer = engage(&host, input).await;
        if answer.status == EngageStatus::Success {
            return;
        }
        review(&host, &answer).await;
        world.clock.advance(TimeDelta::seconds(30));
    }
    panic!("it did not come to rest");
}

async fn check(world: &World, input: &EngageInput) {
    assert_eq!(world.platform.violations(), Vec::<String>::new());
    let posts = world.platform.posts();
    assert_eq!(posts.len(), 1);
    let (store, host) = world.host();
    let answer = engage(&host, input).await;
    assert_eq!(answer.status, EngageStatus::Success);
    assert_eq!(world.platform.posts().len(), 1, "asking about a success sends nothing");

    let request: RequestId = answer.engagement_id.unwrap().trim_start_matches("eng_").parse().unwrap();
    let query = EffectQuery { request: Some(request), ..EffectQuery::default() };
    let effects = store.effects(&query, Page { after: None, limit: 10 }).await.unwrap();
    assert_eq!(effects.len(), 1);
    assert_eq!(posts[0].effect, Some(effects[0].id));
    let standings = store.about_effect(&query.namespace, &effects[0].effect.digest()).await.unwrap();
    let users: Vec<_> = standings.iter().filter_map(|standing| standing.used_by).collect();
    assert_eq!(users, [effects[0].id], "one decision is used, once");
    let balance = store.balance(&engage_scope()).await.unwrap().unwrap();
    assert_eq!((balance.committed.micros, balance.spent.micros), (0, PRICE.micros));

    let folder = world.folder.path().join("signer");
    let signer = LocalSigner::open(folder, "chimera.example/test", &SystemEntropy).unwrap();
    let mut exported = Vec::new();
    let summary = export(store.as_ref(), &signer, &mut exported).await.unwrap();
    let verdict = verify(exported.as_slice(), signer.verifier_key(), None).unwrap();
    assert_eq!(verdict.events, summary.events);
}

async fn sweep(way: Way) {
    let (world, input) = prepare(way).await;
    let points = ask_cut(&world, &input, &Cut::never()).await;
    assert!(points >= 16, "a run with {points} points was hardly wrapped");
    recover(&world, &input).await;
    check(&world, &input).await;
    for at in 0..points {
        for action in [Action::Stop, Action::Fail] {
            let (world, input) = prepare(way).await;
            let cut = Cut::at(at, action);
            ask_cut(&world, &input, &cut).await;
            assert!(cut.was_reached(), "{way:?}: point {at} was not reached");
            recover(&world, &input).await;
            check(&world, &input).await;
        }
    }
}

macro_rules! sweeps {
    ($($name:ident: $action:ident, $score:expr, $fault:expr;)*) => {$(
        #[tokio::test(flavor = "current_thread")]
        async fn $name() {
            sweep(Way { action: EngageAction::$action, score: $score, fault: $fault }).await;
        }
    )*};
}

sweeps! {
    a_reply_acts: Reply, 0.95, Fault::Post;
    a_comment_acts: Comment, 0.95, Fault::Post;
    a_like_acts: Like, 0.95, Fault::Post;
    a_follow_acts: Follow, 0.95, Fault::Post;
    a_share_acts: Share, 0.95, Fault::Post;
    a_reply_is_approved: Reply, 0.8, Fault::Post;
    a_comment_is_approved: Comment, 0.8, Fault::Post;
    a_like_is_approved: Like, 0.8, Fault::Post;
    a_follow_is_approved: Follow, 0.8, Fault::Post;
    a_share_is_approved: Share, 0.8, Fault::Post;
    a_reply_whose_answer_is_lost: Reply, 0.95, Fault::LostAfter;
    a_like_whose_answer_is_lost: Like, 0.8, Fault::LostAfter;
    a_follow_whose_call_is_lost: Follow, 0.95, Fault::LostBefore;
    a_comment_that_arrives_late: Comment, 0.8, Fault::Ghost;
    a_share_that_is_limited_at_first: Share, 0.95, Fault::RateLimit { retry_after: TimeDelta::seconds(1) };
}

/// Nobody asks again: the worker alone finishes what was begun or approved, and sends nothing twice.
#[tokio::test(flavor = "current_thread")]
async fn the_worker_finishes_what_a_dead_caller_began() {
    for score in [0.95, 0.8] {
        let way = Way { action: EngageAction::Reply, score, fault: Fault::LostAfter };
        let (world, input) = prepare(way).await;
        let points = ask_cut(&world, &input, &Cut::never()).await;
        for at in 0..points {
            let (world, input) = prepare(way).await;
            ask_cut(&world, &input, &Cut::at(at, Action::Stop)).await;
            let (_store, host) = world.host();
            for _ in 0..6 {
                work(&host).await;
                world.clock.advance(TimeDelta::seconds(30));
            }
            assert_eq!(world.platform.violations(), Vec::<String>::new());
            assert!(world.platform.posts().len() <= 1);
            drop((_store, host));
            recover(&world, &input).await;
            check(&world, &input).await;
        }
    }
}
