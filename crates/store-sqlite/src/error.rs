//! SQLite's errors become the ports' error in this one place.

use chimera_audit::{LedgerError, LedgerErrorKind, LedgerVerdict};
use chimera_contracts::{Applied, StoreError, StoreErrorKind};
use rusqlite::ErrorCode;

/// Why a step within a transaction failed.
#[derive(Debug)]
pub(crate) enum StepError {
    /// SQLite said so.
    Sqlite(rusqlite::Error),
    /// The step itself refused.
    Store(StoreError),
    /// The step may not append what it wanted to.
    Ledger(LedgerError),
}

pub(crate) type StepResult<T> = Result<T, StepError>;

impl From<rusqlite::Error> for StepError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<StoreError> for StepError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl StepError {
    /// The step contradicts what is stored.
    pub(crate) fn misuse(message: impl Into<String>) -> Self {
        Self::Store(StoreError::not_applied(StoreErrorKind::Misuse, message))
    }

    /// What is stored contradicts itself.
    pub(crate) fn corrupt(message: impl Into<String>) -> Self {
        Self::Store(StoreError::not_applied(StoreErrorKind::Corrupt, message))
    }

    /// As the storage ports report it. A step that failed inside its transaction left no trace.
    pub(crate) fn into_store(self) -> StoreError {
        match self {
            Self::Sqlite(error) => sqlite(&error),
            Self::Store(error) => error,
            Self::Ledger(error) => from_ledger(&error),
        }
    }

    /// As the ledger ports report it.
    pub(crate) fn into_ledger(self) -> LedgerError {
        match self {
            Self::Ledger(error) => error,
            other => ledger(other.into_store()),
        }
    }
}

/// What SQLite's error means. All errors come from statements of an open transaction, which are undone.
pub(crate) fn sqlite(error: &rusqlite::Error) -> StoreError {
    let (kind, what) = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            (StoreErrorKind::Full, "the database is full: make room, then ask again")
        }
        Some(
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied,
        ) => (
            StoreErrorKind::ReadOnly,
            "the database cannot be written: see to its permissions, then ask again",
        ),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            (StoreErrorKind::Unavailable, "the database is held by another process: ask again")
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            (StoreErrorKind::Corrupt, "the file is no sound database: restore it from a copy")
        }
        Some(ErrorCode::CannotOpen) => {
            (StoreErrorKind::Unavailable, "the database cannot be opened: see to its path and permissions")
        }
        _ => (StoreErrorKind::Unavailable, "the database failed"),
    };
    StoreError::not_applied(kind, format!("{what} ({error})"))
}

/// A store's error where the port is the ledger's.
pub(crate) fn ledger(error: StoreError) -> LedgerError {
    let verdict = match error.applied {
        Applied::NotApplied => LedgerVerdict::NotApplied,
        Applied::MaybeApplied => LedgerVerdict::MaybeApplied,
    };
    match error.kind {
        StoreErrorKind::Corrupt => LedgerError::corrupt(error.message),
        StoreErrorKind::Misuse => LedgerError::refused(error.message),
        _ => LedgerError::unavailable(verdict, error.message),
    }
}

fn from_ledger(error: &LedgerError) -> StoreError {
    let kind = match error.kind() {
        LedgerErrorKind::Conflict { .. } => StoreErrorKind::Corrupt,
        _ => StoreErrorKind::Unavailable,
    };
    StoreError::not_applied(kind, error.to_string())
}
