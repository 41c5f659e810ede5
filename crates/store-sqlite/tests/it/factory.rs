//! Opens a store as conformance functions ask for it.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use chimera_store_sqlite::{SqliteOptions, SqliteStore};
use chimera_testkit::TestClock;
use chimera_testkit::conformance::{StoreFactory, Stores};

/// One database in a folder of its own.
#[derive(Debug)]
pub(crate) struct Sqlite {
    folder: tempfile::TempDir,
    clock: Arc<TestClock>,
}

impl Sqlite {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), clock: Arc::new(TestClock::new()) }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("store.db")
    }

    pub(crate) fn options(&self) -> SqliteOptions {
        SqliteOptions::new(self.path(), Arc::<TestClock>::clone(&self.clock))
    }

    pub(crate) fn store(&self) -> Arc<SqliteStore> {
        Arc::new(self.options().open().unwrap())
    }
}

#[async_trait]
impl StoreFactory for Sqlite {
    async fn open(&self) -> Stores {
        Stores::of(self.store())
    }

    async fn crash_and_reopen(&self, dead: Stores) -> Stores {
        // The threads end and the lock of the instance goes, as the system would do it; nothing is written on the way out.
        drop(dead);
        self.open().await
    }

    fn clock(&self) -> Arc<TestClock> {
        Arc::clone(&self.clock)
    }
}
