#![doc = include_str!("../README.md")]

mod budgets;
mod config;
mod decisions;
mod error;
mod filter;
mod identity;
mod instance;
mod keys;
mod ledger;
mod memo;
mod migrate;
mod pauses;
mod permits;
mod proposals;
mod reader;
mod requests;
mod reviews;
mod session;
mod store;
mod writer;

use error::{StepError, StepResult};

pub use config::SqliteOptions;
pub use store::{Sqlite, SqliteStore, WriteCount};

/// A document as it is stored.
fn json<T: serde::Serialize + ?Sized>(value: &T) -> StepResult<String> {
    serde_json::to_string(value).map_err(|error| StepError::misuse(error.to_string()))
}

/// A stored document.
fn parse<'a, T: serde::Deserialize<'a>>(document: &'a str) -> StepResult<T> {
    serde_json::from_str(document).map_err(|error| StepError::corrupt(error.to_string()))
}
