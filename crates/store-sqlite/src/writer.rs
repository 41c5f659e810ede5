//! The one writer: a thread that owns the write connection and commits whatever waits in one transaction.
//!
//! No delay is added; batching comes from the flush itself: while one batch is flushed, the next one gathers. Each step
//! stands in a SAVEPOINT of its own, so that a refused step never fails its neighbours, and nobody is answered before
//! the commit is durable.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_channel::{Receiver, Sender};
use chimera_contracts::{StoreError, StoreErrorKind};
use futures_channel::oneshot;
use rusqlite::Connection;

use crate::error::{StepResult, sqlite};

/// At most so many steps in one transaction, so that the first caller of a large batch is not kept waiting for the last.
const BATCH: usize = 512;

/// How much was written since the store was opened.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) commits: AtomicU64,
    pub(crate) rows: AtomicU64,
}

/// One caller's step. It may run twice when the first transaction is lost as a whole; nothing of the first run is kept then.
trait Job: Send {
    fn run(&mut self, connection: &Connection) -> Result<(), StepFailed>;
    fn answer(self: Box<Self>, error: Option<StoreError>);
}

/// The step failed; the job keeps why.
struct StepFailed;

struct Typed<T, F> {
    step: F,
    result: Option<StepResult<T>>,
    reply: oneshot::Sender<StepResult<T>>,
}

impl<T: Send, F: FnMut(&Connection) -> StepResult<T> + Send> Job for Typed<T, F> {
    fn run(&mut self, connection: &Connection) -> Result<(), StepFailed> {
        let step = AssertUnwindSafe(|| (self.step)(connection));
        // A panic in one step must not take the thread, and with it every other caller, down.
        let result = catch_unwind(step).unwrap_or_else(|_| {
            Err(StoreError::not_applied(StoreErrorKind::Corrupt, "a step of the store panicked").into())
        });
        let failed = result.is_err();
        self.result = Some(result);
        if failed { Err(StepFailed) } else { Ok(()) }
    }

    fn answer(self: Box<Self>, error: Option<StoreError>) {
        let missing =
            || Err(StoreError::not_applied(StoreErrorKind::Unavailable, "the step was not run").into());
        let answer = match (self.result, error) {
            (Some(Err(refused)), _) => Err(refused),
            (_, Some(error)) => Err(error.into()),
            (result, None) => result.unwrap_or_else(missing),
        };
        // A caller that is gone finds out by asking again.
        let _ = self.reply.send(answer);
    }
}

/// The way to the writer thread.
#[derive(Clone)]
pub(crate) struct Writer {
    jobs: Sender<Box<dyn Job>>,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("waiting", &self.jobs.len()).finish()
    }
}

impl Writer {
    /// Starts the thread. It ends when the last `Writer` is dropped, after what waits was committed.
    pub(crate) fn start(
        connection: Connection,
        queue: usize,
        counters: Arc<Counters>,
    ) -> std::io::Result<(Self, std::thread::JoinHandle<()>)> {
        let (jobs, waiting) = async_channel::bounded(queue);
        let thread = std::thread::Builder::new()
            .name("chimera-sqlite-writer".to_owned())
            .spawn(move || work(&connection, &waiting, &counters))?;
        Ok((Self { jobs }, thread))
    }

    /// Runs a step and answers once it is durable.
    pub(crate) async fn step<T: Send + 'static>(
        &self,
        step: impl FnMut(&Connection) -> StepResult<T> + Send + 'static,
    ) -> StepResult<T> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Typed { step, result: None, reply });
        let closed = |_| StoreError::not_applied(StoreErrorKind::Closed, "the store is closed");
        self.jobs.send(job).await.map_err(closed)?;
        answer.await.unwrap_or_else(|_| {
            Err(StoreError::maybe_applied(
                StoreErrorKind::Closed,
                "the store was closed meanwhile: ask again",
            )
            .into())
        })
    }

    /// Lets the thread end once it has done what waits.
    pub(crate) fn close(&self) {
        self.jobs.close();
    }
}

fn work(connection: &Connection, waiting: &Receiver<Box<dyn Job>>, counters: &Counters) {
    while let Ok(first) = waiting.recv_blocking() {
        let mut batch = vec![first];
        while batch.len() < BATCH {
            match waiting.try_recv() {
                Ok(job) => batch.push(job),
                Err(_) => break,
            }
        }
        commit(connection, batch, counters);
    }
}

/// Commits a batch. Where the transaction is lost as a whole, each step gets one of its own.
fn commit(connection: &Connection, mut batch: Vec<Box<dyn Job>>, counters: &Counters) {
    let rows = connection.total_changes();
    match transact(connection, &mut batch) {
        Ok(()) => {
            counters.commits.fetch_add(1, Ordering::Relaxed);
            counters.rows.fetch_add(connection.total_changes().saturating_sub(rows), Ordering::Relaxed);
            batch.into_iter().for_each(|job| job.answer(None));
        }
        Err(Lost::Undone(_)) if batch.len() > 1 => {
            for job in batch {
                commit(connection, vec![job], counters);
            }
        }
        Err(Lost::Undone(error) | Lost::Open(error)) => {
            batch.into_iter().for_each(|job| job.answer(Some(error.clone())));
        }
    }
}

/// A transaction that did not commit.
enum Lost {
    /// Nothing of it is there.
    Undone(StoreError),
    /// It may be there.
    Open(StoreError),
}

fn transact(connection: &Connection, batch: &mut [Box<dyn Job>]) -> Result<(), Lost> {
    let undone = |error: rusqlite::Error| Lost::Undone(sqlite(&error));
    connection.execute_batch("BEGIN IMMEDIATE").map_err(undone)?;
    let done = batch.iter_mut().try_for_each(|job| savepoint(connection, job.as_mut()));
    if let Err(lost) = done {
        roll_back(connection);
        return Err(lost);
    }
    connection.execute_batch("COMMIT").map_err(|error| {
        let failed = sqlite(&error);
        let certain = matches!(failed.kind, StoreErrorKind::Full | StoreErrorKind::ReadOnly);
        // With the transaction still open nothing was committed. Otherwise SQLite ended it, and after an I/O error of
        // the flush nobody can say what reached the disk.
        if !connection.is_autocommit() || certain {
            roll_back(connection);
            Lost::Undone(failed)
        } else {
            Lost::Open(StoreError::maybe_applied(failed.kind, failed.message))
        }
    })
}

/// Runs one step inside the transaction; its failure undoes it alone.
fn savepoint(connection: &Connection, job: &mut dyn Job) -> Result<(), Lost> {
    let undone = |error: rusqlite::Error| Lost::Undone(sqlite(&error));
    connection.prepare_cached("SAVEPOINT step").and_then(|mut s| s.execute([])).map_err(undone)?;
    let failed = job.run(connection).is_err();
    // After some errors (a full disk, for one) SQLite ends the whole transaction by itself.
    if connection.is_autocommit() {
        let message = "the transaction was ended by the database";
        return Err(Lost::Undone(StoreError::not_applied(StoreErrorKind::Unavailable, message)));
    }
    if failed {
        connection.prepare_cached("ROLLBACK TO step").and_then(|mut s| s.execute([])).map_err(undone)?;
    }
    connection.prepare_cached("RELEASE step").and_then(|mut s| s.execute([])).map_err(undone)?;
    Ok(())
}

fn roll_back(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = connection.execute_batch("ROLLBACK")
    {
        tracing::error!(%error, "a transaction could not be rolled back");
    }
}
