//! Queue and journal are one claim: whatever callers, reviewers and the worker do at one moment, a key has one first answer,
//! and nothing runs that somebody rejected or took back.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chimera::Chimera;
use chimera::contracts::engage::{EngageAction, EngageInput, EngageOutput, EngageStatus};
use chimera::contracts::{CallContext, CampaignId, Namespace, Skill as _, derive_uuid};
use chimera::effect::{AccountRef, Cancelled, EffectKind};
use chimera::governance::review::{Edit, Review, ReviewPage, ReviewState};
use chimera::governance::{Policies, Policy, PolicyDocument, WarmUp};
use chimera::platform::limits::RateLimit;
use chimera::platform::{TargetFault, TargetFinding, TargetKind, TargetQuery, Targets};
use chimera::skill_engage::{EditRequest, EngagementDocument};
use chimera_testkit::{Action, Cut, Fault, Rules, run_until_cut, tries, within};
use chimera_tests::engage_stage::{
    Judges, Score, ToldTargets, cut_engage_host, engage, engage_as, engage_context, engagement, reviewer,
    skill,
};
use chimera_tests::stage::{self, work};
use chrono::{DateTime, TimeDelta, Utc};
use futures_channel::oneshot;
use futures_util::future::join;

use super::reviews::{approve, claim};
use super::{World, code};

/// Targets whose first look says that it came, and waits until it is let go.
#[derive(Debug)]
struct Gated(ToldTargets, Mutex<Option<Gate>>);

/// Both ends of the gate that are the look's.
#[derive(Debug)]
struct Gate {
    came: oneshot::Sender<()>,
    go: oneshot::Receiver<()>,
}

#[async_trait]
impl Targets for Gated {
    fn served(&self, account: AccountRef<'_>) -> Vec<EffectKind> {
        self.0.served(account)
    }

    fn check(
        &self,
        account: AccountRef<'_>,
        kind: EffectKind,
        target: &str,
    ) -> Result<TargetKind, TargetFault> {
        self.0.check(account, kind, target)
    }

    fn takes_text(&self, account: AccountRef<'_>, kind: EffectKind) -> bool {
        self.0.takes_text(account, kind)
    }

    fn limit(&self, account: AccountRef<'_>, kind: EffectKind) -> Option<RateLimit> {
        self.0.limit(account, kind)
    }

    async fn look(&self, query: &TargetQuery, deadline: DateTime<Utc>) -> Option<TargetFinding> {
        let gate = self.1.lock().unwrap().take();
        if let Some(Gate { came, go }) = gate {
            came.send(()).unwrap();
            within("the look to be let go", go).await.unwrap();
        }
        self.0.look(query, deadline).await
    }
}

/// What somebody does to an engagement while another caller of the same key is being judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meanwhile {
    Queued,
    TakenBack,
    Rejected,
    Refused,
    Approved,
}

fn namespace() -> Namespace {
    engage_context().namespace
}

async fn only_review(host: &Chimera) -> Review {
    let page = ReviewPage { after: None, limit: 9 };
    host.desk().list(&Default::default(), page).await.unwrap().remove(0)
}

/// A caller that would act waits at its look; another one is first, with another score.
///
/// The other one asks only when the first one stands at the gate: which of two callers looks first is chance otherwise, and
/// a gate that held the second one would wait for it for ever.
async fn overtaken(meanwhile: Meanwhile) -> (World, EngageOutput, EngageOutput) {
    let (came, arrival) = oneshot::channel();
    let (let_go, go) = oneshot::channel();
    let targets = Gated(ToldTargets::default(), Mutex::new(Some(Gate { came, go })));
    let first_score = if meanwhile == Meanwhile::Refused { 0.2 } else { 0.8 };
    let world =
        World::with(Judges { targets: Arc::new(targets), ..Judges::seed(first_score) }, Rules::default())
            .await;
    let (_store, host) = world.host();
    let input = engagement(EngageAction::Reply);
    let other = async {
        within("the first caller to look", arrival).await.unwrap();
        let answer = engage(&host, &input).await;
        match meanwhile {
            Meanwhile::Queued | Meanwhile::Refused => {}
            Meanwhile::TakenBack => {
                let id = answer.engagement_id.as_ref().unwrap();
                assert_eq!(skill(&host).cancel(&namespace(), id).await.unwrap(), Cancelled::Done);
            }
            Meanwhile::Rejected => {
                claim(&host, &answer, "ann").await;
                let review = only_review(&host).await;
                host.desk().reject(&namespace(), review.id, &reviewer("ann")).await.unwrap();
            }
            Meanwhile::Approved => {
                assert_eq!(approve(&host, &answer).await.status, EngageStatus::Success);
            }
        }
        world.judges.scorer.tell(Score::Is(0.95));
        let_go.send(()).unwrap();
        answer
    };
    let (late, first) = join(engage(&host, &input), other).await;
    drop((_store, host));
    (world, first, late)
}

