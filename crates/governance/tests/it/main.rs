//! Tests of the rules: routes and their borders, what is classified how, what a desk and a permit say, what must not compile.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly, their helpers too"
)]

mod action_permits;
mod desk;
mod generated;
mod permits;
mod routing;
mod rules;
mod sealed;
mod world;
