//! A host whose store and platform a test can hold up, on a clock that the test moves.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chimera::contracts::engage::{EngageAction, EngageInput, EngageStatus};
use chimera::contracts::{
    CallContext, Clock, EffectId, InstanceId, Namespace, PlatformName, ReviewId, Skill, StoreError,
    StoreErrorKind,
};
use chimera::effect::{
    AccountKey, AccountRef, Admission, Admit, Advance, Advanced, Attempt, EffectJournal, EffectKind,
    EffectQuery, EffectRecord, EffectState, EffectV1, Finding, KernelOptions, LateOutcome, LeaseGrant,
    LeaseScope, LookUp, NotReady, Outcome, Page, Platform, PostOwners, Refusal, RequestKey, RequestView,
    Service, Unfit, Upload, Uploaded, Watch,
};
use chimera::governance::Terms;
use chimera::governance::review::{
    Enqueued, NewReview, Review, ReviewPage, ReviewQuery, ReviewQueue, ReviewState, ReviewStep, Stepped,
};
use chimera::{Chimera, StorePorts, WorkerOptions};
use chimera_testkit::{
    Fault, Memory, MemoryStore, Rules, StrictPlatform, TestClock, TestEntropy, Within, within,
};
use chimera_tests::engage_stage::{
    Judges, Score, engage_builder, engage_context, engagement, fund, reviewer, skill,
};
use chrono::TimeDelta;
use tokio::sync::watch;

/// What is held up: `perform`, `find` and `ready` with the target or the platform that they are about, `lease`.
type Call = String;

/// Calls that wait until the test lets them go on.
#[derive(Debug, Default)]
pub(super) struct Gates {
    held: watch::Sender<BTreeSet<Call>>,
    waiting: Mutex<Vec<Call>>,
    most: AtomicUsize,
}

impl Gates {
    pub(super) fn hold(&self, call: impl Into<Call>) {
        self.held.send_if_modified(|held| held.insert(call.into()));
    }

    pub(super) fn release(&self, call: &str) {
        self.held.send_if_modified(|held| held.remove(call));
    }

    /// How often this call waits now.
    pub(super) fn waiting(&self, call: &str) -> usize {
        self.waiting.lock().unwrap().iter().filter(|waiting| *waiting == call).count()
    }

    /// How many calls waited at once, at most.
    pub(super) fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    async fn pass(&self, call: Call) {
        if !self.held.borrow().contains(&call) {
            return;
        }
        let waiting = {
            let mut waiting = self.waiting.lock().unwrap();
            waiting.push(call.clone());
            waiting.len()
        };
        self.most.fetch_max(waiting, Ordering::SeqCst);
        self.held.subscribe().wait_for(|held| !held.contains(&call)).await.expect("the test holds the gates");
        let mut waiting = self.waiting.lock().unwrap();
        let place = waiting.iter().position(|known| *known == call).expect("it waited");
        waiting.remove(place);
    }
}

/// A platform behind gates.
#[derive(Debug)]
struct Gated {
    inner: StrictPlatform,
    gates: Arc<Gates>,
}

fn target(content: &EffectV1) -> &str {
    content.target.as_deref().expect("an engagement has a target")
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Platform for Gated {
    fn service(&self, account: AccountRef<'_>, kind: EffectKind) -> Option<Service> {
        self.inner.service(account, kind)
    }
    fn unfit(&self, content: &EffectV1, media_types: &[String]) -> Vec<Unfit> {
        self.inner.unfit(content, media_types)
    }
    async fn ready(&self, wanted: &[AccountRef<'_>], kind: EffectKind) -> Vec<NotReady> {
        for account in wanted {
            self.gates.pass(format!("ready {}", account.platform)).await;
        }
        self.inner.ready(wanted, kind).await
    }
    async fn upload(&self, upload: Upload<'_>) -> Result<Uploaded, Refusal> {
        self.inner.upload(upload).await
    }
    async fn perform(&self, attempt: &Attempt) -> Outcome {
        self.gates.pass(format!("perform {}", target(attempt.effect().content()))).await;
        self.inner.perform(attempt).await
    }
    async fn find(&self, look: &LookUp, owners: &dyn PostOwners) -> Finding {
        self.gates.pass(format!("find {}", target(look.effect.content()))).await;
        self.inner.find(look, owners).await
    }
    fn late(&self) -> Vec<LateOutcome> {
        self.inner.late()
    }
}

/// Counts the questions to a part of the store, and fails as often as it is told to.
#[derive(Debug, Default)]
pub(super) struct Questions {
    asked: AtomicUsize,
    to_fail: AtomicUsize,
}

impl Questions {
    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub(super) fn fail_once(&self) {
        self.to_fail.store(1, Ordering::SeqCst);
    }

    fn ask(&self) -> Result<(), StoreError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let one_less = |left: usize| left.checked_sub(1);
        match self.to_fail.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less) {
            Ok(_) => Err(StoreError::not_applied(StoreErrorKind::Unavailable, "told to")),
            Err(_) => Ok(()),
        }
    }
}

