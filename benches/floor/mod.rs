//! What the disk and SQLite give at best: rows of about the same bytes as a post's, written by hand in batches.
//!
//! One thread writes; callers hand it steps through a bounded queue, it commits what waits, and they go on when the commit is
//! flushed. A post is two steps, as publish has it: the admission and the outcome. Nothing else is done: no gate, no
//! digest, no hash, no JSON, no savepoints, no other process. So it tells what a layout of rows can reach, and not what
//! publish can.

mod keys;
mod rows;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::runtime::Runtime;

use crate::load::{Cost, Subject, measure};
pub use keys::Keys;
use rows::Post;
use writer::{Writer, Written};

/// A database with rows of posts, and the thread that writes it.
#[derive(Debug)]
pub struct Floor {
    name: &'static str,
    database: PathBuf,
    keys: Keys,
    checkpoint: u32,
    writer: Option<Writer>,
    thread: Option<JoinHandle<()>>,
    written: Arc<Written>,
    posts: u64,
}

impl Floor {
    /// A new database in a new folder, which checkpoints at so many frames of its log.
    ///
    /// # Panics
    /// When the database cannot be made.
    #[must_use]
    pub fn new(name: &'static str, folder: &Path, keys: Keys, checkpoint: u32) -> Self {
        std::fs::create_dir(folder).expect("the folder of the bench can be written");
        let database = folder.join("floor.db");
        let connection = rows::open(&database, checkpoint).expect("the database opens");
        rows::lay_out(&connection).expect("the tables can be made");
        let written = Arc::new(Written::default());
        let (writer, thread) = Writer::start(connection, keys, Arc::clone(&written));
        Self {
            name,
            database,
            keys,
            checkpoint,
            writer: Some(writer),
            thread: Some(thread),
            written,
            posts: 0,
        }
    }

    /// Adds posts at once, outside of what is measured, without waiting for the disk.
    ///
    /// # Panics
    /// When they cannot be written.
    pub fn fill(&mut self, posts: u64) {
        let numbers = self.posts..self.posts + posts;
        rows::fill(&self.database, self.keys, numbers, rows::post).expect("the database can be filled");
        self.posts += posts;
    }

    /// Adds keys at once, whose posts are elsewhere.
    ///
    /// # Panics
    /// As [`Floor::fill`].
    pub fn fill_keys(&mut self, keys: u64) {
        let numbers = self.posts..self.posts + keys;
        rows::fill(&self.database, self.keys, numbers, rows::key_alone).expect("the database can be filled");
        self.posts += keys;
        rows::go_on_behind(&self.database, self.posts).expect("the database can be written");
    }

    /// Makes so many new posts, shared out among the callers, and measures that.
    ///
    /// # Panics
    /// When one of them is not written.
    #[must_use]
    pub fn measure(&mut self, runtime: &Runtime, callers: usize, posts: u64) -> Cost {
        let requests: Vec<Post> = (self.posts..self.posts + posts).map(Post::numbered).collect();
        self.posts += posts;
        let written = &self.written;
        let count = || written.count();
        let subject = Subject { name: self.name, database: &self.database, log: self.checkpoint, count };
        let writer = self.writer.clone().expect("it writes until it is dropped");
        measure(runtime, &subject, callers, requests, move |post| {
            let writer = writer.clone();
            async move {
                let outcome = post.outcome();
                let request = writer.admit(post).await;
                writer.settle(request, outcome).await;
            }
        })
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        drop(self.writer.take());
        if let Some(thread) = self.thread.take() {
            assert!(thread.join().is_ok() || std::thread::panicking(), "the writer of the floor panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::CHECKPOINT;

    #[test]
    fn every_post_is_there_once_whichever_way_it_came() {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = Runtime::new().expect("a runtime starts");
        for (number, keys) in [Keys::One, Keys::Two, Keys::InMemory].into_iter().enumerate() {
            let place = folder.path().join(number.to_string());
            let mut floor = Floor::new("floor", &place, keys, CHECKPOINT);
            let _ = floor.measure(&runtime, 4, 10);
            floor.fill(5);
            let cost = floor.measure(&runtime, 4, 10);
            assert!(cost.flushes() <= 2.0, "{cost:?}");
            let connection = rows::open(&floor.database, CHECKPOINT).expect("the database opens");
            let count = |what: &str| {
                let counted =
                    connection.query_row(&format!("SELECT count(*) FROM {what}"), [], |row| row.get(0));
                counted.unwrap_or(-1_i64)
            };
            assert_eq!(count("request"), 25, "{keys:?}");
            assert_eq!(count("ledger"), 50, "{keys:?}");
            assert_eq!(count("progress WHERE state = 'published'"), 25, "{keys:?}");
            let spent: i64 = connection
                .query_row("SELECT sum(spent) FROM budget WHERE committed = 0", [], |row| row.get(0))
                .expect("budgets are there");
            assert_eq!(spent, 25 * rows::PRICE, "{keys:?}");
        }
    }
}
