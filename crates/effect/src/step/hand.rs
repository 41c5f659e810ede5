//! A person settles what no look can: who may, and what it writes (ERR-04).

use chimera_contracts::ErrorCode;
use chimera_governance::{Approver, ApproverRole, Principal};
use chrono::{DateTime, Utc};

use super::change::Context;
use super::evidence;
use super::progress::{published, settled as closed};
use crate::effect::EffectKind;
use crate::journal::{HandSettlement, HandVerdict, Refused};
use crate::outcome::{Evidence, ExternalPost, FoundBy, Refusal};
use crate::record::{EffectRecord, Progress};

/// How the name of a post begins that a person saw and could not name.
pub(crate) const NAMELESS: &str = "settled-by-hand:";

/// Why a settlement may not be recorded: who gives it, or that it names a post for an undo. *There* says of an undo that its post
/// is gone; one that names the post may mean that it is still public.
pub(super) fn refused_settlement(
    record: &EffectRecord,
    hand: &HandSettlement,
    context: &Context<'_>,
) -> Option<Refused> {
    let names = matches!(&hand.verdict, HandVerdict::There { id, url } if id.is_some() || url.is_some());
    let named = (record.kind() == EffectKind::Undo && names).then(|| Refused {
        code: ErrorCode::ValidationError,
        platform: Some(record.effect.content().platform),
        message: "an undo is settled as *there* once its post is gone, and names no post".to_owned(),
    });
    refused(record, &hand.principal, context).or(named)
}

/// Why this person may not settle the effect, or say by what it is settled. Whoever asked for it has an interest in the answer.
pub(super) fn refused(record: &EffectRecord, principal: &Approver, context: &Context<'_>) -> Option<Refused> {
    let refuse = |code, message: &str| {
        Some(Refused { code, platform: Some(record.effect.content().platform), message: message.to_owned() })
    };
    if principal.role != ApproverRole::HitlReviewer {
        return refuse(ErrorCode::AuthzFailure, "only a person settles an outcome by hand");
    }
    let who = Principal::of(&principal.id);
    if who.is_nobody() {
        return refuse(ErrorCode::AuthzFailure, "the person who settles an outcome has to be named");
    }
    let agent = context.request.agent.to_string();
    let decided_for = context.standing.and_then(|standing| standing.decision.requested_by.as_deref());
    let asked = [Some(agent.as_str()), context.request.asked_by.as_deref(), decided_for];
    if asked.into_iter().flatten().any(|asker| Principal::of(asker) == who) {
        return refuse(
            ErrorCode::ApprovalSelf,
            "the outcome is not settled by the one who asked for the effect",
        );
    }
    None
}

/// What a settlement writes into an unknown effect.
pub(super) fn settled(
    record: &EffectRecord,
    progress: Progress,
    hand: &HandSettlement,
    now: DateTime<Utc>,
) -> Progress {
    match &hand.verdict {
        HandVerdict::There { id, url } => {
            // What a person saw and could not name has a name of its own, so that no other effect shares it.
            let id = id.clone().unwrap_or_else(|| format!("{NAMELESS}{}", record.id));
            let post = ExternalPost { id, url: url.clone(), published_at: progress.began_at };
            published(
                record.kind(),
                progress,
                &Evidence { post, said: None, cost: None },
                FoundBy::Person,
                now,
            )
        }
        HandVerdict::NotThere => {
            let refusal = progress.refusal.clone().filter(|refusal| refusal.code.retryable());
            let refusal = refusal.unwrap_or_else(|| Refusal {
                code: ErrorCode::Timeout,
                message: format!(
                    "the outcome of the call was not known; a person saw that {}",
                    evidence::did_not_happen(record.kind())
                ),
                retry_at: None,
                said: None,
            });
            closed(Progress { refusal: Some(refusal), ..progress })
        }
        HandVerdict::StillUnknown => Progress { needs_human: true, ..progress },
    }
}
