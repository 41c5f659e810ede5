//! Reading: a thread with a connection of its own, so that reading never waits for a flush and no caller's thread blocks.

use std::panic::{AssertUnwindSafe, catch_unwind};

use async_channel::{Receiver, Sender};
use chimera_contracts::{StoreError, StoreErrorKind};
use chimera_store::{Found, Read};
use futures_channel::oneshot;
use rusqlite::Connection;

use crate::error::{StepError, StepResult};
use crate::keys::Keys;
use crate::session::{self, Tx};

/// So many callers at most read in one snapshot.
const BATCH: usize = 64;

/// One caller's reads.
struct Job {
    reads: Vec<Read>,
    reply: oneshot::Sender<StepResult<Vec<Found>>>,
}

/// The way to the reader thread.
#[derive(Clone)]
pub(crate) struct Reader {
    jobs: Sender<Job>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("waiting", &self.jobs.len()).finish()
    }
}

impl Reader {
    /// Starts the thread. It ends when the last `Reader` is dropped.
    pub(crate) fn start(
        connection: Connection,
        keys: Keys,
        queue: usize,
    ) -> std::io::Result<(Self, std::thread::JoinHandle<()>)> {
        let (jobs, waiting) = async_channel::bounded::<Job>(queue);
        let thread = std::thread::Builder::new()
            .name("chimera-sqlite-reader".to_owned())
            .spawn(move || work(&connection, &keys, &waiting))?;
        Ok((Self { jobs }, thread))
    }

    /// Reads within one snapshot.
    pub(crate) async fn load(&self, reads: Vec<Read>) -> Result<Vec<Found>, StoreError> {
        let (reply, answer) = oneshot::channel();
        let closed = || StoreError::not_applied(StoreErrorKind::Closed, "the store is closed");
        self.jobs.send(Job { reads, reply }).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?.map_err(StepError::into_store)
    }

    /// Lets the thread end once it has done what waits.
    pub(crate) fn close(&self) {
        self.jobs.close();
    }
}

fn work(connection: &Connection, keys: &Keys, waiting: &Receiver<Job>) {
    while let Ok(first) = waiting.recv_blocking() {
        // All of them were asked before the snapshot, so that it has what they were told.
        let mut batch = vec![first];
        while batch.len() < BATCH {
            match waiting.try_recv() {
                Ok(job) => batch.push(job),
                Err(_) => break,
            }
        }
        let snapshot = connection.unchecked_transaction();
        let rows = match &snapshot {
            Ok(snapshot) => Tx::of(snapshot, keys, None).map_err(StepError::into_store),
            Err(error) => {
                let message = format!("the database cannot be read ({error})");
                Err(StoreError::not_applied(StoreErrorKind::Unavailable, message))
            }
        };
        for Job { reads, reply } in batch {
            let found = match &rows {
                Ok(rows) => {
                    let find = || reads.iter().map(|read| session::find(rows, read)).collect();
                    // A panic in one must not take the thread, and with it every other caller, down.
                    catch_unwind(AssertUnwindSafe(find))
                        .unwrap_or_else(|_| Err(StepError::corrupt("a read of the store panicked")))
                }
                Err(error) => Err(error.clone().into()),
            };
            // A caller that is gone does not want it any more.
            let _ = reply.send(found);
        }
        drop(rows);
        if let Ok(Err(error)) = snapshot.map(rusqlite::Transaction::finish) {
            tracing::error!(%error, "a snapshot could not be ended");
        }
    }
}
