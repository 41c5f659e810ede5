//! How a kernel looks for what is unknown: when, how often, how long, what keeps it from settling, and what ends its wait.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chimera_contracts::{Clock, Money, PlatformName};
use chimera_effect::{
    AccountRef, Admission, Advance, Attempt, Carry, Effect, EffectKind, EffectRecord, EffectState, Finding,
    Halt, Kernel, KernelOptions, LateOutcome, LeaseScope, Leased, LookPolicy, LookReport, LookUp, NotReady,
    Order, Outcome, OwnedPost, Platform, PostOwners, Purpose, Refusal, Service, Step, Upload, Uploaded,
};
use chimera_governance::{Approved, Gate};
use chimera_testkit::conformance::Stores;
use chimera_testkit::{
    Fault, MemoryStore, Rules, Scene, StrictPlatform, TestClock, TestEntropy, admit_request, block_on,
    new_effect, published, sample_effect, set_up,
};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;
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
    asked: Arc<Mutex<Vec<LookUp>>>,
    owned: Arc<Mutex<Vec<OwnedPost>>>,
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
    fn meanwhile_a_look(&self, hook: impl Fn() -> BoxFuture<'static, ()> + Send + Sync + 'static) {
        *self.during_look.lock().unwrap() = Some(Box::new(hook));
    }

    /// What was looked for last.
    fn asked_last(&self) -> LookUp {
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
        self.strict.upload(upload).await
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
    scene: Scene,
}

