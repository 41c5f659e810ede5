//! Who waits for what a transaction writes, within one process.
//!
//! A watch is made before its owner reads what it waits for, and rings for what is committed after that: nothing falls
//! between the two. It holds one slot of a map while it lives, and a transaction that nobody waits for costs a look at it.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use chimera_contracts::RequestId;

use crate::row::Row;
use crate::transaction::{Transaction, Write};

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watched {
    /// An entry of the ledger.
    Ledger,
    /// A change of a request or of one of its effects.
    Request(RequestId),
}

/// What transactions wrote, as far as somebody may wait for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    ledger: bool,
    requests: BTreeSet<RequestId>,
}

impl Written {
    /// Adds what a transaction writes.
    pub fn add(&mut self, transaction: &Transaction) {
        self.ledger |= !transaction.events.is_empty();
        self.requests.extend(transaction.writes.iter().filter_map(|write| match write {
            Write::Put(row) => match row.as_ref() {
                Row::Request(view) => Some(view.request.id),
                _ => None,
            },
            _ => None,
        }));
    }

    fn has(&self, watched: Watched) -> bool {
        match watched {
            Watched::Ledger => self.ledger,
            Watched::Request(id) => self.requests.contains(&id),
        }
    }
}

/// Those who wait. A backend has one for all its callers in a process and tells it of what it committed; cloning gives the
/// same one.
#[derive(Clone, Debug, Default)]
pub struct Watchers(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    next: u64,
    slots: BTreeMap<u64, Slot>,
}

#[derive(Debug)]
struct Slot {
    watched: Watched,
    rung: bool,
    waker: Option<Waker>,
}

impl Watchers {
    /// Watches from now on.
    pub fn watch(&self, watched: Watched) -> Watch {
        let mut waiting = self.lock();
        let slot = waiting.next;
        waiting.next = slot.wrapping_add(1);
        waiting.slots.insert(slot, Slot { watched, rung: false, waker: None });
        Watch { watchers: self.clone(), slot }
    }

    /// Wakes those who wait for what was written. Called once it is durable, before anybody is answered.
    pub fn committed(&self, written: &Written) {
        self.ring(|watched| written.has(watched));
    }

    /// Wakes every waiter: something was committed, or may have been. A waiter looks, and waits on.
    pub fn something_committed(&self) {
        self.ring(|_| true);
    }

    /// How many watches there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lock().slots.len()
    }

    fn ring(&self, wakes: impl Fn(Watched) -> bool) {
        let mut woken = Vec::new();
        for slot in self.lock().slots.values_mut().filter(|slot| wakes(slot.watched)) {
            slot.rung = true;
            woken.extend(slot.waker.take());
        }
        // Not under the lock: what is woken may drop a watch at once.
        woken.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends once what it watches was written since it was made.
#[derive(Debug)]
#[must_use = "it watches as long as it lives"]
pub struct Watch {
    watchers: Watchers,
    slot: u64,
}

impl Future for Watch {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match self.watchers.lock().slots.get_mut(&self.slot) {
            Some(slot) if !slot.rung => {
                slot.waker = Some(context.waker().clone());
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let slot = self.watchers.lock().slots.remove(&self.slot);
        // A waker may end its task when it is dropped: not under the lock either.
        drop(slot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use uuid::Uuid;

    fn request(number: u128) -> RequestId {
        RequestId::from_uuid(Uuid::from_u128(number))
    }

    #[test]
    fn a_watch_rings_for_what_it_watches() {
        let watchers = Watchers::default();
        let written = Written { ledger: false, requests: [request(1)].into() };
        for (watched, rings) in [
            (Watched::Request(request(1)), true),
            (Watched::Request(request(2)), false),
            (Watched::Ledger, false),
        ] {
            let mut watch = watchers.watch(watched);
            assert!((&mut watch).now_or_never().is_none());
            watchers.committed(&written);
            assert_eq!((&mut watch).now_or_never().is_some(), rings, "{watched:?}");
            watchers.something_committed();
            assert!((&mut watch).now_or_never().is_some());
        }
        watchers.committed(&Written { ledger: true, ..Written::default() });
    }

    #[test]
    fn a_watch_rings_for_what_was_written_before_it_is_polled() {
        let watchers = Watchers::default();
        watchers.something_committed();
        let mut late = watchers.watch(Watched::Ledger);
        let early = watchers.watch(Watched::Ledger);
        assert!((&mut late).now_or_never().is_none(), "what was before it does not count");
        watchers.committed(&Written { ledger: true, ..Written::default() });
        assert!(early.now_or_never().is_some());
        assert!(late.now_or_never().is_some());
    }

    #[test]
    fn a_dropped_watch_leaves_nothing() {
        let watchers = Watchers::default();
        let mut watches: Vec<_> = (0..100).map(|n| watchers.watch(Watched::Request(request(n)))).collect();
        assert_eq!(watchers.count(), 100);
        assert!((&mut watches[7]).now_or_never().is_none());
        watches.truncate(8);
        assert_eq!(watchers.count(), 8);
        watchers.something_committed();
        drop(watches);
        assert_eq!(watchers.count(), 0);
    }
}
