#![doc = include_str!("../README.md")]

mod approvals;
mod backend;
mod budget;
mod changes;
mod journal;
mod ledger;
mod limits;
mod loaded;
mod pauses;
mod proposals;
mod recent;
mod reviews;
mod row;
mod scan;
mod store;
mod transaction;
mod tree;
mod watchers;

pub use backend::{Applied, Backend, Commit, Compute, Computed, Found, Read, Stale, transact};
pub use loaded::Loaded;
pub use row::{DecisionRow, EventRow, Key, PermitsRow, Row};
pub use scan::{Part, Place, Scan};
pub use store::Store;
pub use transaction::{BudgetChange, Checked, Condition, Event, Transaction, Write};
pub use tree::Tree;
pub use watchers::{Watch, Watched, Watchers, Written};
