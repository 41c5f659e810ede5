//! From a proposed action and the reference of a decision to a permit to execute it (PRO-11, PRO-13).
//!
//! INVARIANT: an [`ActionPermit`] exists only if a stored decision approved exactly this action of this proposal, under its
//! spec version, in the required role, and the ledger knows of it. Whoever executes asks for it first; the skill that
//! proposes executes nothing. A permit is no use of the approval: that publishing happens once is the journal's to keep.

mod denied;
mod evidence;

use std::sync::Arc;

use chimera_audit::AuditLedger;
use chimera_contracts::propose::{ProposeOutput, ProposedAction, action_digest};
use chimera_contracts::publish::{ApprovalRecord, ApprovedBy};
use chimera_contracts::{AgentId, Clock, CorrelationId, DecisionId, Digest, EventId, Namespace};
use chrono::{DateTime, Utc};

use crate::approval::ApprovalStore;
use crate::decision::{Approver, ApproverRole, Decision};
use crate::permit::{Denial, permits};

pub use denied::{PermitDenial, PermitDenied};

/// The action types that somebody here can execute: both are publishing, now or later.
const EXECUTED: [&str; 2] = ["publish", "schedule"];

/// The wish to execute an action of a proposal.
#[derive(Clone, Debug, PartialEq)]
pub struct PermitRequest<'a> {
    /// The tenant.
    pub namespace: &'a Namespace,
    /// The proposal, as it was answered.
    pub proposal: &'a ProposeOutput,
    /// Which of its actions.
    pub action_id: &'a str,
    /// The decision that is said to approve it.
    pub approval_reference: DecisionId,
    /// In which role it has to have been made.
    pub required_role: ApproverRole,
    /// The agent in whose name it is executed; without one, a decision that is bound to an agent permits nothing.
    pub agent: Option<AgentId>,
    /// The authenticated principal that wants to execute; ends up in evidence as a digest.
    pub actor: &'a str,
    /// The trace.
    pub correlation: Option<CorrelationId>,
}

impl<'a> PermitRequest<'a> {
    /// A wish that a human reviewer has to have approved, outside of any trace and in no agent's name.
    #[must_use]
    pub const fn new(
        namespace: &'a Namespace,
        proposal: &'a ProposeOutput,
        action_id: &'a str,
        approval_reference: DecisionId,
        actor: &'a str,
    ) -> Self {
        let required_role = ApproverRole::HitlReviewer;
        Self {
            namespace,
            proposal,
            action_id,
            approval_reference,
            required_role,
            agent: None,
            actor,
            correlation: None,
        }
    }
}

/// The permit to execute one action. Only [`ActionPermits`] makes it, and no part of it can be changed.
///
/// ```compile_fail
/// // The fields are private: there is no way to make one by hand.
/// let forged = chimera_governance::ActionPermit {};
/// ```
///
/// ```compile_fail
/// // Nor can one be read from anywhere: a permit that travels is a claim again.
/// fn read<T: serde::de::DeserializeOwned>() {}
/// read::<chimera_governance::ActionPermit>();
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ActionPermit {
    action: ProposedAction,
    digest: Digest,
    approved_by: ApprovedBy,
    decision: Decision,
    event: EventId,
}

impl ActionPermit {
    /// What may be executed.
    #[must_use]
    pub const fn action(&self) -> &ProposedAction {
        &self.action
    }

    /// The digest of the action, which the decision lists.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The decision.
    #[must_use]
    pub const fn decision(&self) -> DecisionId {
        self.decision.id
    }

    /// Who decided.
    #[must_use]
    pub const fn approver(&self) -> &Approver {
        &self.decision.approver
    }

    /// The moment from which on it does not hold any more; `None`: until revoked.
    #[must_use]
    pub const fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.decision.expires_at
    }

    /// The event that tells of the permit.
    #[must_use]
    pub const fn event(&self) -> EventId {
        self.event
    }

    /// The moment before which the action is not to be executed; `None` where the proposal names none.
    #[must_use]
    pub const fn not_before(&self) -> Option<DateTime<Utc>> {
        self.action.scheduled_time
    }

    /// The approval as the publish contract wants to see it. It passes there only if the decision lists the effects of the
    /// bundle too.
    #[must_use]
    pub const fn approval_record(&self) -> ApprovalRecord {
        ApprovalRecord {
            approved_by: self.approved_by,
            approved_at: self.decision.decided_at,
            confidence_score: self.decision.confidence,
            decision_id: Some(self.decision.id),
            attestation: None,
        }
    }
}

