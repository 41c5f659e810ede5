//! A host over a SQLite database of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chimera::Chimera;
use chimera::contracts::publish::{PublishInput, PublishStatus};
use chimera::contracts::{Clock, Skill as _};
use chimera::mcp::TokioClock;
use chimera::platform::limits::RateLimit;
use chimera::store_sqlite::{SqliteOptions, SqliteStore};
use tokio::runtime::Runtime;

use crate::campaigns::fund;
use crate::disk::CHECKPOINT;
use crate::load::{Cost, Count, Subject, measure};
use crate::stage::{NoOpPlatform, context, host};

/// A host, what it stands on, and its database in a folder of the bench.
#[derive(Debug)]
pub struct Place<'a> {
    runtime: &'a Runtime,
    database: PathBuf,
    /// The clock of host and store.
    pub clock: Arc<dyn Clock>,
    /// The store over the database.
    pub store: Arc<SqliteStore>,
    /// Where posts and likes go.
    pub platform: Arc<NoOpPlatform>,
    /// The host.
    pub host: Arc<Chimera>,
}

impl<'a> Place<'a> {
    /// A host over a new database in a new folder, with every campaign funded.
    ///
    /// # Panics
    /// When the folder cannot be written.
    pub fn new(runtime: &'a Runtime, folder: &Path, limit: Option<RateLimit>) -> Self {
        std::fs::create_dir(folder).expect("the folder of the bench can be written");
        let database = folder.join("chimera.db");
        let clock: Arc<dyn Clock> = Arc::new(TokioClock);
        let options = SqliteOptions::new(&database, Arc::clone(&clock));
        let store = Arc::new(options.open().expect("the store opens"));
        let platform = Arc::new(NoOpPlatform::default());
        let host = Arc::new(host(&store, Arc::clone(&platform), &clock, limit));
        runtime.block_on(fund(store.as_ref()));
        Self { runtime, database, clock, store, platform, host }
    }

    /// Does what is not measured.
    pub fn prepare<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Makes a call for each request, shared out among the callers, and measures that.
    pub fn measure<R, F>(
        &self,
        name: &'static str,
        callers: usize,
        requests: Vec<R>,
        call: impl Fn(Arc<Chimera>, R) -> F + Copy + Send + 'static,
    ) -> Cost
    where
        R: Send + 'static,
        F: Future<Output = ()> + Send,
    {
        let count = || {
            let written = self.store.backend().write_count();
            Count { commits: written.commits, rows: written.rows }
        };
        let subject = Subject { name, database: &self.database, log: CHECKPOINT, count };
        let host = Arc::clone(&self.host);
        measure(self.runtime, &subject, callers, requests, move |request| call(Arc::clone(&host), request))
    }

    /// Publishes requests that are approved already.
    ///
    /// # Panics
    /// When one is not published.
    #[must_use]
    pub fn publish(&self, callers: usize, requests: Vec<PublishInput>) -> Cost {
        async fn call(host: Arc<Chimera>, request: PublishInput) {
            let answer = host.publish().call(&context(), request).await.expect("the context is complete");
            assert_eq!(answer.status, PublishStatus::Success, "{answer:?}");
        }
        let before = self.platform.posts();
        let wanted = requests.len() as u64;
        let cost = self.measure("publish", callers, requests, call);
        assert_eq!(self.platform.posts() - before, wanted, "every request was posted once");
        cost
    }
}
