//! Budgets.

use chimera_contracts::{Currency, Money};
use chimera_governance::{Balance, BudgetScope};
use rusqlite::OptionalExtension;

use crate::error::{StepError, StepResult};
use crate::session::Tx;

pub(crate) fn find(connection: &Tx<'_>, scope: &BudgetScope) -> StepResult<Option<Balance>> {
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

pub(crate) fn put(connection: &Tx<'_>, scope: &BudgetScope, balance: &Balance) -> StepResult<()> {
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
