//! Calls each skill again and again, by 1, 16 and 256 callers at once, over a SQLite file on a real disk and a platform
//! that costs nothing; prints what a call costs in flushes, rows, bytes and time, beside what the rows of a post cost that
//! are written by hand.
//!
//! Counts are goals that fail the run; times are only told, because they are the machine's.
#![expect(clippy::expect_used, reason = "a bench that cannot run has nothing to say")]
#![expect(clippy::print_stdout, reason = "what it measured is its output")]

mod calls;
mod goals;

use std::path::Path;
use std::process::ExitCode;

use chimera_benches::disk;
use chimera_benches::load::{Cost, Load, cell};
use chimera_benches::mode::Mode;
use tokio::runtime::Runtime;

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
    let folder = tempfile::tempdir_in(disk::base(env!("CARGO_TARGET_TMPDIR")))
        .expect("the folder of the bench can be written");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_time().build().expect("a runtime starts");
    let costs: Vec<Cost> = loads.into_iter().flat_map(|load| run(&runtime, folder.path(), load)).collect();
    print(&costs);
    if mode == Mode::Measure {
        goals::aims(&costs);
    }
    if goals::goals(&costs) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One load of every skill, one after the other, so that all of them meet the same neighbours.
fn run(runtime: &Runtime, folder: &Path, load: Load) -> Vec<Cost> {
    let place = |name: &str| folder.join(format!("{name}-{}", load.callers));
    let mut costs = calls::publish(runtime, &place("publish"), load);
    costs.extend(calls::lean(runtime, &place("lean"), load));
    costs.extend(calls::keyed(runtime, &place("keyed"), load));
    costs.extend(calls::engage(runtime, &place("engage"), load));
    costs.extend(calls::engage_limited(runtime, &place("limited"), load));
    costs.extend(calls::propose(runtime, &place("propose"), load));
    costs
}

fn print(costs: &[Cost]) {
    println!(
        "| call | callers | calls | calls/s | of publish's | CPU, µs | one flush, ms | calls a flush's time | flushes a call \
         | rows a call | kB kept | kB written | p50, in flushes | p99, in flushes |"
    );
    println!("|:--|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for cost in costs {
        let publish = costs.iter().find(|other| other.load.callers == cost.load.callers);
        println!(
            "| {} | {} | {} | {:.0} | {:.2} | {} | {:.3} | {:.2} | {:.3} | {:.2} | {:.1} | {} | {:.1} | {:.1} |",
            cost.name,
            cost.load.callers,
            cost.load.calls,
            cost.rate(),
            cost.rate() / publish.map_or(f64::NAN, Cost::rate),
            cell(cost.cpu()),
            cost.flush.as_secs_f64() * 1e3,
            cost.ratio(),
            cost.flushes(),
            cost.rows(),
            cost.kept(),
            cell(cost.written()),
            cost.in_flushes(50),
            cost.in_flushes(99),
        );
    }
}
