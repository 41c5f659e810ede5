//! Budgets: moved relatively, so that no step waits for another one's.

use async_trait::async_trait;
use chimera_contracts::{Money, StoreError, StoreErrorKind};
use chimera_governance::{Balance, Budget, BudgetScope};

use crate::backend::Backend;
use crate::loaded::Loaded;
use crate::store::{Outcome, Planned, Store};
use crate::transaction::{BudgetChange, Transaction, Write};

fn plan_limit(scope: &BudgetScope, limit: Money, loaded: &Loaded) -> Planned<()> {
    let currency = loaded.balance(scope)?.map(|balance| balance.limit.currency);
    if let Some(currency) = currency.filter(|currency| *currency != limit.currency) {
        let message = format!("the budget is in {currency}, the limit in {}", limit.currency);
        return Err(StoreError::not_applied(StoreErrorKind::Misuse, message).into());
    }
    let transaction = Transaction {
        writes: vec![Write::Budget(scope.clone(), BudgetChange::Limit(limit))],
        ..Transaction::default()
    };
    Ok(Outcome::Write(Box::new(transaction), ()))
}

#[async_trait]
impl<B: Backend> Budget for Store<B> {
    async fn set_limit(&self, scope: &BudgetScope, limit: Money) -> Result<(), StoreError> {
        let scope = scope.clone();
        let step = move |loaded: &Loaded| plan_limit(&scope, limit, loaded);
        self.run(Loaded::at(self.backend.now()), step).await.map(|((), _)| ())
    }

    async fn balance(&self, scope: &BudgetScope) -> Result<Option<Balance>, StoreError> {
        self.read(|loaded| loaded.balance(scope)).await
    }
}
