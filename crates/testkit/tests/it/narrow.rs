//! Narrow places of the kernel, each one a scene that once went wrong.

use std::sync::Arc;

use chimera_contracts::{Clock, ErrorCode, Money, PlatformName};
use chimera_effect::{
    Admission, Advance, Advanced, Effect, EffectRecord, EffectState, EffectV1, Kernel, KernelOptions,
    LeaseScope, Leased, NewEffect, Purpose, RequestView, Step,
};
use chimera_governance::{Approved, Gate};
use chimera_testkit::conformance::Stores;
use chimera_testkit::{
    Action, Cut, Fault, Memory, Rules, Scene, StrictPlatform, TestClock, TestEntropy, admit_request,
    block_on, new_effect, published, run_until_cut, sample_effect, set_up,
};
use chrono::TimeDelta;

const PLENTY: Money = Money::usd_micros(100_000);

/// One approved effect before a kernel.
struct Narrow {
    clock: Arc<TestClock>,
    stores: Stores,
    platform: StrictPlatform,
    scene: Scene,
    approved: Approved<Effect>,
}

impl Narrow {
    async fn new(rules: Rules) -> Self {
        let clock = Arc::new(TestClock::new());
        let time: Arc<dyn Clock> = Arc::<TestClock>::clone(&clock);
        let stores =
            Stores::of(Arc::new(Memory::new(Arc::clone(&time), Arc::new(TestEntropy::seeded(3))).open()));
        let platform = StrictPlatform::everywhere(Arc::clone(&time), rules);
        let scene = Scene::named("narrow");
        let effects = [sample_effect(&scene, PlatformName::Threads, "a text")];
        let approved = set_up(&stores.approvals, stores.budget.as_ref(), &time, &scene, PLENTY, &effects)
            .await
            .remove(0);
        Self { clock, stores, platform, scene, approved }
    }

    fn time(&self) -> Arc<dyn Clock> {
        Arc::<TestClock>::clone(&self.clock)
    }

    fn kernel(&self, cut: &Cut) -> Kernel {
        let gate = Gate::new(Arc::clone(&self.stores.approvals), self.time());
        let journal = cut.journal(Arc::clone(&self.stores.journal));
        let platform = cut.platform(Arc::new(self.platform.clone()));
        Kernel::new(journal, platform, gate, self.time(), KernelOptions::default())
    }

    async fn admit(&self, effects: Vec<NewEffect>) -> Admission {
        self.stores.journal.admit(admit_request(&self.scene, effects)).await.unwrap()
    }

    async fn admitted(&self, begin: bool) -> RequestView {
        match self.admit(vec![new_effect(self.approved.clone(), begin)]).await {
            Admission::Fresh(view) => view,
            other => panic!("expected a fresh request, got {other:?}"),
        }
    }

    /// The same through a kernel, which alone gives the right to drive it.
    async fn leased(&self, begin: bool) -> Leased {
        let admit = admit_request(&self.scene, vec![new_effect(self.approved.clone(), begin)]);
        let (admission, mut leased) = self.kernel(&Cut::never()).admit(admit).await.unwrap().into_parts();
        assert!(matches!(admission, Admission::Fresh(_)), "expected a fresh request, got {admission:?}");
        leased.remove(0)
    }

    async fn advance(
        &self,
        record: &EffectRecord,
        step: Step,
    ) -> Result<Advanced, chimera_contracts::StoreError> {
        let (epoch, version) = (record.progress.epoch, record.progress.version);
        self.stores.journal.advance(Advance { effect: record.id, epoch, version, step, keep: None }).await
    }
}

fn refused_with(admission: &Admission, code: ErrorCode) {
    assert!(matches!(admission, Admission::Refused(refused) if refused.code == code), "{admission:?}");
}

#[test]
fn a_drive_that_was_fenced_touches_nothing_more() {
    block_on(async {
        let narrow = Narrow::new(Rules::default()).await;
        let first = narrow.leased(false).await;
        let kernel = narrow.kernel(&Cut::never());
        narrow.clock.advance(TimeDelta::seconds(60));
        let second = kernel.lease(LeaseScope::Due, 1).await.unwrap().remove(0);
        kernel.drive(first, Purpose::Asked, narrow.clock.now()).await.unwrap();
        let now = narrow.stores.journal.request(&narrow.scene.key).await.unwrap().unwrap().effects.remove(0);
        assert_eq!(now.progress.lease, second.record().progress.lease, "the second task's lease stands");
    });
}

