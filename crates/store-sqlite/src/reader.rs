//! Reading: a thread with a connection of its own, so that reading never waits for a flush and no caller's thread blocks.

use async_channel::Sender;
use chimera_contracts::{StoreError, StoreErrorKind};
use futures_channel::oneshot;
use rusqlite::Connection;

use crate::error::StepResult;

type Job = Box<dyn FnOnce(&Connection) + Send>;

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
        queue: usize,
    ) -> std::io::Result<(Self, std::thread::JoinHandle<()>)> {
        let (jobs, waiting) = async_channel::bounded::<Job>(queue);
        let thread =
            std::thread::Builder::new().name("chimera-sqlite-reader".to_owned()).spawn(move || {
                while let Ok(job) = waiting.recv_blocking() {
                    job(&connection);
                }
            })?;
        Ok((Self { jobs }, thread))
    }

    /// Reads within one snapshot.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> StepResult<T> + Send + 'static,
    ) -> StepResult<T> {
        let (reply, answer) = oneshot::channel();
        let job = move |connection: &Connection| {
            let _ = reply.send(snapshot(connection, read));
        };
        let closed = || StoreError::not_applied(StoreErrorKind::Closed, "the store is closed");
        self.jobs.send(Box::new(job)).await.map_err(|_| closed())?;
        answer.await.unwrap_or_else(|_| Err(closed().into()))
    }

    /// Lets the thread end once it has done what waits.
    pub(crate) fn close(&self) {
        self.jobs.close();
    }
}

fn snapshot<T>(connection: &Connection, read: impl FnOnce(&Connection) -> StepResult<T>) -> StepResult<T> {
    let transaction = connection.unchecked_transaction()?;
    let result = read(&transaction)?;
    transaction.finish()?;
    Ok(result)
}
