//! Ten thousand admissions on one budget that is just enough: every one of them is covered, and not one more.

use std::sync::Arc;

use chimera_contracts::{Clock, DecisionId, ErrorCode, Money, PlatformName, derive_uuid};
use chimera_effect::{Admission, EffectJournal as _};
use chimera_governance::Budget as _;
use chimera_store_sqlite::SqliteStore;
use chimera_testkit::conformance::{StoreFactory as _, Stores};
use chimera_testkit::{PRICE, Scene, admit_request, block_on, new_effect, sample_effect, set_up};
use futures_util::StreamExt as _;
use futures_util::stream;

use crate::factory::Sqlite;

const ADMISSIONS: u64 = 10_000;

/// So many come at once, to each of the openers.
const TOGETHER: usize = 64;

/// One admission of a post of its own, under a decision of its own.
async fn admit(store: Arc<SqliteStore>, clock: Arc<dyn Clock>, number: u64) -> Admission {
    let name = number.to_string();
    let scene = Scene::named("one budget").under_key(&name);
    let decision = DecisionId::from_uuid(derive_uuid("test", &[b"decision", name.as_bytes()]));
    let scene = Scene { decision, ..scene };
    let effects = [sample_effect(&scene, PlatformName::Twitter, &format!("post {name}"))];
    let stores = Stores::of(Arc::clone(&store));
    let limit = Money::usd_micros(ADMISSIONS * PRICE.micros);
    let approved = set_up(&stores.approvals, stores.budget.as_ref(), &clock, &scene, limit, &effects).await;
    let new = approved.into_iter().map(|approved| new_effect(approved, true)).collect();
    store.admit(admit_request(&scene, new)).await.unwrap()
}

#[test]
fn ten_thousand_admissions_on_a_budget_that_is_just_enough() {
    let sqlite = Sqlite::new();
    let clock: Arc<dyn Clock> = sqlite.clock();
    let openers: Vec<_> = (0..4).map(|_| sqlite.store()).collect();
    // A few more than it covers.
    let numbers = stream::iter((0..ADMISSIONS + 20).zip(openers.iter().cycle()));
    let calls = numbers.map(|(number, store)| admit(Arc::clone(store), Arc::clone(&clock), number));
    let answers: Vec<Admission> = block_on(calls.buffer_unordered(TOGETHER).collect());
    let fresh = answers.iter().filter(|answer| matches!(answer, Admission::Fresh(_))).count();
    let refused = answers.iter().filter(
        |answer| matches!(answer, Admission::Refused(refused) if refused.code == ErrorCode::BudgetExceeded),
    );
    assert_eq!((fresh as u64, refused.count()), (ADMISSIONS, 20));
    let scope = Scene::named("one budget").scope();
    let balance = block_on(openers[0].balance(&scope)).unwrap().unwrap();
    assert_eq!(balance.committed, balance.limit);
}
