//! Rows that were read or written lately: a step on them reads nothing. What is kept here may be behind what is stored; the
//! conditions of the step say so, and it is computed again.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chimera_contracts::{DecisionId, EffectId, Namespace, RequestId};
use chimera_effect::RequestView;
use chimera_governance::{Balance, BudgetScope};

use crate::row::DecisionRow;

/// So many of each kind are kept at least, once there are as many; twice as many at most.
const KEPT: usize = 2_048;

/// Rows by what they are found by.
#[derive(Debug, Default)]
pub(crate) struct Recent(Mutex<Rows>);

#[derive(Debug, Default)]
struct Rows {
    requests: Kept<RequestId, Arc<RequestView>>,
    effects: Kept<EffectId, RequestId>,
    decisions: Kept<(Namespace, DecisionId), Arc<DecisionRow>>,
    balances: Kept<BudgetScope, Balance>,
}

/// Two generations: when the young one is full it becomes the old one.
#[derive(Debug)]
struct Kept<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self { young: HashMap::new(), old: HashMap::new() }
    }
}

impl<K: Eq + Hash, V: Clone> Kept<K, V> {
    fn keep(&mut self, key: K, value: V) {
        if self.young.len() >= KEPT {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    fn get(&self, key: &K) -> Option<V> {
        self.young.get(key).or_else(|| self.old.get(key)).cloned()
    }
}

impl Recent {
    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a request as it was written.
    pub(crate) fn keep(&self, view: Arc<RequestView>) {
        let mut rows = self.rows();
        for record in &view.effects {
            rows.effects.keep(record.id, view.request.id);
        }
        rows.requests.keep(view.request.id, view);
    }

    /// The request of an effect.
    pub(crate) fn holding(&self, effect: EffectId) -> Option<Arc<RequestView>> {
        let rows = self.rows();
        let id = rows.effects.get(&effect)?;
        rows.requests.get(&id)
    }

    /// Keeps a decision as it was read.
    pub(crate) fn keep_decision(&self, row: &DecisionRow) {
        let key = (row.decision.namespace.clone(), row.decision.id);
        self.rows().decisions.keep(key, Arc::new(row.clone()));
    }

    pub(crate) fn decision(&self, namespace: &Namespace, id: DecisionId) -> Option<Arc<DecisionRow>> {
        self.rows().decisions.get(&(namespace.clone(), id))
    }

    /// Keeps a budget as it was read.
    pub(crate) fn keep_balance(&self, scope: &BudgetScope, balance: Balance) {
        self.rows().balances.keep(scope.clone(), balance);
    }

    pub(crate) fn balance(&self, scope: &BudgetScope) -> Option<Balance> {
        self.rows().balances.get(scope)
    }
}
