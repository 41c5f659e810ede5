#![doc = include_str!("../README.md")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "test support fails loudly"
)]

mod block_on;
mod clock;
pub mod conformance;
mod cuts;
mod entropy;
pub mod model;
pub mod outside;
mod scene;
mod strict_platform;

pub use block_on::block_on;
pub use chimera_harness::{
    Guard, TestProcess, Tries, Within, finished, guard, guard_for, tries, within, within_seconds,
};
pub use chimera_store_memory::{Memory, MemoryStore};
pub use clock::TestClock;
pub use cuts::{Action, Cut, Cutting, run_until_cut};
pub use entropy::TestEntropy;
pub use scene::{
    PRICE, Scene, WINDOW, admit_request, approve, cannot_tell, decision_about, done, looked, new_effect,
    published, refused, reviewer, sample_decision, sample_effect, sample_review, set_up,
};
pub use strict_platform::{Fault, Post, Rules, StrictPlatform};
