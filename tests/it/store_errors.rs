//! What a skill answers when a storage port fails: for each kind of error, whether or not the step was applied, the code, whether to
//! ask again, and that asking again with the same key is the next step that ends it, with one post at most.
//!
//! The ports are mocks over a store in memory: every method is the store's but the one that fails.

use std::sync::Arc;

use async_trait::async_trait;
use chimera::contracts::engage::{EngageAction, EngageStatus};
use chimera::contracts::propose::{AlwaysNull, ProposeInput};
use chimera::contracts::publish::{PublishInput, PublishStatus};
use chimera::contracts::{
    Applied, Clock, DecisionId, Digest, EffectId, ErrorCode, InstanceId, Namespace, PlatformName, ReviewId,
    Skill as _, SkillOutput, StoreError, StoreErrorKind,
};
use chimera::effect::{
    AccountKey, Admission, Admit, Advance, Advanced, EffectJournal, EffectQuery, EffectRecord, LeaseGrant,
    LeaseScope, Page, RequestKey, RequestView,
};
use chimera::governance::review::{
    Enqueued, NewReview, Review, ReviewPage, ReviewQuery, ReviewQueue, ReviewStep, Stepped,
};
use chimera::governance::{ApprovalStore, Decision, Recorded, Standing, Use};
use chimera::skill_propose::{
    AdmitProposal, ProposalAdmission, ProposalJournal, ProposalKey, StoredProposal,
};
use chimera::{Chimera, StorePorts};
use chimera_testkit::{Memory, MemoryStore, Rules, StrictPlatform, TestClock, TestEntropy, within};
use chimera_tests::engage_stage::{
    Judges, engage, engage_context, engage_host, engage_host_over, engagement, fund, skill,
};
use chimera_tests::stage::{approve, builder, context, host, input, only, publish};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;
use mockall::mock;

mock! {
    #[derive(Debug)]
    Journal {}

    #[async_trait]
    impl EffectJournal for Journal {
        fn instance(&self) -> InstanceId;
        async fn admit(&self, admit: Admit) -> Result<Admission, StoreError>;
        async fn advance(&self, advance: Advance) -> Result<Advanced, StoreError>;
        async fn lease(&self, scope: LeaseScope, limit: usize, ttl: TimeDelta) -> Result<Vec<LeaseGrant>, StoreError>;
        async fn request(&self, key: &RequestKey) -> Result<Option<RequestView>, StoreError>;
        async fn effects(&self, query: &EffectQuery, page: Page) -> Result<Vec<EffectRecord>, StoreError>;
        async fn open_effects(&self, account: &AccountKey) -> Result<Vec<EffectRecord>, StoreError>;
        async fn owners(&self, account: &AccountKey, ids: &[String]) -> Result<Vec<EffectRecord>, StoreError>;
    }
}

mock! {
    #[derive(Debug)]
    Approvals {}

    #[async_trait]
    impl ApprovalStore for Approvals {
        async fn record(&self, decision: Decision) -> Result<Recorded, StoreError>;
        async fn revoke(&self, namespace: &Namespace, id: DecisionId, at: DateTime<Utc>) -> Result<bool, StoreError>;
        async fn decision(&self, namespace: &Namespace, id: DecisionId, digest: &Digest) -> Result<Option<Standing>, StoreError>;
        async fn about_effect(&self, namespace: &Namespace, digest: &Digest) -> Result<Vec<Standing>, StoreError>;
        async fn knows_artifact(&self, namespace: &Namespace, artifact: &str) -> Result<bool, StoreError>;
        async fn use_approval(&self, namespace: &Namespace, id: DecisionId, digest: &Digest, effect: EffectId) -> Result<Use, StoreError>;
    }
}

