//! The stage for tests over several crates: one skill over a real store and a platform of choice.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "test support fails loudly"
)]

pub mod engage_stage;
pub mod outside;
pub mod stage;
