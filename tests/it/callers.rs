//! Many callers of one process with one key: one post each, one use of the approval, one answer for all.

mod waiting;

use std::sync::Arc;

use chimera::Chimera;
use chimera::audit::{EventType, LedgerQuery, LedgerReader, Page};
use chimera::contracts::publish::{
    PublicationStatus, PublishInput, PublishOutput, PublishStatus, PublishStrategy,
};
use chimera::contracts::{Clock, DecisionId, ErrorCode, PlatformName, derive_uuid};
use chimera::effect::{EffectJournal, RequestKey};
use chimera::governance::{ApprovalStore, Budget, Decision, Recorded};
use chimera::mcp::TokioClock;
use chimera::skill_publish::PublishOptions;
use chimera::store_sqlite::SqliteStore;
use chimera_testkit::{Fault, Guard, PRICE, Rules, StrictPlatform, TestClock, guard, within};
use chimera_tests::stage::{
    PLATFORMS, approve, builder, claim, context, database, input, only, open_store, publish, scope,
};
use chrono::TimeDelta;

/// How many call at once.
const CALLERS: usize = 64;

/// One skill of one process, and a world that counts. What a test waits for while it has one is bounded.
struct Place {
    clock: Arc<dyn Clock>,
    store: Arc<SqliteStore>,
    platform: StrictPlatform,
    host: Arc<Chimera>,
    _folder: tempfile::TempDir,
    _guard: Guard,
}

impl Place {
    #[track_caller]
    fn new(clock: Arc<dyn Clock>, rules: Rules) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open_store(&database(folder.path()), &clock);
        let platform = StrictPlatform::everywhere(Arc::clone(&clock), rules);
        // Nobody gives up on a slow machine: what is asked here is what the answers are, not when they come.
        let patient = PublishOptions { answer_within: TimeDelta::hours(1), ..PublishOptions::default() };
        let host = builder(&clock).publish_options(patient).store(&store);
        let host = Arc::new(host.platform(Arc::new(platform.clone())).build().unwrap());
        let _guard = guard("the end of what a test does in one place");
        Self { clock, store, platform, host, _folder: folder, _guard }
    }

    async fn approved(&self, key: &str) -> (PublishInput, Decision) {
        let mut input = input(key);
        let decision = approve(&self.store, &self.host, &mut input, self.clock.as_ref()).await;
        (input, decision)
    }

    /// All of these at once, each on its own.
    async fn call(&self, inputs: Vec<PublishInput>) -> Vec<PublishOutput> {
        let calls = inputs.into_iter().map(|input| {
            let host = Arc::clone(&self.host);
            tokio::spawn(async move { publish(&host, &input).await })
        });
        let mut answers = Vec::new();
        for call in calls.collect::<Vec<_>>() {
            answers.push(within("one of the callers", call).await.unwrap());
        }
        answers
    }

    async fn events(&self, verb: &str) -> usize {
        let kind = EventType::parse(&format!("skill.publish_content.{verb}")).unwrap();
        let query = LedgerQuery { kind: Some(kind), ..LedgerQuery::default() };
        self.store.find(&query, Page { from: 0, limit: 1_000 }).await.unwrap().len()
    }

    /// The platforms to which something was sent, in order.
    async fn sent(&self, input: &PublishInput) -> Vec<PlatformName> {
        let namespace = context().namespace;
        let skill = chimera::contracts::SkillName::Publish;
        let key = RequestKey { namespace, skill, key: input.idempotency_key.clone() };
        let view = self.store.request(&key).await.unwrap().unwrap();
        let platform = |id| {
            let record = view.effects.iter().find(|record| record.id == id).unwrap();
            record.effect.content().platform
        };
        self.platform.performed().into_iter().map(|(id, _)| platform(id)).collect()
    }

    async fn check_budget(&self, input: &PublishInput, posts: u64) {
        let balance = self.store.balance(&scope(input)).await.unwrap().unwrap();
        assert_eq!((balance.spent.micros, balance.committed.micros), (posts * PRICE.micros, 0));
    }
}