mock! {
    #[derive(Debug)]
    Reviews {}

    #[async_trait]
    impl ReviewQueue for Reviews {
        async fn enqueue(&self, new: NewReview) -> Result<Enqueued, StoreError>;
        async fn step(&self, step: ReviewStep) -> Result<Stepped, StoreError>;
        async fn review(&self, namespace: &Namespace, id: ReviewId) -> Result<Option<Review>, StoreError>;
        async fn list(&self, query: &ReviewQuery, page: ReviewPage) -> Result<Vec<Review>, StoreError>;
        async fn unsettled(&self, page: ReviewPage) -> Result<Vec<Review>, StoreError>;
    }
}

mock! {
    #[derive(Debug)]
    Proposals {}

    #[async_trait]
    impl ProposalJournal for Proposals {
        async fn admit(&self, admit: AdmitProposal) -> Result<ProposalAdmission, StoreError>;
        async fn recall(&self, key: &ProposalKey) -> Result<Option<StoredProposal>, StoreError>;
    }
}

/// The method that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Request,
    Admit,
    Advance,
    Decision,
    Record,
    Review,
    Enqueue,
    Recall,
    Keep,
}

/// How it fails, every time.
#[derive(Clone, Debug)]
struct Failure {
    step: Step,
    error: StoreError,
    /// Whether the store did it all the same.
    done: bool,
}

/// Every method of a port as the store has it, but for the one that fails.
macro_rules! forward {
    ($mock:ident, $store:ident, $failure:ident, $($port:ident::$method:ident as $expect:ident($($argument:ident),*) $(fails at $step:ident)?;)*) => {$(
        let inner = Arc::clone($store);
        let failure = None$(.or($failure.clone().filter(|failure| failure.step == Step::$step)))?;
        $mock.$expect().returning(move |$($argument),*| {
            let work = || $port::$method(inner.as_ref(), $($argument),*).now_or_never().expect("memory waits for nothing");
            match Option::<Failure>::clone(&failure) {
                Some(failure) => {
                    let _ = failure.done.then(work);
                    Err(failure.error)
                }
                None => work(),
            }
        });
    )*};
}

fn ports(store: &Arc<MemoryStore>, failure: Failure) -> StorePorts {
    let failure = Some(failure);
    let (mut journal, mut approvals) = (MockJournal::new(), MockApprovals::new());
    let (mut reviews, mut proposals) = (MockReviews::new(), MockProposals::new());
    journal.expect_instance().return_const(EffectJournal::instance(store.as_ref()));
    forward!(journal, store, failure,
        EffectJournal::admit as expect_admit(admit) fails at Admit;
        EffectJournal::advance as expect_advance(advance) fails at Advance;
        EffectJournal::lease as expect_lease(scope, limit, ttl);
        EffectJournal::request as expect_request(key) fails at Request;
        EffectJournal::effects as expect_effects(query, page);
        EffectJournal::open_effects as expect_open_effects(account);
        EffectJournal::owners as expect_owners(account, ids);
    );
    forward!(approvals, store, failure,
        ApprovalStore::record as expect_record(decision) fails at Record;
        ApprovalStore::revoke as expect_revoke(namespace, id, at);
        ApprovalStore::decision as expect_decision(namespace, id, digest) fails at Decision;
        ApprovalStore::about_effect as expect_about_effect(namespace, digest);
        ApprovalStore::knows_artifact as expect_knows_artifact(namespace, artifact);
        ApprovalStore::use_approval as expect_use_approval(namespace, id, digest, effect);
    );
    forward!(reviews, store, failure,
        ReviewQueue::enqueue as expect_enqueue(new) fails at Enqueue;
        ReviewQueue::step as expect_step(step);
        ReviewQueue::review as expect_review(namespace, id) fails at Review;
        ReviewQueue::list as expect_list(query, page);
        ReviewQueue::unsettled as expect_unsettled(page);
    );
    forward!(proposals, store, failure,
        ProposalJournal::admit as expect_admit(admit) fails at Keep;
        ProposalJournal::recall as expect_recall(key) fails at Recall;
    );
    StorePorts {
        journal: Arc::new(journal),
        approvals: Arc::new(approvals),
        reviews: Arc::new(reviews),
        proposals: Arc::new(proposals),
        ..StorePorts::of(store)
    }
}

