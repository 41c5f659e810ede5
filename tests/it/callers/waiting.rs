//! What a caller is told that waits for another one's work.

use std::sync::Arc;

use async_trait::async_trait;
use chimera::StorePorts;
use chimera::contracts::publish::PublishStatus;
use chimera::contracts::{Clock, DecisionId, InstanceId, Money, PlatformName, SkillName, StoreError};
use chimera::effect::{
    AccountKey, Admission, Admit, Advance, Advanced, EffectJournal, EffectQuery, EffectRecord, EffectState,
    LeaseGrant, LeaseScope, Page, RequestKey, RequestView, Step,
};
use chimera::governance::{ApprovalStore, Approver, ApproverRole, Budget, Decision, Verdict};
use chimera::skill_publish::PublishOptions;
use chimera_testkit::{Fault, Memory, MemoryStore, Rules, StrictPlatform, TestClock, TestEntropy, block_on};
use chimera_tests::stage::{REVIEWER, builder, claim, context, input, only, publish, scope};
use chrono::TimeDelta;
use futures_util::future::join;

/// A journal that takes its time before it begins an attempt, so that others get on meanwhile.
#[derive(Debug)]
struct Leisurely(Arc<MemoryStore>);

/// Lets everything else run this often.
async fn let_others_run(times: usize) {
    let mut left = times;
    futures_util::future::poll_fn(|context| {
        if left == 0 {
            return std::task::Poll::Ready(());
        }
        left -= 1;
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

#[async_trait]
impl EffectJournal for Leisurely {
    fn instance(&self) -> InstanceId {
        self.0.instance()
    }

    async fn admit(&self, request: Admit) -> Result<Admission, StoreError> {
        self.0.admit(request).await
    }

    async fn advance(&self, step: Advance) -> Result<Advanced, StoreError> {
        if matches!(step.step, Step::Begin { .. }) {
            let_others_run(20).await;
        }
        self.0.advance(step).await
    }

    async fn lease(
        &self,
        scope: LeaseScope,
        limit: usize,
        ttl: TimeDelta,
    ) -> Result<Vec<LeaseGrant>, StoreError> {
        self.0.lease(scope, limit, ttl).await
    }

    async fn request(&self, key: &RequestKey) -> Result<Option<RequestView>, StoreError> {
        self.0.request(key).await
    }

    async fn effects(&self, query: &EffectQuery, page: Page) -> Result<Vec<EffectRecord>, StoreError> {
        self.0.effects(query, page).await
    }

    async fn open_effects(&self, account: &AccountKey) -> Result<Vec<EffectRecord>, StoreError> {
        self.0.open_effects(account).await
    }

    async fn owners(&self, account: &AccountKey, ids: &[String]) -> Result<Vec<EffectRecord>, StoreError> {
        self.0.owners(account, ids).await
    }
}

/// Two callers of one key whose first attempt is lost before it arrives: one of them looks twice, finds nothing and
/// attempts it again. The other one waits for that; to be told in between that it failed would be a failure that is
/// published a moment later.
#[test]
fn nobody_is_told_of_a_failure_that_is_being_mended() {
    let clock: Arc<dyn Clock> = Arc::new(TestClock::new());
    let store = Arc::new(Memory::new(Arc::clone(&clock), Arc::new(TestEntropy::seeded(1))).open());
    let platform = StrictPlatform::everywhere(Arc::clone(&clock), Rules::default());
    platform.plan(PlatformName::LinkedIn, [Fault::LostBefore]);
    let patient = PublishOptions { answer_within: TimeDelta::hours(1), ..PublishOptions::default() };
    let journal = Arc::new(Leisurely(Arc::clone(&store)));
    let host = builder(&clock)
        .publish_options(patient)
        .wrapped_store(StorePorts { journal, ..StorePorts::of(&store) })
        .platform(Arc::new(platform.clone()))
        .build()
        .unwrap();

    let mut input = only(input("mended"), PlatformName::LinkedIn);
    let previews = block_on(host.publish().preview(&context(), &input)).unwrap();
    let decision = Decision {
        id: DecisionId::from_uuid(*input.task_id.as_uuid()),
        namespace: context().namespace,
        artifact: input.content_bundle.bundle_id.clone(),
        verdict: Verdict::Approve,
        approver: Approver { id: REVIEWER.to_owned(), role: ApproverRole::HitlReviewer },
        requested_by: None,
        agent: None,
        decided_at: clock.now(),
        expires_at: None,
        revoked_at: None,
        effects: previews.iter().map(|preview| preview.digest).collect(),
        confidence: None,
        spec_version: None,
        takes_back: false,
    };
    block_on(store.record(decision.clone())).unwrap();
    block_on(store.set_limit(&scope(&input), Money::usd_micros(10_000_000))).unwrap();
    claim(&mut input, &decision);

    let key = RequestKey {
        namespace: context().namespace,
        skill: SkillName::Publish,
        key: input.idempotency_key.clone(),
    };
    let wait = || host.outcomes().wait(&key, clock.now());
    assert_eq!(block_on(wait()), Ok(None), "nobody asked yet");
    let (first, second) = block_on(join(publish(&host, &input), publish(&host, &input)));
    let view = block_on(wait()).unwrap().expect("the key is known");
    assert!(view.effects.iter().all(|record| record.progress.state == EffectState::Published));
    assert_eq!(platform.posts().len(), 1);
    assert_eq!(platform.violations(), [""; 0]);
    assert_eq!(first.status, PublishStatus::Success, "{first:?}");
    assert_eq!(second, first);
}
