//! The engage skill over several crates: routes, reviews, repetition, cuts.

mod bad_input;
mod composing;
mod cuts;
mod limits;
mod matrix;
mod one_claim;
mod one_wording;
mod races;
mod restarts;
mod reviews;
mod routes;

use std::sync::Arc;

use chimera::Chimera;
use chimera::contracts::Clock;
use chimera::contracts::engage::EngageOutput;
use chimera::skill_engage::EngageOptions;
use chimera::store_sqlite::SqliteStore;
use chimera_testkit::{Guard, Rules, StrictPlatform, TestClock, guard};
use chimera_tests::engage_stage::{Judges, engage_builder, engage_host, fund};
use chimera_tests::stage::{database, open_store};
use chrono::TimeDelta;

/// A world that outlives its hosts. What a test waits for while it has one is bounded.
struct World {
    clock: Arc<TestClock>,
    platform: StrictPlatform,
    folder: tempfile::TempDir,
    judges: Judges,
    _guard: Guard,
}

impl World {
    /// A funded campaign, and this score.
    async fn new(score: f64) -> Self {
        Self::with(Judges::seed(score), Rules::default()).await
    }

    async fn with(judges: Judges, rules: Rules) -> Self {
        let clock = Arc::new(TestClock::new());
        let platform = StrictPlatform::everywhere(Arc::<TestClock>::clone(&clock), rules);
        let folder = tempfile::tempdir().unwrap();
        let _guard = guard("the end of what a test does in one world");
        let world = Self { clock, platform, folder, judges, _guard };
        fund(world.open().as_ref()).await;
        world
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::<TestClock>::clone(&self.clock)
    }

    fn open(&self) -> Arc<SqliteStore> {
        open_store(&database(self.folder.path()), &self.clock())
    }

    /// A new process.
    fn host(&self) -> (Arc<SqliteStore>, Chimera) {
        let store = self.open();
        let host = engage_host(&self.judges, &store, Arc::new(self.platform.clone()), &self.clock());
        (store, host)
    }

    /// A new process whose callers give up on no slow machine: what is asked is what the answers are, not when they come.
    fn patient_host(&self) -> Chimera {
        let patient = EngageOptions { answer_within: TimeDelta::hours(1), ..EngageOptions::default() };
        let builder = engage_builder(&self.judges, &self.clock()).engage_options(patient).store(&self.open());
        builder.platform(Arc::new(self.platform.clone())).build().unwrap()
    }
}

/// The code of a failure.
fn code(answer: &EngageOutput) -> &'static str {
    answer.error.as_ref().map_or("none", |error| error.code.as_str())
}
