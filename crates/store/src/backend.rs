//! The port that a database implements: load, apply, transact.

use std::fmt::Debug;

use async_trait::async_trait;
use chimera_audit::merkle::Node;
use chimera_contracts::{Clock, Digest, InstanceId, StoreError, StoreErrorKind};
use chrono::{DateTime, Utc};

use crate::loaded::Loaded;
use crate::row::{Key, Row};
use crate::scan::Scan;
use crate::transaction::Transaction;
use crate::watchers::Watchers;

/// How often a step may ask for more rows, or find that a condition fails, within one transaction. No step needs as many.
const ROUNDS: u32 = 64;

/// One thing to read.
#[derive(Clone, Debug, PartialEq)]
pub enum Read {
    /// A row.
    Row(Key),
    /// The rows of a scan.
    Rows(Scan),
    /// How many entries the ledger has.
    Size,
    /// Hashes of the ledger's tree, all of them stored.
    Nodes(Vec<Node>),
    /// Whether an opener is known to be dead, so that its leases are free at once; not where that cannot be told.
    Dead(InstanceId),
}

/// What was found for a [`Read`].
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// The row, where there is one.
    Row(Option<Box<Row>>),
    /// The rows, in the order of the scan.
    Rows(Vec<Row>),
    /// How many entries the ledger has.
    Size(u64),
    /// The hashes, in the order of the nodes.
    Nodes(Vec<Digest>),
    /// Whether the opener is known to be dead.
    Dead(bool),
}

/// What came of a transaction.
#[derive(Clone, Debug, PartialEq)]
pub enum Commit {
    /// It is durable.
    Applied(Applied),
    /// A condition failed; nothing was written.
    Stale(Box<Stale>),
}

/// Where and when a transaction was applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The store's clock, which is the time of its events.
    pub at: DateTime<Utc>,
    /// The position of its first event.
    pub first: u64,
}

/// Why a transaction was not applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Stale {
    /// The store's clock.
    pub now: DateTime<Utc>,
    /// What the failed condition is about, as it is; `None` where it is about the time.
    pub found: Option<(Read, Found)>,
}

/// What a step comes to, given what is loaded.
#[derive(Debug)]
pub enum Computed {
    /// It has to see these first.
    Needs(Vec<Read>),
    /// It writes this.
    Writes(Transaction),
    /// It writes nothing.
    Nothing,
}

/// A step as a pure function of what is loaded, for a backend that runs it inside its own transaction.
pub trait Compute: Send {
    /// Computes the step. Called again with more loaded, and again where a condition failed.
    ///
    /// # Errors
    /// When the step cannot be; nothing is written then.
    fn compute(&mut self, loaded: &Loaded) -> Result<Computed, StoreError>;
}

/// A database.
///
/// # Contract
/// - **Atomic.** `apply` evaluates every condition in one transaction with the writes, before the first of them. Where one
///   fails, nothing is written, and the answer has what that condition is about as it is. Writes are applied in order, then
///   the events are appended, all at one time of the store's clock, one after the other without gaps.
/// - **Durable.** What was answered survives a crash of the process and of the machine.
/// - **Serial.** Transactions of all openers stand in one order; each sees all that were answered before it began.
/// - **Snapshot.** `load` shows one state, which has all that was answered before it was called.
/// - **Meaning.** A scan gives the rows that [`Scan::wants`] in the order of [`Scan::place`], then of arrival, from
///   [`Scan::after`] on, up to [`Scan::limit`] and to a limit of the backend's own of 1,000 or more. A backend may leave out
///   a row of [`Scan::Due`] and [`Scan::Unsettled`] that it cannot read, and says so in its log.
/// - **Inside.** `transact` computes the step within the transaction that applies it, so that no condition fails: steps that
///   many want at once come to an end.
/// - **Errors** say whether the transaction may have been applied. An error in one transaction harms no other.
/// - **Woken.** A backend that has [`Watchers`] tells them of each transaction that it applied, through whichever opener of this
///   process that shares them, once it is durable and before its caller is answered, also where nobody waits for the answer.
///   It may tell of more than was written, and tells of no transaction that wrote nothing. Other processes' transactions need not be told: whoever waits looks by the clock,
///   too.
/// - Dropping a future may or may not prevent its transaction.
#[async_trait]
pub trait Backend: Debug + Send + Sync + 'static {
    /// The opener: an id that no other opener of this database has, or had.
    fn instance(&self) -> InstanceId;

    /// The store's clock, as well as this opener knows it.
    fn clock(&self) -> &dyn Clock;

    /// The time by the store's clock.
    fn now(&self) -> DateTime<Utc> {
        self.clock().now()
    }

    /// Those who wait for what is committed; `None` where the backend cannot wake anybody, so that they look by the clock
    /// alone.
    fn watchers(&self) -> Option<&Watchers> {
        None
    }

    /// Reads within one snapshot; the answers are in the order of the reads.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn load(&self, reads: Vec<Read>) -> Result<Vec<Found>, StoreError>;

    /// Applies a transaction.
    ///
    /// # Errors
    /// When the database fails.
    async fn apply(&self, transaction: Transaction) -> Result<Commit, StoreError>;

    /// Computes a step inside a transaction and applies it; `None` where it writes nothing. [`transact`] does it, given the
    /// two halves.
    ///
    /// # Errors
    /// When the database fails, or the step cannot be.
    async fn transact(&self, step: Box<dyn Compute>) -> Result<Option<Applied>, StoreError>;
}

/// Runs a step within an open transaction of a backend.
///
/// # Errors
/// When a half or the step fails, or the step never ends.
pub fn transact(
    step: &mut dyn Compute,
    now: DateTime<Utc>,
    mut find: impl FnMut(&Read) -> Result<Found, StoreError>,
    mut apply: impl FnMut(Transaction) -> Result<Commit, StoreError>,
) -> Result<Option<Applied>, StoreError> {
    let mut loaded = Loaded::at(now);
    for _ in 0..ROUNDS {
        match step.compute(&loaded)? {
            Computed::Nothing => return Ok(None),
            Computed::Needs(reads) => {
                for read in reads {
                    let found = find(&read)?;
                    loaded.add(read, found);
                }
            }
            Computed::Writes(transaction) => match apply(transaction)? {
                Commit::Applied(applied) => return Ok(Some(applied)),
                Commit::Stale(stale) => loaded.refresh(*stale),
            },
        }
    }
    Err(endless())
}

/// A step that does not come to an end: a mistake of this crate.
pub(crate) fn endless() -> StoreError {
    StoreError::not_applied(StoreErrorKind::Corrupt, "a step of the store does not come to an end")
}
