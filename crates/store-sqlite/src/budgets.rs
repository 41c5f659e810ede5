//! Budgets.

use chimera_contracts::{Currency, Money};
use chimera_governance::{Balance, BudgetOwner, BudgetScope};
use rusqlite::OptionalExtension;

use crate::error::{StepError, StepResult};
use crate::session::Tx;

/// What a budget's owner is called in the table.
fn names(owner: &BudgetOwner) -> (&'static str, &[u8]) {
    match owner {
        BudgetOwner::Tenant => ("tenant", &[]),
        BudgetOwner::Agent(agent) => ("agent", agent.as_uuid().as_bytes()),
        BudgetOwner::Campaign(campaign) => ("campaign", campaign.as_uuid().as_bytes()),
        BudgetOwner::Named(name) => ("named", name.as_bytes()),
    }
}

pub(crate) fn find(connection: &Tx<'_>, scope: &BudgetScope) -> StepResult<Option<Balance>> {
    let mut statement = connection.prepare_cached(
        "SELECT currency, ceiling, spent, committed FROM budget WHERE namespace = ?1 AND owner = ?2 AND name = ?3",
    )?;
    let (owner, name) = names(&scope.owner);
    let found = statement
        .query_row((scope.namespace.as_str(), owner, name), |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    let Some((currency, limit, spent, committed)) = found else { return Ok(None) };
    let currency = Currency::try_from(currency).map_err(|error| StepError::corrupt(error.to_string()))?;
    let money = |micros| Money { micros, currency };
    Ok(Some(Balance { limit: money(limit), spent: money(spent), committed: money(committed) }))
}

pub(crate) fn put(connection: &Tx<'_>, scope: &BudgetScope, balance: &Balance) -> StepResult<()> {
    let (owner, name) = names(&scope.owner);
    connection
        .prepare_cached(
            "INSERT INTO budget (namespace, owner, name, currency, ceiling, spent, committed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT DO UPDATE SET ceiling = ?5, spent = ?6, committed = ?7",
        )?
        .execute((
            scope.namespace.as_str(),
            owner,
            name,
            balance.limit.currency.to_string(),
            balance.limit.micros,
            balance.spent.micros,
            balance.committed.micros,
        ))?;
    Ok(())
}
