//! A real kernel over the store in memory and the strict platform, cut at every port call.

use std::sync::Arc;

use chimera_contracts::{Clock, Money, PlatformName, StoreError};
use chimera_effect::{
    Admission, Effect, EffectState, Kernel, KernelOptions, LeaseScope, Purpose, RequestView,
};
use chimera_governance::{Gate, GateError};
use chimera_testkit::conformance::Stores;
use chimera_testkit::{
    Action, Cut, Fault, Memory, MemoryStore, PRICE, Rules, Scene, StrictPlatform, TestClock, TestEntropy,
    admit_request, block_on, run_until_cut, sample_effect, set_up, tries,
};
use chrono::TimeDelta;
use futures_util::future::join_all;

/// Everything that outlives a process.
struct Outside {
    clock: Arc<TestClock>,
    store: MemoryStore,
    platform: StrictPlatform,
    scene: Scene,
    effects: Vec<Effect>,
}

impl Outside {
    async fn new(rules: Rules, faults: &[Fault]) -> Self {
        let clock = Arc::new(TestClock::new());
        let dyn_clock: Arc<dyn Clock> = Arc::<TestClock>::clone(&clock);
        let store = Memory::new(Arc::clone(&dyn_clock), Arc::new(TestEntropy::seeded(7))).open();
        let platform = StrictPlatform::everywhere(Arc::clone(&dyn_clock), rules);
        let scene = Scene::named("crashes");
        let places = [PlatformName::Twitter, PlatformName::Threads];
        let effects: Vec<_> = places.iter().map(|place| sample_effect(&scene, *place, "a text")).collect();
        platform.plan(PlatformName::Twitter, faults.iter().copied());
        let stores = Stores::of(Arc::new(store.backend().memory().open()));
        let limit = Money::usd_micros(2 * PRICE.micros);
        set_up(&stores.approvals, stores.budget.as_ref(), &dyn_clock, &scene, limit, &effects).await;
        Self { clock, store, platform, scene, effects }
    }

    fn kernel(&self, stores: &Stores, cut: &Cut) -> Kernel {
        let clock: Arc<dyn Clock> = Arc::<TestClock>::clone(&self.clock);
        let gate = Gate::new(cut.approvals(Arc::clone(&stores.approvals)), Arc::clone(&clock));
        let platform = cut.platform(Arc::new(self.platform.clone()));
        Kernel::new(cut.journal(Arc::clone(&stores.journal)), platform, gate, clock, KernelOptions::default())
    }

    /// What a skill does: gate, admit, drive; a known key is driven again.
    async fn publish(&self, kernel: &Kernel) -> Result<(), StoreError> {
        let until = self.clock.now() + TimeDelta::minutes(1);
        let mut approved = Vec::new();
        for effect in &self.effects {
            let id = self.scene.key.effect_id(&effect.digest());
            match kernel.approve(effect.clone(), id, self.scene.agent, &self.scene.claim()).await {
                Ok(one) => approved.push(one),
                Err(GateError::Store(error)) => return Err(error),
                Err(GateError::Denied(denial)) => panic!("{denial:?}"),
            }
        }
        let new = approved.iter().map(|one| {
            let content = one.get().content();
            let service = kernel.service(content.account_ref(), content.kind).unwrap();
            kernel.new_effect(one.clone(), &service, false)
        });
        let (admission, leased) = kernel.admit(admit_request(&self.scene, new.collect())).await?.into_parts();
        match admission {
            Admission::Fresh(_) => {
                let drives = leased
                    .into_iter()
                    .zip(approved)
                    .map(|(leased, approved)| kernel.drive_fresh(leased, approved, until));
                join_all(drives).await.into_iter().try_for_each(|one| one.map(|_| ()))
            }
            Admission::Known(view) => {
                let ids = view.effects.iter().map(|record| record.id).collect();
                self.drive(kernel, LeaseScope::Of(ids), Purpose::Asked).await.map(|_| ())
            }
            other => panic!("{other:?}"),
        }
    }

    async fn drive(&self, kernel: &Kernel, scope: LeaseScope, purpose: Purpose) -> Result<usize, StoreError> {
        let until = self.clock.now() + TimeDelta::minutes(1);
        let leased = kernel.lease(scope, 10).await?;
        let count = leased.len();
        let drives = leased.into_iter().map(|one| kernel.drive(one, purpose, until));
        join_all(drives).await.into_iter().try_for_each(|one| one.map(|_| ()))?;
        Ok(count)
    }

