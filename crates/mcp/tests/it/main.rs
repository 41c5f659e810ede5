//! The client against a real server process.

// Clippy takes code for test code only under this.
#![cfg(test)]

mod answers;
mod calls;
mod contract;
#[cfg(feature = "http")]
mod http;
mod lives;
mod media;
mod place;
mod starts;
