//! The one thread that writes, with the queue and the batches of the store's.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use async_channel::{Receiver, Sender};
use futures_channel::oneshot;
use rusqlite::Connection;

use super::keys::{KeyIndex, Keys};
use super::rows::{self, Outcome, Post};
use crate::load::Count;

/// So many steps may wait, and so many are committed together at most: as in the store.
const QUEUE: usize = 1_024;
const BATCH: usize = 512;

/// What was written so far.
#[derive(Debug, Default)]
pub(super) struct Written {
    commits: AtomicU64,
    rows: AtomicU64,
}

impl Written {
    pub(super) fn count(&self) -> Count {
        Count { commits: self.commits.load(Ordering::Relaxed), rows: self.rows.load(Ordering::Relaxed) }
    }
}

/// A step that waits, and how its caller is told of its row once the step is durable.
#[derive(Debug)]
struct Waiting {
    step: Step,
    reply: oneshot::Sender<i64>,
}

#[derive(Debug)]
enum Step {
    Admit(Post),
    Settle(i64, Outcome),
}

/// The way to the thread, which ends when the last of them is dropped.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    steps: Sender<Waiting>,
}

impl Writer {
    pub(super) fn start(connection: Connection, keys: Keys, written: Arc<Written>) -> (Self, JoinHandle<()>) {
        let (steps, waiting) = async_channel::bounded(QUEUE);
        let thread = std::thread::spawn(move || work(&connection, KeyIndex::new(keys), &waiting, &written));
        (Self { steps }, thread)
    }

    /// Admits a post; says which row it has.
    pub(super) async fn admit(&self, post: Post) -> i64 {
        self.run(Step::Admit(post)).await
    }

    /// Keeps what came of it.
    pub(super) async fn settle(&self, request: i64, outcome: Outcome) {
        self.run(Step::Settle(request, outcome)).await;
    }

    async fn run(&self, step: Step) -> i64 {
        let (reply, answer) = oneshot::channel();
        self.steps.send(Waiting { step, reply }).await.expect("the thread takes steps");
        answer.await.expect("the thread answers")
    }
}

fn work(connection: &Connection, mut keys: KeyIndex, waiting: &Receiver<Waiting>, written: &Written) {
    while let Ok(first) = waiting.recv_blocking() {
        let others = std::iter::from_fn(|| waiting.try_recv().ok());
        let batch: Vec<Waiting> = std::iter::once(first).chain(others).take(BATCH).collect();
        let before = connection.total_changes();
        let done = commit(connection, &mut keys, &batch).expect("the floor can be written");
        written.commits.fetch_add(1, Ordering::Relaxed);
        written.rows.fetch_add(connection.total_changes() - before, Ordering::Relaxed);
        for (waited, row) in batch.into_iter().zip(done) {
            // The bench ends with its callers.
            let _ = waited.reply.send(row);
        }
    }
}

fn commit(connection: &Connection, keys: &mut KeyIndex, batch: &[Waiting]) -> rusqlite::Result<Vec<i64>> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    keys.catch_up(connection)?;
    let run = |waiting: &Waiting| match &waiting.step {
        Step::Admit(post) => rows::admit(connection, keys, post),
        Step::Settle(request, outcome) => {
            rows::settle(connection, keys, *request, outcome).map(|()| *request)
        }
    };
    let done = batch.iter().map(run).collect::<rusqlite::Result<Vec<i64>>>()?;
    connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(done)
}
