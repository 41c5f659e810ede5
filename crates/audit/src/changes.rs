//! What changed, for followers: the ledger from a position on, as typed events, and waiting for more.
//!
//! The ledger is written in the step that it tells of, so a follower misses nothing and sees nothing twice. Its
//! position is the cursor: a host stores one number, and goes on after a restart.

use std::fmt;
use std::fmt::Debug;

use async_trait::async_trait;
use chimera_contracts::Namespace;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::change::Change;
use crate::ledger_error::LedgerError;

/// A place in the ledger: behind everything that was read. In JSON a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(u64);

impl Cursor {
    /// Before the first entry.
    pub const START: Self = Self(0);

    /// Before the entry at this position, from 0.
    #[must_use]
    pub const fn before(position: u64) -> Self {
        Self(position)
    }

    /// Behind the entry at this position.
    #[must_use]
    pub const fn behind(position: u64) -> Self {
        Self(position.saturating_add(1))
    }

    /// The position of the next entry to look at: how many entries lie before the cursor.
    #[must_use]
    pub const fn position(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Which changes are asked for; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeQuery {
    /// Of this tenant. Switches of an account and of everything belong to the tenant `default`.
    pub namespace: Option<Namespace>,
}

/// Changes, and where to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangePage {
    /// In the order of the ledger.
    pub changes: Vec<Change>,
    /// Behind the last of them; where there are fewer than were asked for, behind everything that there was.
    pub next: Cursor,
}

/// Where changes are followed. A store that has a ledger implements it beside [`LedgerReader`](crate::LedgerReader).
///
/// # Contract
/// - **Whole.** From one cursor to the next every entry of the query comes once, in the order of the ledger, however many
///   tasks and processes write. Pages of any length give the same changes; so does a reader that crashed and goes on from
///   the last cursor that it stored.
/// - **Told as it is.** An entry whose type or words this version does not know is [`What::Other`](crate::What::Other), with
///   its type and its subject. It is no error, and is not left out.
/// - **Durable.** What is shown is there for good: no crash takes a change back.
/// - **Present.** A page has what was answered before it was asked for; a `latest` is behind it.
/// - **At most** `limit` changes come in a page, and at most as many as the store gives at once, 1,000 or more. A page that is
///   empty where `limit` is not 0 has seen everything there is.
/// - **No future.** A cursor that the ledger does not reach is
///   [`Refused`](crate::LedgerErrorKind::Refused): the ledger is an older copy than the one that the cursor is of, and
///   going on would leave out what comes.
/// - **Woken.** `wait` ends soon after an entry stands behind the cursor: at once where a task appended it through the same
///   opener of the store, within about a second by the store's clock where another opener did. None is missed that comes
///   between a page and the wait. It ends at `until` otherwise.
/// - **Light.** A wait takes no thread, no task and no lock with it, and when it is dropped nothing of it is left.
#[async_trait]
pub trait Changes: Debug + Send + Sync + 'static {
    /// A page of changes from a cursor on.
    ///
    /// # Errors
    /// When the store cannot be read, an entry has no form that a ledger holds, or the ledger does not reach the cursor.
    async fn changes(
        &self,
        query: &ChangeQuery,
        from: Cursor,
        limit: usize,
    ) -> Result<ChangePage, LedgerError>;

    /// Behind everything that there is now: where a reader begins who wants only what comes from now on.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn latest(&self) -> Result<Cursor, LedgerError>;

    /// Waits until an entry of any tenant stands behind the cursor, at most until `until` by the store's clock. Says whether
    /// one does.
    ///
    /// # Errors
    /// When the store cannot be read, or the ledger does not reach the cursor.
    async fn wait(&self, from: Cursor, until: DateTime<Utc>) -> Result<bool, LedgerError>;
}
