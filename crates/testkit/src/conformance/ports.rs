//! What an opener gives: one port, or all of a store's.
//!
//! A case is generic over it, so that the same function runs for a host that brings one port and for a whole store.

use std::fmt::Debug;
use std::sync::Arc;

use chimera_audit::{AttachmentEraser, AuditLedger, Changes, LedgerReader};
use chimera_effect::{EffectJournal, Pauses};
use chimera_governance::review::ReviewQueue;
use chimera_governance::{ApprovalStore, Budget};
use chimera_platform::limits::RateLimits;
use chimera_skill_propose::ProposalJournal;

/// All ports of one opener of a store.
#[derive(Debug)]
pub struct Stores {
    /// Requests and effects.
    pub journal: Arc<dyn EffectJournal>,
    /// Decisions.
    pub approvals: Arc<dyn ApprovalStore>,
    /// Budgets.
    pub budget: Arc<dyn Budget>,
    /// Proposals.
    pub proposals: Arc<dyn ProposalJournal>,
    /// Reviews.
    pub reviews: Arc<dyn ReviewQueue>,
    /// Permits under rate limits.
    pub limits: Arc<dyn RateLimits>,
    /// Switches that keep attempts from beginning.
    pub pauses: Arc<dyn Pauses>,
    /// Evidence, to append.
    pub ledger: Arc<dyn AuditLedger>,
    /// Evidence, to read.
    pub reader: Arc<dyn LedgerReader>,
    /// Evidence, to take attachments out of.
    pub eraser: Arc<dyn AttachmentEraser>,
    /// Evidence, to follow.
    pub changes: Arc<dyn Changes>,
}

impl Stores {
    /// The ports of a store that implements all of them.
    #[must_use]
    pub fn of<S>(store: Arc<S>) -> Self
    where
        S: EffectJournal
            + ApprovalStore
            + Budget
            + ProposalJournal
            + ReviewQueue
            + RateLimits
            + Pauses
            + AuditLedger
            + LedgerReader
            + AttachmentEraser
            + Changes,
    {
        Self {
            journal: Arc::<S>::clone(&store),
            approvals: Arc::<S>::clone(&store),
            budget: Arc::<S>::clone(&store),
            proposals: Arc::<S>::clone(&store),
            reviews: Arc::<S>::clone(&store),
            limits: Arc::<S>::clone(&store),
            pauses: Arc::<S>::clone(&store),
            ledger: Arc::<S>::clone(&store),
            reader: Arc::<S>::clone(&store),
            eraser: Arc::<S>::clone(&store),
            changes: store,
        }
    }
}

/// A ledger and what reads it: neither can be looked at without the other.
#[derive(Debug)]
pub struct Evidence {
    /// To append.
    pub ledger: Arc<dyn AuditLedger>,
    /// To read.
    pub reader: Arc<dyn LedgerReader>,
}

/// A ledger whose attachments can be erased.
#[derive(Debug)]
pub struct ErasableEvidence {
    /// To append and to read.
    pub evidence: Evidence,
    /// To take attachments out of.
    pub eraser: Arc<dyn AttachmentEraser>,
}

/// A ledger that is followed. Without something to append to there is nothing to follow.
#[derive(Debug)]
pub struct FollowedLedger {
    /// To append.
    pub ledger: Arc<dyn AuditLedger>,
    /// To follow.
    pub changes: Arc<dyn Changes>,
}

/// An opener with an [`ApprovalStore`].
pub trait GivesApprovals: Debug + Send + Sync + 'static {
    /// Decisions.
    fn approvals(&self) -> &dyn ApprovalStore;
}

/// An opener with a [`Budget`].
pub trait GivesBudget: Debug + Send + Sync + 'static {
    /// Budgets.
    fn budget(&self) -> &dyn Budget;
}

/// An opener with an [`EffectJournal`].
pub trait GivesJournal: Debug + Send + Sync + 'static {
    /// Requests and effects.
    fn journal(&self) -> &dyn EffectJournal;

    /// The store that the journal is a part of; `None` where it stands alone.
    fn whole(&self) -> Option<&Stores>;
}

/// An opener with [`RateLimits`].
pub trait GivesLimits: Debug + Send + Sync + 'static {
    /// Permits under rate limits.
    fn limits(&self) -> &dyn RateLimits;
}

/// An opener with an [`AuditLedger`] and its [`LedgerReader`].
pub trait GivesEvidence: Debug + Send + Sync + 'static {
    /// Evidence, to append.
    fn ledger(&self) -> &dyn AuditLedger;

    /// Evidence, to read.
    fn reader(&self) -> &dyn LedgerReader;
}

