//! What one flush costs here and now: the unit of every other figure.
//!
//! A page is written over one that is there already, and flushed: what a commit does to a write-ahead log that has its
//! length. A file that grows would have to flush its length too; that is dearer, and would flatter the ratios.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// As much as SQLite writes at least.
const PAGE: usize = 4096;

/// Pages of the file that is written over.
const PAGES: usize = 256;

/// Writes a page and flushes it, `times` times, in a file of its own in `folder`; says how long each took.
///
/// # Errors
/// When the file cannot be written.
pub fn measure(folder: &Path, times: usize) -> io::Result<Vec<Duration>> {
    let path = folder.join("flush");
    let mut file = File::create(&path)?;
    file.write_all(&vec![0; PAGE * PAGES])?;
    file.sync_all()?;
    let durations = (0..times).map(|time| once(&mut file, time)).collect();
    drop(file);
    std::fs::remove_file(path)?;
    durations
}

fn once(file: &mut File, time: usize) -> io::Result<Duration> {
    let page = time % PAGES;
    let content = [u8::try_from(time % 251).unwrap_or_default().wrapping_add(1); PAGE];
    let begun = Instant::now();
    file.seek(SeekFrom::Start((page * PAGE) as u64))?;
    file.write_all(&content)?;
    file.sync_data()?;
    Ok(begun.elapsed())
}
