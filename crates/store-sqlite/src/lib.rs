#![doc = include_str!("../README.md")]

mod approvals;
mod budget;
mod config;
mod error;
mod filter;
mod instance;
mod journal;
mod ledger;
mod limits;
mod migrate;
mod proposals;
mod reader;
mod reviews;
mod rows;
mod store;
mod writer;

pub use config::SqliteOptions;
pub use store::{SqliteStore, WriteCount};