/// The last call under a key ends before the tool forgets it, however slow that call is.
#[test]
fn a_key_is_not_used_up_to_its_last_moment() {
    for (latency, at, faults) in
        [(5, 59, vec![Fault::LostAfter]), (0, 55, vec![Fault::LostAfter, Fault::Ghost])]
    {
        block_on(async {
            let retention = TimeDelta::seconds(60);
            let rules =
                Rules { latency: TimeDelta::seconds(latency), ..Rules::default().enforcing_keys(retention) };
            let narrow = Narrow::new(rules).await;
            narrow.platform.plan(PlatformName::Threads, faults);
            let leased = narrow.leased(true).await;
            let began_at = leased.record().progress.began_at.unwrap();
            let cut = Cut::at(2, Action::Stop);
            let kernel = narrow.kernel(&cut);
            run_until_cut(kernel.drive_fresh(leased, narrow.approved.clone(), narrow.clock.now()), &cut)
                .await;
            assert_eq!(narrow.platform.posts().len(), 1);

            narrow.clock.set(began_at + TimeDelta::seconds(at));
            let kernel = narrow.kernel(&Cut::never());
            let left = kernel.lease(LeaseScope::Due, 1).await.unwrap().remove(0);
            let until = narrow.clock.now() + TimeDelta::seconds(100);
            kernel.drive(left, Purpose::Background, until).await.unwrap();
            narrow.clock.advance(TimeDelta::seconds(100));
            assert_eq!(narrow.platform.violations(), Vec::<String>::new());
            assert_eq!(narrow.platform.posts().len(), 1);
        });
    }
}

#[test]
fn nobody_else_pays_for_an_effect() {
    block_on(async {
        let narrow = Narrow::new(Rules::default()).await;
        let other = Scene { campaign: Scene::named("other").campaign, ..narrow.scene.clone() };
        narrow.stores.budget.set_limit(&other.scope(), PLENTY).await.unwrap();
        let effects = vec![new_effect(narrow.approved.clone(), true)];
        let answer = narrow.stores.journal.admit(admit_request(&other, effects)).await.unwrap();
        refused_with(&answer, ErrorCode::ValidationError);
    });
}

#[test]
fn a_request_names_each_effect_once_and_at_least_one() {
    block_on(async {
        let narrow = Narrow::new(Rules::default()).await;
        refused_with(&narrow.admit(Vec::new()).await, ErrorCode::ValidationError);
        let one = new_effect(narrow.approved.clone(), true);
        refused_with(&narrow.admit(vec![one.clone(), one]).await, ErrorCode::ValidationError);
    });
}

#[test]
fn another_post_in_place_of_the_first_is_no_repetition() {
    block_on(async {
        let narrow = Narrow::new(Rules::default()).await;
        let view = narrow.admitted(true).await;
        let record = &view.effects[0];
        assert!(matches!(narrow.advance(record, published("a")).await, Ok(Advanced::Applied(_))));
        assert!(matches!(narrow.advance(record, published("a")).await, Ok(Advanced::Already(_))));
        assert!(matches!(narrow.advance(record, published("b")).await, Ok(Advanced::Fenced)));
    });
}

