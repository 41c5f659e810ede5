//! What one transaction has looked up or moved already.
//!
//! The steps of a batch are about the same accounts, campaigns and budgets, and each of them is about one request several
//! times over: in its conditions, in its writes. A batch that is undone takes its memo with it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use chimera_contracts::{DecisionId, Namespace, RequestId};
use chimera_governance::{Balance, BudgetScope};
use uuid::Uuid;

use crate::error::StepResult;

/// At most so many rows of each kind, so that a long listing in one snapshot fills no memory.
const MANY: usize = 4_096;

#[derive(Debug, Default)]
pub(crate) struct Memo {
    /// The numbers of requests; `None` where there is no such request.
    pub(crate) requests: Known<RequestId, Option<i64>>,
    /// The numbers of decisions.
    pub(crate) decisions: Known<(Namespace, DecisionId), Option<i64>>,
    /// The numbers of accounts, by platform and account.
    pub(crate) accounts: Known<(String, String), Option<i64>>,
    /// The numbers of campaigns, by tenant.
    pub(crate) campaigns: Known<(String, Uuid), Option<i64>>,
    pub(crate) budgets: Budgets,
    /// Whether any switch is active.
    pub(crate) paused: Cell<Option<bool>>,
}

/// Values by key.
#[derive(Debug)]
pub(crate) struct Known<K, V>(RefCell<HashMap<K, V>>);

impl<K, V> Default for Known<K, V> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<K: Eq + Hash, V: Clone> Known<K, V> {
    /// The value of a key, which is looked up the first time.
    pub(crate) fn get(&self, key: K, look_up: impl FnOnce() -> StepResult<V>) -> StepResult<V> {
        if let Some(known) = self.0.borrow().get(&key) {
            return Ok(known.clone());
        }
        let value = look_up()?;
        self.set(key, value.clone());
        Ok(value)
    }

    /// What was written.
    pub(crate) fn set(&self, key: K, value: V) {
        let mut known = self.0.borrow_mut();
        if known.len() >= MANY {
            known.clear();
        }
        known.insert(key, value);
    }
}

/// Budgets, and which of them have to be written: many steps of a batch move the same ones.
#[derive(Debug, Default)]
pub(crate) struct Budgets(RefCell<HashMap<BudgetScope, Held>>);

#[derive(Clone, Copy, Debug)]
struct Held {
    balance: Option<Balance>,
    moved: bool,
}

impl Budgets {
    /// A budget as the transaction sees it.
    pub(crate) fn get(
        &self,
        scope: &BudgetScope,
        look_up: impl FnOnce() -> StepResult<Option<Balance>>,
    ) -> StepResult<Option<Balance>> {
        if let Some(held) = self.0.borrow().get(scope) {
            return Ok(held.balance);
        }
        let balance = look_up()?;
        self.0.borrow_mut().insert(scope.clone(), Held { balance, moved: false });
        Ok(balance)
    }

    /// Moves a budget; it is written by [`take_moved`](Self::take_moved).
    pub(crate) fn set(&self, scope: &BudgetScope, balance: Balance) {
        let held = Held { balance: Some(balance), moved: true };
        match self.0.borrow_mut().entry(scope.clone()) {
            Entry::Occupied(mut known) => *known.get_mut() = held,
            Entry::Vacant(place) => drop(place.insert(held)),
        }
    }

    /// Those that have to be written before the transaction is committed.
    pub(crate) fn take_moved(&self) -> Vec<(BudgetScope, Balance)> {
        let mut moved = Vec::new();
        for (scope, held) in self.0.borrow_mut().iter_mut() {
            if std::mem::take(&mut held.moved) {
                moved.extend(held.balance.map(|balance| (scope.clone(), balance)));
            }
        }
        moved
    }
}
