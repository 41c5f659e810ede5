//! A store, a clock and a platform of which a test says what its looks find.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chimera_contracts::{Clock, Money, PlatformName};
use chimera_effect::{
    AccountRef, Admission, Attempt, Effect, EffectKind, EffectRecord, EffectV1, Finding, Kernel,
    KernelOptions, LateOutcome, LeaseScope, Leased, LookUp, Media, MediaIdentity, NotReady, Outcome,
    OwnedPost, Platform, PostOwners, Purpose, Refusal, Service, Upload, Uploaded,
};
use chimera_governance::{Approved, Gate};
use chimera_testkit::conformance::Stores;
use chimera_testkit::{
    Fault, Memory, MemoryStore, Rules, Scene, StrictPlatform, TestClock, TestEntropy, admit_request,
    new_effect, sample_effect, set_up,
};
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

const PLENTY: Money = Money::usd_micros(100_000);
pub(crate) const PLACE: PlatformName = PlatformName::Threads;

type Hook = Box<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// The strict platform, with looks that find what a test says, and something that happens while a call is under way.
#[derive(Clone)]
pub(crate) struct Told {
    pub(crate) strict: StrictPlatform,
    finding: Arc<Mutex<Option<Finding>>>,
    during: Arc<Mutex<Option<Hook>>>,
    during_look: Arc<Mutex<Option<Hook>>>,
    during_upload: Arc<Mutex<Option<Hook>>>,
    asked: Arc<Mutex<Vec<LookUp>>>,
    pub(crate) owned: Arc<Mutex<Vec<OwnedPost>>>,
}

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Told").field("strict", &self.strict).finish_non_exhaustive()
    }
}

impl Told {
    /// From now on every look finds this.
    pub(crate) fn find_always(&self, finding: Finding) {
        *self.finding.lock().unwrap() = Some(finding);
    }

    /// This happens once, after the next call did what it does and before it answers.
    pub(crate) fn meanwhile(&self, hook: impl Fn() -> BoxFuture<'static, ()> + Send + Sync + 'static) {
        *self.during.lock().unwrap() = Some(Box::new(hook));
    }

    /// This happens once, after the next look saw what it sees and before it tells.
    pub(crate) fn meanwhile_a_look(&self, hook: impl Fn() -> BoxFuture<'static, ()> + Send + Sync + 'static) {
        *self.during_look.lock().unwrap() = Some(Box::new(hook));
    }

    /// This happens once, after the next medium arrived and before the platform tells.
    pub(crate) fn meanwhile_an_upload(
        &self,
        hook: impl Fn() -> BoxFuture<'static, ()> + Send + Sync + 'static,
    ) {
        *self.during_upload.lock().unwrap() = Some(Box::new(hook));
    }

    /// What was looked for last.
    pub(crate) fn asked_last(&self) -> LookUp {
        self.asked.lock().unwrap().last().cloned().expect("there was a look")
    }
}

#[async_trait]
impl Platform for Told {
    fn service(&self, account: AccountRef<'_>, kind: EffectKind) -> Option<Service> {
        self.strict.service(account, kind)
    }
    async fn ready(&self, wanted: &[AccountRef<'_>], kind: EffectKind) -> Vec<NotReady> {
        self.strict.ready(wanted, kind).await
    }
    async fn upload(&self, upload: Upload<'_>) -> Result<Uploaded, Refusal> {
        let uploaded = self.strict.upload(upload).await;
        let hook = self.during_upload.lock().unwrap().take();
        if let Some(hook) = hook {
            hook().await;
        }
        uploaded
    }
    async fn perform(&self, attempt: &Attempt) -> Outcome {
        let outcome = self.strict.perform(attempt).await;
        let hook = self.during.lock().unwrap().take();
        if let Some(hook) = hook {
            hook().await;
        }
        outcome
    }
    async fn find(&self, look: &LookUp, owners: &dyn PostOwners) -> Finding {
        self.asked.lock().unwrap().push(look.clone());
        let owned = owners.owners(&["theirs".to_owned(), "nobody's".to_owned()]).await.unwrap();
        *self.owned.lock().unwrap() = owned;
        let found = self.strict.find(look, owners).await;
        let hook = self.during_look.lock().unwrap().take();
        if let Some(hook) = hook {
            hook().await;
        }
        let told = self.finding.lock().unwrap().clone();
        told.unwrap_or(found)
    }
    fn late(&self) -> Vec<LateOutcome> {
        self.strict.late()
    }
}

/// A store and a platform that outlive their kernels.
pub(crate) struct World {
    pub(crate) clock: Arc<TestClock>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) stores: Stores,
    pub(crate) platform: Told,
    pub(crate) scene: Scene,
}

