//! What the ledger is told of reviews. Ids derive from review and version, so a replay adds nothing.

use chimera_audit::{Atom, Attachment, Draft, EventType, Statement, Subject, Token};
use chimera_contracts::{Digest, EventId, derive_uuid};

use super::step::ReviewMove;
use super::{Review, ReviewState};

pub(super) fn queued(review: &Review) -> Draft {
    let kind = if review.state == ReviewState::Refused {
        "governance.review.refused"
    } else {
        "governance.review.queued"
    };
    let reasons =
        review.reasons.iter().map(|reason| Token::parse(reason).map_or(Atom::word("other"), Atom::Token));
    let mut statement = about(review)
        .digest("requested_by", Digest::of(review.requested_by.as_bytes()))
        .list("reasons", reasons.collect())
        .integer("priority", u32::from(review.priority))
        .time("expires_at", review.expires_at);
    if let Some(confidence) =
        review.confidence.and_then(|confidence| Token::parse(&confidence.to_string()).ok())
    {
        statement = statement.token("confidence", &confidence);
    }
    draft(review, kind, statement).with_attachment(Attachment::redacted(&review.document))
}

pub(super) fn moved(review: &Review, to: &ReviewMove) -> Vec<Draft> {
    let kind = match (to, review.state) {
        (ReviewMove::Claim { .. }, _) => "governance.review.claimed",
        (ReviewMove::Release { .. }, _) => "governance.review.released",
        (ReviewMove::Escalate { .. }, _) => "governance.review.escalated",
        (ReviewMove::Defer { .. }, _) => "governance.review.deferred",
        (ReviewMove::Decide { .. }, ReviewState::Rejected) => "governance.review.rejected",
        (ReviewMove::Decide { .. }, _) => "governance.review.approved",
        (ReviewMove::Expire, _) => "governance.review.expired",
        (ReviewMove::Cancel, _) => "governance.review.cancelled",
        (ReviewMove::Execute, _) => "governance.review.executed",
    };
    let mut statement = about(review);
    if let Some(reviewer) = to.reviewer() {
        statement = statement
            .digest("reviewer", Digest::of(reviewer.id.as_bytes()))
            .word("reviewer_role", reviewer.role.as_str());
    }
    if let ReviewMove::Decide { decision, .. } = to {
        statement = statement
            .id("decision_id", *decision.id.as_uuid())
            .word("verdict", decision.verdict.as_str())
            .list("effects", decision.effects.iter().map(|digest| Atom::from(*digest)).collect());
    }
    let draft = draft(review, kind, statement);
    let edit = match to {
        ReviewMove::Decide { edit: Some(edit), .. } => edit,
        _ => return vec![draft],
    };
    let words = serde_json::json!({ "before": review.document, "after": edit.document, "diff": edit.diff });
    vec![draft.with_attachment(Attachment::redacted(words.to_string()))]
}

fn about(review: &Review) -> Statement {
    let mut statement = Statement::new()
        .id("review_id", *review.id.as_uuid())
        .word("skill", review.skill.as_str())
        .digest("artifact", Digest::of(review.artifact.as_bytes()))
        .digest("subject", review.current_subject())
        .micros("version", review.version);
    if let Some(agent) = review.agent {
        statement = statement.id("agent_id", *agent.as_uuid());
    }
    if let Some(request) = review.request {
        statement = statement.id("request_id", *request.as_uuid());
    }
    if let Some(campaign) = review.campaign {
        statement = statement.id("campaign_id", *campaign.as_uuid());
    }
    statement
}

fn draft(review: &Review, kind: &'static str, statement: Statement) -> Draft {
    let parts = [review.id.as_uuid().as_bytes().as_slice(), kind.as_bytes(), &review.version.to_be_bytes()];
    let id = EventId::from_uuid(derive_uuid("chimera/review-event/v1", &parts));
    Draft::new(id, EventType::of(kind), review.namespace.clone(), statement)
        .about(Subject::Review(review.id))
        .with_correlation(review.correlation)
}
