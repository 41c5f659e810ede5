//! Tests of the SQLite store: the conformance functions of every port, the model of the journal, and what is SQLite's own.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly, their helpers too"
)]

mod answers;
mod conformance;
mod engagement;
mod factory;
mod files;
mod following;
mod group_commit;
mod limits;
mod migrating;
mod one_budget;
mod opening;
mod publication;
mod reviews;
