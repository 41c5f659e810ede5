//! Tests over several crates at once.

mod bad_input;
mod callers;
mod cuts;
mod dependency_tree;
mod interleavings;
mod processes;
mod worker;
