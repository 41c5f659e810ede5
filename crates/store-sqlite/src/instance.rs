//! Openers of a database. Each holds an operating-system lock on a file of its own, so that the claims of a killed opener
//! are free at once: the system lets the lock go with the process.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use chimera_contracts::InstanceId;

/// An opener that lives as long as this value.
#[derive(Debug)]
pub(crate) struct Instance {
    id: InstanceId,
    folder: PathBuf,
    /// Held for its lock.
    _lock: File,
}

impl Instance {
    /// Makes the lock file of a new opener and takes its lock.
    pub(crate) fn register(database: &Path, id: InstanceId) -> io::Result<Self> {
        let mut folder = database.as_os_str().to_owned();
        folder.push("-instances");
        let folder = PathBuf::from(folder);
        fs::create_dir_all(&folder)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(file(&folder, id))?;
        // Nobody knows the id yet, so nobody can hold the lock for longer than a glance.
        lock.lock()?;
        Ok(Self { id, folder, _lock: lock })
    }

    /// Whether an opener is gone. Whatever leaves that open counts as alive: its leases end by themselves.
    pub(crate) fn is_dead(&self, other: InstanceId) -> bool {
        if other == self.id {
            return false;
        }
        let path = file(&self.folder, other);
        match OpenOptions::new().write(true).open(&path) {
            Err(error) => error.kind() == io::ErrorKind::NotFound,
            Ok(lock) => match lock.try_lock() {
                Ok(()) => {
                    // Nobody registers this id again, so the file serves nobody.
                    let _ = fs::remove_file(&path);
                    true
                }
                Err(TryLockError::WouldBlock | TryLockError::Error(_)) => false,
            },
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = fs::remove_file(file(&self.folder, self.id));
    }
}

fn file(folder: &Path, id: InstanceId) -> PathBuf {
    folder.join(format!("{id}.lock"))
}
