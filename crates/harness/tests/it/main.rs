//! What the bounds say when they are hit, and that they are hit whatever the test does.

// Clippy takes code for test code only under this.
#![cfg(test)]

mod bounds;
mod published;