/// An opener with an [`AttachmentEraser`] beside the ledger that it erases from.
pub trait GivesEraser: GivesEvidence {
    /// Evidence, to take attachments out of.
    fn eraser(&self) -> &dyn AttachmentEraser;
}

/// An opener with [`Changes`] over the ledger that they tell of.
pub trait GivesChanges: Debug + Send + Sync + 'static {
    /// Evidence, to append.
    fn ledger(&self) -> &dyn AuditLedger;

    /// Evidence, to follow.
    fn changes(&self) -> &dyn Changes;
}

/// An opener with a port whose steps leave evidence.
///
/// Where the evidence can be read, a case looks at it too; a port that stands alone is asked for its answers.
pub trait LeavesEvidence: Debug + Send + Sync + 'static {
    /// The ledger in which the steps leave their evidence; `None` where the port stands alone.
    fn evidence(&self) -> Option<&dyn GivesEvidence>;
}

/// An opener with a [`ProposalJournal`].
pub trait GivesProposals: LeavesEvidence {
    /// Proposals.
    fn proposals(&self) -> &dyn ProposalJournal;
}

/// An opener with a [`ReviewQueue`].
pub trait GivesReviews: LeavesEvidence {
    /// Reviews.
    fn reviews(&self) -> &dyn ReviewQueue;
}

/// An opener with [`Pauses`].
pub trait GivesPauses: LeavesEvidence {
    /// Switches.
    fn pauses(&self) -> &dyn Pauses;
}

/// One port gives itself, and a whole store gives each of its ports.
macro_rules! gives {
    ($($gives:ident $port:ident $name:ident)*) => {
        $(
            impl $gives for Arc<dyn $port> {
                fn $name(&self) -> &dyn $port {
                    self.as_ref()
                }
            }

            impl $gives for Stores {
                fn $name(&self) -> &dyn $port {
                    self.$name.as_ref()
                }
            }
        )*
    };
}

gives! {
    GivesApprovals ApprovalStore approvals
    GivesBudget Budget budget
    GivesLimits RateLimits limits
    GivesPauses Pauses pauses
    GivesProposals ProposalJournal proposals
    GivesReviews ReviewQueue reviews
}

impl GivesJournal for Arc<dyn EffectJournal> {
    fn journal(&self) -> &dyn EffectJournal {
        self.as_ref()
    }

    fn whole(&self) -> Option<&Stores> {
        None
    }
}

impl GivesJournal for Stores {
    fn journal(&self) -> &dyn EffectJournal {
        self.journal.as_ref()
    }

    fn whole(&self) -> Option<&Stores> {
        Some(self)
    }
}

impl GivesEvidence for Stores {
    fn ledger(&self) -> &dyn AuditLedger {
        self.ledger.as_ref()
    }

    fn reader(&self) -> &dyn LedgerReader {
        self.reader.as_ref()
    }
}

impl GivesEvidence for Evidence {
    fn ledger(&self) -> &dyn AuditLedger {
        self.ledger.as_ref()
    }

    fn reader(&self) -> &dyn LedgerReader {
        self.reader.as_ref()
    }
}

impl GivesEvidence for ErasableEvidence {
    fn ledger(&self) -> &dyn AuditLedger {
        self.evidence.ledger()
    }

    fn reader(&self) -> &dyn LedgerReader {
        self.evidence.reader()
    }
}

impl GivesEraser for ErasableEvidence {
    fn eraser(&self) -> &dyn AttachmentEraser {
        self.eraser.as_ref()
    }
}

impl GivesEraser for Stores {
    fn eraser(&self) -> &dyn AttachmentEraser {
        self.eraser.as_ref()
    }
}

impl GivesChanges for FollowedLedger {
    fn ledger(&self) -> &dyn AuditLedger {
        self.ledger.as_ref()
    }

    fn changes(&self) -> &dyn Changes {
        self.changes.as_ref()
    }
}

impl GivesChanges for Stores {
    fn ledger(&self) -> &dyn AuditLedger {
        self.ledger.as_ref()
    }

    fn changes(&self) -> &dyn Changes {
        self.changes.as_ref()
    }
}

impl LeavesEvidence for Stores {
    fn evidence(&self) -> Option<&dyn GivesEvidence> {
        Some(self)
    }
}

/// A port that stands alone, though a store would leave evidence of its steps.
macro_rules! alone {
    ($($port:ident)*) => {
        $(
            impl LeavesEvidence for Arc<dyn $port> {
                fn evidence(&self) -> Option<&dyn GivesEvidence> {
                    None
                }
            }
        )*
    };
}

alone! { Pauses ProposalJournal ReviewQueue }
