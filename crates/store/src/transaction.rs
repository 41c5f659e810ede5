//! What a step writes, and on what condition.

use chimera_audit::SealedDraft;
use chimera_contracts::{Digest, Money};
use chimera_governance::{Balance, BudgetScope};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::row::{Key, Row};
use crate::scan::Scan;

/// Everything that one step writes, and the conditions on which it does.
///
/// A backend evaluates all conditions before the first write, in one transaction with the writes.
#[derive(Clone, Debug, Default)]
pub struct Transaction {
    /// What must hold.
    pub conditions: Vec<Condition>,
    /// What is written, in order.
    pub writes: Vec<Write>,
    /// What the ledger is told, in order; all at one time of the store's clock.
    pub events: Vec<Event>,
}

/// What must hold when a step is applied, because the step was computed from it.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// The row has this revision; `None`: there is no such row.
    Revision(Key, Option<u64>),
    /// The scan gives the rows with these ids, in any order.
    Rows(Scan, Vec<Uuid>),
    /// The store's clock is before this.
    Before(DateTime<Utc>),
}

/// One row operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// Inserts the row, or replaces it.
    Put(Row),
    /// Moves a budget relatively. A hold that does not fit, and any move of a budget that is not there, makes the
    /// transaction stale, as a condition that fails.
    Budget(BudgetScope, BudgetChange),
}

/// How a budget moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetChange {
    /// Sets the limit, making the budget where there is none. The currency stays.
    Limit(Money),
    /// Holds so much, within the limit.
    Hold(Money),
    /// The hold is spent.
    Settle {
        /// What was held.
        held: Money,
        /// What it cost.
        actual: Money,
    },
    /// The hold is let go.
    Release(Money),
    /// What was spent is held again.
    Recommit(Money),
    /// So much is spent without a hold.
    Charge(Money),
}

impl BudgetChange {
    /// The budget after the move; `None` where it may not be.
    #[must_use]
    pub fn apply(self, balance: Option<Balance>) -> Option<Balance> {
        if let Self::Limit(limit) = self {
            return match balance {
                None => Some(Balance::new(limit)),
                Some(known) if known.limit.currency == limit.currency => Some(Balance { limit, ..known }),
                Some(_) => None,
            };
        }
        let balance = balance?;
        Some(match self {
            Self::Limit(_) => balance,
            Self::Hold(amount) => balance.hold(amount).ok()?,
            Self::Settle { held, actual } => balance.settle(held, actual),
            Self::Release(held) => balance.release(held),
            Self::Recommit(amount) => balance.recommit(amount),
            Self::Charge(actual) => balance.charge(actual),
        })
    }
}

/// An event to append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The draft with its bytes, but for the time.
    pub sealed: SealedDraft,
    /// Where its author may append it again: what makes another draft the same event. It is found again by its id
    /// ([`Key::Event`]). Events of the journal are once by the revision of their request.
    pub sameness: Option<Digest>,
}
