//! `Budget`: limits, which keep what is spent and held.

use chimera_contracts::{Applied, Currency, ErrorCode, Money, Namespace, PlatformName, StoreErrorKind};
use chimera_effect::{Admission, Admit, Evidence, FoundBy, RequestKey, Step};
use chimera_governance::{Balance, BudgetOwner, BudgetScope};

use super::StoreFactory;
use super::case::port_suite;
use super::ports::GivesBudget;
use super::stage::{PLENTY, Stage, admission_refused, fresh, not_done, request};
use crate::scene::{PRICE, Scene, done, published, sample_effect};

port_suite! {
    GivesBudget:
    a_limit_is_set_and_changed
    a_limit_in_another_currency_is_misuse
    budgets_are_separate_and_durable
}

/// `set_limit` creates the budget or changes its limit, also below what is taken; what is spent and held stays.
pub async fn a_limit_is_set_again_and_what_is_held_stays(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "a limit is set again and what is held stays").await;
    let scope = stage.scene.scope();
    assert_eq!(stage.balance().await, None, "no budget was set");
    let view = stage.admitted(2, true).await;
    stage.apply(&view.effects[0], published("spent")).await;
    for limit in [PLENTY, PLENTY, Money::usd_micros(5 * PRICE.micros), Money::usd_micros(1), PLENTY] {
        stage.stores.budget().set_limit(&scope, limit).await.unwrap();
        assert_eq!(stage.balance().await, Some(Balance { limit, spent: PRICE, committed: PRICE }));
    }
}

/// `set_limit` creates the budget or changes its limit, to more, to less and to nothing; setting it again changes nothing.
pub async fn a_limit_is_set_and_changed<P: GivesBudget>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a limit is set and changed").await;
    let scope = stage.scene.scope();
    assert_eq!(stage.balance().await, None, "no budget was set");
    for micros in [5, 5, 7, 1, 0, 5] {
        let limit = Money::usd_micros(micros);
        stage.stores.budget().set_limit(&scope, limit).await.unwrap();
        assert_eq!(stage.balance().await, Some(Balance::new(limit)));
    }
}

/// A limit in another currency is `Misuse`; nothing changes.
pub async fn a_limit_in_another_currency_is_misuse<P: GivesBudget>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a limit in another currency is misuse").await;
    let scope = stage.scene.scope();
    stage.stores.budget().set_limit(&scope, PLENTY).await.unwrap();
    let euros = Money { micros: 1, currency: Currency::try_from("EUR".to_owned()).unwrap() };
    let error = stage.stores.budget().set_limit(&scope, euros).await.unwrap_err();
    assert_eq!((error.kind, error.applied), (StoreErrorKind::Misuse, Applied::NotApplied));
    assert_eq!(stage.balance().await, Some(Balance::new(PLENTY)));
}

/// Budgets of campaigns and tenants are separate, and durable.
pub async fn budgets_are_separate_and_durable<P: GivesBudget>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "budgets are separate and durable").await;
    let mut scopes = vec![stage.scene.scope(), Scene::named("budgets are separate, too").scope()];
    scopes.push(BudgetScope { namespace: "another-tenant".parse().unwrap(), ..stage.scene.scope() });
    for (micros, scope) in (1..).zip(&scopes) {
        stage.stores.budget().set_limit(scope, Money::usd_micros(micros)).await.unwrap();
    }
    let stage = stage.crashed().await;
    for (micros, scope) in (1..).zip(&scopes) {
        let balance = stage.stores.budget().balance(scope).await.unwrap();
        assert_eq!(balance, Some(Balance::new(Money::usd_micros(micros))));
    }
}

/// The budgets of the tenant (of a tenant of this name alone), the agent and one that the host names, beside the campaign's.
fn further(scene: &Scene) -> [BudgetScope; 3] {
    let owners =
        [BudgetOwner::Tenant, BudgetOwner::Agent(scene.agent), BudgetOwner::Named("spring".to_owned())];
    owners.map(|owner| BudgetScope { namespace: scene.namespace.clone(), owner })
}

/// A scene of a tenant of its own, so that the tenant's budget holds for nobody else.
async fn tenant<'a>(factory: &'a dyn StoreFactory, name: &str) -> Stage<'a> {
    let stage = Stage::open(factory, name).await;
    let namespace: Namespace = name.replace(' ', "-").parse().expect("it is a namespace");
    let key = RequestKey { namespace: namespace.clone(), ..stage.scene.key.clone() };
    Stage { scene: Scene { namespace, key, ..stage.scene }, ..stage }
}

async fn balances(stage: &Stage<'_>, scopes: &[BudgetScope]) -> Vec<(u64, u64)> {
    let mut found = Vec::new();
    for scope in scopes {
        let balance = stage.stores.budget.balance(scope).await.unwrap().expect("it is set");
        found.push((balance.spent.micros, balance.committed.micros));
    }
    found
}