fn all_equal(answers: &[PublishOutput]) -> &PublishOutput {
    let first = &answers[0];
    for answer in answers {
        assert_eq!(answer, first);
    }
    first
}

fn patient_rules() -> Rules {
    // A call takes a while, so that the others come while it is under way; no window closes on a slow machine.
    Rules { latency: TimeDelta::milliseconds(20), timeout: TimeDelta::hours(1), ..Rules::default() }
}

async fn check_one_key(rules: Rules, strategy: PublishStrategy) {
    let place = Place::new(Arc::new(TokioClock), rules);
    let (mut input, decision) = place.approved("one-key").await;
    input.publish_strategy = strategy;
    let answers = place.call(vec![input.clone(); CALLERS]).await;
    let answer = all_equal(&answers);
    assert_eq!(answer.status, PublishStatus::Success, "{answer:?}");

    assert_eq!(place.platform.posts().len(), PLATFORMS.len(), "one post each");
    assert_eq!(place.platform.performed().len(), PLATFORMS.len(), "one call each");
    assert_eq!(place.platform.violations(), [""; 0]);
    place.check_budget(&input, 3).await;
    for (verb, expected) in [("start", 1), ("attempt", 3), ("success", 3), ("complete", 1), ("refused", 0)] {
        assert_eq!(place.events(verb).await, expected, "{verb}");
    }
    let previews = place.host.publish().preview(&context(), &input).await.unwrap();
    for preview in previews {
        let standing = place.store.decision(&context().namespace, decision.id, &preview.digest).await;
        assert!(standing.unwrap().unwrap().used_by.is_some(), "{}: the approval is used", preview.platform);
    }
    // Whoever comes late gets the same answer, and so does who asks for the status alone.
    assert_eq!(&publish(&place.host, &input).await, answer);
    let status = place.host.publish().status(&context(), &input.idempotency_key).await.unwrap();
    assert_eq!(status.as_ref(), Some(answer));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_key_where_keys_are_not_enforced() {
    check_one_key(patient_rules(), PublishStrategy::Sequential).await;
    check_one_key(patient_rules(), PublishStrategy::Parallel).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_key_where_keys_are_enforced() {
    let rules = patient_rules().enforcing_keys(TimeDelta::days(1));
    check_one_key(rules, PublishStrategy::Sequential).await;
    check_one_key(rules, PublishStrategy::Parallel).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_contents_fight_for_one_key() {
    let place = Place::new(Arc::new(TokioClock), patient_rules());
    let (first, decision) = place.approved("fought-for").await;
    let mut second = first.clone();
    second.content_bundle.variants[2].text_content.push_str(", or another");
    let previews = place.host.publish().preview(&context(), &second).await.unwrap();
    let other = Decision {
        id: DecisionId::from_uuid(derive_uuid("chimera-tests/callers", &[b"the other"])),
        effects: previews.iter().map(|preview| preview.digest).collect(),
        ..decision
    };
    assert_eq!(place.store.record(other.clone()).await.unwrap(), Recorded::New);
    claim(&mut second, &other);

    let inputs = (0..CALLERS).map(|n| if n % 2 == 0 { first.clone() } else { second.clone() }).collect();
    let answers = place.call(inputs).await;
    let (even, odd): (Vec<_>, Vec<_>) = (0..CALLERS).partition(|n| n % 2 == 0);
    let of = |places: &[usize]| places.iter().map(|n| answers[*n].clone()).collect::<Vec<_>>();
    let (even, odd) = (of(&even), of(&odd));
    let (even, odd) = (all_equal(&even), all_equal(&odd));
    let (won, lost) = if even.status == PublishStatus::Success { (even, odd) } else { (odd, even) };
    assert_eq!(won.status, PublishStatus::Success, "{won:?}");
    assert_eq!(lost.error_code, Some(ErrorCode::IdempotencyConflict), "{lost:?}");
    assert_eq!(lost.retry_eligible, Some(false));

    let posts = place.platform.posts();
    assert_eq!(posts.len(), PLATFORMS.len(), "{posts:?}");
    let another = posts.iter().any(|post| post.text.contains("or another"));
    assert_eq!(another, won == odd, "what is public is the winner's");
    assert_eq!(place.platform.violations(), [""; 0]);
    place.check_budget(&first, 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_subset_of_the_platforms_is_the_same_request() {
    let place = Place::new(Arc::new(TokioClock), patient_rules());
    let (input, _) = place.approved("subset").await;
    let whole = publish(&place.host, &input).await;
    assert_eq!(whole.status, PublishStatus::Success, "{whole:?}");

    let asked = |n: usize| PLATFORMS[n % PLATFORMS.len()];
    let inputs = (0..CALLERS).map(|n| only(input.clone(), asked(n))).collect();
    for (n, answer) in place.call(inputs).await.into_iter().enumerate() {
        assert_eq!(answer.status, PublishStatus::Success);
        let of_whole = whole.publications.iter().find(|publication| publication.platform == asked(n));
        assert_eq!(answer.publications.iter().collect::<Vec<_>>(), [of_whole.unwrap()]);
        assert_eq!(answer.metadata.unwrap().total_platforms, 1);
    }
    assert_eq!(place.platform.performed().len(), PLATFORMS.len(), "nothing was sent again");
    assert_eq!(place.platform.posts().len(), PLATFORMS.len());
    assert_eq!(place.platform.violations(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn more_platforms_than_the_first_time_are_another_request() {
    let place = Place::new(Arc::new(TokioClock), patient_rules());
    let (input, _) = place.approved("superset").await;
    let first = publish(&place.host, &only(input.clone(), PlatformName::LinkedIn)).await;
    assert_eq!(first.status, PublishStatus::Success, "{first:?}");
    let answers = place.call(vec![input.clone(); CALLERS]).await;
    let answer = all_equal(&answers);
    assert_eq!(answer.error_code, Some(ErrorCode::IdempotencyConflict), "{answer:?}");
    assert_eq!(place.platform.posts().len(), 1);
    place.check_budget(&input, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn after_a_rate_limit_only_the_failed_platform_is_sent_and_not_before_its_time() {
    let clock = Arc::new(TestClock::new());
    let rules = Rules { timeout: TimeDelta::days(1), ..Rules::default() };
    let place = Place::new(Arc::<TestClock>::clone(&clock), rules);
    let (input, _) = place.approved("rate-limit").await;
    let retry_after = TimeDelta::days(2);
    let retry_at = clock.now() + retry_after;
    place.platform.plan(PlatformName::Instagram, [Fault::RateLimit { retry_after }]);

    let first = publish(&place.host, &input).await;
    assert_eq!(first.status, PublishStatus::PartialSuccess, "{first:?}");
    assert_eq!(first.error_code, Some(ErrorCode::PlatformRateLimit));
    assert_eq!(first.retry_eligible, Some(true));
    let failed = &first.publications[1];
    assert_eq!((failed.platform, failed.status), (PlatformName::Instagram, PublicationStatus::Failed));
    assert_eq!((failed.retry_eligible, failed.next_attempt_at), (Some(true), Some(retry_at)));

    // Too early: whoever asks is told again, and nothing is sent.
    for early in [clock.now(), retry_at - TimeDelta::milliseconds(1)] {
        clock.set(early);
        let answers = place.call(vec![input.clone(); CALLERS]).await;
        assert_eq!(all_equal(&answers), &first);
        assert_eq!(place.sent(&input).await, PLATFORMS);
    }

    clock.set(retry_at);
    let answers = place.call(vec![input.clone(); CALLERS]).await;
    let last = all_equal(&answers);
    assert_eq!(last.status, PublishStatus::Success, "{last:?}");
    let again = [PLATFORMS.as_slice(), &[PlatformName::Instagram]].concat();
    assert_eq!(place.sent(&input).await, again, "only the failed platform was sent again");
    for platform in [0, 2] {
        assert_eq!(last.publications[platform], first.publications[platform]);
    }
    assert_eq!(place.platform.posts().len(), PLATFORMS.len());
    assert_eq!(place.platform.violations(), [""; 0]);
    place.check_budget(&input, 3).await;
}