#[tokio::test]
async fn the_first_answer_under_a_key_stands() {
    for (meanwhile, expected, posts) in [
        (Meanwhile::Queued, (EngageStatus::Pending, "none"), 0),
        (Meanwhile::TakenBack, (EngageStatus::Failed, "CANCELLED"), 0),
        (Meanwhile::Rejected, (EngageStatus::Failed, "REVIEW_REJECTED"), 0),
        (Meanwhile::Refused, (EngageStatus::Failed, "LOW_CONFIDENCE"), 0),
        (Meanwhile::Approved, (EngageStatus::Success, "none"), 1),
    ] {
        let (world, first, late) = overtaken(meanwhile).await;
        assert_eq!((late.status, code(&late)), expected, "{meanwhile:?}: {first:?}");
        assert_eq!(world.platform.posts().len(), posts, "{meanwhile:?}");
        assert_eq!(world.platform.violations(), Vec::<String>::new());
    }
}

fn limited(score: f64) -> Judges {
    let limit = RateLimit { count: 1, window: TimeDelta::minutes(15) };
    let limits = [(EffectKind::Like, limit)].into();
    Judges { targets: Arc::new(ToldTargets { limits, ..ToldTargets::default() }), ..Judges::seed(score) }
}

fn like(number: usize) -> EngageInput {
    EngageInput { target: format!("post_{number}"), ..engagement(EngageAction::Like) }
}

/// Approved, and stopped by a limit: pending, can be cancelled, and runs by itself when it can.
#[tokio::test]
async fn what_is_approved_and_held_up_is_pending() {
    for take_back in [false, true] {
        let world = World::with(limited(0.95), Rules::default()).await;
        let (_store, host) = world.host();
        engage(&host, &like(0)).await;
        world.judges.scorer.tell(Score::Is(0.8));
        let queued = engage(&host, &like(1)).await;
        let held_up = approve(&host, &queued).await;
        assert_eq!((held_up.status, code(&held_up)), (EngageStatus::Pending, "RATE_LIMIT_EXCEEDED"));
        let error = held_up.error.unwrap();
        assert!(
            error.retry_after.is_some() && error.platform.is_some() && error.target.is_some(),
            "{error:?}"
        );
        let id = queued.engagement_id.unwrap();
        if take_back {
            assert_eq!(skill(&host).cancel(&namespace(), &id).await.unwrap(), Cancelled::Done);
        }
        world.clock.advance(TimeDelta::minutes(16));
        for _ in 0..2 {
            work(&host).await;
        }
        assert_eq!(world.platform.posts().len(), if take_back { 1 } else { 2 });
        let told = engage(&host, &like(1)).await;
        let expected = if take_back { EngageStatus::Failed } else { EngageStatus::Success };
        assert_eq!(told.status, expected, "{told:?}");
    }
}