/// Two effects of this scene, admitted or not, that name the budget `spring`.
async fn admit_two(stage: &Stage<'_>) -> Admission {
    let approved = stage.set_up(PLENTY, &stage.effects(2)).await;
    let named_budgets = vec!["spring".to_owned()];
    stage.admit(Admit { named_budgets, ..request(&stage.scene, &approved, true) }).await
}

/// *Covered*: every budget of a request holds all of it; what comes of an effect is settled in each, also after a crash.
pub async fn every_budget_of_a_request_holds_and_pays(factory: &dyn StoreFactory) {
    let stage = tenant(factory, "every budget of a request holds and pays").await;
    let scopes = further(&stage.scene);
    for scope in &scopes {
        stage.stores.budget.set_limit(scope, Money::usd_micros(10 * PRICE.micros)).await.unwrap();
    }
    let all: Vec<BudgetScope> = scopes.iter().cloned().chain([stage.scene.scope()]).collect();
    let view = fresh(admit_two(&stage).await);
    assert_eq!(balances(&stage, &all).await, [(0, 2 * PRICE.micros); 4]);
    let stage = stage.crashed().await;
    stage.apply(&view.effects[0], published("paid")).await;
    assert_eq!(balances(&stage, &all).await, [(PRICE.micros, PRICE.micros); 4]);
    stage.apply(&view.effects[1], not_done(ErrorCode::ContentPolicyViolation)).await;
    assert_eq!(balances(&stage, &all).await, [(PRICE.micros, 0); 4]);
}

/// *Covered*: one budget that cannot hold a request refuses it, and no other one holds anything then. One that is named has to
/// be set; a budget that is set later holds for what is admitted later.
pub async fn one_budget_that_is_full_refuses(factory: &dyn StoreFactory) {
    for short in 0..3 {
        let stage = tenant(factory, &format!("one budget that is full refuses {short}")).await;
        let scopes = further(&stage.scene);
        for (number, scope) in scopes.iter().enumerate() {
            let limit = if number == short { 2 * PRICE.micros - 1 } else { 10 * PRICE.micros };
            stage.stores.budget.set_limit(scope, Money::usd_micros(limit)).await.unwrap();
        }
        let refused = admission_refused(admit_two(&stage).await);
        assert_eq!(refused.code, ErrorCode::BudgetExceeded);
        let all: Vec<BudgetScope> = scopes.iter().cloned().chain([stage.scene.scope()]).collect();
        assert_eq!(balances(&stage, &all).await, [(0, 0); 4], "{}", refused.message);
        assert!(refused.message.contains(&scopes[short].owner.to_string()), "{}", refused.message);
        stage.stores.budget.set_limit(&scopes[short], Money::usd_micros(2 * PRICE.micros)).await.unwrap();
        fresh(admit_two(&stage).await);
    }
    let stage = tenant(factory, "a named budget has to be set").await;
    let refused = admission_refused(admit_two(&stage).await);
    assert_eq!(refused.code, ErrorCode::BudgetExceeded);
    assert!(refused.message.contains("`spring`"), "{}", refused.message);
}

/// *Paid*: a cost above the hold is spent in every budget, past its limit, and told; nothing more is held then. Where a direct
/// answer takes the post back, what was spent is held again.
pub async fn an_overrun_is_spent_and_told(factory: &dyn StoreFactory) {
    let stage = tenant(factory, "an overrun is spent and told").await;
    let scopes = further(&stage.scene);
    for scope in &scopes {
        stage.stores.budget.set_limit(scope, Money::usd_micros(3 * PRICE.micros)).await.unwrap();
    }
    let view = fresh(admit_two(&stage).await);
    let dear = Money::usd_micros(5 * PRICE.micros);
    let step = |id: &str, cost: Money, found_by| Step::Done {
        evidence: Evidence { cost: Some(cost), ..done(id) },
        found_by,
    };
    let public = stage.apply(&view.effects[0], step("dear", dear, FoundBy::Answer)).await;
    assert_eq!((public.progress.spent, public.progress.cost), (Some(dear), Some(dear)));
    assert_eq!(balances(&stage, &scopes).await, [(dear.micros, PRICE.micros); 3]);
    let cheap = Money::usd_micros(PRICE.micros / 2);
    stage.apply(&view.effects[1], step("cheap", cheap, FoundBy::Answer)).await;
    assert_eq!(
        balances(&stage, &scopes).await,
        [(dear.micros + cheap.micros, 0); 3],
        "what was held and not spent is free"
    );
    let overruns = stage.trace().await.into_iter().filter(|kind| kind.ends_with(".overrun")).count();
    assert_eq!(overruns, 1);
    let decision = Scene::named("after an overrun").decision;
    let later = Stage { scene: Scene { decision, ..stage.scene.under_key("later") }, ..stage };
    let effects = [sample_effect(&later.scene, PlatformName::Twitter, "later")];
    let approved = later.set_up(PLENTY, &effects).await;
    let refused = admission_refused(later.admit(request(&later.scene, &approved, true)).await);
    assert_eq!(refused.code, ErrorCode::BudgetExceeded, "{}", refused.message);
}
