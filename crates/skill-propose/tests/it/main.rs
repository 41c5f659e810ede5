//! Tests of the propose skill over the store in memory: campaigns, laws, bad input, evidence, faults.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly, their helpers too"
)]

mod bad_input;
mod bench;
mod dependencies;
mod evidence;
mod faults;
mod golden;
mod plans;
mod stable;
mod strategies;
