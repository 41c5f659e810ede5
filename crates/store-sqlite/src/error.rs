//! SQLite's errors become the ports' error in this one place.

use chimera_contracts::{StoreError, StoreErrorKind};
use rusqlite::ErrorCode;

/// Why a step within a transaction failed.
#[derive(Debug)]
pub(crate) enum StepError {
    /// SQLite said so.
    Sqlite(rusqlite::Error),
    /// The step itself refused.
    Store(StoreError),
}

pub(crate) type StepResult<T> = Result<T, StepError>;

impl From<rusqlite::Error> for StepError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error as E;
        match error {
            // A value that is not what its column is for, text that is not UTF-8, for one: this row is damaged, not the file.
            E::FromSqlConversionFailure(..)
            | E::InvalidColumnType(..)
            | E::IntegralValueOutOfRange(..)
            | E::Utf8Error(..) => Self::corrupt(format!("a row cannot be read ({error})")),
            error => Self::Sqlite(error),
        }
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
