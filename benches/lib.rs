#![doc = include_str!("README.md")]
#![expect(clippy::expect_used, reason = "a bench that cannot be set up has nothing to measure")]

pub mod asked;
pub mod campaigns;
pub mod chance;
pub mod cpu;
pub mod crowd;
pub mod disk;
pub mod floor;
pub mod flush;
pub mod judges;
pub mod launch;
pub mod load;
pub mod mode;
pub mod outside;
pub mod place;
pub mod sample;
pub mod stage;
