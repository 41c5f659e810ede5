//! What a load leaves on the disk, and what it wrote there on the way.
//!
//! Kept is the growth of the database file between two checkpoints that leave nothing in the write-ahead log. Written is
//! what this process gave to the disk meanwhile, as the kernel counts it: log, checkpoints, and every page as often as it
//! went out. Only Linux counts that.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

/// Where the databases of a bench are: `CHIMERA_BENCH_DIR`, else the temporary folder that Cargo gives to benches.
#[must_use]
pub fn base(target: &str) -> PathBuf {
    std::env::var_os("CHIMERA_BENCH_DIR").map_or_else(|| PathBuf::from(target), PathBuf::from)
}

/// Frames of its write-ahead log at which the store checkpoints (`crates/store-sqlite/src/store.rs`), and so the length
/// that the log comes to have.
pub const CHECKPOINT: u32 = 8_192;

/// Bytes since a [`Meter`] was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bytes {
    /// By which the database grew.
    pub kept: u64,
    /// Which this process wrote; `None` where the system does not count them.
    pub written: Option<u64>,
}

/// Counts the bytes of one database.
#[derive(Debug)]
pub struct Meter {
    database: PathBuf,
    kept: u64,
    written: Option<u64>,
}

impl Meter {
    /// Starts to count, after a checkpoint, over a log that has the length of `frames` already: a log that grows has to
    /// flush its length too, which a database pays only at the start of its life.
    ///
    /// # Panics
    /// When the database cannot be written, or is read or written by others meanwhile.
    #[must_use]
    pub fn start(database: &Path, frames: u32) -> Self {
        let stretched = stretch(database, frames).and_then(|connection| checkpoint(&connection, "RESTART"));
        stretched.expect("the log can be written and checkpointed");
        Self { database: database.to_path_buf(), kept: size(database), written: written() }
    }

    /// What was kept and written, with a last checkpoint.
    ///
    /// # Panics
    /// As [`Meter::start`].
    #[must_use]
    pub fn stop(self) -> Bytes {
        open(&self.database)
            .and_then(|connection| checkpoint(&connection, "TRUNCATE"))
            .expect("the log can be checkpointed");
        let written = self.written.and_then(|before| written().map(|after| after.saturating_sub(before)));
        let kept = size(&self.database) + size(&log_of(&self.database));
        Bytes { kept: kept.saturating_sub(self.kept), written }
    }
}

fn open(database: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(database)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    Ok(connection)
}

/// Writes the first page again until the log has its length; nothing of the content changes.
fn stretch(database: &Path, frames: u32) -> rusqlite::Result<Connection> {
    let connection = open(database)?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    for _ in 0..frames {
        connection.pragma_update(None, "user_version", version)?;
    }
    // So that the checkpoint flushes log and database: a page that is still waiting to go out would not be counted again.
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

fn checkpoint(connection: &Connection, how: &str) -> rusqlite::Result<()> {
    let busy: i64 = connection.query_row(&format!("PRAGMA wal_checkpoint({how})"), [], |row| row.get(0))?;
    assert_eq!(busy, 0, "the database is not used by others meanwhile");
    Ok(())
}

fn log_of(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}

fn size(file: &Path) -> u64 {
    fs::metadata(file).map_or(0, |metadata| metadata.len())
}

/// What this process gave to the disk since it began.
fn written() -> Option<u64> {
    number_in("/proc/self/io", "write_bytes:")
}

/// What this process holds in memory, in bytes; `None` where the system does not tell.
#[must_use]
pub fn resident() -> Option<u64> {
    number_in("/proc/self/status", "VmRSS:").map(|kib| kib * 1024)
}

/// The number behind `name` in a file of lines.
fn number_in(file: &str, name: &str) -> Option<u64> {
    let lines = fs::read_to_string(file).ok()?;
    let line = lines.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_counted_and_the_log_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("some.db");
        let connection = open(&database).expect("it opens");
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).expect("it has a log");
        connection.execute_batch("CREATE TABLE t (b BLOB)").expect("it can be written");
        let meter = Meter::start(&database, 100);
        assert!(size(&log_of(&database)) >= 100 * 4096, "the log has its length");
        connection.execute_batch("INSERT INTO t VALUES (zeroblob(1000000))").expect("it can be written");
        let bytes = meter.stop();
        assert_eq!(size(&log_of(&database)), 0);
        assert!((980_000..1_020_000).contains(&bytes.kept), "{bytes:?}");
    }
}
