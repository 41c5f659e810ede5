//! One load: so many callers, each making one call after the other, and what a call cost.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chimera::Chimera;
use chimera::contracts::Clock;
use chimera::mcp::TokioClock;
use chimera::platform::limits::RateLimit;
use chimera::store_sqlite::{SqliteOptions, SqliteStore};
use chimera_benches::flush;
use chimera_benches::sample::Sample;
use chimera_benches::stage::{NoOpPlatform, host};
use tokio::runtime::Runtime;

/// Flushes measured before and again after each load.
const PROBES: usize = 100;

/// So many callers make so many calls in all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) callers: usize,
    pub(crate) calls: usize,
}

/// A host over a database of its own, in the folder of the bench.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    runtime: &'a Runtime,
    folder: PathBuf,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) platform: Arc<NoOpPlatform>,
    pub(crate) host: Arc<Chimera>,
}

/// What a load cost.
#[derive(Debug)]
pub(crate) struct Cost {
    /// What was called.
    pub(crate) skill: &'static str,
    pub(crate) load: Load,
    pub(crate) flush: Duration,
    wall: Duration,
    commits: f64,
    rows: f64,
    latency: Sample,
}

impl<'a> Place<'a> {
    pub(crate) fn new(runtime: &'a Runtime, folder: PathBuf, limit: Option<RateLimit>) -> Self {
        std::fs::create_dir(&folder).expect("the folder of the bench can be written");
        let clock: Arc<dyn Clock> = Arc::new(TokioClock);
        let options = SqliteOptions::new(folder.join("chimera.db"), Arc::clone(&clock));
        let store = Arc::new(options.open().expect("the store opens"));
        let platform = Arc::new(NoOpPlatform::default());
        let host = Arc::new(host(&store, Arc::clone(&platform), &clock, limit));
        Self { runtime, folder, clock, store, platform, host }
    }

    /// Does what is not measured.
    pub(crate) fn prepare<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Makes a call for each request, shared out among the callers, and measures that.
    pub(crate) fn measure<R, F>(
        &self,
        skill: &'static str,
        load: Load,
        requests: Vec<R>,
        call: impl Fn(Arc<Chimera>, R) -> F + Copy + Send + 'static,
    ) -> Cost
    where
        R: Send + 'static,
        F: Future<Output = ()> + Send,
    {
        let mut flushes = flush::measure(&self.folder, PROBES).expect("a flush can be measured");
        let before = self.store.backend().write_count();
        let begun = Instant::now();
        let latencies = self.runtime.block_on(crowd(&self.host, shares(requests, load.callers), call));
        let wall = begun.elapsed();
        let after = self.store.backend().write_count();
        flushes.extend(flush::measure(&self.folder, PROBES).expect("a flush can be measured"));
        assert_eq!(latencies.len(), load.calls, "every request was answered");
        Cost {
            skill,
            load,
            flush: Sample::of(flushes).median(),
            wall,
            commits: total(after.commits - before.commits),
            rows: total(after.rows - before.rows),
            latency: Sample::of(latencies),
        }
    }
}

/// Each caller's share of the requests.
fn shares<R>(requests: Vec<R>, callers: usize) -> Vec<Vec<R>> {
    let mut shares: Vec<Vec<R>> = (0..callers).map(|_| Vec::new()).collect();
    for (number, request) in requests.into_iter().enumerate() {
        if let Some(share) = shares.get_mut(number % callers) {
            share.push(request);
        }
    }
    shares
}

/// Every caller makes its share of the calls, one after the other; says how long each took.
async fn crowd<R, F>(
    host: &Arc<Chimera>,
    shares: Vec<Vec<R>>,
    call: impl Fn(Arc<Chimera>, R) -> F + Copy + Send + 'static,
) -> Vec<Duration>
where
    R: Send + 'static,
    F: Future<Output = ()> + Send,
{
    let caller = |share: Vec<R>| {
        let host = Arc::clone(host);
        tokio::spawn(async move {
            let mut latencies = Vec::with_capacity(share.len());
            for request in share {
                let begun = Instant::now();
                call(Arc::clone(&host), request).await;
                latencies.push(begun.elapsed());
            }
            latencies
        })
    };
    let callers: Vec<_> = shares.into_iter().map(caller).collect();
    let mut latencies = Vec::new();
    for caller in callers {
        latencies.extend(caller.await.expect("a caller ends"));
    }
    latencies
}

impl Cost {
    fn calls(&self) -> f64 {
        total(self.load.calls as u64)
    }

    /// Calls a second.
    pub(crate) fn rate(&self) -> f64 {
        self.calls() / self.wall.as_secs_f64()
    }

    /// Calls in the time of one flush.
    pub(crate) fn ratio(&self) -> f64 {
        self.rate() * self.flush.as_secs_f64()
    }

    /// Transactions a call, each of which waits for a flush.
    pub(crate) fn flushes(&self) -> f64 {
        self.commits / self.calls()
    }

    /// Rows a call.
    pub(crate) fn rows(&self) -> f64 {
        self.rows / self.calls()
    }

    /// The latency that `percent` of the calls do not exceed, in flushes.
    pub(crate) fn in_flushes(&self, percent: usize) -> f64 {
        self.latency.percentile(percent).as_secs_f64() / self.flush.as_secs_f64()
    }
}

/// Exact below 2^53.
fn total(number: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "no run writes 2^53 rows")]
    {
        number as f64
    }
}
