//! What a step writes, and on what condition.

use std::collections::BTreeSet;

use chimera_audit::{Entry, Kept, LedgerQuery, SealedDraft};
use chimera_contracts::{Digest, Money, StoreError, StoreErrorKind};
use chimera_governance::{Balance, BudgetScope};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::backend::{Found, Read, Stale};
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
    Put(Box<Row>),
    /// Moves a budget relatively. A hold that does not fit, and any move of a budget that is not there, makes the
    /// transaction stale, as a condition that fails.
    Budget(BudgetScope, BudgetChange),
    /// Removes what is kept beside the entry at this position of the ledger, salt and bytes: from the files, too.
    Erase(u64),
}

impl Write {
    pub(crate) fn put(row: Row) -> Self {
        Self::Put(Box::new(row))
    }
}

/// What the conditions of a transaction come to.
#[derive(Clone, Debug, PartialEq)]
pub enum Checked {
    /// They hold. The budgets that it moves, as they are afterwards.
    Holds(Vec<(BudgetScope, Balance)>),
    /// One fails, or a budget cannot move so.
    Stale(Box<Stale>),
}

impl Transaction {
    /// Evaluates the conditions, and the moves of budgets, each of which adds to the ones before it. `find` reads in the
    /// transaction; `revision` gives the revision of a row, which a backend may read more narrowly than the row.
    ///
    /// # Errors
    /// When reading fails.
    pub fn check<E>(
        &self,
        now: DateTime<Utc>,
        mut find: impl FnMut(&Read) -> Result<Found, E>,
        mut revision: impl FnMut(&Key) -> Result<Option<u64>, E>,
    ) -> Result<Checked, E> {
        let stale = |found| Ok(Checked::Stale(Box::new(Stale { now, found })));
        for condition in &self.conditions {
            let read = match condition {
                Condition::Before(at) if now < *at => continue,
                Condition::Before(_) => return stale(None),
                Condition::Revision(key, expected) if revision(key)? == *expected => continue,
                Condition::Revision(key, _) => Read::Row(key.clone()),
                Condition::Rows(scan, _) => Read::Rows(scan.clone()),
            };
            let found = find(&read)?;
            if !holds(condition, &found) {
                return stale(Some((read, found)));
            }
        }
        let mut budgets: Vec<(BudgetScope, Balance)> = Vec::new();
        for write in &self.writes {
            let Write::Budget(scope, change) = write else { continue };
            let read = Read::Row(Key::Budget(scope.clone()));
            let moved = budgets.iter_mut().find(|(known, _)| known == scope);
            let (before, found) = match &moved {
                Some((_, balance)) => (Some(*balance), None),
                None => match find(&read)? {
                    Found::Row(Some(row)) => match *row {
                        Row::Budget(_, balance) => (Some(balance), Some(Found::Row(Some(row)))),
                        _ => (None, Some(Found::Row(None))),
                    },
                    found => (None, Some(found)),
                },
            };
            match (change.apply(before), moved) {
                (Some(after), Some((_, balance))) => *balance = after,
                (Some(after), None) => budgets.push((scope.clone(), after)),
                (None, _) => return stale(found.map(|found| (read, found))),
            }
        }
        Ok(Checked::Holds(budgets))
    }
}

/// Whether what a condition is about is what it asks for.
fn holds(condition: &Condition, found: &Found) -> bool {
    match (condition, found) {
        (Condition::Revision(_, expected), Found::Row(row)) => row.as_deref().map(Row::revision) == *expected,
        (Condition::Rows(_, ids), Found::Rows(rows)) => {
            let found: BTreeSet<Uuid> = rows.iter().map(Row::id).collect();
            found == ids.iter().copied().collect()
        }
        _ => false,
    }
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
    Recommit {
        /// What is held now.
        held: Money,
        /// What was spent.
        actual: Money,
    },
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
            Self::Recommit { held, actual } => balance.recommit(held, actual),
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

impl Event {
    /// Its entry at this position and time.
    ///
    /// # Errors
    /// When the time is not in the years 0 to 9999.
    pub fn entry(&self, index: u64, at: DateTime<Utc>) -> Result<Entry, StoreError> {
        let leaf = self
            .sealed
            .leaf(at)
            .map_err(|error| StoreError::not_applied(StoreErrorKind::Misuse, error.to_string()))?;
        let attachment = self.sealed.draft().attachment.as_ref().map_or(Kept::None, |attachment| {
            Kept::Present { salt: *self.sealed.salt(), bytes: attachment.as_bytes().to_vec() }
        });
        Ok(Entry { index, leaf: leaf.bytes, attachment })
    }

    /// Whether a query asks for it, appended at this time.
    #[must_use]
    pub fn fits(&self, query: &LedgerQuery, at: DateTime<Utc>) -> bool {
        let draft = self.sealed.draft();
        query.namespace.as_ref().is_none_or(|namespace| *namespace == draft.namespace)
            && query.kind.as_ref().is_none_or(|kind| *kind == draft.kind)
            && query.correlation.is_none_or(|correlation| Some(correlation) == draft.correlation)
            && query.subject.is_none_or(|asked| draft.subject.is_some_and(|subject| asked.covers(subject)))
            && query.since.is_none_or(|since| at >= since)
            && query.until.is_none_or(|until| at < until)
    }
}
