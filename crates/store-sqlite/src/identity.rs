//! Which file a database is. A file that is deleted or replaced under a running process is still open: what is written
//! goes where nobody finds it, and the next process does everything again.

use std::fs;
use std::path::{Path, PathBuf};

use chimera_contracts::{StoreError, StoreErrorKind};

/// The file behind a path, as it was when the database was opened.
#[derive(Debug)]
pub(crate) struct Identity {
    path: PathBuf,
    file: File,
}

/// What tells one file from another: device and inode, where the system has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct File(u64, u64);

impl Identity {
    /// The file that is there now.
    pub(crate) fn of(path: &Path) -> std::io::Result<Self> {
        Ok(Self { path: path.to_owned(), file: file(path)? })
    }

    /// Whether it is still there.
    ///
    /// # Errors
    /// When it is gone, or another one has its name.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        let what = match file(&self.path) {
            Ok(found) if found == self.file => return Ok(()),
            Ok(_) => "was replaced by another file".to_owned(),
            Err(error) => format!("is not there any more ({error})"),
        };
        let message = format!(
            "the database `{}` {what} while it was open: nothing is written; stop, see which file is the right one, and \
             open the store again",
            self.path.display()
        );
        Err(StoreError::not_applied(StoreErrorKind::Corrupt, message))
    }
}

#[cfg(unix)]
fn file(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = fs::metadata(path)?;
    Ok(File(metadata.dev(), metadata.ino()))
}

/// Elsewhere an open database cannot be deleted or replaced.
#[cfg(not(unix))]
fn file(path: &Path) -> std::io::Result<File> {
    fs::metadata(path).map(|_| File(0, 0))
}