impl World {
    pub(crate) fn new(clock: TestClock, rules: Rules) -> Self {
        let clock = Arc::new(clock);
        let time: Arc<dyn Clock> = Arc::<TestClock>::clone(&clock);
        let store = MemoryStore::new(Arc::clone(&time), Arc::new(TestEntropy::seeded(5)));
        let strict = StrictPlatform::everywhere(Arc::clone(&time), rules);
        let platform = Told {
            strict,
            finding: Arc::default(),
            during: Arc::default(),
            during_look: Arc::default(),
            asked: Arc::default(),
            owned: Arc::default(),
        };
        let stores = store.open_again().stores();
        Self { clock, store: Arc::new(store), stores, platform, scene: Scene::named("looking") }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(crate) fn kernel(&self) -> Kernel {
        self.kernel_over(&self.stores)
    }

    pub(crate) fn kernel_over(&self, stores: &Stores) -> Kernel {
        let time: Arc<dyn Clock> = Arc::<TestClock>::clone(&self.clock);
        let gate = Gate::new(Arc::clone(&stores.approvals), Arc::clone(&time));
        let journal = Arc::clone(&stores.journal);
        Kernel::new(journal, Arc::new(self.platform.clone()), gate, time, KernelOptions::default())
    }

    /// Admits a post of this text under a key of its own, its first attempt begun.
    pub(crate) async fn admitted(&self, text: &str) -> (Leased, Approved<Effect>) {
        self.admit(text, true).await
    }

    /// The same without an attempt.
    pub(crate) async fn waiting(&self, text: &str) -> EffectRecord {
        self.admit(text, false).await.0.record
    }

    async fn admit(&self, text: &str, begin: bool) -> (Leased, Approved<Effect>) {
        let time: Arc<dyn Clock> = Arc::<TestClock>::clone(&self.clock);
        let scene = self.scene.under_key(text);
        let scene = Scene { decision: Scene::named(text).decision, ..scene };
        let effects = [sample_effect(&self.scene, PLACE, text)];
        let Stores { approvals, budget, journal, .. } = &self.stores;
        let approved = set_up(approvals, budget.as_ref(), &time, &scene, PLENTY, &effects).await.remove(0);
        let new = vec![new_effect(approved.clone(), begin)];
        match journal.admit(admit_request(&scene, new)).await.unwrap() {
            Admission::Fresh(mut view) => {
                let record = view.effects.remove(0);
                (Leased { request: view.request, record }, approved)
            }
            other => panic!("expected a fresh request, got {other:?}"),
        }
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

fn missing(record: &EffectRecord) -> &str {
    let look = record.progress.latest_look.as_ref().expect("there was a look");
    look.report.missing.as_deref().unwrap_or_default()
}

#[test]
fn absence_that_is_seen_late_first_goes_to_a_person() {
    let within = LookPolicy::default().absence_within;
    for (late_by, person) in [(TimeDelta::zero(), false), (TimeDelta::microseconds(1), true)] {
        block_on(async {
            let world = World::new(TestClock::new(), Rules::default());
            let lost = world.performed("a text", Fault::LostBefore).await;
            world.clock.set(lost.progress.settled_from.unwrap() + within + late_by);
            let looked = world.drive_due().await.remove(0);
            assert_eq!(looked.progress.state, EffectState::Unknown);
            assert_eq!((looked.progress.needs_human, looked.progress.absent_looks == 0), (person, person));
            assert_eq!(missing(&looked).contains("so late"), person, "{looked:?}");
            // However often it looks from then on.
            let mut record = looked;
            for _ in 0..5 {
                if record.progress.state == EffectState::Unknown {
                    record = world.look_when_due(&record).await;
                }
            }
            let expected = if person { EffectState::Unknown } else { EffectState::NotDone };
            assert_eq!(record.progress.state, expected, "{late_by}");
            assert_eq!(world.platform.strict.posts(), []);
        });
    }
}

#[test]
fn looks_grow_apart_and_end_at_a_person() {
    block_on(async {
        let world = World::new(TestClock::new(), Rules::default());
        let seen = LookReport::missing("what is looked for", "the server does not answer");
        world.platform.find_always(Finding::Open(seen));
        let mut record = world.performed("a text", Fault::LostAfter).await;
        let settled_from = record.progress.settled_from.unwrap();
        assert_eq!(record.progress.due_at, Some(settled_from), "the first look when it means something");
        let policy = LookPolicy::default();
        let mut asked = None;
        for number in 0..1_000_u32 {
            record = world.look_when_due(&record).await;
            assert_eq!(record.progress.looks, number + 1);
            assert_eq!(record.progress.state, EffectState::Unknown, "a look that fails settles nothing");
            let looked_at = world.now();
            if record.progress.needs_human && asked.is_none() {
                asked = Some(number);
            }
            let Some(again) = record.progress.due_at else { break };
            let usual = i64::from(2_u32.saturating_pow(number + 1).min(300)) * 1_000;
            let pause = (again - looked_at).num_milliseconds();
            assert!((pause - usual).abs() <= usual / 8, "after look {number}: {pause} ms for {usual}");
            assert!(looked_at < settled_from + policy.within, "no look is planned after the end");
        }
        assert_eq!(asked, Some(policy.patience), "a person is asked beside the looks");
        assert_eq!(record.progress.due_at, None, "it ends");
        assert!(record.progress.needs_human);
        let waited = world.now() - settled_from;
        assert!(waited >= policy.within && waited <= policy.within + policy.longest_pause * 2, "{waited}");
        assert_eq!(missing(&record), "the server does not answer");
        world.clock.advance(TimeDelta::days(30));
        assert_eq!(world.drive_due().await, [], "nothing is due any more");
        assert_eq!(world.platform.strict.performed().len(), 1, "nothing is sent again");
    });
}

#[test]
fn what_is_in_doubt_goes_to_a_person_at_once_and_is_looked_for_on() {
    block_on(async {
        let world = World::new(TestClock::new(), Rules { complete_list: false, ..Rules::default() });
        let lost = world.performed("a text", Fault::LostBefore).await;
        let looked = world.look_when_due(&lost).await;
        assert!(looked.progress.needs_human && looked.progress.due_at.is_some());
        // A later look explains it.
        world.platform.find_always(Finding::Absent(LookReport::default()));
        let once = world.look_when_due(&looked).await;
        assert_eq!((once.progress.absent_looks, once.progress.needs_human), (1, true));
        let twice = world.look_when_due(&once).await;
        assert_eq!((twice.progress.state, twice.progress.needs_human), (EffectState::NotDone, false));
    });
}

#[test]
fn a_look_settles_nothing_while_an_alike_effect_is_attempted() {
    block_on(async {
        let world = World::new(TestClock::new(), Rules::default());
        let ours = world.performed("Our spring sale starts today", Fault::LostBefore).await;
        world.clock.set(ours.progress.settled_from.unwrap());
        let (theirs, _) = world.admitted("Reminder: Our spring sale starts today").await;
        let (clearly_another, _) = world.admitted("Nobody expects the July release").await;
        assert_eq!(theirs.record.progress.state, EffectState::Attempting);
        for _ in 0..3 {
            let due = world.stored(&ours).await;
            let looked = world.look_when_due(&due).await;
            assert!(missing(&looked).contains(&theirs.record.id.to_string()), "{}", missing(&looked));
            assert_eq!((looked.progress.state, looked.progress.absent_looks), (EffectState::Unknown, 0));
            assert!(!looked.progress.needs_human);
        }
        assert_eq!(world.platform.strict.looks(), 0, "the platform is not even asked");

        let epoch = theirs.record.progress.epoch;
        let version = theirs.record.progress.version;
        let (effect, step) = (theirs.record.id, published("theirs"));
        let done = Advance { effect, epoch, version, step, keep: None };
        world.stores.journal.advance(done).await.unwrap();
        let mut record = world.stored(&ours).await;
        for _ in 0..2 {
            record = world.look_when_due(&record).await;
        }
        assert_eq!(record.progress.state, EffectState::NotDone);
        assert_eq!(world.platform.strict.looks(), 2);
        let other = world.stored(&clearly_another.record).await;
        assert_eq!(other.progress.state, EffectState::Attempting, "another text keeps no look");
    });
}

#[test]
fn a_look_may_ask_whose_the_posts_of_the_account_are() {
    block_on(async {
        let world = World::new(TestClock::new(), Rules::default());
        let (theirs, _) = world.admitted("Nobody expects the July release").await;
        let (effect, epoch, version) =
            (theirs.record.id, theirs.record.progress.epoch, theirs.record.progress.version);
        let done = Advance { effect, epoch, version, step: published("theirs"), keep: None };
        world.stores.journal.advance(done).await.unwrap();
        let ours = world.performed("Our spring sale starts today", Fault::LostAfter).await;
        world.look_when_due(&ours).await;
        let owned = world.platform.owned.lock().unwrap().clone();
        let [owned] = owned.as_slice() else { panic!("one of the two belongs to an effect: {owned:?}") };
        let content = theirs.record.effect.content();
        assert_eq!((owned.external_id.as_str(), owned.effect), ("theirs", effect));
        assert_eq!((owned.kind, owned.text.as_str()), (content.kind, content.text.as_str()));
        assert_eq!(owned.known_at, world.stored(&theirs.record).await.progress.changed_at);
    });
}

/// Two posts that are under way together, each of which comes to a lost answer.
async fn lost_together(world: &World, texts: [&str; 2]) -> [EffectRecord; 2] {
    let mut begun = Vec::new();
    for text in texts {
        begun.push(world.admitted(text).await);
    }
    let mut lost = Vec::new();
    for (leased, approved) in begun {
        world.platform.strict.plan(PLACE, [Fault::LostAfter]);
        lost.push(world.kernel().drive_fresh(leased, approved, world.now()).await.unwrap());
    }
    lost.try_into().expect("two of them")
}

#[test]
fn a_look_tells_which_unknown_effects_may_show_the_same() {
    let ours = "Our spring sale starts today";
    for (theirs, (equals, lookalike)) in [
        ("our SPRING sale starts today!", (1, true)),
        ("our SPRING sale starts  today", (2, false)),
        // Cut off where ours ends, it would show our words.
        ("Our spring sale starts today: have a look at the new colours", (1, true)),
        ("#now Our spring sale starts today", (1, true)),
        ("Our spring sale", (1, false)),
        ("Nobody expects the July release", (1, false)),
    ] {
        block_on(async {
            let world = World::new(TestClock::new(), Rules::default());
            let [one, other] = lost_together(&world, [ours, theirs]).await;
            assert_eq!(other.progress.state, EffectState::Unknown, "{theirs:?}");
            world.look_when_due(&one).await;
            let asked = world.platform.asked_last();
            assert_eq!(
                (asked.equals, asked.place, asked.has_lookalike),
                (equals, 0, lookalike),
                "{theirs:?}"
            );
        });
    }
}

/// Whoever asks is told how it is now, and not how it was when the effect last asked whether it may begin.
#[test]
fn a_caller_of_what_waits_goes_on_once_the_other_is_settled() {
    block_on(async {
        let world = World::new(TestClock::new(), Rules::default());
        let first = world.performed("Our spring sale starts today", Fault::LostAfter).await;
        let text = "our SPRING sale starts  today";
        let waiting = world.waiting(text).await;
        assert_eq!(waiting.progress.waits_for, Some(first.id));
        let lease = waiting.progress.lease.expect("the one that admitted it holds it");
        world.clock.set(lease.until);
        let ask = async || {
            let key = world.scene.under_key(text).key;
            let (effects, order) = (vec![waiting.id], Order::Sequential);
            let view = world.stores.journal.request(&key).await.unwrap().expect("it is stored");
            let (within, poll) = (TimeDelta::seconds(1), TimeDelta::milliseconds(100));
            let until = world.now() + within;
            let carry = Carry { key, effects, order, within, until, poll };
            world.kernel().carry_on(&carry, view).await.remove(0)
        };
        assert!(ask().await.record.open_words().expect("it waits").contains(&first.id.to_string()));
        let (epoch, version) = (first.progress.epoch, first.progress.version);
        let now = world.stored(&first).await.progress;
        assert_eq!((now.epoch, now.version), (epoch, version));
        let step = published("the first");
        let done = Advance { effect: first.id, epoch, version, step, keep: None };
        world.stores.journal.advance(done).await.unwrap();
        let told = ask().await;
        assert_eq!(told.state(), EffectState::Published, "{told:?}");
        assert_eq!(world.platform.strict.performed().len(), 2);
    });
}

#[test]
fn a_look_beside_an_equal_effect_that_is_settled_meanwhile_settles_nothing() {
    block_on(async {
        let world = World::new(TestClock::new(), Rules::default());
        let texts = ["Our spring sale starts today", "our SPRING sale starts  today"];
        let [one, other] = lost_together(&world, texts).await;
        let (journal, step) = (Arc::clone(&world.stores.journal), published("theirs"));
        let (effect, epoch, version) = (other.id, other.progress.epoch, other.progress.version);
        world.platform.meanwhile_a_look(move || {
            let (journal, step) = (Arc::clone(&journal), step.clone());
            Box::pin(async move {
                journal.advance(Advance { effect, epoch, version, step, keep: None }).await.unwrap();
            })
        });
        // Two posts stood there for two effects, and the first is taken for the first; now it is known to be the other's.
        let post = chimera_effect::ExternalPost { id: "theirs".to_owned(), url: None, published_at: None };
        let evidence = chimera_effect::Evidence { post, said: None };
        world.platform.find_always(Finding::There(evidence));
        let looked = world.look_when_due(&one).await;
        assert_eq!(looked.progress.state, EffectState::Unknown);
        assert!(missing(&looked).contains("settled during the look"), "{}", missing(&looked));
        assert!(!looked.progress.needs_human && looked.progress.due_at.is_some(), "it is looked for again");
        let again = world.look_when_due(&looked).await;
        assert_eq!(world.platform.asked_last().equals, 1);
        assert_eq!(again.progress.state, EffectState::Unknown, "the post is another's");
        assert!(missing(&again).contains("claimed by another effect"), "{}", missing(&again));
    });
}

/// A drive that waits until `until`, with a signal that ends it.
fn halting(
    world: &World,
    leased: Leased,
    until: DateTime<Utc>,
) -> (futures_channel::oneshot::Sender<()>, impl Future<Output = EffectRecord>) {
    let (give, given) = futures_channel::oneshot::channel::<()>();
    let halt = Halt::when(given.map(|_| ()));
    let kernel = world.kernel();
    let drive = async move { kernel.drive_until(leased, Purpose::Background, until, &halt).await.unwrap() };
    (give, drive)
}

#[test]
fn a_halted_drive_ends_its_wait_and_loses_nothing() {
    block_on(async {
        let world = World::new(TestClock::manual(), Rules::default());
        let lost = world.performed("a text", Fault::LostAfter).await;
        let leased = world.kernel().lease(LeaseScope::Of(vec![lost.id]), 1).await.unwrap().remove(0);
        let (give, drive) = halting(&world, leased, world.now() + TimeDelta::hours(1));
        let mut drive = pin!(drive);
        assert!(drive.as_mut().now_or_never().is_none(), "it waits for the platform to settle");
        let before = world.now();
        give.send(()).unwrap();
        let halted = drive.now_or_never().expect("its wait ends at once");
        assert_eq!(world.now(), before, "by no clock");
        assert_eq!(halted.progress.state, EffectState::Unknown);
        assert_eq!(halted.progress.lease, None, "it holds nothing any more");
        assert_eq!(halted.progress.due_at, lost.progress.due_at);
        assert_eq!(world.stored(&lost).await, halted);
        assert_eq!(world.platform.strict.looks(), 0);

        let found = world.look_when_due(&halted).await;
        assert_eq!(found.progress.state, EffectState::Published, "another drive goes on");
    });
}

#[test]
fn a_halt_finishes_a_call_that_is_under_way() {
    block_on(async {
        let rules = Rules { latency: TimeDelta::seconds(3), ..Rules::default() };
        let world = World::new(TestClock::manual(), rules);
        let (admitted, _) = world.admitted("a text").await;
        let (effect, epoch, version) =
            (admitted.record.id, admitted.record.progress.epoch, admitted.record.progress.version);
        // Nothing was sent of it, and its caller is gone: the next drive sends it.
        let refusal = chimera_testkit::refused(chimera_contracts::ErrorCode::PlatformTransientError);
        let step = Step::NotDone(refusal);
        world.stores.journal.advance(Advance { effect, epoch, version, step, keep: None }).await.unwrap();
        let leased = world.kernel().lease(LeaseScope::Of(vec![effect]), 1).await.unwrap().remove(0);
        let (give, given) = futures_channel::oneshot::channel::<()>();
        let halt = Halt::when(given.map(|_| ()));
        let kernel = world.kernel();
        let until = world.now() + TimeDelta::minutes(1);
        let mut drive = pin!(kernel.drive_until(leased, Purpose::Asked, until, &halt));
        assert!(drive.as_mut().now_or_never().is_none(), "the call is under way");
        give.send(()).unwrap();
        assert!(drive.as_mut().now_or_never().is_none(), "it is not dropped");
        world.clock.advance(TimeDelta::seconds(3));
        let done = drive.now_or_never().expect("the call ended").unwrap();
        assert_eq!(done.progress.state, EffectState::Published, "and its outcome is recorded");
        assert_eq!(world.platform.strict.posts().len(), 1);
    });
}