/// Whoever approves dies somewhere on the way, and nobody comes by for days: what is public is never called expired.
#[tokio::test(flavor = "current_thread")]
async fn what_ran_is_executed_whenever_its_runner_died() {
    for number in tries(400, "a run that no cut reaches") {
        let world = World::new(0.8).await;
        let (store, host) = world.host();
        let queued = engage(&host, &engagement(EngageAction::Reply)).await;
        claim(&host, &queued, "ann").await;
        drop((store, host));
        let cut = Cut::at(number, Action::Stop);
        let store = world.open();
        let dying =
            cut_engage_host(&cut, &world.judges, &store, Arc::new(world.platform.clone()), &world.clock());
        let id = queued.engagement_id.as_ref().unwrap();
        let ran = run_until_cut(skill(&dying).approve(&namespace(), id, &reviewer("ann")), &cut).await;
        drop((dying, store));
        if ran.is_some() && !cut.was_reached() {
            assert!(number > 10, "{number}");
            break;
        }
        world.clock.advance(TimeDelta::days(2));
        let (_store, host) = world.host();
        // Its approval has lapsed; what is public is told so all the same.
        let settled = skill(&host).settle(&only_review(&host).await).await;
        let public = world.platform.posts().len() == 1;
        assert!(!public || settled.status != EngageStatus::Failed, "cut at {number}: {settled:?}");
        for _ in 0..4 {
            work(&host).await;
            world.clock.advance(TimeDelta::minutes(5));
        }
        let public = world.platform.posts().len() == 1;
        let executed = only_review(&host).await.state == ReviewState::Executed;
        assert!(executed || !public, "cut at {number}");
    }
}

/// A publication is none of engage's business, whatever id somebody gives it.
#[tokio::test]
async fn engage_touches_no_publication() {
    let world = World::new(0.95).await;
    let (store, host) = world.host();
    let mut input = stage::input("theirs");
    stage::approve(&store, &host, &mut input, world.clock.as_ref()).await;
    // Everything is admitted, and its holder dies before it sends the second post.
    let cut = Cut::at(14, Action::Stop);
    let dying =
        cut_engage_host(&cut, &world.judges, &store, Arc::new(world.platform.clone()), &world.clock());
    run_until_cut(stage::publish(&dying, &input), &cut).await;
    let key = chimera::effect::RequestKey {
        namespace: namespace(),
        skill: chimera::contracts::SkillName::Publish,
        key: input.idempotency_key.clone(),
    };
    let id = format!("eng_{}", key.request_id().as_uuid().simple());
    assert_eq!(skill(&host).cancel(&namespace(), &id).await.unwrap(), Cancelled::Missing);
    assert_eq!(skill(&host).status(&namespace(), &id).await.unwrap(), None);
}

/// A review tool that writes an edit into the queue by itself: it is checked all the same before it runs.
#[tokio::test]
async fn an_edit_past_the_skill_is_checked_before_it_runs() {
    type Change = fn(&mut EngagementDocument);
    let changes: [(Change, &str); 4] = [
        (|document| document.effect.text = "hidden \u{202e} order".to_owned(), "CONTENT_UNSAFE"),
        (|document| document.effect.text = "Deal with it.".to_owned(), "PERSONA_VIOLATION"),
        (|document| document.key.key = "another".to_owned(), "APPROVAL_CONTENT_MISMATCH"),
        (|document| document.effect.account = "somebody".to_owned(), "APPROVAL_CONTENT_MISMATCH"),
    ];
    for (change, expected) in changes {
        let world = World::new(0.8).await;
        let (_store, host) = world.host();
        let input = engagement(EngageAction::Reply);
        let queued = engage(&host, &input).await;
        claim(&host, &queued, "ann").await;
        let review = only_review(&host).await;
        let mut document = EngagementDocument::from_json(&review.document).unwrap();
        change(&mut document);
        let edit = Edit {
            subject: document.fixed_effect().unwrap().digest(),
            document: document.to_json().unwrap(),
            diff: String::new(),
        };
        let terms = chimera::governance::Terms {
            also: Default::default(),
            holds: TimeDelta::hours(1),
            spec_version: None,
        };
        host.desk().approve_edited(&namespace(), review.id, &reviewer("ann"), edit, terms).await.unwrap();
        for _ in 0..2 {
            work(&host).await;
        }
        assert_eq!(world.platform.performed(), [], "{expected}");
        let told = engage(&host, &input).await;
        assert_eq!((told.status, code(&told)), (EngageStatus::Failed, expected));
    }
}

/// What was refused before it was admitted uses nothing of the account's limit up.
#[tokio::test]
async fn refused_engagements_give_their_permit_back() {
    let world = World::with(limited(0.95), Rules::default()).await;
    let (_store, host) = world.host();
    let poor = CampaignId::from_uuid(derive_uuid("test", &[b"a campaign without a budget"]));
    let context = CallContext { campaign: Some(poor), ..engage_context() };
    for number in 0..3 {
        assert_eq!(code(&engage_as(&host, &context, &like(number)).await), "BUDGET_EXCEEDED");
    }
    assert_eq!(engage(&host, &like(4)).await.status, EngageStatus::Success);
}

