//! The handle: one database, opened and checked.

use std::cell::Cell;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chimera_audit::{Head, merkle};
use chimera_contracts::{Clock, InstanceId, StoreError, StoreErrorKind, fresh_uuid};
use chimera_store::{Applied, Backend, Commit, Compute, Found, Read, Store, Transaction, Watchers};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::config::SqliteOptions;
use crate::error::{StepError, sqlite};
use crate::identity::Identity;
use crate::instance::Instance;
use crate::keys::Keys;
use crate::ledger;
use crate::migrate::{check_ours, check_readable, migrate};
use crate::reader::Reader;
use crate::writer::{Counters, Desk, Writer, truncate};

/// The first SQLite that does not lose commits when one connection writes while another checkpoints.
const OLDEST_SQLITE: i32 = 3_051_003;

/// How long one process waits for another's transaction.
pub(crate) const BUSY: Duration = Duration::from_secs(10);

/// What was written since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteCount {
    /// Transactions committed; each is one flush.
    pub commits: u64,
    /// Rows inserted, updated or deleted.
    pub rows: u64,
}

/// Every storage port on one SQLite database.
pub type SqliteStore = Store<Sqlite>;

/// One SQLite database, opened and checked.
///
/// Dropping it lets what waits be committed, ends both threads and gives the instance up.
pub struct Sqlite {
    writer: Option<Writer>,
    reader: Reader,
    writing: Option<JoinHandle<()>>,
    reading: Option<JoinHandle<()>>,
    id: InstanceId,
    clock: Arc<dyn Clock>,
    counters: Arc<Counters>,
    watchers: Watchers,
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { writer, reader, id, .. } = self;
        f.debug_struct("Sqlite")
            .field("instance", id)
            .field("writer", writer)
            .field("reader", reader)
            .finish_non_exhaustive()
    }
}

impl SqliteOptions {
    /// Opens the database, making or migrating it where needed, after checking that it may be trusted: SQLite's version, the
    /// schema's version, that commits are flushed, and that the ledger is not behind what was signed.
    ///
    /// Blocks for the time of a few file operations; where an earlier schema is migrated, for as long as copying takes.
    ///
    /// # Errors
    /// When one of the checks fails or the file cannot be used; the message says what to do.
    pub fn open(self) -> Result<SqliteStore, StoreError> {
        let entropy = Arc::clone(&self.entropy);
        Ok(Store::new(Sqlite::open(self)?, entropy))
    }
}

impl Sqlite {
    fn open(options: SqliteOptions) -> Result<Self, StoreError> {
        check_sqlite(rusqlite::version_number())?;
        let given = options.path.as_path();
        let writable = (!options.read_only).then(|| open_writable(given, options.max_pages)).transpose()?;
        let reading = open_readable(given)?;
        check_readable(&reading)?;
        check_signed(&reading, options.signed)?;
        let unavailable = |error: std::io::Error| {
            StoreError::not_applied(StoreErrorKind::Unavailable, format!("the store cannot start: {error}"))
        };
        // Openers find one another beside the database, so it has to go by one name, whatever links lead to it.
        let path = std::fs::canonicalize(given).map_err(unavailable)?;
        let id = fresh_uuid(options.clock.now(), options.entropy.as_ref())
            .map(InstanceId::from_uuid)
            .map_err(|error| StoreError::not_applied(StoreErrorKind::Unavailable, error.to_string()))?;
        let SqliteOptions { clock, queue, .. } = options;
        let counters = Arc::new(Counters::default());
        let keys = Keys::default();
        let watchers = Watchers::default();
        let mut writing = None;
        let mut writer = None;
        if let Some(connection) = writable {
            let instance = Instance::register(&path, id).map_err(unavailable)?;
            let identity = Identity::of(&path).map_err(unavailable)?;
            let (clock, counters) = (Arc::clone(&clock), Arc::clone(&counters));
            let desk = Desk {
                connection,
                clock,
                counters,
                identity,
                instance,
                keys: keys.clone(),
                watchers: watchers.clone(),
                truncate: Cell::new(false),
            };
            let (started, thread) = Writer::start(desk, queue).map_err(unavailable)?;
            writing = Some(thread);
            writer = Some(started);
        }
        let (reader, thread) = Reader::start(reading, keys, queue).map_err(unavailable)?;
        let reading = Some(thread);
        Ok(Self { writer, reader, writing, reading, id, clock, counters, watchers })
    }

    /// What was written since the store was opened, by this opener.
    #[must_use]
    pub fn write_count(&self) -> WriteCount {
        WriteCount {
            commits: self.counters.commits.load(Ordering::Relaxed),
            rows: self.counters.rows.load(Ordering::Relaxed),
        }
    }

    fn writer(&self) -> Result<&Writer, StoreError> {
        self.writer.as_ref().ok_or_else(read_only)
    }
}

#[async_trait]
impl Backend for Sqlite {
    fn instance(&self) -> InstanceId {
        self.id
    }

    fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    fn watchers(&self) -> Option<&Watchers> {
        Some(&self.watchers)
    }

