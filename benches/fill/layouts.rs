//! Layouts to choose from: how the key of a request is found among a million of others, and how long the log is.

use std::path::Path;

use chimera_benches::disk::CHECKPOINT;
use chimera_benches::floor::{Floor, Keys};
use chimera_benches::load::{Cost, cell};
use tokio::runtime::Runtime;

/// The layouts, with the frames of the log at which each checkpoints.
const LAYOUTS: [(&str, Keys, u32); 4] = [
    ("one random index", Keys::One, CHECKPOINT),
    ("two random indexes", Keys::Two, CHECKPOINT),
    ("no random index, keys in memory", Keys::InMemory, CHECKPOINT),
    ("one random index, checkpoint at 32,768 pages", Keys::One, 32_768),
];

/// Each is measured so often, in turns; medians are told.
const ROUNDS: usize = 3;

/// How much is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    keys: u64,
    posts: u64,
    callers: usize,
}

impl Size {
    /// Large enough that the indexes outgrow what one checkpoint writes, and that the longest log is checkpointed.
    pub(crate) const FULL: Self = Self { keys: 1_000_000, posts: 50_000, callers: 256 };
    /// As little as touches everything.
    pub(crate) const LITTLE: Self = Self { keys: 100, posts: 64, callers: 16 };
}

/// Measures every layout, and prints what a post costs in each.
pub(crate) fn run(runtime: &Runtime, folder: &Path, Size { keys, posts, callers }: Size) {
    let mut places: Vec<(Floor, Vec<Cost>)> = Vec::new();
    for (number, (name, kind, checkpoint)) in LAYOUTS.into_iter().enumerate() {
        let mut floor = Floor::new(name, &folder.join(format!("layout-{number}")), kind, checkpoint);
        floor.fill_keys(keys);
        places.push((floor, Vec::new()));
    }
    for _ in 0..ROUNDS {
        for (floor, costs) in &mut places {
            costs.push(floor.measure(runtime, callers, posts));
        }
    }
    println!("| layout | posts/s | from | to | kB written | kB kept | p50, ms | p99, ms | one flush, ms |");
    println!("|:--|--:|--:|--:|--:|--:|--:|--:|--:|");
    for (_, costs) in &places {
        print(costs);
    }
}

fn print(costs: &[Cost]) {
    let name = costs.first().map_or("", |cost| cost.name);
    let rates = sorted(costs.iter().map(Cost::rate));
    let [rate, lowest, highest] = [rates.get(rates.len() / 2), rates.first(), rates.last()]
        .map(|rate| rate.copied().unwrap_or_default());
    let written: Option<Vec<f64>> = costs.iter().map(Cost::written).collect();
    let of = |figure: fn(&Cost) -> f64| median(costs.iter().map(figure));
    println!(
        "| {name} | {rate:.0} | {lowest:.0} | {highest:.0} | {} | {:.1} | {:.1} | {:.1} | {:.3} |",
        cell(written.map(median)),
        of(Cost::kept),
        of(|cost| cost.latency(50).as_secs_f64() * 1e3),
        of(|cost| cost.latency(99).as_secs_f64() * 1e3),
        of(|cost| cost.flush.as_secs_f64() * 1e3),
    );
}

fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let sorted = sorted(figures);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn sorted(figures: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = figures.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}