/// What failed warms nothing up.
#[tokio::test]
async fn failures_end_no_warm_up() {
    let warm_up = Some(WarmUp { campaign: 1, platform: 1 });
    let document = PolicyDocument { warm_up, ..Policy::seed().unwrap().document().clone() };
    let policies = Policies::all(Policy::try_from(document).unwrap());
    let world = World::with(Judges { policies, ..Judges::seed(0.95) }, Rules::default()).await;
    let (_store, host) = world.host();
    let first = engage(&host, &like(1)).await;
    let refusal = chimera::contracts::ErrorCode::ContentPolicyViolation;
    world.platform.plan(like(1).platform, [Fault::Refuse(refusal)]);
    assert_eq!(code(&approve(&host, &first).await), "CONTENT_POLICY_VIOLATION");
    assert_eq!(engage(&host, &like(2)).await.status, EngageStatus::Pending);
}

/// The same question is answered alike by `status` and by asking again.
#[tokio::test]
async fn status_says_what_asking_again_says() {
    let world = World::new(0.8).await;
    let (_store, host) = world.host();
    let queued = engage(&host, &like(1)).await;
    let id = queued.engagement_id.clone().unwrap();
    assert_eq!(skill(&host).status(&namespace(), &id).await.unwrap(), Some(queued));
    world.clock.advance(TimeDelta::days(2));
    let asked = engage(&host, &like(1)).await;
    assert_eq!(code(&asked), "REVIEW_EXPIRED");
    assert_eq!(skill(&host).status(&namespace(), &id).await.unwrap(), Some(asked));
}

/// Without a composer, a key with a text and the same key without one are two things.
#[tokio::test]
async fn no_content_is_not_any_content() {
    let world = World::new(0.95).await;
    let (_store, host) = world.host();
    let keyed = CallContext { key: Some("mine".to_owned()), ..engage_context() };
    let input = engagement(EngageAction::Reply);
    assert_eq!(engage_as(&host, &keyed, &input).await.status, EngageStatus::Success);
    let bare = EngageInput { content: None, ..input };
    assert_eq!(code(&engage_as(&host, &keyed, &bare).await), "IDEMPOTENCY_CONFLICT");
}

/// A claim holds until the review ends, however long it is asked for, and one that is over at once is none.
#[tokio::test]
async fn a_claim_holds_or_is_refused() {
    let world = World::new(0.8).await;
    let (_store, host) = world.host();
    let queued = engage(&host, &like(1)).await;
    let review = only_review(&host).await;
    let ann = reviewer("ann");
    for bad in [TimeDelta::zero(), TimeDelta::seconds(-5)] {
        assert!(host.desk().claim(&namespace(), review.id, &ann, bad).await.is_err());
    }
    let claimed = host.desk().claim(&namespace(), review.id, &ann, TimeDelta::MAX).await.unwrap();
    assert_eq!(claimed.claim.unwrap().until, review.expires_at);
    let past = world.clock().now() - TimeDelta::seconds(1);
    assert!(host.desk().defer(&namespace(), review.id, &ann, past).await.is_err());
    let edit = EditRequest { content: "no words go with a like".to_owned() };
    let id = queued.engagement_id.unwrap();
    assert!(skill(&host).approve_edited(&namespace(), &id, &ann, &edit).await.is_err());
    assert_eq!(skill(&host).approve(&namespace(), &id, &ann).await.unwrap().status, EngageStatus::Success);
}

/// What the platform says passes for nothing of ours.
#[tokio::test]
async fn the_platforms_words_stay_their_own() {
    let world = World::new(0.95).await;
    let (_store, host) = world.host();
    let answer = skill(&host).call(&engage_context(), like(1)).await.unwrap();
    let response = answer.platform_response.unwrap();
    assert!(response.contains_key("said"));
    assert!(!response.contains_key("url") && !response.contains_key("id"), "{response:?}");
}