/// A journal whose leases are counted.
#[derive(Debug)]
struct Journal {
    inner: Arc<dyn EffectJournal>,
    leases: Arc<Questions>,
    gates: Arc<Gates>,
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl EffectJournal for Journal {
    fn instance(&self) -> InstanceId {
        self.inner.instance()
    }
    async fn admit(&self, admit: Admit) -> Result<Admission, StoreError> {
        self.inner.admit(admit).await
    }
    async fn advance(&self, advance: Advance) -> Result<Advanced, StoreError> {
        self.inner.advance(advance).await
    }
    async fn lease(
        &self,
        scope: LeaseScope,
        limit: usize,
        ttl: TimeDelta,
    ) -> Result<Vec<LeaseGrant>, StoreError> {
        self.leases.ask()?;
        let leased = self.inner.lease(scope, limit, ttl).await;
        self.gates.pass("lease".to_owned()).await;
        leased
    }
    async fn request(&self, key: &RequestKey) -> Result<Option<RequestView>, StoreError> {
        self.inner.request(key).await
    }
    async fn effects(&self, query: &EffectQuery, page: Page) -> Result<Vec<EffectRecord>, StoreError> {
        self.inner.effects(query, page).await
    }
    async fn open_effects(&self, account: &AccountKey) -> Result<Vec<EffectRecord>, StoreError> {
        self.inner.open_effects(account).await
    }
    async fn owners(&self, account: &AccountKey, ids: &[String]) -> Result<Vec<EffectRecord>, StoreError> {
        self.inner.owners(account, ids).await
    }
    fn watch(&self, key: &RequestKey) -> Watch {
        self.inner.watch(key)
    }
}

/// A queue whose pages are counted.
#[derive(Debug)]
struct Queue {
    inner: Arc<dyn ReviewQueue>,
    pages: Arc<Questions>,
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl ReviewQueue for Queue {
    async fn enqueue(&self, new: NewReview) -> Result<Enqueued, StoreError> {
        self.inner.enqueue(new).await
    }
    async fn step(&self, step: ReviewStep) -> Result<Stepped, StoreError> {
        self.inner.step(step).await
    }
    async fn review(&self, namespace: &Namespace, id: ReviewId) -> Result<Option<Review>, StoreError> {
        self.inner.review(namespace, id).await
    }
    async fn list(&self, query: &ReviewQuery, page: ReviewPage) -> Result<Vec<Review>, StoreError> {
        self.inner.list(query, page).await
    }
    async fn unsettled(&self, page: ReviewPage) -> Result<Vec<Review>, StoreError> {
        self.pages.ask()?;
        self.inner.unsettled(page).await
    }
}

/// A host that may engage, and all that a test moves of its world.
pub(super) struct Scene {
    pub(super) clock: Arc<TestClock>,
    pub(super) platform: StrictPlatform,
    pub(super) gates: Arc<Gates>,
    pub(super) leases: Arc<Questions>,
    pub(super) pages: Arc<Questions>,
    pub(super) host: Chimera,
    store: Arc<MemoryStore>,
    judges: Judges,
}

/// The worker's pause.
pub(super) const PAUSE: TimeDelta = TimeDelta::seconds(1);

impl Scene {
    /// A scene on a clock that only the test moves.
    pub(super) async fn new(options: WorkerOptions) -> Self {
        Self::with(options, KernelOptions::default(), TestClock::manual()).await
    }

    pub(super) async fn with(options: WorkerOptions, kernel: KernelOptions, clock: TestClock) -> Self {
        let clock = Arc::new(clock);
        let time: Arc<dyn Clock> = Arc::<TestClock>::clone(&clock);
        let platform = StrictPlatform::everywhere(Arc::clone(&time), Rules::default());
        let store = Arc::new(Memory::new(Arc::clone(&time), Arc::new(TestEntropy::seeded(1))).open());
        fund(store.as_ref()).await;
        let (gates, leases, pages) =
            (Arc::new(Gates::default()), Arc::<Questions>::default(), Arc::<Questions>::default());
        let mut ports = StorePorts::of(&store);
        ports.journal = Arc::new(Journal {
            inner: ports.journal,
            leases: Arc::clone(&leases),
            gates: Arc::clone(&gates),
        });
        ports.reviews = Arc::new(Queue { inner: ports.reviews, pages: Arc::clone(&pages) });
        let judges = Judges::seed(0.99);
        let gated = Gated { inner: platform.clone(), gates: Arc::clone(&gates) };
        let options = WorkerOptions { pause: PAUSE, ..options };
        let host = engage_builder(&judges, &time)
            .wrapped_store(ports)
            .platform(Arc::new(gated))
            .kernel_options(kernel)
            .worker_options(options)
            .build()
            .expect("every port is there");
        Self { clock, platform, gates, leases, pages, host, store, judges }
    }

