#![doc = include_str!("README.md")]
#![expect(clippy::expect_used, reason = "a bench that cannot be set up has nothing to measure")]

pub mod flush;
pub mod judges;
pub mod launch;
pub mod mode;
pub mod outside;
pub mod sample;
pub mod stage;
