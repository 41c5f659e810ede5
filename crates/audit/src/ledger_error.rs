//! Why a ledger did not answer, whether it may have acted, and what to do next.

use std::error::Error;
use std::fmt;

use chimera_contracts::{Digest, EventId};

use crate::redact::redact;

/// Whether the drafts of a failed append may be in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LedgerVerdict {
    /// Nothing was added.
    NotApplied,
    /// The drafts may have been added; asking again tells, and adds nothing twice.
    MaybeApplied,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LedgerErrorKind {
    /// The id is in the log and stands for something else.
    Conflict {
        /// The id of both.
        id: EventId,
        /// The sameness of what is in the log.
        stored: Digest,
        /// The sameness of what was offered.
        offered: Digest,
    },
    /// The call itself cannot be right, such as a proof from size 0.
    Refused,
    /// The store could not be reached, was busy, or lost the answer.
    Unavailable,
    /// What is stored contradicts itself.
    Corrupt,
}

/// A ledger's failure.
#[derive(Debug)]
pub struct LedgerError {
    // Boxed: it holds two digests, and every `Result` of a ledger would carry their space.
    kind: Box<LedgerErrorKind>,
    verdict: LedgerVerdict,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl LedgerError {
    /// The id stands for something else already; nothing of the call was added.
    #[must_use]
    pub fn conflict(id: EventId, stored: Digest, offered: Digest) -> Self {
        let message = format!("event `{id}` is in the log as {stored} and was offered as {offered}");
        Self::with(LedgerErrorKind::Conflict { id, stored, offered }, LedgerVerdict::NotApplied, &message)
    }

    /// The call cannot be right; nothing was done.
    #[must_use]
    pub fn refused(message: impl Into<String>) -> Self {
        Self::with(LedgerErrorKind::Refused, LedgerVerdict::NotApplied, &message.into())
    }

    /// The store did not answer.
    #[must_use]
    pub fn unavailable(verdict: LedgerVerdict, message: impl Into<String>) -> Self {
        Self::with(LedgerErrorKind::Unavailable, verdict, &message.into())
    }

    /// The store contradicts itself; nothing was done.
    #[must_use]
    pub fn corrupt(message: impl Into<String>) -> Self {
        Self::with(LedgerErrorKind::Corrupt, LedgerVerdict::NotApplied, &message.into())
    }

    /// The error with its cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> LedgerErrorKind {
        *self.kind
    }

    /// Whether the drafts may be in the log.
    #[must_use]
    pub const fn verdict(&self) -> LedgerVerdict {
        self.verdict
    }

    /// What happened, for people; redacted.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do next, for people.
    #[must_use]
    pub fn next_step(&self) -> &'static str {
        match (*self.kind, self.verdict) {
            (LedgerErrorKind::Conflict { .. }, _) => "derive the id from what the event tells; do not retry",
            (LedgerErrorKind::Refused, _) => "correct the call; do not retry",
            (LedgerErrorKind::Corrupt, _) => "stop acting, export the log and verify it",
            (LedgerErrorKind::Unavailable, LedgerVerdict::NotApplied) => "try again",
            (LedgerErrorKind::Unavailable, LedgerVerdict::MaybeApplied) => {
                "append the same drafts again to learn whether they are in the log"
            }
        }
    }

    fn with(kind: LedgerErrorKind, verdict: LedgerVerdict, message: &str) -> Self {
        let message = redact(message).into_owned();
        Self { kind: Box::new(kind), verdict, message, source: None }
    }
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.message, self.next_step())
    }
}

impl Error for LedgerError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_conflict_names_both_digests() {
        let (stored, offered) = (Digest::of(b"a"), Digest::of(b"b"));
        let error = LedgerError::conflict(EventId::from_uuid(Uuid::nil()), stored, offered);
        assert_eq!(error.verdict(), LedgerVerdict::NotApplied);
        for part in [stored.to_string(), offered.to_string(), Uuid::nil().to_string()] {
            assert!(error.to_string().contains(&part), "{error}");
        }
    }

    #[test]
    fn messages_are_redacted() {
        let error = LedgerError::unavailable(
            LedgerVerdict::MaybeApplied,
            "postgres://user:pass@db.example/x refused",
        );
        assert_eq!(error.message(), "postgres://[redacted]@db.example/x refused");
    }
}
