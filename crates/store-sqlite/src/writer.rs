//! The one writer: a thread that owns the write connection and commits whatever waits in one transaction.
//!
//! Batching comes from the flush itself: while one batch is flushed, the next one gathers. Where many wait already, the writer
//! pauses shortly for more; a caller that is alone waits for the flush alone. A step writes nothing before all its conditions
//! hold, so that a stale one harms no neighbour; where a write fails all the same the batch is undone and each step gets a
//! transaction of its own. Nobody is answered before the commit is durable.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_channel::{Receiver, Sender};
use chimera_contracts::{Clock, StoreError, StoreErrorKind};
use chimera_store::{Applied, Commit, Compute, Transaction, Tree, Watchers};
use chrono::{DateTime, Utc};
use futures_channel::oneshot;
use rusqlite::Connection;

use crate::error::{StepError, StepResult, sqlite};
use crate::identity::Identity;
use crate::instance::Instance;
use crate::keys::Keys;
use crate::migrate;
use crate::session::Tx;
use crate::store::BUSY;
use crate::{ledger, session};

/// At most so many steps in one transaction, so that the first caller of a large batch is not kept waiting for the last.
const BATCH: usize = 512;

/// So many callers at once are many: the next ones are waited for, as PostgreSQL's `commit_siblings` and `commit_delay` do it.
const SIBLINGS: usize = 8;

/// How long, each time; about as long as a fast disk flushes.
const PAUSE: Duration = Duration::from_micros(100);

/// How often at most, while more come.
const PAUSES: u32 = 8;

/// How much was written since the store was opened.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) commits: AtomicU64,
    pub(crate) rows: AtomicU64,
}

type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// One caller's step. It may run twice when the first transaction is lost as a whole; nothing of the first run is kept then.
enum Job {
    Apply {
        /// Goes back to its caller, which frees it: freed here, each of its parts would wait for the memory that the caller's
        /// thread allocates from.
        transaction: Transaction,
        reply: Reply<(Commit, Transaction)>,
        done: Option<Result<Commit, StoreError>>,
    },
    Transact {
        step: Box<dyn Compute>,
        reply: Reply<Option<Applied>>,
        done: Option<Result<Option<Applied>, StoreError>>,
    },
}

impl Job {
    /// Runs the step in the open transaction.
    ///
    /// # Errors
    /// When a write failed, so that a part of the step may stand there.
    fn run(&mut self, rows: &Tx<'_>, tree: &mut Tree, now: DateTime<Utc>) -> StepResult<()> {
        match self {
            Self::Apply { transaction, done, .. } => {
                *done = Some(Ok(session::apply(rows, tree, transaction, now)?));
            }
            Self::Transact { step, done, .. } => {
                let mut failed = None;
                let applied = chimera_store::transact(
                    step.as_mut(),
                    now,
                    |read| session::find(rows, read).map_err(StepError::into_store),
                    |transaction| {
                        session::apply(rows, tree, &transaction, now).map_err(|error| {
                            let error = error.into_store();
                            failed = Some(error.clone());
                            error
                        })
                    },
                );
                if let Some(error) = failed {
                    return Err(error.into());
                }
                *done = Some(applied);
            }
        }
        Ok(())
    }

    fn fail(&mut self, error: StoreError) {
        match self {
            Self::Apply { done, .. } => *done = Some(Err(error)),
            Self::Transact { done, .. } => *done = Some(Err(error)),
        }
    }

    /// Tells the caller; one that is gone finds out by asking again.
    fn answer(self) {
        fn told<T>(reply: Reply<T>, done: Option<Result<T, StoreError>>) {
            let missing =
                || Err(StoreError::not_applied(StoreErrorKind::Unavailable, "the step was not run"));
            let _ = reply.send(done.unwrap_or_else(missing));
        }
        match self {
            Self::Apply { transaction, reply, done } => {
                told(reply, done.map(|done| done.map(|commit| (commit, transaction))));
            }
            Self::Transact { reply, done, .. } => told(reply, done),
        }
    }
}

