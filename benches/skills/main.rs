//! Calls each skill again and again, by 1, 16 and 256 callers at once, over a SQLite file on a real disk and a platform
//! that costs nothing; prints what a call costs in flushes, rows and time.
//!
//! Counts are goals that fail the run; times are only told, because they are the machine's.
#![expect(clippy::expect_used, reason = "a bench that cannot run has nothing to say")]
#![expect(clippy::print_stdout, reason = "what it measured is its output")]

mod calls;
mod load;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chimera_benches::mode::Mode;
use tokio::runtime::Runtime;

use load::{Cost, Load};

/// Posts a second by the largest number of callers.
const RATE: f64 = 2_000.0;

/// What a call of a skill may cost at most: flushes for a caller that is alone, rows whatever the number of callers.
const GOALS: [Goal; 5] = [
    Goal { skill: "publish", flushes: 2.0, rows: 10.0 },
    Goal { skill: "engage", flushes: 4.0, rows: 13.0 },
    Goal { skill: "engage, limited", flushes: 5.0, rows: 14.0 },
    Goal { skill: "propose", flushes: 1.0, rows: 2.0 },
    Goal { skill: "propose again", flushes: 0.0, rows: 0.0 },
];

struct Goal {
    skill: &'static str,
    flushes: f64,
    rows: f64,
}

const MEASURED: [Load; 3] = [
    Load { callers: 1, calls: 2_000 },
    Load { callers: 16, calls: 8_000 },
    Load { callers: 256, calls: 25_600 },
];

/// Few enough that even a slow build on a busy machine answers every caller in time.
const SMOKE: [Load; 3] =
    [Load { callers: 1, calls: 4 }, Load { callers: 16, calls: 32 }, Load { callers: 64, calls: 64 }];

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
    let costs: Vec<Cost> = loads.into_iter().flat_map(|load| run(&runtime, folder.path(), load)).collect();
    print(&costs);
    if goals(&costs, mode) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Where the databases are: `CHIMERA_BENCH_DIR`, else the target folder.
fn base() -> PathBuf {
    std::env::var_os("CHIMERA_BENCH_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from)
}

/// One load of every skill, one after the other, so that all of them meet the same neighbours.
fn run(runtime: &Runtime, folder: &Path, load: Load) -> Vec<Cost> {
    let place = |name: &str| folder.join(format!("{name}-{}", load.callers));
    let mut costs = calls::publish(runtime, place("publish"), load);
    costs.extend(calls::engage(runtime, place("engage"), load));
    costs.extend(calls::engage_limited(runtime, place("limited"), load));
    costs.extend(calls::propose(runtime, place("propose"), load));
    costs
}

fn print(costs: &[Cost]) {
    println!(
        "| skill | callers | calls | calls/s | of publish's | one flush, ms | calls a flush's time | flushes a call \
         | rows a call | p50, in flushes | p99, in flushes |"
    );
    println!("|:--|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for cost in costs {
        let publish = costs.iter().find(|other| other.load.callers == cost.load.callers);
        println!(
            "| {} | {} | {} | {:.0} | {:.2} | {:.3} | {:.2} | {:.3} | {:.2} | {:.1} | {:.1} |",
            cost.skill,
            cost.load.callers,
            cost.load.calls,
            cost.rate(),
            cost.rate() / publish.map_or(f64::NAN, Cost::rate),
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
    // Every goal is told, the missed ones too.
    let missed = GOALS.iter().filter(|goal| !goal.holds(costs)).count();
    let crowd = costs.iter().rfind(|cost| cost.skill == "publish").map_or(0.0, Cost::rate);
    let rate = match mode {
        Mode::Measure => format!("{} ({crowd:.0})", word(crowd >= RATE)),
        Mode::Smoke | Mode::List => "not measured".to_owned(),
    };
    println!("goal: {RATE} posts/s by 256 callers: {rate}");
    missed == 0
}

impl Goal {
    fn holds(&self, costs: &[Cost]) -> bool {
        let of_skill = || costs.iter().filter(|cost| cost.skill == self.skill);
        let alone = of_skill().next().map_or(f64::INFINITY, Cost::flushes);
        let most = of_skill().map(Cost::rows).fold(0.0, f64::max);
        let (few_flushes, few_rows) = (alone <= self.flushes, most <= self.rows);
        println!(
            "goals: {}: {} flushes a call at 1 caller: {} ({alone:.2}); at most {} rows: {} ({most:.2})",
            self.skill,
            self.flushes,
            word(few_flushes),
            self.rows,
            word(few_rows),
        );
        few_flushes && few_rows
    }
}

const fn word(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}