    async fn load(&self, reads: Vec<Read>) -> Result<Vec<Found>, StoreError> {
        self.reader.load(reads).await
    }

    async fn apply(&self, transaction: Transaction) -> Result<Commit, StoreError> {
        self.writer()?.apply(transaction).await
    }

    async fn transact(&self, step: Box<dyn Compute>) -> Result<Option<Applied>, StoreError> {
        self.writer()?.transact(step).await
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        // The writer goes last: the last connection that can write folds the write-ahead log back into the database.
        self.reader.close();
        join(self.reading.take());
        if let Some(writer) = &self.writer {
            writer.close();
        }
        join(self.writing.take());
    }
}

fn join(thread: Option<JoinHandle<()>>) {
    if thread.is_some_and(|thread| thread.join().is_err()) {
        tracing::error!("a thread of the store panicked");
    }
}

fn read_only() -> StoreError {
    StoreError::not_applied(StoreErrorKind::ReadOnly, "the database was opened for reading only")
}

fn check_sqlite(version: i32) -> Result<(), StoreError> {
    if version >= OLDEST_SQLITE {
        return Ok(());
    }
    let message = format!("SQLite {version} can lose commits: link {OLDEST_SQLITE} or newer");
    Err(StoreError::not_applied(StoreErrorKind::Unavailable, message))
}

fn open_writable(path: &Path, max_pages: Option<u32>) -> Result<Connection, StoreError> {
    let mut connection = Connection::open(path).map_err(|error| sqlite(&error))?;
    connection.busy_timeout(BUSY).map_err(|error| sqlite(&error))?;
    // Before anything is set: a database that is not ours, or not ours yet, stays as it is to the byte.
    check_ours(&connection)?;
    let configured = configure(&connection, max_pages).map_err(|error| sqlite(&error))?;
    if !configured {
        let message = "the database does not flush its commits (it needs journal_mode=WAL, synchronous=FULL)";
        return Err(StoreError::not_applied(StoreErrorKind::Unavailable, message));
    }
    migrate(&mut connection)?;
    // What was erased by a process that died before it could cut the log off.
    truncate(&connection);
    Ok(connection)
}

/// Sets what durability rests on, and reads it back: a pragma that is not understood is silently ignored.
fn configure(connection: &Connection, max_pages: Option<u32>) -> rusqlite::Result<bool> {
    tune(connection)?;
    let mode = switch_to_wal(connection)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // What is erased is overwritten, in the database and, once that is truncated, in its log.
    connection.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
    // Checkpoints flush again and stand in somebody's commit: one for every 32 MiB of log, not for every 4.
    connection.pragma_update_and_check(None, "wal_autocheckpoint", 8_192, |_| Ok(()))?;
    if let Some(pages) = max_pages {
        connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
    }
    let synchronous: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
    Ok(mode.eq_ignore_ascii_case("wal") && synchronous == 2)
}

/// Switches to the write-ahead log. SQLite does not wait for other connections there, whatever its busy timeout says: of
/// several first openers at one moment all but one are told `busy` at once, and have to ask again.
fn switch_to_wal(connection: &Connection) -> rusqlite::Result<String> {
    let until = Instant::now().checked_add(BUSY);
    loop {
        let switched = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0));
        let busy = matches!(
            switched.as_ref().err().and_then(rusqlite::Error::sqlite_error_code),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
        );
        if !busy || until.is_none_or(|until| Instant::now() >= until) {
            return switched;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What has no bearing on what is kept: how long to wait for others, and how much memory spares how much work.
fn tune(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    // The plan of a statement does not depend on the values bound to it, so it is not made anew for each of them.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // 32 MiB of pages; the journals of savepoints in memory, not in files.
    connection.pragma_update(None, "cache_size", -32_768)?;
    connection.pragma_update(None, "temp_store", "MEMORY")
}

fn open_readable(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || {
        let connection = Connection::open_with_flags(path, flags)?;
        tune(&connection)?;
        Ok(connection)
    };
    open().map_err(|error: rusqlite::Error| sqlite(&error))
}

/// A ledger that is behind what was signed, or not an extension of it, is a restored or altered one: nothing may act on it.
fn check_signed(connection: &Connection, signed: Option<Head>) -> Result<(), StoreError> {
    let Some(signed) = signed else { return Ok(()) };
    let root =
        |size| merkle::root(size, |node| ledger::node(connection, node)).map_err(StepError::into_store);
    let size = ledger::size(connection).map_err(StepError::into_store)?;
    let found = Head { size, root: root(size)? };
    let extends = size >= signed.size && root(signed.size)? == signed.root;
    if extends {
        return Ok(());
    }
    let message = format!(
        "the ledger ({found}) does not extend the head that was signed last ({signed}): this is an older copy or was \
         altered; restore the newest one, or start a new ledger under a new key"
    );
    Err(StoreError::not_applied(StoreErrorKind::Corrupt, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_sqlite_is_refused() {
        assert!(check_sqlite(3_051_002).is_err());
        assert!(check_sqlite(rusqlite::version_number()).is_ok());
    }
}