/// The way to the writer thread.
#[derive(Clone)]
pub(crate) struct Writer {
    jobs: Sender<Job>,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("waiting", &self.jobs.len()).finish()
    }
}

/// What the thread works with.
pub(crate) struct Desk {
    pub(crate) connection: Connection,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) identity: Identity,
    pub(crate) instance: Instance,
    pub(crate) keys: Keys,
    pub(crate) watchers: Watchers,
    /// Whether something was erased that may stand in the write-ahead log.
    pub(crate) truncate: Cell<bool>,
}

impl Writer {
    /// Starts the thread. It ends when the last `Writer` is dropped, after what waits was committed.
    pub(crate) fn start(desk: Desk, queue: usize) -> std::io::Result<(Self, std::thread::JoinHandle<()>)> {
        let (jobs, waiting) = async_channel::bounded(queue);
        let thread = std::thread::Builder::new()
            .name("chimera-sqlite-writer".to_owned())
            .spawn(move || work(&desk, &waiting))?;
        Ok((Self { jobs }, thread))
    }

    /// Applies a transaction and answers once it is durable.
    pub(crate) async fn apply(&self, transaction: Transaction) -> Result<Commit, StoreError> {
        let (reply, answer) = oneshot::channel();
        let (commit, _) = self.send(Job::Apply { transaction, reply, done: None }, answer).await?;
        Ok(commit)
    }

    /// Computes a step in the writer's transaction and answers once it is durable.
    pub(crate) async fn transact(&self, step: Box<dyn Compute>) -> Result<Option<Applied>, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Transact { step, reply, done: None }, answer).await
    }

    async fn send<T>(
        &self,
        job: Job,
        answer: oneshot::Receiver<Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let closed = |_| StoreError::not_applied(StoreErrorKind::Closed, "the store is closed");
        self.jobs.send(job).await.map_err(closed)?;
        answer.await.unwrap_or_else(|_| {
            let message = "the store was closed meanwhile: ask again";
            Err(StoreError::maybe_applied(StoreErrorKind::Closed, message))
        })
    }

    /// Lets the thread end once it has done what waits.
    pub(crate) fn close(&self) {
        self.jobs.close();
    }
}

fn work(desk: &Desk, waiting: &Receiver<Job>) {
    // The tree as this thread left it; another process may have appended since.
    let mut tree = None;
    while let Ok(first) = waiting.recv_blocking() {
        let mut batch = vec![first];
        gather(&mut batch, waiting);
        // Where many call at once, more of them are about to: what they share of a transaction (pages, the flush) is worth a pause.
        // A caller that is alone, or among few, waits for nobody.
        for _ in 0..PAUSES {
            if !(SIBLINGS..BATCH).contains(&batch.len()) {
                break;
            }
            std::thread::sleep(PAUSE);
            if gather(&mut batch, waiting) == 0 {
                break;
            }
        }
        commit(desk, &mut tree, batch);
    }
}

/// Takes what waits into the batch; how much that was.
fn gather(batch: &mut Vec<Job>, waiting: &Receiver<Job>) -> usize {
    let before = batch.len();
    while batch.len() < BATCH
        && let Ok(job) = waiting.try_recv()
    {
        batch.push(job);
    }
    batch.len().saturating_sub(before)
}

/// Commits a batch. Where the transaction is lost as a whole, each step gets one of its own.
fn commit(desk: &Desk, tree: &mut Option<Tree>, mut batch: Vec<Job>) {
    let connection = &desk.connection;
    let rows = connection.total_changes();
    match transact(desk, tree, &mut batch) {
        Ok(()) => {
            desk.counters.commits.fetch_add(1, Ordering::Relaxed);
            desk.counters.rows.fetch_add(connection.total_changes().saturating_sub(rows), Ordering::Relaxed);
        }
        Err(Lost::Undone(_)) if batch.len() > 1 => {
            for job in batch {
                commit(desk, tree, vec![job]);
            }
            return;
        }
        Err(lost) => {
            if matches!(lost, Lost::Open(_)) {
                desk.watchers.something_committed();
            }
            let (Lost::NotBegun(error) | Lost::Undone(error) | Lost::Open(error)) = lost;
            batch.iter_mut().for_each(|job| job.fail(error.clone()));
        }
    }
    batch.into_iter().for_each(Job::answer);
}

