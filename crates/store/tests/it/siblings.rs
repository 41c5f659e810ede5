//! Two effects of one request finish together: each step was computed while the other was still being attempted.

use std::sync::Arc;

use chimera_audit::{EventType, LedgerQuery, LedgerReader as _, Page};
use chimera_contracts::{Clock, Entropy, Money, PlatformName};
use chimera_effect::{Admission, Advance, Advanced, EffectJournal as _, EffectRecord, EffectState};
use chimera_store::Store;
use chimera_store_memory::Memory;
use chimera_testkit::conformance::Stores;
use chimera_testkit::{
    Scene, TestClock, TestEntropy, admit_request, block_on, new_effect, published, sample_effect, set_up,
};

use crate::unsteady::Unsteady;

fn done(record: &EffectRecord, post: &str) -> Advance {
    let (epoch, version) = (record.progress.epoch, record.progress.version);
    Advance { effect: record.id, epoch, version, step: published(post), keep: None }
}

#[test]
fn the_end_of_a_request_is_told_by_whoever_is_last() {
    let clock: Arc<dyn Clock> = Arc::new(TestClock::new());
    let entropy: Arc<dyn Entropy> = Arc::new(TestEntropy::seeded(1));
    let memory = Memory::new(Arc::clone(&clock), Arc::clone(&entropy));
    let first = Arc::new(memory.open());
    block_on(async {
        let scene = Scene::named("siblings");
        let stores = Stores::of(Arc::clone(&first));
        let effects = [PlatformName::Twitter, PlatformName::Threads]
            .map(|platform| sample_effect(&scene, platform, "Hello"));
        let limit = Money::usd_micros(1_000_000);
        let approved =
            set_up(&stores.approvals, stores.budget.as_ref(), &clock, &scene, limit, &effects).await;
        let new = approved.into_iter().map(|approved| new_effect(approved, true)).collect();
        let Admission::Fresh(view) = first.admit(admit_request(&scene, new)).await.unwrap() else {
            panic!("the request is new")
        };
        let [ours, theirs] = view.effects.as_slice() else { panic!("two effects") };
        let (other, their_step) = (Arc::clone(&first), done(theirs, "theirs"));
        let meanwhile = move || {
            let (other, step) = (Arc::clone(&other), their_step.clone());
            let applied = async move {
                let advanced = other.advance(step).await.unwrap();
                assert!(matches!(advanced, Advanced::Applied(_)), "{advanced:?}");
            };
            Box::pin(applied) as futures_util::future::BoxFuture<'static, ()>
        };
        let backend = Unsteady::meanwhile(memory.opener(), Box::new(meanwhile));
        let second = Store::new(backend, entropy);
        let advanced = second.advance(done(ours, "ours")).await.unwrap();
        assert!(matches!(advanced, Advanced::Applied(_)), "{advanced:?}");

        let view = first.request(&scene.key).await.unwrap().unwrap();
        assert!(view.effects.iter().all(|record| record.progress.state == EffectState::Published));
        let kind = Some(EventType::of("skill.publish_content.complete"));
        let query = LedgerQuery { kind, ..LedgerQuery::default() };
        let told = first.find(&query, Page { from: 0, limit: 10 }).await.unwrap();
        assert_eq!(told.len(), 1, "once, and not by nobody");
        let leaf = String::from_utf8(told[0].leaf.clone()).unwrap();
        assert!(leaf.contains("\"status\":\"success\""), "{leaf}");
    });
}