    /// Admits a like of each of these posts, and leaves it to the worker.
    pub(super) async fn submit(&self, posts: impl IntoIterator<Item = usize>) {
        self.judges.scorer.tell(Score::Is(0.99));
        for post in posts {
            let input = EngageInput { target: name(post), ..engagement(EngageAction::Like) };
            let submitted = skill(&self.host).submit(&engage_context(), &input).await.unwrap();
            assert_eq!(submitted.status, EngageStatus::Pending, "{submitted:?}");
        }
    }

    /// Queues an engagement, and has it approved by somebody who does not come to run it.
    pub(super) async fn approve(&self, action: EngageAction, target: &str) {
        self.judges.scorer.tell(Score::Is(0.8));
        let input = EngageInput { target: target.to_owned(), ..engagement(action) };
        let queued = skill(&self.host).call(&engage_context(), input).await.unwrap();
        assert_eq!(queued.status, EngageStatus::Pending, "{queued:?}");
        let (namespace, ann) = (engage_context().namespace, reviewer("ann"));
        let waiting = skill(&self.host).waiting(&namespace, 100).await.unwrap();
        let review = waiting
            .iter()
            .find(|review| Some(&review.artifact) == queued.engagement_id.as_ref())
            .expect("it waits");
        let desk = self.host.desk();
        desk.claim(&namespace, review.id, &ann, TimeDelta::minutes(10)).await.unwrap();
        let terms = Terms { also: BTreeSet::new(), holds: TimeDelta::hours(1), spec_version: None };
        desk.approve(&namespace, review.id, &ann, terms).await.unwrap();
    }

    /// The effects in the order of their admission.
    pub(super) async fn effects(&self) -> Vec<EffectRecord> {
        let query = EffectQuery { namespace: engage_context().namespace, ..EffectQuery::default() };
        self.store.effects(&query, Page { after: None, limit: 100 }).await.unwrap()
    }

    /// What is public, by target.
    pub(super) fn public(&self) -> Vec<String> {
        let mut targets: Vec<_> = self.platform.posts().into_iter().filter_map(|post| post.target).collect();
        targets.sort();
        targets
    }

    /// How many reviews ran.
    pub(super) async fn executed(&self) -> usize {
        let query = ReviewQuery {
            namespace: engage_context().namespace,
            states: vec![ReviewState::Executed],
            ..ReviewQuery::default()
        };
        self.store.list(&query, ReviewPage { after: None, limit: 100 }).await.unwrap().len()
    }

    /// Lets the worker go on until `done`.
    #[track_caller]
    pub(super) fn until(&self, what: &str, done: impl Fn() -> bool) -> Within<impl Future<Output = ()>> {
        within(what, async move {
            while !done() {
                tokio::task::yield_now().await;
            }
        })
    }

    /// Lets the worker go on until `done` is so of the effects.
    #[track_caller]
    pub(super) fn until_effects(
        &self,
        what: impl Into<String>,
        done: impl Fn(&[EffectRecord]) -> bool,
    ) -> Within<impl Future<Output = ()>> {
        within(what, async move {
            while !done(&self.effects().await) {
                tokio::task::yield_now().await;
            }
        })
    }

    /// Lets the worker go on until every effect is in this state.
    #[track_caller]
    pub(super) fn until_all(&self, state: EffectState) -> Within<impl Future<Output = ()>> {
        self.until_effects(format!("every effect to be {state}"), move |effects| {
            effects.iter().all(|record| record.progress.state == state)
        })
    }

    /// Lets the worker do all that it can do at this moment of the clock.
    pub(super) async fn at_this_moment(&self) {
        // The store is in memory, so nothing but the clock and the gates keeps it from going on.
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
    }

    /// Moves the clock on by one pause.
    pub(super) async fn pause(&self) {
        self.clock.advance(PAUSE);
        self.at_this_moment().await;
    }

    /// Runs the worker for as long as `told` goes on.
    #[track_caller]
    pub(super) fn run<'a>(
        &'a self,
        told: impl Future<Output = ()> + 'a,
    ) -> Within<impl Future<Output = ()> + 'a> {
        within("the worker to stop when it was told to", self.host.worker().run(told))
    }

    /// The state of every effect.
    pub(super) async fn states(&self) -> Vec<EffectState> {
        self.effects().await.into_iter().map(|record| record.progress.state).collect()
    }

    /// Likes a post, and loses the answer.
    pub(super) async fn lose(&self, post: usize, fault: Fault) -> EffectId {
        self.judges.scorer.tell(Score::Is(0.99));
        self.platform.plan(PlatformName::Instagram, [fault]);
        let input = EngageInput { target: name(post), ..engagement(EngageAction::Like) };
        let deadline = self.clock.now() + TimeDelta::milliseconds(1);
        let hurry = CallContext { deadline: Some(deadline), ..engage_context() };
        skill(&self.host).call(&hurry, input).await.unwrap();
        let record = self.effects().await.pop().expect("it is admitted");
        assert_eq!(record.progress.state, EffectState::Unknown);
        record.id
    }
}

/// The post with this number.
pub(super) fn name(post: usize) -> String {
    format!("post_{post}")
}
