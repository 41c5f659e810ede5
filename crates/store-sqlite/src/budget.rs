//! Budgets.

use async_trait::async_trait;
use chimera_contracts::{CampaignId, Currency, Money, Namespace, StoreError};
use chimera_governance::{Balance, Budget, BudgetScope};
use rusqlite::{Connection, OptionalExtension};

use crate::error::{StepError, StepResult};
use crate::store::SqliteStore;

pub(crate) fn scope(namespace: &Namespace, campaign: CampaignId) -> BudgetScope {
    BudgetScope { namespace: namespace.clone(), campaign }
}

pub(crate) fn balance(connection: &Connection, scope: &BudgetScope) -> StepResult<Option<Balance>> {
    let mut statement = connection.prepare_cached(
        "SELECT currency, ceiling, spent, committed FROM budget WHERE namespace = ?1 AND campaign = ?2",
    )?;
    let found = statement
        .query_row((scope.namespace.as_str(), scope.campaign.as_uuid().as_bytes()), |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    let Some((currency, limit, spent, committed)) = found else { return Ok(None) };
    let currency = Currency::try_from(currency).map_err(|error| StepError::corrupt(error.to_string()))?;
    let money = |micros| Money { micros, currency };
    Ok(Some(Balance { limit: money(limit), spent: money(spent), committed: money(committed) }))
}

pub(crate) fn write(connection: &Connection, scope: &BudgetScope, balance: &Balance) -> StepResult<()> {
    connection
        .prepare_cached(
            "INSERT INTO budget (namespace, campaign, currency, ceiling, spent, committed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET ceiling = ?4, spent = ?5, committed = ?6",
        )?
        .execute((
            scope.namespace.as_str(),
            scope.campaign.as_uuid().as_bytes(),
            balance.limit.currency.to_string(),
            balance.limit.micros,
            balance.spent.micros,
            balance.committed.micros,
        ))?;
    Ok(())
}

fn set_limit(connection: &Connection, scope: &BudgetScope, limit: Money) -> StepResult<()> {
    let balance = match balance(connection, scope)? {
        Some(known) if known.limit.currency != limit.currency => {
            let message =
                format!("the budget is in {}, the limit in {}", known.limit.currency, limit.currency);
            return Err(StepError::misuse(message));
        }
        Some(known) => Balance { limit, ..known },
        None => Balance::new(limit),
    };
    write(connection, scope, &balance)
}

#[async_trait]
impl Budget for SqliteStore {
    async fn set_limit(&self, scope: &BudgetScope, limit: Money) -> Result<(), StoreError> {
        let scope = scope.clone();
        let step = move |connection: &Connection| set_limit(connection, &scope, limit);
        self.write(step).await.map_err(StepError::into_store)
    }

    async fn balance(&self, scope: &BudgetScope) -> Result<Option<Balance>, StoreError> {
        let scope = scope.clone();
        self.read(move |connection| balance(connection, &scope)).await.map_err(StepError::into_store)
    }
}
