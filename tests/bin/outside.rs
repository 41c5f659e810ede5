//! temp
#![allow(clippy::all, clippy::unwrap_used, clippy::print_stdout, reason = "temp")]
use chimera::contracts::Clock;
use chimera_testkit::{MemoryStore, Rules, StrictPlatform, TestClock, TestEntropy, block_on};
use chimera_tests::stage::*;
use std::sync::Arc;
use std::time::Instant;
fn main() {
    let clock = Arc::new(TestClock::new());
    let time: Arc<dyn Clock> = Arc::<TestClock>::clone(&clock);
    let platform = StrictPlatform::everywhere(time.clone(), Rules::default());
    let store = Arc::new(MemoryStore::new(time.clone(), Arc::new(TestEntropy::seeded(1))));
    let t = Instant::now();
    for _ in 0..50 {
        let _ = host(&store, Arc::new(platform.clone()), &time);
    }
    println!("build {:?}", t.elapsed() / 50);
    let judges = chimera_tests::engage_stage::Judges::seed(0.95);
    let t = Instant::now();
    for _ in 0..50 {
        let _ = chimera_tests::engage_stage::engage_host(&judges, &store, Arc::new(platform.clone()), &time);
    }
    println!("build engage {:?}", t.elapsed() / 50);
    let t = Instant::now();
    for _ in 0..50 {
        let _ = chimera::platform::Profile::seeds().unwrap();
    }
    println!("seeds {:?}", t.elapsed() / 50);
    let h = host(&store, Arc::new(platform.clone()), &time);
    let t = Instant::now();
    for i in 0..200 {
        let mut input = input(&format!("k{i}"));
        block_on(approve(&store, &h, &mut input, clock.as_ref()));
        block_on(publish(&h, &input));
    }
    println!("publish 3 {:?}", t.elapsed() / 200);
}
