//! Publishes one text to one platform, again and again, by 1, 16 and 256 callers at once, over a SQLite file on a real
//! disk and a platform that costs nothing; prints what a post costs in flushes, rows and time.
//!
//! Counts are goals that fail the run; times are only told, because they are the machine's.
#![expect(clippy::expect_used, reason = "a bench that cannot run has nothing to say")]
#![expect(clippy::print_stdout, reason = "what it measured is its output")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chimera::contracts::publish::{PublishInput, PublishStatus};
use chimera::contracts::{Clock, Skill as _};
use chimera::mcp::TokioClock;
use chimera::store_sqlite::{SqliteOptions, SqliteStore};
use chimera_benches::flush;
use chimera_benches::mode::Mode;
use chimera_benches::sample::Sample;
use chimera_benches::stage::{NoOpPlatform, approved_requests, context, host};
use tokio::runtime::Runtime;

/// Flushes a post, for a caller that is alone.
const FLUSHES: f64 = 2.0;

/// Rows a post, whatever the number of callers.
const ROWS: f64 = 10.0;

/// Posts a second by the largest number of callers.
const RATE: f64 = 2_000.0;

/// Flushes measured before and again after each load.
const PROBES: usize = 100;

/// So many callers make so many posts in all.
#[derive(Clone, Copy, Debug)]
struct Load {
    callers: usize,
    posts: usize,
}

const MEASURED: [Load; 3] = [
    Load { callers: 1, posts: 2_000 },
    Load { callers: 16, posts: 8_000 },
    Load { callers: 256, posts: 25_600 },
];

/// Few enough that even a slow build on a busy machine answers every caller in time.
const SMOKE: [Load; 3] =
    [Load { callers: 1, posts: 4 }, Load { callers: 16, posts: 32 }, Load { callers: 64, posts: 64 }];

/// What a load cost.
#[derive(Debug)]
struct Cost {
    load: Load,
    flush: Duration,
    wall: Duration,
    commits: f64,
    rows: f64,
    latency: Sample,
}

impl Cost {
    fn posts(&self) -> f64 {
        count(self.load.posts)
    }

    fn rate(&self) -> f64 {
        self.posts() / self.wall.as_secs_f64()
    }

    /// Posts in the time of one flush.
    fn ratio(&self) -> f64 {
        self.rate() * self.flush.as_secs_f64()
    }

    fn flushes(&self) -> f64 {
        self.commits / self.posts()
    }

    fn rows(&self) -> f64 {
        self.rows / self.posts()
    }

    fn in_flushes(&self, percent: usize) -> f64 {
        self.latency.percentile(percent).as_secs_f64() / self.flush.as_secs_f64()
    }
}

