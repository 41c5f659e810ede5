//! The error of every storage port: it says whether the step may have been applied, so that the caller knows what to ask next.

use std::fmt;

/// Whether a step that failed left a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Applied {
    /// Nothing was written; asking again is a first time.
    NotApplied,
    /// It may have been written; ask again by the same id and the answer tells.
    MaybeApplied,
}

/// What went wrong in a store, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The store can be read, not written.
    ReadOnly,
    /// No space is left, on the disk or within the store's own bound.
    Full,
    /// The store cannot be reached or is too busy.
    Unavailable,
    /// The store was written by a newer version of this software.
    NewerSchema,
    /// What is stored contradicts itself or is behind what was signed; nothing may act on it.
    Corrupt,
    /// The step does not fit what is stored: a mistake of the caller, not of the store.
    Misuse,
    /// The store was closed.
    Closed,
}

impl StoreErrorKind {
    /// Whether the store may come back by itself, so that the same step may succeed later without anything being changed first.
    #[must_use]
    pub const fn may_pass(self) -> bool {
        match self {
            Self::Full | Self::Unavailable => true,
            Self::ReadOnly | Self::NewerSchema | Self::Corrupt | Self::Misuse | Self::Closed => false,
        }
    }
}

/// A step of a store failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreError {
    /// What went wrong, for programs.
    pub kind: StoreErrorKind,
    /// Whether the step left a trace.
    pub applied: Applied,
    /// What went wrong and what to do, for people. Holds no content and no secret.
    pub message: String,
}

impl StoreError {
    /// A step that left no trace.
    pub fn not_applied(kind: StoreErrorKind, message: impl Into<String>) -> Self {
        Self { kind, applied: Applied::NotApplied, message: message.into() }
    }

    /// A step that may have been applied.
    pub fn maybe_applied(kind: StoreErrorKind, message: impl Into<String>) -> Self {
        Self { kind, applied: Applied::MaybeApplied, message: message.into() }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trace = match self.applied {
            Applied::NotApplied => "nothing was written",
            Applied::MaybeApplied => "it may have been written",
        };
        write!(f, "{} ({trace})", self.message)
    }
}

impl std::error::Error for StoreError {}
