//! The ports of the log: one to append, one to read.
//!
//! Two traits, because they go to different people: a skill appends and never reads, an export reads and never appends.
//! The [verifier](crate::verify) uses neither.

use std::fmt;
use std::fmt::Debug;

use async_trait::async_trait;
use chimera_contracts::{CorrelationId, Digest, Namespace};
use chrono::{DateTime, Utc};

use crate::draft::{Draft, EventType};
use crate::ledger_error::LedgerError;
use crate::merkle;
use crate::subject::Subject;

/// What an append did with one draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// The draft is in the log now, as this entry.
    New {
        /// Its place in the log, from 0.
        index: u64,
    },
    /// The same event was in the log already; nothing was added.
    Already {
        /// The place of the first append.
        index: u64,
    },
}

impl Appended {
    /// The entry's place in the log.
    #[must_use]
    pub const fn index(self) -> u64 {
        match self {
            Self::New { index } | Self::Already { index } => index,
        }
    }
}

/// Where evidence is written.
///
/// # Contract
/// - **Idempotent by id.** A draft whose id is in the log with the same [sameness](Draft::sameness) adds nothing and
///   answers [`Appended::Already`]; the time and the attachment of the first append stay. So an append whose answer was
///   lost is asked again.
/// - **Conflict.** An id that is in the log with another sameness, or twice with different sameness in one call, is a
///   [conflict](crate::LedgerErrorKind::Conflict) that names both digests.
/// - **All or nothing.** A call that fails with [`NotApplied`](crate::LedgerVerdict::NotApplied) added none of its drafts.
/// - **Durable.** What is answered survives the loss of power.
/// - **Order.** The drafts of a call stand in their order, one after the other; an answer has one item for each draft,
///   in order. An append that begins after another was answered stands after it. Indexes begin at 0, have no gaps,
///   and are never given twice; nothing is evicted.
/// - **Time.** The ledger adds the time at the first append, from its own clock, and a fresh salt to each attachment.
/// - **Concurrency.** Calls from many tasks and processes are safe and none is lost.
/// - **Cancellation.** Dropping the future withdraws nothing: the drafts may or may not be added.
#[async_trait]
pub trait AuditLedger: Debug + Send + Sync + 'static {
    /// Appends drafts.
    ///
    /// # Errors
    /// See the contract; [`LedgerError::verdict`] says whether the drafts may have been added.
    async fn append(&self, drafts: Vec<Draft>) -> Result<Vec<Appended>, LedgerError>;
}

/// The state of the log at one size (RFC 9162 §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// How many entries there are.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Digest,
}

impl Head {
    /// The head of a log without entries.
    #[must_use]
    pub fn empty() -> Self {
        Self { size: 0, root: merkle::empty_root() }
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "size {} root {}", self.size, self.root)
    }
}

/// What is kept beside an entry.
#[derive(Clone, PartialEq, Eq)]
pub enum Kept {
    /// The entry has no attachment.
    None,
    /// The attachment is there.
    Present {
        /// The salt of its commitment.
        salt: [u8; 32],
        /// Its exact bytes.
        bytes: Vec<u8>,
    },
    /// The attachment was erased, and its salt with it. An event of the log tells of it
    /// ([`AttachmentEraser`](crate::AttachmentEraser)); the verifier names each entry of which none does.
    Erased,
}

impl Debug for Kept {
    // As with `Attachment`: the bytes may be a person's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Present { bytes, .. } => write!(f, "Present({} bytes)", bytes.len()),
            Self::Erased => f.write_str("Erased"),
        }
    }
}

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place, from 0.
    pub index: u64,
    /// The exact bytes that were hashed.
    pub leaf: Vec<u8>,
    /// What is kept beside it.
    pub attachment: Kept,
}

/// Which entries are asked for; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerQuery {
    /// Of this tenant.
    pub namespace: Option<Namespace>,
    /// Of this type.
    pub kind: Option<EventType>,
    /// Of this trace.
    pub correlation: Option<CorrelationId>,
    /// About this or a part of it ([`Subject::covers`]): a request gives what is told of its effects, too. Entries of versions
    /// before subjects have none and are not among them.
    pub subject: Option<Subject>,
    /// At or after this time.
    pub since: Option<DateTime<Utc>>,
    /// Before this time.
    pub until: Option<DateTime<Utc>>,
}

/// One page of an answer. The next page is `from` the last entry's index plus one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The smallest index to look at.
    pub from: u64,
    /// How many entries to answer at most.
    pub limit: usize,
}

/// Where evidence is read.
///
/// # Contract
/// - Every entry below [`Head::size`] is there for good, with the same bytes each time; an attachment may turn from
///   [`Kept::Present`] to [`Kept::Erased`], and nothing else changes.
/// - Heads only grow: each extends every earlier one. A head may be behind the last append, never ahead of it.
/// - Entries come in the order of their index. Fewer than `limit` of them, or none, means that there are no more now.
/// - Reading has no effect and can be asked again.
#[async_trait]
pub trait LedgerReader: Debug + Send + Sync + 'static {
    /// The head now.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn head(&self) -> Result<Head, LedgerError>;

    /// Up to `limit` entries from index `from`, without gaps.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn entries(&self, from: u64, limit: usize) -> Result<Vec<Entry>, LedgerError>;

    /// A page of the entries that a query asks for.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn find(&self, query: &LedgerQuery, page: Page) -> Result<Vec<Entry>, LedgerError>;

    /// The proof that the tree of size `to` extends that of size `from` (RFC 9162 §2.1.4.1).
    ///
    /// # Errors
    /// When `from` is 0 or above `to`, when `to` is above the head's size, or when the store cannot be read.
    async fn consistency(&self, from: u64, to: u64) -> Result<Vec<Digest>, LedgerError>;
}
