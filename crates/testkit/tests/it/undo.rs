//! An undo that a kernel drives: over a platform that deletes, loses answers and keeps keys.

use std::sync::Arc;

use chimera_contracts::{Clock, ErrorCode, PlatformName};
use chimera_effect::{
    Admission, Admit, Carry, Effect, EffectRecord, EffectState, FoundBy, Kernel, LeaseScope, Leased, Purpose,
    RequestKey, RequestView, Told, Undoes,
};
use chimera_governance::{Approved, Decision};
use chimera_testkit::conformance::Stores;
use chimera_testkit::{
    Action, Cut, Fault, Memory, PRICE, Rules, Scene, StrictPlatform, TestClock, TestEntropy, admit_request,
    approve, block_on, new_effect, run_until_cut, sample_decision, sample_effect,
};
use chrono::{DateTime, TimeDelta, Utc};

use crate::world::PLACE;

/// Where another effect of the same request is refused.
const ELSEWHERE: PlatformName = PlatformName::Twitter;
const PLENTY: chimera_contracts::Money = chimera_contracts::Money::usd_micros(100_000);

/// A store and a platform that outlive their kernels, with one post to come.
struct Place {
    clock: Arc<TestClock>,
    memory: Memory,
    platform: StrictPlatform,
    scene: Scene,
}

impl Place {
    fn new(rules: Rules) -> Self {
        let clock = Arc::new(TestClock::manual());
        let time: Arc<dyn Clock> = Arc::<TestClock>::clone(&clock);
        let memory = Memory::new(Arc::clone(&time), Arc::new(TestEntropy::seeded(11)));
        let platform = StrictPlatform::everywhere(time, rules);
        Self { clock, memory, platform, scene: Scene::named("undoing") }
    }

    fn time(&self) -> Arc<dyn Clock> {
        Arc::<TestClock>::clone(&self.clock)
    }

    /// Until then a drive goes on: it begins attempts, and waits for no look.
    fn soon(&self) -> DateTime<Utc> {
        self.clock.now() + TimeDelta::seconds(1)
    }

    fn open(&self) -> Stores {
        Stores::of(Arc::new(self.memory.open()))
    }

    fn kernel(&self, stores: &Stores, cut: &Cut) -> Kernel {
        let gate = chimera_governance::Gate::new(Arc::clone(&stores.approvals), self.time());
        let (journal, platform) = (cut.journal(Arc::clone(&stores.journal)), Arc::new(self.platform.clone()));
        Kernel::new(
            journal,
            cut.platform(platform),
            gate,
            self.time(),
            chimera_effect::KernelOptions::default(),
        )
    }

    /// The post, public, approved with the rule that it is taken back; another one beside it was refused.
    async fn posted(&self, stores: &Stores) -> RequestView {
        let effects = [
            sample_effect(&self.scene, PLACE, "a post"),
            sample_effect(&self.scene, ELSEWHERE, "a post that is refused"),
        ];
        stores.budget.set_limit(&self.scene.scope(), PLENTY).await.unwrap();
        let sample = sample_decision(&self.scene, &effects, self.clock.as_ref());
        stores.approvals.record(Decision { takes_back: true, ..sample }).await.unwrap();
        let approved = approve(&stores.approvals, &self.time(), &self.scene, &effects).await;
        let kernel = self.kernel(stores, &Cut::never());
        self.platform.plan(ELSEWHERE, [Fault::Refuse(ErrorCode::ContentPolicyViolation)]);
        let new = approved.iter().map(|approved| new_effect(approved.clone(), true)).collect();
        let admitted = kernel.admit(admit_request(&self.scene, new)).await.unwrap();
        for (leased, approved) in admitted.into_parts().1.into_iter().zip(approved) {
            kernel.drive_fresh(leased, approved, self.soon()).await.unwrap();
        }
        self.view(stores).await
    }

    async fn view(&self, stores: &Stores) -> RequestView {
        stores.journal.request(&self.scene.key).await.unwrap().unwrap()
    }

    async fn post(&self, stores: &Stores) -> EffectRecord {
        self.view(stores).await.effects.remove(0)
    }

