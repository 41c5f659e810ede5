//! One opener.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chimera_contracts::{Clock, InstanceId, StoreError, StoreErrorKind, derive_uuid};
use chimera_store::{Applied, Backend, Commit, Compute, Found, Read, Transaction, Watchers, transact};

use crate::rows::Rows;
use crate::{Memory, MemoryStore};

/// What openers know of one another. Apart from the rows, which a step holds while it asks who is dead.
#[derive(Debug, Default)]
pub(crate) struct Openers {
    count: u64,
    alive: BTreeSet<InstanceId>,
}

/// One opener of a database in memory.
#[derive(Debug)]
pub struct Opener {
    instance: InstanceId,
    memory: Memory,
}

impl Opener {
    pub(crate) fn register(memory: Memory) -> Self {
        let instance = {
            let mut openers = lock(&memory.openers);
            openers.count = openers.count.saturating_add(1);
            let number = openers.count.to_be_bytes();
            let instance = InstanceId::from_uuid(derive_uuid("chimera/memory/instance", &[&number]));
            openers.alive.insert(instance);
            instance
        };
        Self { instance, memory }
    }

    /// The database that it opened.
    #[must_use]
    pub const fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Kills this opener as a crash would: what it leased is free, and its calls fail from now on.
    pub fn crash(&self) {
        lock(&self.memory.openers).alive.remove(&self.instance);
    }

    /// Kills this opener and opens the database again, as a process that crashed and was restarted.
    #[must_use]
    pub fn reopen(&self) -> MemoryStore {
        self.crash();
        self.memory.open()
    }

    fn find(&self, rows: &Rows, read: &Read) -> Found {
        match read {
            Read::Dead(opener) => Found::Dead(!lock(&self.memory.openers).alive.contains(opener)),
            read => rows.find(read),
        }
    }

    /// Wakes whoever waits, once a step was applied and the rows are free.
    fn wake(&self, applied: bool) {
        if applied {
            self.memory.watchers.something_committed();
        }
    }

    fn rows(&self) -> Result<MutexGuard<'_, Rows>, StoreError> {
        if lock(&self.memory.openers).alive.contains(&self.instance) {
            Ok(lock(&self.memory.rows))
        } else {
            Err(StoreError::not_applied(StoreErrorKind::Closed, "this opener of the store is dead"))
        }
    }
}

impl Drop for Opener {
    fn drop(&mut self) {
        self.crash();
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Backend for Opener {
    fn instance(&self) -> InstanceId {
        self.instance
    }

    fn clock(&self) -> &dyn Clock {
        self.memory.clock.as_ref()
    }

    fn watchers(&self) -> Option<&Watchers> {
        Some(&self.memory.watchers)
    }

    async fn load(&self, reads: Vec<Read>) -> Result<Vec<Found>, StoreError> {
        let rows = self.rows()?;
        Ok(reads.iter().map(|read| self.find(&rows, read)).collect())
    }

    async fn apply(&self, transaction: Transaction) -> Result<Commit, StoreError> {
        let commit = self.rows()?.apply(transaction, self.now());
        self.wake(matches!(commit, Ok(Commit::Applied(_))));
        commit
    }

    async fn transact(&self, mut step: Box<dyn Compute>) -> Result<Option<Applied>, StoreError> {
        let now = self.now();
        // Two halves over one state, of which only one is at work at a time.
        let rows = std::cell::RefCell::new(self.rows()?);
        let find = |read: &Read| Ok(self.find(&rows.borrow(), read));
        let apply = |transaction| rows.borrow_mut().apply(transaction, now);
        let applied = transact(step.as_mut(), now, find, apply);
        drop(rows);
        self.wake(matches!(applied, Ok(Some(_))));
        applied
    }
}
