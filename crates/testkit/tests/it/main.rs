//! The conformance functions and the model, for the store in memory.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly, their helpers too"
)]

use std::sync::Arc;

use async_trait::async_trait;
use chimera_testkit::conformance::{self, StoreFactory, Stores};
use chimera_testkit::model::{self, check_history, history};
use chimera_testkit::{Memory, TestClock, TestEntropy, block_on};

#[derive(Debug)]
struct InMemory {
    clock: Arc<TestClock>,
    memory: Memory,
}

impl InMemory {
    fn new() -> Self {
        let clock = Arc::new(TestClock::new());
        let memory = Memory::new(Arc::<TestClock>::clone(&clock), Arc::new(TestEntropy::seeded(1)));
        Self { clock, memory }
    }
}

#[async_trait]
impl StoreFactory for InMemory {
    async fn open(&self) -> Stores {
        Stores::of(Arc::new(self.memory.open()))
    }

    async fn crash_and_reopen(&self, dead: Stores) -> Stores {
        // The last handle goes, so the opener is dead.
        drop(dead);
        self.open().await
    }

    fn clock(&self) -> Arc<TestClock> {
        Arc::clone(&self.clock)
    }
}

#[test]
fn the_store_in_memory_keeps_the_contracts() {
    block_on(conformance::all(&InMemory::new()));
}

#[test]
fn every_case_stands_on_its_own() {
    for case in conformance::CASES {
        block_on(case.run(&InMemory::new()));
    }
}

mod agents;
mod asking_again;
mod claims;
mod crashes;
mod failing;
mod fake_server;
mod halting;
mod late;
mod left_open;
mod looking;
mod narrow;
mod one_port;
mod platforms;
mod policing;
mod reach;
mod signers;
mod targets;
mod tool_clients;
mod tool_outside;
mod undo;
mod uploading;
mod waiting;
mod world;
mod wrong_journals;
mod wrong_ports;

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_store_in_memory_follows_the_model(history in history()) {
        block_on(check_history(&InMemory::new(), &history));
    }

    #[test]
    fn the_queue_in_memory_follows_the_model(history in model::review::history()) {
        block_on(model::review::check_history(&InMemory::new(), &history));
    }

    #[test]
    fn the_limits_in_memory_follow_the_model(history in model::limits::history(false)) {
        block_on(model::limits::check_history(&InMemory::new(), &history));
    }

    #[test]
    fn no_clock_that_is_set_back_gives_more_permits(history in model::limits::history(true)) {
        block_on(model::limits::check_history(&InMemory::new(), &history));
    }
}
