//! `Budget`: limits, which keep what is spent and held.

use chimera_contracts::{Applied, Currency, Money, StoreErrorKind};
use chimera_governance::Balance;

use super::StoreFactory;
use super::stage::{PLENTY, Stage};
use crate::scene::{PRICE, Scene, published};

/// `set_limit` creates the budget or changes its limit, also below what is taken; what is spent and held stays.
pub async fn a_limit_is_set_again_and_what_is_held_stays(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "a limit is set again and what is held stays").await;
    let scope = stage.scene.scope();
    assert_eq!(stage.balance().await, None, "no budget was set");
    let view = stage.admitted(2, true).await;
    stage.apply(&view.effects[0], published("spent")).await;
    for limit in [PLENTY, PLENTY, Money::usd_micros(5 * PRICE.micros), Money::usd_micros(1), PLENTY] {
        stage.stores.budget.set_limit(&scope, limit).await.unwrap();
        assert_eq!(stage.balance().await, Some(Balance { limit, spent: PRICE, committed: PRICE }));
    }
}

/// A limit in another currency is `Misuse`; nothing changes.
pub async fn a_limit_in_another_currency_is_misuse(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "a limit in another currency is misuse").await;
    let scope = stage.scene.scope();
    stage.stores.budget.set_limit(&scope, PLENTY).await.unwrap();
    let euros = Money { micros: 1, currency: Currency::try_from("EUR".to_owned()).unwrap() };
    let error = stage.stores.budget.set_limit(&scope, euros).await.unwrap_err();
    assert_eq!((error.kind, error.applied), (StoreErrorKind::Misuse, Applied::NotApplied));
    assert_eq!(stage.balance().await, Some(Balance::new(PLENTY)));
}

/// Budgets of campaigns and tenants are separate, and durable.
pub async fn budgets_are_separate_and_durable(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "budgets are separate and durable").await;
    let mut scopes = vec![stage.scene.scope(), Scene::named("budgets are separate, too").scope()];
    scopes.push(chimera_governance::BudgetScope {
        namespace: "another-tenant".parse().unwrap(),
        ..stage.scene.scope()
    });
    for (micros, scope) in (1..).zip(&scopes) {
        stage.stores.budget.set_limit(scope, Money::usd_micros(micros)).await.unwrap();
    }
    let stage = stage.crashed().await;
    for (micros, scope) in (1..).zip(&scopes) {
        let balance = stage.stores.budget.balance(scope).await.unwrap();
        assert_eq!(balance, Some(Balance::new(Money::usd_micros(micros))));
    }
}
