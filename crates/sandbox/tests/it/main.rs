//! The real binary over its real pipes. Counts come from the record, never from what a server said.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where"
)]

mod client;
mod engage;
mod engage_faults;
mod faults;
mod record;
mod tools;
mod world;