    /// Admits what was not admitted before, and drives it.
    async fn drive_fresh(&self, kernel: &Kernel, asked: Admit, approved: Approved<Effect>) {
        let (admission, leased) = kernel.admit(asked).await.unwrap().into_parts();
        if let (Admission::Fresh(_), Some(leased)) = (admission, leased.into_iter().next()) {
            kernel.drive_fresh(leased, approved, self.soon()).await.unwrap();
        }
    }

    /// Asks for the undo of the post, as often as anybody likes.
    async fn undo(&self, kernel: &Kernel, view: &RequestView) {
        let post = &view.effects[0];
        let Ok(approved) = kernel.approve_undo(&view.request, post).await else { return };
        let asked = Admit::undo(&view.request, post, new_effect(approved.clone(), true));
        self.drive_fresh(kernel, asked, approved).await;
    }

    async fn drive(&self, kernel: &Kernel, scope: LeaseScope, purpose: Purpose) -> Vec<EffectRecord> {
        let leased: Vec<Leased> = kernel.lease(scope, 10).await.unwrap();
        let mut driven = Vec::new();
        for leased in leased {
            driven.push(kernel.drive(leased, purpose, self.soon()).await.unwrap());
        }
        driven
    }

    /// Lets time pass and the worker work until nothing is due any more.
    async fn settle(&self, kernel: &Kernel) {
        for _ in 0..20 {
            self.clock.advance(TimeDelta::seconds(30));
            self.drive(kernel, LeaseScope::Due, Purpose::Background).await;
        }
    }

    /// The caller asks with its key again.
    async fn ask_again(&self, kernel: &Kernel, view: RequestView) -> Vec<Told> {
        let until = self.soon();
        let carry = Carry {
            key: self.scene.key.clone(),
            effects: vec![view.effects[0].id],
            within: TimeDelta::seconds(1),
            until,
            poll: TimeDelta::milliseconds(100),
        };
        kernel.carry_on(&carry, view).await
    }
}

/// The key under which the rule of a post's decision has it taken back.
fn key_of(post: &EffectRecord, scene: &Scene) -> RequestKey {
    Undoes::of(post).key(&scene.key, post.decision, &post.undo().expect("it can be undone"))
}

#[test]
fn a_post_is_deleted_and_comes_back_under_another_key() {
    block_on(async {
        // A server that keeps keys would answer the first one with the deleted post.
        let place = Place::new(Rules::default().enforcing_keys(TimeDelta::days(30)));
        let stores = place.open();
        let view = place.posted(&stores).await;
        let kernel = place.kernel(&stores, &Cut::never());
        let first = place.platform.posts();
        place.undo(&kernel, &view).await;
        assert_eq!((place.platform.posts(), place.platform.deleted()), (vec![], first.clone()));
        let down = place.view(&stores).await;
        assert_eq!(down.effects[0].progress.state, EffectState::RolledBack);
        // What is asked for again from before it was down is taken back no second time.
        place.undo(&kernel, &view).await;
        assert_eq!(place.platform.performed().len(), 3, "two posts, one of them refused, and one undo");
        place.settle(&kernel).await;
        assert_eq!(place.platform.posts(), [], "nobody asked for it");

        let told = place.ask_again(&kernel, down).await;
        assert_eq!(told[0].state(), EffectState::Published);
        let posts = place.platform.posts();
        assert_eq!(posts.len(), 1);
        assert_ne!(posts[0].id, first[0].id);
        let balance = stores.budget.balance(&place.scene.scope()).await.unwrap().unwrap();
        assert_eq!(
            (balance.spent.micros, balance.committed.micros),
            (3 * PRICE.micros, 0),
            "all three calls"
        );

        let again = place.view(&stores).await;
        place.undo(&kernel, &again).await;
        assert_eq!((place.platform.posts().len(), place.platform.deleted().len()), (0, 2));
        assert_eq!(place.post(&stores).await.progress.generation(), 2);
        assert_eq!(place.platform.violations(), Vec::<String>::new());
    });
}

