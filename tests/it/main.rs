//! Tests over several crates at once.

// Clippy takes code for test code only under this.
#![cfg(test)]

mod bad_input;
mod callers;
mod cuts;
mod dependency_tree;
mod engage;
mod error_codes;
mod hostile;
mod interleavings;
mod outside;
mod outside_matrix;
mod pauses;
mod processes;
mod quick_start;
mod store_errors;
mod waits;
mod worker;