/// Every kind of error, and whether it passes by itself.
const KINDS: [(StoreErrorKind, bool); 7] = [
    (StoreErrorKind::Full, true),
    (StoreErrorKind::Unavailable, true),
    (StoreErrorKind::ReadOnly, false),
    (StoreErrorKind::NewerSchema, false),
    (StoreErrorKind::Corrupt, false),
    (StoreErrorKind::Misuse, false),
    (StoreErrorKind::Closed, false),
];

/// Every way in which a step fails, with whether its kind passes.
fn failures(step: Step) -> impl Iterator<Item = (Failure, bool)> {
    let ways = [(Applied::NotApplied, false), (Applied::MaybeApplied, false), (Applied::MaybeApplied, true)];
    KINDS.into_iter().flat_map(move |(kind, passes)| {
        ways.into_iter().map(move |(applied, done)| {
            let error = StoreError { kind, applied, message: "told to fail".to_owned() };
            (Failure { step, error, done }, passes)
        })
    })
}

/// The code of an answer, and whether to ask again.
type Told = (Option<ErrorCode>, bool);

fn told(output: &impl SkillOutput) -> Told {
    (output.code(), output.retryable())
}

/// What is told of a step that decides whether the request is admitted: only one that left no trace is a plain failure.
fn of_admission(failure: &Failure, passes: bool) -> Told {
    match failure.error.applied {
        Applied::NotApplied => (Some(ErrorCode::StorageUnavailable), passes),
        Applied::MaybeApplied => (Some(ErrorCode::OutcomeUnknown), false),
    }
}

/// What is told of a step before the admission: nothing happened, whatever it left.
const fn of_question(_: &Failure, passes: bool) -> Told {
    (Some(ErrorCode::StorageUnavailable), passes)
}

/// What is told where a method fails that is not called.
const fn of_what_is_not_asked(_: &Failure, _: bool) -> Told {
    (None, false)
}

/// What is told of an outcome that could not be written down.
const fn of_outcome(_: &Failure, _: bool) -> Told {
    (Some(ErrorCode::OutcomeUnknown), false)
}

/// What is expected of a step that fails.
type Rule = fn(&Failure, bool) -> Told;

/// A store, a platform and a clock.
struct World {
    clock: Arc<TestClock>,
    time: Arc<dyn Clock>,
    store: Arc<MemoryStore>,
    platform: StrictPlatform,
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(TestClock::new());
        let time: Arc<dyn Clock> = Arc::<TestClock>::clone(&clock);
        let store = Arc::new(Memory::new(Arc::clone(&time), Arc::new(TestEntropy::seeded(1))).open());
        let platform = StrictPlatform::everywhere(Arc::clone(&time), Rules::default());
        Self { clock, time, store, platform }
    }

    /// A host over the store as it is.
    fn good(&self) -> Chimera {
        host(&self.store, Arc::new(self.platform.clone()), &self.time)
    }

    /// A host over ports of which a method fails.
    fn failing(&self, failure: &Failure) -> Chimera {
        let ports = ports(&self.store, failure.clone());
        let builder = builder(&self.time).wrapped_store(ports);
        builder.platform(Arc::new(self.platform.clone())).build().unwrap()
    }

    async fn approved(&self) -> PublishInput {
        let mut input = only(input("store-errors"), PlatformName::Twitter);
        approve(&self.store, &self.good(), &mut input, self.clock.as_ref()).await;
        input
    }
}

