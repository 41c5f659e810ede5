//! The long run: one database that publish fills, step by step, and the lean floor beside it at the same size.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use chimera_benches::disk::{CHECKPOINT, resident};
use chimera_benches::floor::{Floor, Keys};
use chimera_benches::load::{Cost, cell};
use chimera_benches::place::Place;
use chimera_benches::sample::Sample;
use chimera_benches::stage::approved_requests;
use tokio::runtime::Runtime;

/// How many call at the same time.
const CALLERS: usize = 256;

/// A step is made in so many rounds, publish and the floor in turns, so that both meet the same neighbours.
const ROUNDS: usize = 4;

/// The floor is measured over one post of so many; the others are filled in at once.
const MEASURED_OF: usize = 5;

/// Publishes so many posts, and prints after each step what one of its posts cost.
pub(crate) fn run(runtime: &Runtime, folder: &Path, posts: usize, step: usize) {
    let place = Place::new(runtime, &folder.join("publish"), None);
    let mut floor = Floor::new("floor, lean", &folder.join("floor"), Keys::One, CHECKPOINT);
    println!(
        "| past publications | posts/s | kB written | kB kept | p99, ms | memory, MB | one flush, ms \
         | floor: posts/s | kB written | of the floor |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for first in (0..posts).step_by(step) {
        let numbers = first..posts.min(first + step);
        let (ours, floors) = rounds(numbers.clone())
            .map(|round| {
                let ours = publish(&place, round.clone());
                (ours, write(runtime, &mut floor, round.len()))
            })
            .unzip();
        print(numbers.end, &Step(ours), &Step(floors));
    }
}

/// The numbers of a step, round by round.
fn rounds(numbers: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let round = numbers.len().div_ceil(ROUNDS);
    numbers.clone().step_by(round).map(move |first| first..numbers.end.min(first + round))
}

/// Publishes the requests with these numbers, each approved beforehand.
fn publish(place: &Place<'_>, numbers: Range<usize>) -> Cost {
    let approved = approved_requests(place.store.as_ref(), &place.host, place.clock.as_ref(), numbers);
    let requests = place.prepare(approved);
    place.publish(CALLERS, requests)
}

/// Writes as many posts into the floor, and measures the last of them.
fn write(runtime: &Runtime, floor: &mut Floor, posts: usize) -> Cost {
    let measured = posts.div_ceil(MEASURED_OF);
    floor.fill((posts - measured) as u64);
    floor.measure(runtime, CALLERS, measured as u64)
}

/// What the rounds of a step cost.
#[derive(Debug, Default)]
struct Step(Vec<Cost>);

impl Step {
    /// The mean of a figure over the posts of all rounds.
    fn mean(&self, figure: impl Fn(&Cost) -> Option<f64>) -> Option<f64> {
        let weights: f64 = self.0.iter().map(Cost::calls).sum();
        let weighted: Option<f64> = self.0.iter().map(|cost| Some(figure(cost)? * cost.calls())).sum();
        weighted.map(|sum| sum / weights)
    }

    fn rate(&self) -> f64 {
        let wall: Duration = self.0.iter().map(Cost::wall).sum();
        self.0.iter().map(Cost::calls).sum::<f64>() / wall.as_secs_f64()
    }

    /// The median over the rounds.
    fn median(&self, figure: impl Fn(&Cost) -> Duration) -> f64 {
        Sample::of(self.0.iter().map(figure).collect()).median().as_secs_f64() * 1e3
    }
}

fn print(past: usize, ours: &Step, floor: &Step) {
    #[expect(clippy::cast_precision_loss, reason = "no memory has 2^53 bytes")]
    let memory = resident().map(|bytes| bytes as f64 / 1e6);
    println!(
        "| {past} | {:.0} | {} | {} | {:.0} | {} | {:.3} | {:.0} | {} | {:.3} |",
        ours.rate(),
        cell(ours.mean(Cost::written)),
        cell(ours.mean(|cost| Some(cost.kept()))),
        ours.median(|cost| cost.latency(99)),
        cell(memory),
        ours.median(|cost| cost.flush),
        floor.rate(),
        cell(floor.mean(Cost::written)),
        ours.rate() / floor.rate(),
    );
}
