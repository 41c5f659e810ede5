//! Every contract holds, and histories come to what the model says, while conditions fail again and again.

use std::sync::Arc;

use async_trait::async_trait;
use chimera_contracts::Entropy;
use chimera_store::Store;
use chimera_store_memory::Memory;
use chimera_testkit::conformance::{self, StoreFactory, Stores};
use chimera_testkit::model::{self, check_history, history};
use chimera_testkit::{TestClock, TestEntropy, block_on};

use crate::unsteady::Unsteady;

/// How often transactions fail, in turn: never, once, and so often that the step is computed inside the backend.
const STALE: [usize; 7] = [1, 0, 2, 3, 0, 1, 5];

#[derive(Debug)]
struct Faltering {
    clock: Arc<TestClock>,
    memory: Memory,
    entropy: Arc<dyn Entropy>,
}

impl Faltering {
    fn new() -> Self {
        let clock = Arc::new(TestClock::new());
        let entropy: Arc<dyn Entropy> = Arc::new(TestEntropy::seeded(1));
        let memory = Memory::new(Arc::<TestClock>::clone(&clock), Arc::clone(&entropy));
        Self { clock, memory, entropy }
    }
}

#[async_trait]
impl StoreFactory for Faltering {
    async fn open(&self) -> Stores {
        let backend = Unsteady::new(self.memory.opener(), &STALE);
        Stores::of(Arc::new(Store::new(backend, Arc::clone(&self.entropy))))
    }

    async fn crash_and_reopen(&self, dead: Stores) -> Stores {
        drop(dead);
        self.open().await
    }

    fn clock(&self) -> Arc<TestClock> {
        Arc::clone(&self.clock)
    }
}

#[test]
fn every_contract_holds() {
    for case in conformance::CASES {
        block_on(case.run(&Faltering::new()));
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(64))]

    #[test]
    fn histories_come_to_what_the_model_says(history in history()) {
        block_on(check_history(&Faltering::new(), &history));
    }

    #[test]
    fn reviews_come_to_what_the_model_says(history in model::review::history()) {
        block_on(model::review::check_history(&Faltering::new(), &history));
    }

    #[test]
    fn permits_come_to_what_the_model_says(history in model::limits::history(false)) {
        block_on(model::limits::check_history(&Faltering::new(), &history));
    }
}
