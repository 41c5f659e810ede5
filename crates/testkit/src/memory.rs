//! A store that lives in memory: every storage port, over state that outlives its openers.
//!
//! It keeps what [`chimera_effect::step`] computes under one mutex, which is never held across an `await`, so each method
//! is one step. It is the oracle of the durable stores and the store of fast tests. What it promises less than they do:
//! its state dies with the test.

mod journal;
mod ledger;
mod limits;
mod proposals;
mod reviews;
mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chimera_contracts::{
    Clock, DecisionId, Digest, EffectId, Entropy, InstanceId, Namespace, PlatformName, RequestId, ReviewId,
    StoreError, StoreErrorKind, derive_uuid,
};
use chimera_effect::{EffectRecord, RequestRecord};
use chimera_governance::review::Review;
use chimera_governance::{Balance, BudgetScope, Decision, Standing};
use chimera_skill_propose::{ProposalKey, StoredProposal};

use chimera_platform::limits::{RateKey, TakenPermit};

use crate::conformance::Stores;
use ledger::Log;

/// One opener of an in-memory store. Openers of one state stand for processes over one database.
///
/// An opener that is dropped or [crashed](MemoryStore::crash) is dead: what it held is free at once, and calls to it fail.
#[derive(Debug)]
pub struct MemoryStore {
    instance: InstanceId,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    shared: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    openers: u64,
    alive: BTreeSet<InstanceId>,
    requests: BTreeMap<RequestId, RequestRecord>,
    effects: BTreeMap<EffectId, EffectRecord>,
    decisions: BTreeMap<(Namespace, DecisionId), (usize, Decision)>,
    uses: BTreeMap<(Namespace, DecisionId, Digest), EffectId>,
    balances: BTreeMap<BudgetScope, Balance>,
    posts: BTreeMap<(PlatformName, String, String), EffectId>,
    proposals: BTreeMap<ProposalKey, StoredProposal>,
    reviews: BTreeMap<(Namespace, ReviewId), Review>,
    permits: BTreeMap<RateKey, Vec<TakenPermit>>,
    log: Log,
}

impl MemoryStore {
    /// A first opener of an empty state.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self::opened(clock, entropy, Arc::default())
    }

    /// Another opener of the same state, as a second process.
    #[must_use]
    pub fn open_again(&self) -> Self {
        Self::opened(Arc::clone(&self.clock), Arc::clone(&self.entropy), Arc::clone(&self.shared))
    }

    /// Kills this opener as a crash would: what it held is free, and its calls fail from now on.
    pub fn crash(&self) {
        lock(&self.shared).alive.remove(&self.instance);
    }

    /// Kills this opener and opens the state again, as a process that crashed and was restarted.
    #[must_use]
    pub fn reopen(&self) -> Self {
        self.crash();
        self.open_again()
    }

    /// All ports of this opener.
    #[must_use]
    pub fn stores(self) -> Stores {
        Stores::of(Arc::new(self))
    }

    fn opened(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>, shared: Arc<Mutex<State>>) -> Self {
        let instance = {
            let mut state = lock(&shared);
            state.openers += 1;
            let number = state.openers.to_be_bytes();
            let instance = InstanceId::from_uuid(derive_uuid("chimera/testkit/instance", &[&number]));
            state.alive.insert(instance);
            instance
        };
        Self { instance, clock, entropy, shared }
    }

    /// The state, for one step.
    fn state(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = lock(&self.shared);
        if state.alive.contains(&self.instance) {
            Ok(state)
        } else {
            Err(StoreError::not_applied(StoreErrorKind::Closed, "this opener of the store is dead"))
        }
    }
}

impl Drop for MemoryStore {
    fn drop(&mut self) {
        self.crash();
    }
}

impl State {
    fn standing(&self, namespace: &Namespace, id: DecisionId, digest: &Digest) -> Option<Standing> {
        let (_, decision) = self.decisions.get(&(namespace.clone(), id))?;
        let used_by = self.uses.get(&(namespace.clone(), id, *digest)).copied();
        Some(Standing { decision: decision.clone(), used_by })
    }

    /// The effects of a request, by position.
    fn of_request(&self, request: RequestId) -> Vec<EffectRecord> {
        let mut effects: Vec<_> =
            self.effects.values().filter(|record| record.request == request).cloned().collect();
        effects.sort_by_key(|record| record.position);
        effects
    }
}

fn lock(shared: &Mutex<State>) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
