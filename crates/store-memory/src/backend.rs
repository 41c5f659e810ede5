//! One opener.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chimera_contracts::{InstanceId, StoreError, StoreErrorKind, derive_uuid};
use chimera_store::{Applied, Backend, Commit, Compute, Found, Read, Transaction, transact};
use chrono::{DateTime, Utc};

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

    /// Kills this opener as a crash would: what it held is free, and its calls fail from now on.
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

    fn now(&self) -> DateTime<Utc> {
        self.memory.clock.now()
    }

    async fn load(&self, reads: Vec<Read>) -> Result<Vec<Found>, StoreError> {
        let rows = self.rows()?;
        Ok(reads.iter().map(|read| self.find(&rows, read)).collect())
    }

    async fn apply(&self, transaction: Transaction) -> Result<Commit, StoreError> {
        self.rows()?.apply(transaction, self.memory.clock.now())
    }

    async fn transact(&self, mut step: Box<dyn Compute>) -> Result<Option<Applied>, StoreError> {
        let now = self.memory.clock.now();
        // Two halves over one state, of which only one is at work at a time.
        let rows = std::cell::RefCell::new(self.rows()?);
        transact(
            step.as_mut(),
            now,
            |read| Ok(self.find(&rows.borrow(), read)),
            |transaction| rows.borrow_mut().apply(transaction, now),
        )
    }
}