    /// A new process that finishes what is left, then its caller asks again.
    async fn recover(&self) -> RequestView {
        let stores = Stores::of(Arc::new(self.store.backend().memory().open()));
        let kernel = self.kernel(&stores, &Cut::never());
        for _ in 0..4 {
            for _ in tries(100, "nothing is due any more") {
                if self.drive(&kernel, LeaseScope::Due, Purpose::Background).await.unwrap() == 0 {
                    break;
                }
            }
            self.clock.advance(TimeDelta::minutes(1));
        }
        // More often than there are faults.
        for _ in 0..4 {
            self.publish(&kernel).await.unwrap();
            self.clock.advance(TimeDelta::minutes(1));
            self.drive(&kernel, LeaseScope::Due, Purpose::Background).await.unwrap();
        }
        let view = stores.journal.request(&self.scene.key).await.unwrap().expect("it was asked again");
        let count = |states: &[EffectState]| {
            let fits = view.effects.iter().filter(|record| states.contains(&record.progress.state));
            Money::usd_micros(fits.count() as u64 * PRICE.micros)
        };
        let balance = stores.budget.balance(&self.scene.scope()).await.unwrap().unwrap();
        assert_eq!(balance.spent, count(&[EffectState::Published]), "what is public is paid");
        assert_eq!(
            balance.committed,
            count(&[EffectState::Unknown, EffectState::NotDone]),
            "what is open is held"
        );
        view
    }
}

/// Runs a scenario cut at `at`; gives the number of points of the run and what is known after recovery.
async fn scenario(rules: Rules, faults: &[Fault], cut: Cut) -> (usize, Outside, RequestView) {
    let outside = Outside::new(rules, faults).await;
    {
        let stores = Stores::of(Arc::new(outside.store.backend().memory().open()));
        let kernel = outside.kernel(&stores, &cut);
        let _: Option<Result<(), StoreError>> = run_until_cut(outside.publish(&kernel), &cut).await;
        // The process is gone, and all that it held.
    }
    let view = outside.recover().await;
    (cut.count(), outside, view)
}

fn check(rules: Rules, faults: &[Fault], certain: bool) {
    let (points, ..) = block_on(scenario(rules, faults, Cut::never()));
    assert!(points > 10, "the wrappers are in use");
    for action in [Action::Stop, Action::Fail] {
        // One more than the uncut run has: nothing is cut.
        for at in 0..=points {
            let said = format!("{faults:?} on {rules:?}, {action:?} at {at}");
            let (_, outside, view) = block_on(scenario(rules, faults, Cut::at(at, action)));
            let violations = outside.platform.violations();
            assert!(violations.is_empty(), "{said}: {violations:?}");
            for record in &view.effects {
                let posts = outside.platform.posts_of(record.id);
                assert!(posts.len() <= 1, "{said}: {posts:?}");
                let state = record.progress.state;
                match &record.progress.post {
                    Some(post) => assert_eq!(posts[0].id, post.id, "{said}"),
                    None => assert_eq!(state, EffectState::Unknown, "{said}: nothing is forgotten"),
                }
                assert!(!certain || state == EffectState::Published, "{said}: {state}");
            }
        }
    }
}

const FAULTS: &[&[Fault]] = &[
    &[],
    &[Fault::RateLimit { retry_after: TimeDelta::seconds(1) }],
    &[Fault::LostBefore],
    &[Fault::LostAfter],
    &[Fault::Ghost],
    &[Fault::LostBefore, Fault::LostAfter],
    &[Fault::Ghost, Fault::RateLimit { retry_after: TimeDelta::seconds(1) }],
];

#[test]
fn a_look_up_settles_every_cut() {
    for faults in FAULTS {
        check(Rules::default(), faults, true);
    }
}

#[test]
fn keys_and_a_look_up_settle_every_cut() {
    for faults in FAULTS {
        check(Rules::default().enforcing_keys(TimeDelta::hours(24)), faults, true);
    }
}

#[test]
fn without_either_it_is_unknown_and_never_sent_twice() {
    for faults in FAULTS {
        check(Rules::default().without_look_up(), faults, false);
    }
}
