//! Many seeds on all cores, and what fails made smaller.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use chimera_testkit::outside::{BreachKind, Scenario, shrink};

use super::report::{Report, Totals};
use super::run::{Options, run};

/// Which seeds are run, and how.
#[derive(Clone, Copy, Debug)]
pub struct Hunt {
    /// The first seed.
    pub from: u64,
    /// How many.
    pub seeds: u64,
    /// On how many threads.
    pub threads: usize,
    /// Whether the first seed that fails ends it.
    pub stops: bool,
}

/// What a hunt tells while it is under way.
#[derive(Debug)]
pub enum Progress<'a> {
    /// So many runs are done.
    Done(u64),
    /// A seed fails. The kinds of what is wrong and their first seeds are told once each.
    Fails {
        /// The seed.
        seed: u64,
        /// What it came to.
        report: &'a Report,
        /// Whether a seed failed in this way before.
        again: bool,
    },
}

/// Runs the seeds. What it tells comes from all threads, one at a time.
pub fn hunt(hunt: Hunt, tell: impl Fn(Progress<'_>) + Sync) -> Totals {
    let next = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let all = Mutex::new((Totals::default(), BTreeMap::<Vec<BreachKind>, u64>::new()));
    std::thread::scope(|scope| {
        for _ in 0..hunt.threads.max(1) {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= hunt.seeds {
                        return;
                    }
                    let seed = hunt.from.wrapping_add(number);
                    let report = run(&Scenario::of_seed(seed), Options::default());
                    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                    all.0.add(&report);
                    if report.fails() {
                        let again = all.1.insert(report.kinds(), seed).is_some();
                        stop.fetch_or(hunt.stops, Ordering::Relaxed);
                        tell(Progress::Fails { seed, report: &report, again });
                    }
                    tell(Progress::Done(all.0.runs));
                }
            });
        }
    });
    all.into_inner().unwrap_or_else(PoisonError::into_inner).0
}

/// A scenario that fails, made smaller, with the lines of its run: as a person reads it.
#[must_use]
pub fn explained(scenario: &Scenario, options: Options) -> (Scenario, String) {
    let wanted = run(scenario, options).kinds();
    let silent = Options { trace: false, ..options };
    let fails = |smaller: &Scenario| {
        let kinds = run(smaller, silent).kinds();
        wanted.iter().any(|kind| kinds.contains(kind))
    };
    let small = shrink(scenario, fails);
    let report = run(&small, Options { trace: true, ..options });
    let breaches: String = report
        .breaches
        .iter()
        .map(|breach| format!("{:?} wish {}: {}\n", breach.kind, breach.wish, breach.words))
        .collect();
    let words = format!("{breaches}{small}{}", report.trace);
    (small, words)
}
