//! A backend whose conditions fail when told.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use chimera_contracts::{Clock, InstanceId, StoreError};
use chimera_store::{
    Applied, Backend, Commit, Compute, Condition, Found, Read, Stale, Transaction, Watchers,
};
use chimera_store_memory::Opener;
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

/// What happens before a transaction is applied.
type Before = Box<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// A backend over one opener of a database in memory.
pub(crate) struct Unsteady {
    inner: Opener,
    /// So often each transaction is answered as stale before it is applied, in turn.
    stale: Vec<usize>,
    turn: AtomicUsize,
    left: AtomicUsize,
    before: Option<Before>,
}

impl fmt::Debug for Unsteady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unsteady").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl Unsteady {
    pub(crate) fn new(inner: Opener, stale: &[usize]) -> Self {
        let left = AtomicUsize::new(stale.first().copied().unwrap_or(0));
        Self { inner, stale: stale.to_vec(), turn: AtomicUsize::new(0), left, before: None }
    }

    /// Something that happens once, after the first step was computed and before it is applied.
    pub(crate) fn meanwhile(inner: Opener, before: Before) -> Self {
        Self { before: Some(before), ..Self::new(inner, &[]) }
    }

    /// Says that the n-th condition failed, with what it is about as it is.
    async fn say_stale(&self, transaction: &Transaction, number: usize) -> Result<Commit, StoreError> {
        let about = transaction.conditions.get(number % transaction.conditions.len().max(1));
        let read = about.and_then(|condition| match condition {
            Condition::Revision(key, _) => Some(Read::Row(key.clone())),
            Condition::Rows(scan, _) => Some(Read::Rows(scan.clone())),
            Condition::Before(_) => None,
        });
        let found = match read {
            Some(read) => {
                let found = self.inner.load(vec![read.clone()]).await?.pop();
                found.map(|found| (read, found))
            }
            None => None,
        };
        Ok(Commit::Stale(Box::new(Stale { now: self.inner.now(), found })))
    }
}

#[async_trait]
impl Backend for Unsteady {
    fn instance(&self) -> InstanceId {
        self.inner.instance()
    }

    fn clock(&self) -> &dyn Clock {
        self.inner.clock()
    }

    fn now(&self) -> DateTime<Utc> {
        self.inner.now()
    }

    fn watchers(&self) -> Option<&Watchers> {
        self.inner.watchers()
    }

    async fn load(&self, reads: Vec<Read>) -> Result<Vec<Found>, StoreError> {
        self.inner.load(reads).await
    }

    async fn apply(&self, transaction: Transaction) -> Result<Commit, StoreError> {
        if let Some(before) = self.before.as_ref().filter(|_| self.turn.fetch_add(1, Ordering::SeqCst) == 0) {
            before().await;
        }
        let left = self.left.load(Ordering::SeqCst);
        if left > 0 {
            self.left.store(left - 1, Ordering::SeqCst);
            return self.say_stale(&transaction, left).await;
        }
        if !self.stale.is_empty() {
            let turn = self.turn.fetch_add(1, Ordering::SeqCst) + 1;
            self.left.store(self.stale[turn % self.stale.len()], Ordering::SeqCst);
        }
        self.inner.apply(transaction).await
    }

    async fn transact(&self, step: Box<dyn Compute>) -> Result<Option<Applied>, StoreError> {
        self.inner.transact(step).await
    }
}
