//! The strict platform and the cuts notice what they are there to notice.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chimera_contracts::{Applied, Clock, EffectId, PlatformName};
use chimera_effect::{
    AccountRef, Admission, Attempt, Effect, EffectKind, EffectRecord, EffectState, Finding, Kernel,
    KernelOptions, LateOutcome, Leased, LookUp, NotReady, Outcome, Platform, PostOwners, Refusal,
    RequestView, Service, Upload, Uploaded,
};
use chimera_governance::{Approved, Gate};
use chimera_testkit::conformance::Stores;
use chimera_testkit::{
    Action, Cut, Fault, Memory, PRICE, Rules, Scene, StrictPlatform, TestClock, TestEntropy, WINDOW,
    admit_request, block_on, new_effect, run_until_cut, sample_effect, set_up,
};
use chrono::TimeDelta;

/// A kernel with one effect that was just admitted, its first attempt begun.
struct Admitted {
    clock: Arc<TestClock>,
    stores: Stores,
    platform: StrictPlatform,
    kernel: Kernel,
    view: RequestView,
    leased: Mutex<Option<Leased>>,
    approved: Approved<Effect>,
}

/// A driver that forgets that it acted.
#[derive(Debug)]
struct Twice(StrictPlatform);

#[async_trait]
impl Platform for Twice {
    fn service(&self, account: AccountRef<'_>, kind: EffectKind) -> Option<Service> {
        self.0.service(account, kind)
    }

    async fn ready(&self, wanted: &[AccountRef<'_>], kind: EffectKind) -> Vec<NotReady> {
        self.0.ready(wanted, kind).await
    }

    async fn upload(&self, upload: Upload<'_>) -> Result<Uploaded, Refusal> {
        self.0.upload(upload).await
    }

    async fn perform(&self, attempt: &Attempt) -> Outcome {
        self.0.perform(attempt).await;
        self.0.perform(attempt).await
    }

    async fn find(&self, look: &LookUp, owners: &dyn PostOwners) -> Finding {
        self.0.find(look, owners).await
    }

    fn late(&self) -> Vec<LateOutcome> {
        self.0.late()
    }
}

impl Admitted {
    async fn new(rules: Rules) -> Self {
        Self::over(rules, |platform| Arc::new(platform)).await
    }

    async fn over(rules: Rules, port: impl FnOnce(StrictPlatform) -> Arc<dyn Platform>) -> Self {
        let clock = Arc::new(TestClock::new());
        let dyn_clock: Arc<dyn Clock> = Arc::<TestClock>::clone(&clock);
        let stores = Stores::of(Arc::new(
            Memory::new(Arc::clone(&dyn_clock), Arc::new(TestEntropy::seeded(3))).open(),
        ));
        let platform = StrictPlatform::new(Arc::clone(&dyn_clock), [(PlatformName::Threads, rules)]);
        let scene = Scene::named("policing");
        let effects = [sample_effect(&scene, PlatformName::Threads, "a text")];
        let Stores { approvals, budget, .. } = &stores;
        let approved =
            set_up(approvals, budget.as_ref(), &dyn_clock, &scene, PRICE, &effects).await.remove(0);
        let gate = Gate::new(Arc::clone(approvals), Arc::clone(&dyn_clock));
        let journal = Arc::clone(&stores.journal);
        let kernel = Kernel::new(journal, port(platform.clone()), gate, dyn_clock, KernelOptions::default());
        let new = vec![new_effect(approved.clone(), true)];
        let (admission, mut leased) = kernel.admit(admit_request(&scene, new)).await.unwrap().into_parts();
        let Admission::Fresh(view) = admission else { panic!("it is admitted") };
        let leased = Mutex::new(Some(leased.remove(0)));
        Self { clock, stores, platform, kernel, view, leased, approved }
    }

    fn id(&self) -> EffectId {
        self.view.effects[0].id
    }