fn main() -> ExitCode {
    let mode = Mode::of(std::env::args().skip(1));
    let loads = match mode {
        Mode::Measure => MEASURED,
        Mode::Smoke => SMOKE,
        Mode::List => return ExitCode::SUCCESS,
    };
    let folder = tempfile::tempdir_in(base()).expect("the folder of the bench can be written");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_time().build().expect("a runtime starts");
    let costs: Vec<Cost> = loads.into_iter().map(|load| run(&runtime, folder.path(), load)).collect();
    print(&costs);
    if goals(&costs, mode) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Where the database is: `CHIMERA_BENCH_DIR`, else the target folder.
fn base() -> PathBuf {
    std::env::var_os("CHIMERA_BENCH_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from)
}

/// One load over a database of its own.
fn run(runtime: &Runtime, folder: &Path, load: Load) -> Cost {
    let clock: Arc<dyn Clock> = Arc::new(TokioClock);
    let path = folder.join(format!("{}.db", load.callers));
    let store = SqliteStore::open(SqliteOptions::new(path, Arc::clone(&clock))).expect("the store opens");
    let store = Arc::new(store);
    let platform = Arc::new(NoOpPlatform::default());
    let host = Arc::new(host(&store, Arc::clone(&platform), &clock));
    let requests = runtime.block_on(approved_requests(store.as_ref(), &host, clock.as_ref(), load.posts));

    let mut flushes = flush::measure(folder, PROBES).expect("a flush can be measured");
    let before = store.write_count();
    let begun = Instant::now();
    let latencies = runtime.block_on(call(&host, requests, load.callers));
    let wall = begun.elapsed();
    let after = store.write_count();
    flushes.extend(flush::measure(folder, PROBES).expect("a flush can be measured"));

    assert_eq!(latencies.len(), load.posts, "every request was answered");
    assert_eq!(platform.posts(), load.posts as u64, "every request was posted once");
    Cost {
        load,
        flush: Sample::of(flushes).median(),
        wall,
        commits: total(after.commits - before.commits),
        rows: total(after.rows - before.rows),
        latency: Sample::of(latencies),
    }
}

/// Every caller makes its share of the posts, one after the other.
async fn call(host: &Arc<chimera::Chimera>, requests: Vec<PublishInput>, callers: usize) -> Vec<Duration> {
    let mut shares: Vec<Vec<PublishInput>> = (0..callers).map(|_| Vec::new()).collect();
    for (number, request) in requests.into_iter().enumerate() {
        if let Some(share) = shares.get_mut(number % callers) {
            share.push(request);
        }
    }
    let callers: Vec<_> =
        shares.into_iter().map(|share| tokio::spawn(caller(Arc::clone(host), share))).collect();
    let mut latencies = Vec::new();
    for caller in callers {
        latencies.extend(caller.await.expect("a caller ends"));
    }
    latencies
}

async fn caller(host: Arc<chimera::Chimera>, share: Vec<PublishInput>) -> Vec<Duration> {
    let context = context();
    let mut latencies = Vec::with_capacity(share.len());
    for request in share {
        let begun = Instant::now();
        let answer = host.publish().call(&context, request).await.unwrap_or_else(|failure| failure);
        latencies.push(begun.elapsed());
        assert_eq!(answer.status, PublishStatus::Success, "{answer:?}");
    }
    latencies
}

fn print(costs: &[Cost]) {
    println!(
        "| callers | posts | posts/s | one flush, ms | posts a flush's time | flushes a post | rows a post \
         | p50, in flushes | p99, in flushes |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for cost in costs {
        println!(
            "| {} | {} | {:.0} | {:.3} | {:.2} | {:.3} | {:.2} | {:.1} | {:.1} |",
            cost.load.callers,
            cost.load.posts,
            cost.rate(),
            cost.flush.as_secs_f64() * 1e3,
            cost.ratio(),
            cost.flushes(),
            cost.rows(),
            cost.in_flushes(50),
            cost.in_flushes(99),
        );
    }
}

/// Tells whether the goals hold; `false` when one that does not depend on the machine fails.
fn goals(costs: &[Cost], mode: Mode) -> bool {
    let (Some(alone), Some(crowd)) = (costs.first(), costs.last()) else { return false };
    let most_rows = costs.iter().map(Cost::rows).fold(0.0, f64::max);
    let (few_flushes, few_rows) = (alone.flushes() <= FLUSHES, most_rows <= ROWS);
    let word = |met: bool| if met { "met" } else { "MISSED" };
    let rate = match mode {
        Mode::Measure => format!("{} ({:.0})", word(crowd.rate() >= RATE), crowd.rate()),
        Mode::Smoke | Mode::List => "not measured".to_owned(),
    };
    println!(
        "goals: {FLUSHES} flushes a post at 1 caller: {} ({:.2}); at most {ROWS} rows a post: {} ({most_rows:.2}); \
         {RATE} posts/s at 256 callers: {rate}",
        word(few_flushes),
        alone.flushes(),
        word(few_rows),
    );
    few_flushes && few_rows
}

fn count(number: usize) -> f64 {
    total(number as u64)
}

/// Exact below 2^53.
fn total(number: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "no run writes 2^53 rows")]
    {
        number as f64
    }
}
