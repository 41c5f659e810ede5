#![doc = include_str!("../README.md")]

mod backend;
mod rows;

#[doc = concat!(
    "The whole of this backend: what it does with rows, and its openers.\n\n```rust,ignore\n",
    include_str!("rows.rs"),
    "```\n\n```rust,ignore\n",
    include_str!("backend.rs"),
    "```\n"
)]
pub mod how_it_works {}

use std::sync::{Arc, Mutex};

use chimera_contracts::{Clock, Entropy};
use chimera_store::{Store, Watchers};

pub use backend::Opener;
use backend::Openers;
use rows::Rows;

/// Every storage port in memory, as one opener has them.
pub type MemoryStore = Store<Opener>;

/// A database in memory. It dies with the last handle and the last opener.
///
/// Openers stand for processes over one database: each has an instance of its own, and one that is dropped or
/// [crashed](Opener::crash) is dead, so that what it leased is free at once.
#[derive(Clone, Debug)]
pub struct Memory {
    rows: Arc<Mutex<Rows>>,
    openers: Arc<Mutex<Openers>>,
    watchers: Watchers,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Memory {
    /// An empty database that goes by `clock`; `entropy` makes the salts of attachments.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { rows: Arc::default(), openers: Arc::default(), watchers: Watchers::default(), clock, entropy }
    }

    /// A further opener by itself, for those who wrap it.
    #[must_use]
    pub fn opener(&self) -> Opener {
        Opener::register(self.clone())
    }

    /// Opens the database, as a further process.
    #[must_use]
    pub fn open(&self) -> MemoryStore {
        Store::new(self.opener(), Arc::clone(&self.entropy))
    }
}
