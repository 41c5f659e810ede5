//! The rows that a backend keeps, by key.

use std::collections::BTreeMap;
use std::sync::Arc;

use chimera_audit::Entry;
use chimera_contracts::{DecisionId, Digest, EffectId, EventId, Namespace, RequestId, ReviewId, derive_uuid};
use chimera_effect::{EffectRecord, Pause, PauseKey, RequestView};
use chimera_governance::review::Review;
use chimera_governance::{Balance, BudgetScope, Decision, Standing};
use chimera_platform::limits::{RateKey, TakenPermit};
use chimera_skill_propose::{ProposalKey, StoredProposal};
use chrono::{DateTime, Utc};

/// Names one row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A request with its effects.
    Request(RequestId),
    /// A decision with its uses.
    Decision(Namespace, DecisionId),
    /// A budget.
    Budget(BudgetScope),
    /// A review.
    Review(Namespace, ReviewId),
    /// A proposal.
    Proposal(ProposalKey),
    /// The permits of an account and an action.
    Permits(RateKey),
    /// A switch that keeps attempts from beginning.
    Pause(PauseKey),
    /// An event of the ledger whose author may append it again.
    Event(EventId),
}

/// A row. [`Effect`](Row::Effect) and [`Entry`](Row::Entry) are parts that scans give; they have no key of their own.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// A request with its effects, by position; shared, for a step that wrote it keeps it too.
    Request(Arc<RequestView>),
    /// A decision with its uses.
    Decision(DecisionRow),
    /// A budget.
    Budget(BudgetScope, Balance),
    /// A review.
    Review(Box<Review>),
    /// A proposal.
    Proposal(ProposalKey, StoredProposal),
    /// The permits of an account and an action.
    Permits(PermitsRow),
    /// A switch that keeps attempts from beginning.
    Pause(Pause),
    /// An event of the ledger.
    Event(EventRow),
    /// One effect of a request.
    Effect(Box<EffectRecord>),
    /// One entry of the ledger.
    Entry(Entry),
}

/// A decision as it was recorded, and what happened to it since.
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionRow {
    /// The decision as it was recorded.
    pub decision: Decision,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Which effect used it, for each digest that was used.
    pub uses: BTreeMap<Digest, EffectId>,
}

impl DecisionRow {
    /// A number that every use and the revocation raise.
    #[must_use]
    pub fn revision(&self) -> u64 {
        let uses = u64::try_from(self.uses.len()).unwrap_or(u64::MAX);
        uses.saturating_mul(2).saturating_add(u64::from(self.revoked_at.is_some()))
    }

    /// The decision as it stands towards one effect digest.
    #[must_use]
    pub fn standing(&self, digest: &Digest) -> Standing {
        let revoked_at = self.revoked_at.or(self.decision.revoked_at);
        let decision = Decision { revoked_at, ..self.decision.clone() };
        Standing { decision, used_by: self.uses.get(digest).copied() }
    }
}

/// The permits that still count, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermitsRow {
    /// Whose they are.
    pub key: RateKey,
    /// Raised by every write.
    pub revision: u64,
    /// The permits.
    pub taken: Vec<TakenPermit>,
}

/// Where an event stands in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// The event.
    pub id: EventId,
    /// Its position.
    pub index: u64,
    /// What makes another draft with this id the same event: [`Draft::sameness`](chimera_audit::Draft::sameness).
    pub sameness: Digest,
}

impl Row {
    /// The key of the row; `None` for a part of one.
    #[must_use]
    pub fn key(&self) -> Option<Key> {
        Some(match self {
            Self::Request(view) => Key::Request(view.request.id),
            Self::Decision(row) => Key::Decision(row.decision.namespace.clone(), row.decision.id),
            Self::Budget(scope, _) => Key::Budget(scope.clone()),
            Self::Review(review) => Key::Review(review.namespace.clone(), review.id),
            Self::Proposal(key, _) => Key::Proposal(key.clone()),
            Self::Permits(row) => Key::Permits(row.key.clone()),
            Self::Pause(pause) => Key::Pause(pause.key.clone()),
            Self::Event(row) => Key::Event(row.id),
            Self::Effect(_) | Self::Entry(_) => return None,
        })
    }

    /// A number that every write of the row raises. Budgets move relatively and have none.
    #[must_use]
    pub fn revision(&self) -> u64 {
        match self {
            Self::Request(view) => crate::scan::revision(&view.effects),
            Self::Decision(row) => row.revision(),
            Self::Review(review) => review.version,
            Self::Permits(row) => row.revision,
            Self::Pause(pause) => pause.revision,
            Self::Budget(..) | Self::Proposal(..) | Self::Event(_) | Self::Effect(_) | Self::Entry(_) => 0,
        }
    }

    /// The id by which a condition on a scan names the row.
    #[must_use]
    pub fn id(&self) -> uuid::Uuid {
        match self {
            Self::Request(view) => *view.request.id.as_uuid(),
            Self::Decision(row) => *row.decision.id.as_uuid(),
            Self::Review(review) => *review.id.as_uuid(),
            Self::Effect(record) => *record.id.as_uuid(),
            Self::Event(row) => *row.id.as_uuid(),
            Self::Pause(pause) => pause_id(&pause.key),
            Self::Budget(..) | Self::Proposal(..) | Self::Permits(_) | Self::Entry(_) => uuid::Uuid::nil(),
        }
    }
}

/// The id by which a condition names a switch.
pub(crate) fn pause_id(key: &PauseKey) -> uuid::Uuid {
    let (first, second) = key.scope.subject();
    let parts = [key.scope.kind(), key.cause.as_str(), first.as_str(), second.as_str()];
    derive_uuid("chimera/pause/v1", &parts.map(str::as_bytes))
}
