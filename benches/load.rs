//! One load: so many callers, each making one call after the other, and what a call cost.

use std::path::Path;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::cpu;
use crate::crowd::crowd;
use crate::disk::{Bytes, Meter};
use crate::flush;
use crate::sample::Sample;

/// Flushes measured before and again after each load.
const PROBES: usize = 100;

/// More frames of the log than any call writes.
const FRAMES_A_CALL: u32 = 32;

/// So many callers make so many calls in all.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// How many call at the same time.
    pub callers: usize,
    /// How often they call, all together.
    pub calls: usize,
}

/// What was written to a database so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Transactions committed; each is one flush.
    pub commits: u64,
    /// Rows inserted, updated or deleted.
    pub rows: u64,
}

/// What is called, and over which database.
#[derive(Debug)]
pub struct Subject<'a, C> {
    /// Its name in the table.
    pub name: &'static str,
    /// The database that its calls write.
    pub database: &'a Path,
    /// Frames that its log comes to have.
    pub log: u32,
    /// Tells what was written to it so far.
    pub count: C,
}

/// What a load cost.
#[derive(Debug)]
pub struct Cost {
    /// What was called.
    pub name: &'static str,
    /// How.
    pub load: Load,
    /// What one flush took before and after.
    pub flush: Duration,
    wall: Duration,
    cpu: Option<Duration>,
    wrote: Count,
    bytes: Bytes,
    latency: Sample,
}

/// Makes a call for each request, shared out among the callers, and measures that.
///
/// # Panics
/// When a call panics, or the database cannot be read.
pub fn measure<R, F>(
    runtime: &Runtime,
    subject: &Subject<'_, impl Fn() -> Count>,
    callers: usize,
    requests: Vec<R>,
    call: impl Fn(R) -> F + Clone + Send + 'static,
) -> Cost
where
    R: Send + 'static,
    F: Future<Output = ()> + Send,
{
    let load = Load { callers, calls: requests.len() };
    let folder = subject.database.parent().unwrap_or(Path::new("."));
    let mut flushes = flush::measure(folder, PROBES).expect("a flush can be measured");
    let most = u32::try_from(load.calls).unwrap_or(u32::MAX).saturating_mul(FRAMES_A_CALL);
    let meter = Meter::start(subject.database, subject.log.min(most));
    let before = (subject.count)();
    let worked = cpu::used();
    let begun = Instant::now();
    let latencies = runtime.block_on(crowd(callers, requests, call));
    let wall = begun.elapsed();
    let cpu = worked.and_then(|before| cpu::used()?.checked_sub(before));
    let after = (subject.count)();
    let bytes = meter.stop();
    flushes.extend(flush::measure(folder, PROBES).expect("a flush can be measured"));
    assert_eq!(latencies.len(), load.calls, "every request was answered");
    Cost {
        name: subject.name,
        load,
        flush: Sample::of(flushes).median(),
        wall,
        cpu,
        wrote: Count { commits: after.commits - before.commits, rows: after.rows - before.rows },
        bytes,
        latency: Sample::of(latencies),
    }
}

impl Cost {
    /// How many calls were made.
    #[must_use]
    pub fn calls(&self) -> f64 {
        exact(self.load.calls as u64)
    }

    fn a_call(&self, total: u64) -> f64 {
        exact(total) / self.calls()
    }

    /// Calls a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.calls() / self.wall.as_secs_f64()
    }

    /// How long the load took.
    #[must_use]
    pub fn wall(&self) -> Duration {
        self.wall
    }

    /// For how long processors worked on a call, in microseconds; with those of the bench that makes it.
    #[must_use]
    pub fn cpu(&self) -> Option<f64> {
        self.cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / self.calls())
    }

    /// Calls in the time of one flush.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.rate() * self.flush.as_secs_f64()
    }

    /// Transactions a call, each of which waits for a flush.
    #[must_use]
    pub fn flushes(&self) -> f64 {
        self.a_call(self.wrote.commits)
    }

    /// Rows a call.
    #[must_use]
    pub fn rows(&self) -> f64 {
        self.a_call(self.wrote.rows)
    }

    /// By how much the database grew, in kB a call.
    #[must_use]
    pub fn kept(&self) -> f64 {
        self.a_call(self.bytes.kept) / 1e3
    }

    /// What went to the disk, in kB a call.
    #[must_use]
    pub fn written(&self) -> Option<f64> {
        self.bytes.written.map(|bytes| self.a_call(bytes) / 1e3)
    }

    /// The latency that `percent` of the calls do not exceed.
    #[must_use]
    pub fn latency(&self, percent: usize) -> Duration {
        self.latency.percentile(percent)
    }

    /// The same, in flushes.
    #[must_use]
    pub fn in_flushes(&self, percent: usize) -> f64 {
        self.latency(percent).as_secs_f64() / self.flush.as_secs_f64()
    }
}

/// Exact below 2^53.
fn exact(number: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "no run writes 2^53 bytes")]
    {
        number as f64
    }
}

/// A figure as a cell of a table; `n/a` where there is none.
#[must_use]
pub fn cell(figure: Option<f64>) -> String {
    figure.map_or_else(|| "n/a".to_owned(), |figure| format!("{figure:.1}"))
}