/// Gives permits, and leaves evidence of each that it gives or refuses. Cloning is cheap and gives the same authority.
#[derive(Clone, Debug)]
pub struct ActionPermits {
    approvals: Arc<dyn ApprovalStore>,
    ledger: Arc<dyn AuditLedger>,
    clock: Arc<dyn Clock>,
}

/// What was found to be permitted, before the ledger knows of it.
struct Found {
    action: ProposedAction,
    digest: Digest,
    approved_by: ApprovedBy,
    decision: Decision,
}

impl ActionPermits {
    /// Permits by this approval authority, told to this ledger.
    #[must_use]
    pub fn new(
        approvals: Arc<dyn ApprovalStore>,
        ledger: Arc<dyn AuditLedger>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { approvals, ledger, clock }
    }

    /// The permit for an action, once the ledger knows of it. Asking again is the same event.
    ///
    /// # Errors
    /// When no decision permits it, nobody executes such actions, or a store cannot be asked.
    pub async fn permit(&self, ask: &PermitRequest<'_>) -> Result<ActionPermit, PermitDenied> {
        match self.find(ask).await {
            Ok(found) => self.grant(ask, found).await,
            Err(why) => Err(self.refuse(ask, why).await),
        }
    }

    async fn find(&self, ask: &PermitRequest<'_>) -> Result<Found, PermitDenial> {
        let proposal = ask.proposal;
        let listed = proposal.proposed_actions.iter().find(|action| action.action_id == ask.action_id);
        let action = listed.ok_or(PermitDenial::UnknownAction)?;
        if !EXECUTED.contains(&action.action_type.as_str()) {
            return Err(PermitDenial::Unsupported);
        }
        let ProposeOutput { proposal_id, artifact_id, spec_version, .. } = proposal;
        let digest = action_digest(ask.namespace, proposal_id, artifact_id, spec_version, action);
        let found = self.approvals.decision(ask.namespace, ask.approval_reference, &digest).await?;
        let decision = found.ok_or(Denial::Unknown)?.decision;
        let approved_by = check(ask, &decision, &digest, self.clock.now())?;
        Ok(Found { action: action.clone(), digest, approved_by, decision })
    }

    async fn grant(&self, ask: &PermitRequest<'_>, found: Found) -> Result<ActionPermit, PermitDenied> {
        let draft = evidence::granted(ask, found.digest, &found.decision);
        let event = draft.id;
        if let Err(error) = self.ledger.append(vec![draft]).await {
            return Err(PermitDenied { why: PermitDenial::Ledger(error), event: None });
        }
        let Found { action, digest, approved_by, decision } = found;
        Ok(ActionPermit { action, digest, approved_by, decision, event })
    }

    /// A refusal stands whether the ledger took it or not: nothing happens.
    async fn refuse(&self, ask: &PermitRequest<'_>, why: PermitDenial) -> PermitDenied {
        let draft = evidence::refused(ask, &why);
        let event = draft.id;
        let told = self.ledger.append(vec![draft]).await.is_ok();
        PermitDenied { why, event: told.then_some(event) }
    }
}

/// Whether the decision permits the action now, and in which role it was made.
fn check(
    ask: &PermitRequest<'_>,
    decision: &Decision,
    digest: &Digest,
    now: DateTime<Utc>,
) -> Result<ApprovedBy, Denial> {
    if decision.artifact != ask.proposal.artifact_id {
        return Err(Denial::OtherArtifact);
    }
    // Before the digest, which the version is part of: whoever raised the version is told so.
    if decision.spec_version.as_ref() != Some(&ask.proposal.spec_version) {
        return Err(Denial::SpecVersion);
    }
    permits(decision, ask.namespace, digest, ask.agent, now)?;
    match decision.approver.role {
        role if role != ask.required_role => Err(Denial::WrongRole),
        ApproverRole::HitlReviewer => Ok(ApprovedBy::HitlReviewer),
        ApproverRole::Judge => Ok(ApprovedBy::Judge),
        // A policy approves engagements only; no claim can name it.
        ApproverRole::Policy => Err(Denial::WrongRole),
    }
}
