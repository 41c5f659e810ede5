//! Steps whose conditions fail: somebody else was faster, or a backend says so.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly, their helpers too"
)]

mod siblings;
mod stale;
mod unsteady;
