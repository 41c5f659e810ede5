//! Budgets: a campaign's (PUB-15), and beside it those of the tenant, of the agent, and others that the host names.
//!
//! INVARIANT: `spent + committed <= limit` after every hold; only a settlement above its hold, which the
//! platform caused and we cannot undo, may pass the limit.

use std::fmt::{self, Debug};

use async_trait::async_trait;
use chimera_contracts::{AgentId, CampaignId, Money, Namespace, StoreError};
use serde::{Deserialize, Serialize};

/// Whose budget, within a tenant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BudgetOwner {
    /// Everything that the tenant does. Holds where it is set.
    Tenant,
    /// Everything that an agent does. Holds where it is set.
    Agent(AgentId),
    /// A campaign. Nothing that costs anything runs without it (GOV-06).
    Campaign(CampaignId),
    /// One that the host names, in each request that it holds for.
    Named(String),
}

/// Which budget.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BudgetScope {
    /// The tenant.
    pub namespace: Namespace,
    /// Whose.
    pub owner: BudgetOwner,
}

impl BudgetScope {
    /// The budget of a campaign.
    #[must_use]
    pub const fn campaign(namespace: Namespace, campaign: CampaignId) -> Self {
        Self { namespace, owner: BudgetOwner::Campaign(campaign) }
    }
}

impl fmt::Display for BudgetOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tenant => f.write_str("the tenant"),
            Self::Agent(agent) => write!(f, "agent {agent}"),
            Self::Campaign(_) => f.write_str("the campaign"),
            Self::Named(name) => write!(f, "`{name}`"),
        }
    }
}

/// A budget as it stands. All three amounts are of the limit's currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Balance {
    /// What may be spent in all.
    pub limit: Money,
    /// What was spent.
    pub spent: Money,
    /// What is held for effects that are not settled.
    pub committed: Money,
}

/// A hold does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BudgetDenial {
    /// `spent + committed + amount` would pass the limit.
    #[error("the budget does not cover {amount}: {free} of {limit} is free")]
    Exceeded {
        /// What was asked for.
        amount: Money,
        /// What is free.
        free: Money,
        /// The limit.
        limit: Money,
    },
    /// The amount is of another currency than the budget.
    #[error("the budget is in {budget}, the price in {price}")]
    Currency {
        /// The budget's currency.
        budget: chimera_contracts::Currency,
        /// The price's currency.
        price: chimera_contracts::Currency,
    },
}

impl Balance {
    /// An untouched budget.
    #[must_use]
    pub const fn new(limit: Money) -> Self {
        let zero = Money::zero(limit.currency);
        Self { limit, spent: zero, committed: zero }
    }

    /// What is neither spent nor held.
    #[must_use]
    pub fn free(&self) -> Money {
        let taken = self.spent.micros.saturating_add(self.committed.micros);
        Money { micros: self.limit.micros.saturating_sub(taken), currency: self.limit.currency }
    }

    /// The balance after holding `amount`.
    ///
    /// # Errors
    /// When it does not fit.
    pub fn hold(self, amount: Money) -> Result<Self, BudgetDenial> {
        let (budget, price) = (self.limit.currency, amount.currency);
        if budget != price {
            return Err(BudgetDenial::Currency { budget, price });
        }
        let free = self.free();
        match self.committed.checked_add(amount) {
            Some(committed) if amount.micros <= free.micros => Ok(Self { committed, ..self }),
            _ => Err(BudgetDenial::Exceeded { amount, free, limit: self.limit }),
        }
    }

    /// The balance after a hold was spent as `actual`.
    #[must_use]
    pub const fn settle(self, held: Money, actual: Money) -> Self {
        let released = self.release(held);
        let micros = released.spent.micros.saturating_add(actual.micros);
        Self { spent: Money { micros, currency: self.limit.currency }, ..released }
    }

    /// The balance after what was spent as `actual` is held again: it is not known any more to have happened.
    #[must_use]
    pub const fn recommit(self, held: Money, actual: Money) -> Self {
        let currency = self.limit.currency;
        let spent = self.spent.micros.saturating_sub(actual.micros);
        let committed = self.committed.micros.saturating_add(held.micros);
        Self {
            spent: Money { micros: spent, currency },
            committed: Money { micros: committed, currency },
            ..self
        }
    }

    /// The balance after `actual` was spent without a hold, because it happened all the same. May pass the limit.
    #[must_use]
    pub const fn charge(self, actual: Money) -> Self {
        let micros = self.spent.micros.saturating_add(actual.micros);
        Self { spent: Money { micros, currency: self.limit.currency }, ..self }
    }

    /// The balance after a hold was let go.
    #[must_use]
    pub const fn release(self, held: Money) -> Self {
        let micros = self.committed.micros.saturating_sub(held.micros);
        Self { committed: Money { micros, currency: self.limit.currency }, ..self }
    }
}

/// Administration of budgets. Holds and settlements are part of the kernel's own steps.
///
/// # Contract
/// - `set_limit` creates the budget or changes its limit; what is spent and held stays. It is durable on return and idempotent.
/// - A limit in another currency than the budget's is refused (`Misuse`), nothing changes.
/// - `balance` shows what is committed, never a step in progress.
#[async_trait]
pub trait Budget: Debug + Send + Sync + 'static {
    /// Sets what may be spent.
    ///
    /// # Errors
    /// When the store fails, or the currency is not the budget's.
    async fn set_limit(&self, scope: &BudgetScope, limit: Money) -> Result<(), StoreError>;

    /// The budget as it stands; `None` when none was set. Nothing that costs anything runs without one (GOV-06).
    ///
    /// # Errors
    /// When the store fails.
    async fn balance(&self, scope: &BudgetScope) -> Result<Option<Balance>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_never_pass_the_limit() {
        let balance = Balance::new(Money::usd_micros(10)).hold(Money::usd_micros(7)).unwrap();
        assert!(matches!(balance.hold(Money::usd_micros(4)), Err(BudgetDenial::Exceeded { .. })));
        let balance = balance.hold(Money::usd_micros(3)).unwrap();
        assert_eq!(balance.free(), Money::usd_micros(0));
    }

    #[test]
    fn settled_is_spent_and_released_is_free() {
        let held = Balance::new(Money::usd_micros(10)).hold(Money::usd_micros(7)).unwrap();
        assert_eq!(held.settle(Money::usd_micros(7), Money::usd_micros(5)).free(), Money::usd_micros(5));
        assert_eq!(held.release(Money::usd_micros(7)).free(), Money::usd_micros(10));
        let spent = held.settle(Money::usd_micros(7), Money::usd_micros(7));
        assert_eq!(spent.recommit(Money::usd_micros(7), Money::usd_micros(7)), held);
        let over = held.settle(Money::usd_micros(7), Money::usd_micros(9));
        assert_eq!(over.recommit(Money::usd_micros(7), Money::usd_micros(9)), held);
        assert_eq!(
            Balance::new(Money::usd_micros(1)).charge(Money::usd_micros(7)).spent,
            Money::usd_micros(7)
        );
    }
}