#[test]
fn a_lost_undo_is_sent_again_or_looked_for() {
    for (deletes_again, fault, by_itself) in [
        (true, Fault::LostAfter, true),
        (true, Fault::LostBefore, true),
        (false, Fault::LostAfter, true),
        // Two looks show the post: it was not deleted, and its caller asks again.
        (false, Fault::LostBefore, false),
        (false, Fault::Ghost, true),
    ] {
        block_on(async {
            let place = Place::new(Rules { deletes_again, ..Rules::default() });
            let stores = place.open();
            let view = place.posted(&stores).await;
            let kernel = place.kernel(&stores, &Cut::never());
            place
                .platform
                .plan(PLACE, [fault, fault, fault].into_iter().take(if deletes_again { 1 } else { 3 }));
            place.undo(&kernel, &view).await;
            place.settle(&kernel).await;
            let said = format!("{deletes_again} {fault:?}");
            let expected = if by_itself { EffectState::RolledBack } else { EffectState::Published };
            assert_eq!(place.post(&stores).await.progress.state, expected, "{said}");
            let key = key_of(&view.effects[0], &place.scene);
            let undo = stores.journal.request(&key).await.unwrap().unwrap().effects.remove(0);
            if by_itself {
                let found = if deletes_again { FoundBy::Answer } else { FoundBy::Look };
                assert_eq!(
                    (undo.progress.state, undo.progress.found_by),
                    (EffectState::Published, found),
                    "{said}"
                );
            } else {
                assert_eq!(undo.progress.state, EffectState::NotDone);
                let refusal = undo.progress.refusal.as_ref().unwrap();
                assert_eq!(refusal.code, ErrorCode::Timeout);
                assert!(refusal.message.contains("the post is still public"), "{}", refusal.message);
            }
            assert_eq!(place.platform.violations(), Vec::<String>::new(), "{said}");
        });
    }
}

#[test]
fn what_refuses_a_new_attempt_leaves_it_taken_back() {
    block_on(async {
        let place = Place::new(Rules::default());
        let stores = place.open();
        let view = place.posted(&stores).await;
        let kernel = place.kernel(&stores, &Cut::never());
        place.undo(&kernel, &view).await;
        let spent = chimera_contracts::Money::usd_micros(2 * PRICE.micros);
        stores.budget.set_limit(&place.scene.scope(), spent).await.unwrap();
        let down = place.view(&stores).await;
        let told = place.ask_again(&kernel, down.clone()).await;
        assert_eq!(told[0].state(), EffectState::RolledBack);
        let after = place.post(&stores).await;
        assert_eq!(after.progress.lease, None, "the next caller may ask");
        assert_eq!(after.progress.attempts, down.effects[0].progress.attempts);
        stores.budget.set_limit(&place.scene.scope(), PLENTY).await.unwrap();
        let told = place.ask_again(&kernel, place.view(&stores).await).await;
        assert_eq!(told[0].state(), EffectState::Published);
    });
}

/// Post, undo and a second post, with a process that dies before or after any call of a port.
#[test]
fn an_undo_survives_a_cut_at_every_call() {
    for deletes_again in [true, false] {
        let mut number = 0;
        loop {
            let place = Place::new(Rules { deletes_again, ..Rules::default() });
            let cut = Cut::at(number, Action::Stop);
            let dead = place.open();
            let view = block_on(place.posted(&dead));
            let kernel = place.kernel(&dead, &cut);
            block_on(run_until_cut(place.undo(&kernel, &view), &cut));
            drop((kernel, dead));
            let stores = place.open();
            let kernel = place.kernel(&stores, &Cut::never());
            let said = format!("cut {number}, {deletes_again}");
            block_on(async {
                let shown = place.post(&stores).await.progress.state;
                assert!(matches!(shown, EffectState::Published | EffectState::RolledBack), "{said}");
                assert!(shown == EffectState::Published || place.platform.posts().is_empty(), "{said}");
                place.undo(&kernel, &view).await;
                place.settle(&kernel).await;
                // Where two looks showed the post, its caller asks once more.
                let key = key_of(&view.effects[0], &place.scene);
                let undo = stores.journal.request(&key).await.unwrap().unwrap().effects.remove(0);
                place.drive(&kernel, LeaseScope::Of(vec![undo.id]), Purpose::Asked).await;
                assert_eq!(place.platform.posts(), [], "{said}");
                assert_eq!(place.post(&stores).await.progress.state, EffectState::RolledBack, "{said}");
                assert_eq!(place.platform.deleted().len(), 1, "{said}");
                assert_eq!(place.platform.violations(), Vec::<String>::new(), "{said}");
            });
            if !cut.was_reached() {
                assert!(number > 4, "{said}");
                break;
            }
            number += 1;
        }
    }
}