    async fn drive(&self) -> EffectRecord {
        let leased = self.leased.lock().unwrap().take().expect("it is driven once");
        let until = self.clock.now() + TimeDelta::minutes(1);
        self.kernel.drive_fresh(leased, self.approved.clone(), until).await.unwrap()
    }
}

#[test]
fn an_attempt_that_is_performed_twice_is_a_violation() {
    block_on(async {
        let admitted = Admitted::over(Rules::default(), |platform| Arc::new(Twice(platform))).await;
        admitted.drive().await;
        let said = admitted.platform.violations().join("\n");
        assert!(said.contains("performed twice") && said.contains("posted twice"), "{said}");
        assert_eq!(admitted.platform.posts_of(admitted.id()).len(), 2, "the world does not repair it");
        assert_eq!(admitted.platform.performed(), [(admitted.id(), 1), (admitted.id(), 1)]);
    });
}

#[test]
fn the_kernel_makes_no_late_call() {
    block_on(async {
        let admitted = Admitted::new(Rules::default()).await;
        admitted.clock.advance(WINDOW.send);
        let record = admitted.drive().await;
        assert_eq!(record.progress.state, EffectState::NotDone);
        assert!(admitted.platform.performed().is_empty());
        assert!(admitted.platform.violations().is_empty() && admitted.platform.posts().is_empty());
    });
}

#[test]
fn a_call_that_becomes_late_on_its_way_sends_nothing() {
    block_on(async {
        let admitted = Admitted::new(Rules { latency: WINDOW.send, ..Rules::default() }).await;
        let record = admitted.drive().await;
        assert_eq!(record.progress.state, EffectState::NotDone);
        assert!(admitted.platform.violations().is_empty() && admitted.platform.posts().is_empty());
    });
}

#[test]
fn a_ghost_appears_after_the_deadline_and_is_found() {
    block_on(async {
        let admitted = Admitted::new(Rules::default()).await;
        admitted.platform.plan(PlatformName::Threads, [Fault::Ghost]);
        let record = admitted.drive().await;
        let posts = admitted.platform.posts_of(admitted.id());
        assert_eq!(posts.len(), 1);
        let progress = record.progress;
        assert!(progress.send_before.unwrap() < posts[0].at && posts[0].at < progress.settled_from.unwrap());
        assert_eq!(progress.post.unwrap().id, posts[0].id);
    });
}

#[test]
fn an_absent_post_takes_two_looks() {
    block_on(async {
        let admitted = Admitted::new(Rules::default()).await;
        admitted.platform.plan(PlatformName::Threads, [Fault::LostBefore]);
        let record = admitted.drive().await;
        assert_eq!(admitted.platform.looks(), 2);
        assert_eq!(record.progress.state, EffectState::Published, "it was sent again after that");
        assert!(admitted.platform.violations().is_empty());
    });
}

#[test]
fn a_look_takes_an_equal_post_since_the_attempt_for_ours() {
    // A look cannot tell who posted a text: what it finds is what the platform shows. Older posts are not ours.
    block_on(async {
        for (age, found) in [(0, true), (1, false)] {
            let admitted = Admitted::new(Rules::default()).await;
            let content = admitted.view.effects[0].effect.content().clone();
            admitted.clock.advance(TimeDelta::seconds(-age));
            let platform = &admitted.platform;
            let theirs = platform.post_by_somebody_else(content.platform, &content.account, &content.text);
            admitted.clock.advance(TimeDelta::seconds(age));
            platform.plan(PlatformName::Threads, [Fault::LostBefore]);
            let record = admitted.drive().await;
            assert_eq!(record.progress.post.unwrap().id == theirs, found);
        }
    });
}

#[test]
fn platforms_without_rules_are_not_served() {
    block_on(async {
        let admitted = Admitted::new(Rules::default()).await;
        let [twitter, threads] =
            [PlatformName::Twitter, PlatformName::Threads].map(|platform| AccountRef::new(platform, "me"));
        assert_eq!(admitted.platform.service(twitter, EffectKind::Publish), None);
        let wanted = [twitter, threads];
        let missing = admitted.platform.ready(&wanted, EffectKind::Publish).await;
        assert_eq!(missing.iter().map(|one| one.platform).collect::<Vec<_>>(), [PlatformName::Twitter]);
    });
}

#[test]
fn faults_come_in_pairs() {
    block_on(async {
        let admitted = Admitted::new(Rules::default()).await;
        let scope = admitted.view.request.key.clone();
        let ask = async |cut: &Cut| {
            let journal = cut.journal(Arc::clone(&admitted.stores.journal));
            run_until_cut(journal.request(&scope), cut).await
        };
        let uncut = Cut::never();
        assert!(ask(&uncut).await.unwrap().unwrap().is_some());
        assert_eq!((uncut.count(), uncut.was_reached()), (2, false), "a call has two points");
        for (point, applied) in [(0, Applied::NotApplied), (1, Applied::MaybeApplied)] {
            let cut = Cut::at(point, Action::Fail);
            assert_eq!(ask(&cut).await.unwrap().unwrap_err().applied, applied);
            assert!(ask(&cut).await.unwrap().is_ok(), "once");
            let cut = Cut::at(point, Action::Stop);
            assert_eq!(ask(&cut).await, None);
            assert_eq!(ask(&cut).await, None, "the dead make no calls");
            assert!(cut.was_reached());
        }
    });
}
