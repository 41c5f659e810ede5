//! The journal of proposals: the port that makes the first answer win.

use std::fmt::Debug;

use async_trait::async_trait;
use chimera_audit::Draft;
use chimera_contracts::{Digest, Namespace, StoreError};

/// The caller's request id, scoped by tenant (PRO-05).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProposalKey {
    /// The tenant.
    pub namespace: Namespace,
    /// The request id, in the caller's words.
    pub request_id: String,
}

/// A proposal to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdmitProposal {
    /// The key.
    pub key: ProposalKey,
    /// What was asked under the key, apart from the key itself.
    pub fingerprint: Digest,
    /// The answer, to the byte.
    pub proposal: Vec<u8>,
    /// The events that tell of it.
    pub evidence: Vec<Draft>,
}

/// What is kept under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredProposal {
    /// What was asked when it was answered first.
    pub fingerprint: Digest,
    /// The first answer, to the byte.
    pub proposal: Vec<u8>,
}

/// What came of an admission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProposalAdmission {
    /// Kept now.
    Fresh,
    /// The same question was answered before, with these bytes; nothing changed.
    Existing(Vec<u8>),
    /// The request id stands for another question; nothing changed.
    Reused,
}

impl StoredProposal {
    /// What an admission under a known key comes to: the rule of every journal.
    #[must_use]
    pub fn answer_to(self, fingerprint: &Digest) -> ProposalAdmission {
        if self.fingerprint == *fingerprint {
            ProposalAdmission::Existing(self.proposal)
        } else {
            ProposalAdmission::Reused
        }
    }
}

/// Where proposals are kept.
///
/// # Contract
/// - **Atomic.** An `admit` that is `Fresh` keeps the proposal and appends its evidence in one step. One that fails with
///   `NotApplied`, also because the evidence is refused, did neither.
/// - **Once.** For one key exactly one `admit` is `Fresh`, whatever the number of callers and processes. All the others
///   change nothing and append nothing: they are `Existing`, with the bytes of that one, where the fingerprint is the same
///   (whatever proposal they brought), and `Reused` where it is not.
/// - **Exact.** Bytes come back as they were given.
/// - **Scoped.** Keys of different tenants have nothing to do with each other.
/// - **Durable.** What was answered survives a crash of the process and of the machine.
/// - **Cancellation.** Dropping a future may or may not prevent its step; asking again tells.
/// - **Retries** are the caller's: every error says whether the step may have been applied.
#[async_trait]
pub trait ProposalJournal: Debug + Send + Sync + 'static {
    /// Keeps a proposal, unless its key is known.
    ///
    /// # Errors
    /// When the store fails.
    async fn admit(&self, admit: AdmitProposal) -> Result<ProposalAdmission, StoreError>;

    /// What is kept under a key.
    ///
    /// # Errors
    /// When the store fails.
    async fn recall(&self, key: &ProposalKey) -> Result<Option<StoredProposal>, StoreError>;
}
