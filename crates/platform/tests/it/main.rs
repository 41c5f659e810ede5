//! Cases that others published, through the public interface. They are no part of the repository: where they are missing a
//! test says so and ends.

// Clippy takes code for test code only under this.
#![cfg(test)]

mod media;
mod schema;
mod text;
