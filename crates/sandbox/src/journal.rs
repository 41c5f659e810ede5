//! The record as a file: JSON lines, appended under a lock that other processes honour.
//!
//! INVARIANT: a decision is made on everything that was written before it. The lock is taken, what others appended
//! is read, the decision is made, its line is appended and synced, and only then is the lock released; no answer
//! leaves before that. So a key is honoured and an id is unique across processes.
//!
//! Whoever holds the lock knows that nobody is writing, so a last line that is not whole belongs to a process that
//! was killed: nobody was answered for it, and it is cut off. Lines before it are never touched.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use chrono::{DateTime, SubsecRound, Utc};

use crate::{
    entry::{Entry, HEADER},
    error::SandboxError,
    state::State,
};

/// What was read of a record so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Replay {
    pub(crate) state: State,
    /// Bytes that are part of whole lines.
    taken: u64,
    lines: usize,
    /// The last line is whole but for its line break.
    open_end: bool,
}

/// A line that does not fit.
#[derive(Debug)]
struct BadLine {
    line: usize,
    reason: String,
}

impl Replay {
    /// Takes what follows the bytes taken before; a torn last line is left.
    fn take(&mut self, bytes: &[u8]) -> Result<(), BadLine> {
        for chunk in bytes.split_inclusive(|byte| *byte == b'\n') {
            let line = chunk.strip_suffix(b"\n");
            let known = match line {
                // The line break of a line that was taken without it.
                Some([]) => true,
                Some(line) => self.line(line)?,
                None => self.torn(chunk),
            };
            if !known {
                return self.refuse_foreign(chunk);
            }
            self.open_end = line.is_none();
            self.taken = self.taken.saturating_add(chunk.len() as u64);
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8]) -> Result<bool, BadLine> {
        let bad = |reason: String| BadLine { line: self.lines.saturating_add(1), reason };
        if self.lines == 0 {
            if line != HEADER.as_bytes() {
                return Err(bad("is not the first line of one".to_owned()));
            }
        } else {
            let entry = serde_json::from_slice(line).map_err(|error| bad(format!("says: {error}")))?;
            self.state.apply(entry);
        }
        self.lines = self.lines.saturating_add(1);
        Ok(true)
    }

    /// A last line without its line break counts when it is whole: a prefix of an object is never an object.
    fn torn(&mut self, line: &[u8]) -> bool {
        self.line(line).unwrap_or(false)
    }

    /// What is cut off must be the rest of a record, never somebody's file.
    fn refuse_foreign(&self, rest: &[u8]) -> Result<(), BadLine> {
        if self.lines == 0 && !HEADER.as_bytes().starts_with(rest) {
            return Err(BadLine { line: 1, reason: "is not the first line of one".to_owned() });
        }
        Ok(())
    }
}

/// A record open for writing.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    path: PathBuf,
    replay: Replay,
}

impl Journal {
    /// Opens a record, and starts one when there is no such file.
    pub(crate) fn open(path: &Path) -> Result<Self, SandboxError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(io_error("open", path))?;
        let mut journal = Self { file, path: path.to_owned(), replay: Replay::default() };
        journal.locked(Self::start)?;
        Ok(journal)
    }

    /// Decides on everything written so far and appends what the decision changed, as one step for all processes.
    pub(crate) fn decide<T>(
        &mut self,
        decide: impl FnOnce(&State, DateTime<Utc>) -> (Entry, T),
    ) -> Result<T, SandboxError> {
        self.locked(|journal| {
            journal.catch_up()?;
            // The clock is read under the lock: creation times follow the order of the lines.
            let now = Utc::now().trunc_subsecs(3);
            let (entry, answer) = decide(&journal.replay.state, now);
            if !entry.is_empty() {
                journal.append_entry(entry)?;
            }
            Ok(answer)
        })
    }

    fn locked<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, SandboxError>,
    ) -> Result<T, SandboxError> {
        self.file.lock().map_err(io_error("lock", &self.path))?;
        let done = work(self);
        let unlocked = self.file.unlock().map_err(io_error("unlock", &self.path));
        let done = done?;
        unlocked?;
        Ok(done)
    }

    fn start(&mut self) -> Result<(), SandboxError> {
        self.catch_up()?;
        if self.replay.lines == 0 {
            self.append(HEADER.as_bytes())?;
        }
        Ok(())
    }

    fn catch_up(&mut self) -> Result<(), SandboxError> {
        read_on(&mut self.file, &self.path, &mut self.replay)
    }

    fn append_entry(&mut self, entry: Entry) -> Result<(), SandboxError> {
        let line =
            serde_json::to_vec(&entry).map_err(io::Error::from).map_err(io_error("write", &self.path))?;
        self.append(&line)?;
        self.replay.state.apply(entry);
        Ok(())
    }

    /// Appends behind the last whole line. When this fails half way the rest is a torn line like any other: the
    /// next decision cuts it off, because `taken` has not moved.
    fn append(&mut self, line: &[u8]) -> Result<(), SandboxError> {
        let mut bytes = Vec::with_capacity(line.len().saturating_add(2));
        if self.replay.open_end {
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(line);
        bytes.push(b'\n');
        self.write_behind(&bytes).map_err(io_error("write", &self.path))?;
        self.replay.taken = self.replay.taken.saturating_add(bytes.len() as u64);
        self.replay.lines = self.replay.lines.saturating_add(1);
        self.replay.open_end = false;
        Ok(())
    }

    fn write_behind(&mut self, bytes: &[u8]) -> io::Result<()> {
        let end = self.replay.taken;
        if self.file.metadata()?.len() > end {
            self.file.set_len(end)?;
        }
        self.file.seek(SeekFrom::Start(end))?;
        self.file.write_all(bytes)?;
        self.file.sync_data()
    }
}

/// Reads a whole record without changing it.
pub(crate) fn read(path: &Path) -> Result<State, SandboxError> {
    let mut file = File::open(path).map_err(io_error("open", path))?;
    file.lock_shared().map_err(io_error("lock", path))?;
    let mut replay = Replay::default();
    read_on(&mut file, path, &mut replay)?;
    // Closing the file releases the lock.
    Ok(replay.state)
}

/// Takes what was appended since the last time; the caller holds the lock.
fn read_on(file: &mut File, path: &Path, replay: &mut Replay) -> Result<(), SandboxError> {
    let mut bytes = Vec::new();
    let length = file.metadata().map_err(io_error("read", path))?.len();
    if length < replay.taken {
        // Somebody emptied the file to start afresh: what it says now is what counts.
        *replay = Replay::default();
    }
    file.seek(SeekFrom::Start(replay.taken))
        .and_then(|_| file.read_to_end(&mut bytes))
        .map_err(io_error("read", path))?;
    replay.take(&bytes).map_err(|BadLine { line, reason }| SandboxError::NotARecord {
        path: path.to_owned(),
        line,
        reason,
    })
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SandboxError {
    move |source| SandboxError::Io { action, path: path.to_owned(), source }
}