#[test]
fn nothing_happens_outside_the_time_that_was_approved() {
    block_on(async {
        let narrow = Narrow::new(Rules::default()).await;
        let now = narrow.clock.now();
        let day = TimeDelta::days(1);
        let instant = TimeDelta::microseconds(1);
        for (name, not_before, not_after, expected) in [
            ("early", Some(now + day), None, Some(EffectState::Scheduled)),
            ("a moment early", Some(now + instant), None, Some(EffectState::Scheduled)),
            ("at its first moment", Some(now), None, Some(EffectState::Attempting)),
            ("at its last moment", None, Some(now), Some(EffectState::Attempting)),
            ("a moment late", None, Some(now - instant), None),
            ("late", None, Some(now - day), None),
        ] {
            let content = narrow.approved.get().content().clone();
            let effect = Effect::new(EffectV1 { not_before, not_after, ..content }).unwrap();
            let scene = Scene { decision: Scene::named(name).decision, ..narrow.scene.under_key(name) };
            let Stores { approvals, budget, .. } = &narrow.stores;
            let approved =
                set_up(approvals, budget.as_ref(), &narrow.time(), &scene, PLENTY, &[effect]).await;
            let effects = vec![new_effect(approved[0].clone(), true)];
            let answer = narrow.stores.journal.admit(admit_request(&scene, effects)).await.unwrap();
            match (expected, answer) {
                (Some(state), Admission::Fresh(view)) => {
                    assert_eq!(view.effects[0].progress.state, state, "{name}");
                }
                (None, answer) => refused_with(&answer, ErrorCode::ApprovalExpired),
                (_, answer) => panic!("{name}: {answer:?}"),
            }
        }
    });
}

#[test]
fn absence_is_not_believed_before_the_platform_settled() {
    block_on(async {
        let narrow = Narrow::new(Rules::default()).await;
        let view = narrow.admitted(true).await;
        assert!(narrow.advance(&view.effects[0], Step::AbsentForGood).await.is_err());
    });
}

/// Drives what is due, for so long.
async fn drive_due(narrow: &Narrow, patience: TimeDelta) -> EffectRecord {
    let kernel = narrow.kernel(&Cut::never());
    let leased = kernel.lease(LeaseScope::Due, 1).await.unwrap().remove(0);
    kernel.drive(leased, Purpose::Background, narrow.clock.now() + patience).await.unwrap()
}

/// One attempt whose answer is lost by a caller that does not wait.
async fn lost_at_once(narrow: &Narrow) -> EffectRecord {
    let leased = narrow.leased(true).await;
    let kernel = narrow.kernel(&Cut::never());
    kernel.drive_fresh(leased, narrow.approved.clone(), narrow.clock.now()).await.unwrap()
}

/// The first attempt arrived, later ones did not: a look reaches back to the first.
#[test]
fn a_look_begins_at_the_first_attempt_that_is_open() {
    block_on(async {
        let narrow = Narrow::new(Rules::default().enforcing_keys(TimeDelta::seconds(60))).await;
        narrow.platform.plan(PlatformName::Threads, [Fault::LostAfter]);
        let first = lost_at_once(&narrow).await;
        narrow.platform.plan(PlatformName::Threads, [Fault::LostBefore; 3]);
        narrow.clock.advance(TimeDelta::seconds(20));
        let open = drive_due(&narrow, TimeDelta::seconds(1)).await;
        assert!(open.progress.attempts > first.progress.attempts, "the same key was sent again");
        assert_eq!(open.progress.unsettled_since, first.progress.began_at);

        narrow.clock.set(first.progress.began_at.unwrap() + TimeDelta::seconds(58));
        let found = drive_due(&narrow, TimeDelta::seconds(1)).await;
        assert_eq!(found.progress.state, EffectState::Published);
        assert_eq!(narrow.platform.posts().len(), 1);
    });
}

/// A refused re-send is not repeated: it says nothing, and neither would the next one.
#[test]
fn a_refused_resend_leads_to_a_look() {
    block_on(async {
        let narrow = Narrow::new(Rules::default().enforcing_keys(TimeDelta::hours(1))).await;
        narrow.platform.plan(PlatformName::Threads, [Fault::LostAfter]);
        lost_at_once(&narrow).await;
        let retry_after = TimeDelta::seconds(1);
        narrow.platform.plan(PlatformName::Threads, [Fault::RateLimit { retry_after }]);
        narrow.clock.advance(TimeDelta::seconds(20));
        let found = drive_due(&narrow, TimeDelta::minutes(5)).await;
        assert_eq!(found.progress.state, EffectState::Published);
        assert_eq!(narrow.platform.performed().len(), 2, "no third send");
        assert_eq!(narrow.platform.posts().len(), 1);
    });
}