impl World {
    pub(crate) fn new(clock: TestClock, rules: Rules) -> Self {
        let clock = Arc::new(clock);
        let time: Arc<dyn Clock> = Arc::<TestClock>::clone(&clock);
        let store = Memory::new(Arc::clone(&time), Arc::new(TestEntropy::seeded(5))).open();
        let strict = StrictPlatform::everywhere(Arc::clone(&time), rules);
        let platform = Told {
            strict,
            finding: Arc::default(),
            during: Arc::default(),
            during_look: Arc::default(),
            during_upload: Arc::default(),
            asked: Arc::default(),
            owned: Arc::default(),
        };
        let stores = Stores::of(Arc::new(store.backend().memory().open()));
        Self { clock, store: Arc::new(store), stores, platform, scene: Scene::named("looking") }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(crate) fn kernel(&self) -> Kernel {
        self.kernel_over(&self.stores)
    }

    pub(crate) fn kernel_over(&self, stores: &Stores) -> Kernel {
        self.kernel_with(stores, KernelOptions::default())
    }

    pub(crate) fn kernel_with(&self, stores: &Stores, options: KernelOptions) -> Kernel {
        let time: Arc<dyn Clock> = Arc::<TestClock>::clone(&self.clock);
        let gate = Gate::new(Arc::clone(&stores.approvals), Arc::clone(&time));
        let journal = Arc::clone(&stores.journal);
        Kernel::new(journal, Arc::new(self.platform.clone()), gate, time, options)
    }

    /// Admits a post of this text under a key of its own, its first attempt begun.
    pub(crate) async fn admitted(&self, text: &str) -> (Leased, Approved<Effect>) {
        self.admit(text, true).await
    }

    /// The same without an attempt.
    pub(crate) async fn waiting(&self, text: &str) -> EffectRecord {
        self.admit(text, false).await.0.record().clone()
    }

    /// The same without an attempt, and what it takes to drive it.
    pub(crate) async fn not_begun(&self, text: &str) -> (Leased, Approved<Effect>) {
        self.admit(text, false).await
    }

    /// A post with a medium, which is uploaded before its first attempt.
    pub(crate) async fn with_medium(&self, text: &str) -> (Leased, Approved<Effect>) {
        self.with_media(text, 1).await
    }

    /// The same with several.
    pub(crate) async fn with_media(&self, text: &str, count: usize) -> (Leased, Approved<Effect>) {
        let content = sample_effect(&self.scene, PLACE, text).content().clone();
        let url = |number| format!("https://media.example.com/{number}.mp4");
        let medium = |number| Media { url: url(number), identity: MediaIdentity::ByReference };
        let media = (0..count).map(medium).collect();
        self.admit_effect(Effect::new(EffectV1 { media, ..content }).unwrap(), text, false).await
    }

    async fn admit(&self, text: &str, begin: bool) -> (Leased, Approved<Effect>) {
        self.admit_effect(sample_effect(&self.scene, PLACE, text), text, begin).await
    }

    async fn admit_effect(&self, effect: Effect, text: &str, begin: bool) -> (Leased, Approved<Effect>) {
        let time: Arc<dyn Clock> = Arc::<TestClock>::clone(&self.clock);
        let scene = self.scene.under_key(text);
        let scene = Scene { decision: Scene::named(text).decision, ..scene };
        let effects = [effect];
        let Stores { approvals, budget, .. } = &self.stores;
        let approved = set_up(approvals, budget.as_ref(), &time, &scene, PLENTY, &effects).await.remove(0);
        let new = vec![new_effect(approved.clone(), begin)];
        let (admission, mut leased) =
            self.kernel().admit(admit_request(&scene, new)).await.unwrap().into_parts();
        assert!(matches!(admission, Admission::Fresh(_)), "expected a fresh request, got {admission:?}");
        (leased.remove(0), approved)
    }

    /// A post whose first call comes to `fault`, by a caller that waits for nothing more.
    pub(crate) async fn performed(&self, text: &str, fault: Fault) -> EffectRecord {
        let (leased, approved) = self.admitted(text).await;
        self.platform.strict.plan(PLACE, [fault]);
        self.kernel().drive_fresh(leased, approved, self.now()).await.unwrap()
    }

    pub(crate) async fn stored(&self, record: &EffectRecord) -> EffectRecord {
        let namespace = &record.effect.content().namespace;
        self.kernel().effect(namespace, record.id).await.unwrap().expect("it is stored")
    }

    /// Drives what is due at this moment, without a wait; what came of each.
    pub(crate) async fn drive_due(&self) -> Vec<EffectRecord> {
        let kernel = self.kernel();
        let mut driven = Vec::new();
        for leased in kernel.lease(LeaseScope::Due, 10).await.unwrap() {
            driven.push(kernel.drive(leased, Purpose::Background, self.now()).await.unwrap());
        }
        driven
    }

    /// One look at the moment at which it is due.
    pub(crate) async fn look_when_due(&self, record: &EffectRecord) -> EffectRecord {
        let due = record.progress.due_at.expect("a look is due");
        self.clock.set(due.max(self.now()));
        let kernel = self.kernel();
        let leased = kernel.lease(LeaseScope::Of(vec![record.id]), 1).await.unwrap();
        let leased = leased.into_iter().next().expect("nobody holds it");
        kernel.drive(leased, Purpose::Background, self.now()).await.unwrap()
    }
}

pub(crate) fn missing(record: &EffectRecord) -> &str {
    let look = record.progress.latest_look.as_ref().expect("there was a look");
    look.report.missing.as_deref().unwrap_or_default()
}
