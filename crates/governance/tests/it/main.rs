//! Tests of the rules: routes and their borders, what a permit says, and what must not compile.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail loudly, their helpers too"
)]

mod generated;
mod permits;
mod routing;
mod rules;
mod sealed;
