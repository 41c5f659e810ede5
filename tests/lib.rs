//! The stage for tests over several crates: one skill over a real store and a platform of choice.

#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "test support fails loudly")]

pub mod engage_stage;
pub mod stage;