/// A transaction that did not commit.
enum Lost {
    /// Nothing was tried, and it would be the same for each step by itself.
    NotBegun(StoreError),
    /// Nothing of it is there.
    Undone(StoreError),
    /// It may be there.
    Open(StoreError),
}

fn transact(desk: &Desk, kept: &mut Option<Tree>, batch: &mut [Job]) -> Result<(), Lost> {
    let connection = &desk.connection;
    // The tree is known again once what was appended to it is durable.
    let known = kept.take();
    desk.identity.check().map_err(Lost::NotBegun)?;
    connection.execute_batch("BEGIN IMMEDIATE").map_err(|error| Lost::NotBegun(sqlite(&error)))?;
    let done = run(desk, known, batch);
    let (tree, rows) = match done {
        Ok(done) => done,
        Err(error) => {
            roll_back(connection);
            return Err(Lost::Undone(error));
        }
    };
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
    })?;
    let (erased, written) = rows.committed();
    desk.watchers.committed(&written);
    if erased {
        desk.truncate.set(true);
    }
    if desk.truncate.get() {
        desk.truncate.set(!truncate(connection));
    }
    *kept = Some(tree);
    Ok(())
}

/// Runs the steps of a batch in the open transaction; gives the tree after them.
fn run<'a>(desk: &'a Desk, known: Option<Tree>, batch: &mut [Job]) -> Result<(Tree, Tx<'a>), StoreError> {
    let connection = &desk.connection;
    migrate::check_still_ours(connection).map_err(StepError::into_store)?;
    let rows = Tx::of(connection, &desk.keys, Some(&desk.instance)).map_err(StepError::into_store)?;
    let size = ledger::size(connection).map_err(StepError::into_store)?;
    let mut tree = match known.filter(|tree| tree.size() == size) {
        Some(tree) => tree,
        None => ledger::tree(connection).map_err(StepError::into_store)?,
    };
    for job in batch {
        let step = AssertUnwindSafe(|| job.run(&rows, &mut tree, desk.clock.now()));
        // A panic in one step must not take the thread, and with it every other caller, down.
        let result = catch_unwind(step).unwrap_or_else(|_| {
            Err(StoreError::not_applied(StoreErrorKind::Corrupt, "a step of the store panicked").into())
        });
        // After some errors (a full disk, for one) SQLite ends the whole transaction by itself.
        if connection.is_autocommit() {
            let message = "the transaction was ended by the database";
            let ended = StoreError::not_applied(StoreErrorKind::Unavailable, message);
            return Err(result.err().map_or(ended, StepError::into_store));
        }
        result.map_err(StepError::into_store)?;
    }
    rows.finish().map_err(StepError::into_store)?;
    Ok((tree, rows))
}

/// Folds the write-ahead log into the database and cuts it off, so that what was erased does not stand in it; `false` where
/// somebody reads an earlier state and it has to be tried again after the next batch.
pub(crate) fn truncate(connection: &Connection) -> bool {
    // It waits for readers while it keeps every writer out: whoever reads for long must not stop the posts of all.
    let wait = |time| connection.busy_timeout(time);
    let busy = wait(Duration::ZERO).and_then(|()| {
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))
    });
    if let Err(error) = wait(BUSY) {
        tracing::error!(%error, "how long to wait for others could not be set");
    }
    match busy {
        Ok(busy) => busy == 0,
        Err(error) => {
            tracing::warn!(%error, "the write-ahead log could not be cut off after an erasure");
            false
        }
    }
}

fn roll_back(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = connection.execute_batch("ROLLBACK")
    {
        tracing::error!(%error, "a transaction could not be rolled back");
    }
}