#[tokio::test]
async fn publish_tells_a_store_that_fails_for_what_it_is() {
    let rows: [(Step, Rule); 4] = [
        (Step::Request, of_admission),
        (Step::Decision, of_admission),
        (Step::Admit, of_admission),
        (Step::Advance, of_outcome),
    ];
    for (step, rule) in rows {
        for (failure, passes) in failures(step) {
            let world = World::new();
            let input = world.approved().await;
            let answer = publish(&world.failing(&failure), &input).await;
            assert_eq!(told(&answer), rule(&failure, passes), "{failure:?}: {answer:?}");
            let unknown = answer.code() == Some(ErrorCode::OutcomeUnknown);
            let status = if unknown { PublishStatus::Unknown } else { PublishStatus::Failure };
            assert_eq!(answer.status, status, "{failure:?}");

            // What was admitted under an answer that was lost is held by the opener until its lease ends.
            world.clock.advance(TimeDelta::minutes(2));
            let again = publish(&world.good(), &input).await;
            assert_eq!(again.status, PublishStatus::Success, "{failure:?}: {again:?}");
            assert_eq!(world.platform.posts().len(), 1, "{failure:?}");
        }
    }
}

#[tokio::test]
async fn engage_tells_a_store_that_fails_for_what_it_is() {
    let rows: [(Step, f64, Rule); 7] = [
        (Step::Request, 0.95, of_question),
        (Step::Review, 0.95, of_question),
        // A policy's decision goes with the admission.
        (Step::Decision, 0.95, of_what_is_not_asked),
        (Step::Record, 0.95, of_what_is_not_asked),
        (Step::Admit, 0.95, of_admission),
        (Step::Advance, 0.95, of_outcome),
        (Step::Enqueue, 0.8, of_admission),
    ];
    for (step, score, rule) in rows {
        for (failure, passes) in failures(step) {
            let world = World::new();
            fund(world.store.as_ref()).await;
            let judges = Judges::seed(score);
            let outside = || Arc::new(world.platform.clone());
            let failing =
                engage_host_over(&judges, ports(&world.store, failure.clone()), outside(), &world.time);
            let input = engagement(EngageAction::Reply);
            let answer = engage(&failing, &input).await;
            assert_eq!(told(&answer), rule(&failure, passes), "{failure:?}: {answer:?}");
            let status = match answer.code() {
                None => EngageStatus::Success,
                Some(ErrorCode::OutcomeUnknown) => EngageStatus::Pending,
                Some(_) => EngageStatus::Failed,
            };
            assert_eq!(answer.status, status, "{failure:?}");

            world.clock.advance(TimeDelta::minutes(2));
            let good = engage_host(&judges, &world.store, outside(), &world.time);
            let again = engage(&good, &input).await;
            let (status, posts) =
                if score > 0.9 { (EngageStatus::Success, 1) } else { (EngageStatus::Pending, 0) };
            assert_eq!(
                (again.status, world.platform.posts().len()),
                (status, posts),
                "{failure:?}: {again:?}"
            );
            let waiting = skill(&good).waiting(&engage_context().namespace, 9).await.unwrap();
            assert_eq!(waiting.len(), 1 - posts, "{failure:?}");
        }
    }
}

#[tokio::test]
async fn propose_tells_a_store_that_fails_for_what_it_is() {
    for step in [Step::Recall, Step::Keep] {
        for (failure, passes) in failures(step) {
            let world = World::new();
            let input = ProposeInput {
                request_id: "store-errors".to_owned(),
                artifact_id: "artifact-1".to_owned(),
                candidate_context: None,
                actor_id: "agent-1".to_owned(),
                spec_version: "1.0.0".to_owned(),
                approval_reference: AlwaysNull,
            };
            let ask = async |host: Chimera| {
                let context = context();
                let call = host.propose().call(&context, input.clone());
                within("the answer to a proposal", call).await.unwrap()
            };
            let answer = ask(world.failing(&failure)).await;
            assert_eq!(told(&answer), of_question(&failure, passes), "{failure:?}: {answer:?}");
            assert!(!ask(world.good()).await.is_error(), "{failure:?}");
        }
    }
}
