//! What the ledger is told of permits. Ids derive from all that an event tells, so the same answer adds nothing.

use chimera_audit::{Draft, EventType, Statement, Subject, Token};
use chimera_contracts::canonical::to_canonical;
use chimera_contracts::{CorrelationId, Digest, EventId, derive_uuid};

use super::{PermitDenial, PermitRequest};
use crate::decision::Decision;

const GRANTED: &str = "governance.permit.granted";
const REFUSED: &str = "governance.permit.refused";

pub(super) fn granted(ask: &PermitRequest<'_>, digest: Digest, decision: &Decision) -> Draft {
    let mut statement = asked(ask)
        .digest("subject", digest)
        .digest("approver", Digest::of(decision.approver.id.as_bytes()))
        .word("verdict", decision.verdict.as_str())
        .time("decided_at", decision.decided_at);
    if let Some(end) = decision.expires_at {
        statement = statement.time("expires_at", end);
    }
    draft(ask, GRANTED, statement)
}

pub(super) fn refused(ask: &PermitRequest<'_>, why: &PermitDenial) -> Draft {
    let statement = asked(ask).word("error_code", why.code().as_str()).word("reason", why.reason());
    draft(ask, REFUSED, statement)
}

/// What was asked for, as digests: ids of proposals, actions and actors are the caller's words.
fn asked(ask: &PermitRequest<'_>) -> Statement {
    let proposal = ask.proposal;
    let digest = |text: &str| Digest::of(text.as_bytes());
    let statement = Statement::new()
        .digest("proposal", digest(&proposal.proposal_id))
        .digest("artifact", digest(&proposal.artifact_id))
        .digest("spec_version", digest(&proposal.spec_version))
        .digest("action", digest(ask.action_id))
        .id("decision_id", *ask.approval_reference.as_uuid())
        .word("required_role", ask.required_role.as_str())
        .digest("actor", digest(ask.actor));
    let action = proposal.proposed_actions.iter().find(|action| action.action_id == ask.action_id);
    match action.and_then(|action| Token::parse(&action.action_type).ok()) {
        Some(action_type) => statement.token("action_type", &action_type),
        None => statement,
    }
}

fn draft(ask: &PermitRequest<'_>, kind: &'static str, statement: Statement) -> Draft {
    // A statement holds texts and small integers only: it has a canonical form.
    let told = to_canonical(&statement).unwrap_or_default();
    let correlation = ask.correlation.as_ref().map(CorrelationId::as_uuid);
    let correlation = correlation.map_or([].as_slice(), |id| id.as_bytes().as_slice());
    let parts = [ask.namespace.as_str().as_bytes(), kind.as_bytes(), &told, correlation];
    let id = EventId::from_uuid(derive_uuid("chimera/permit-event/v1", &parts));
    Draft::new(id, EventType::of(kind), ask.namespace.clone(), statement)
        .about(Subject::proposal(&ask.proposal.proposal_id))
        .with_correlation(ask.correlation)
}
