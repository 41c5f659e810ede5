//! Whether a decision lets one effect happen, as a pure function: the gate asks it, and every store asks it again
//! inside the transaction that uses the approval.

use chimera_contracts::{AgentId, Digest, EffectId, ErrorCode, Namespace};
use chrono::{DateTime, Utc};

use crate::decision::Decision;
use crate::principal::Principal;

/// Why a decision does not let an effect happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Denial {
    /// Nobody decided about this content, nor about its artifact.
    Unknown,
    /// There is a decision for the artifact, and not for this content.
    ContentMismatch,
    /// The decision is about another artifact.
    OtherArtifact,
    /// The decision was not an approval.
    NotGranted,
    /// The decision is past its time.
    Expired,
    /// The decision was revoked.
    Revoked,
    /// The decision was made in another role than claimed.
    WrongRole,
    /// The decision names no approver.
    Unnamed,
    /// The approver asked for the decision.
    SelfApproval,
    /// The decision permits effects of another agent.
    OtherAgent,
    /// The decision was made at a time that has not come yet.
    NotYet,
    /// The approval was used by another effect.
    Used,
    /// The decision was made under another version of the spec.
    SpecVersion,
    /// The decision has no rule by which what it allowed is taken back.
    NoUndoRule,
    /// What is to be taken back did not happen under this decision.
    NotItsEffect,
    /// What the decision allowed was taken down by a later decision of its own.
    TakenDown,
}

impl Denial {
    /// The code on the wire (ERR-01).
    #[must_use]
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::Unknown => ErrorCode::ApprovalUnknown,
            Self::ContentMismatch => ErrorCode::ApprovalContentMismatch,
            Self::OtherArtifact => ErrorCode::ApprovalOtherArtifact,
            Self::NotGranted => ErrorCode::ApprovalNotGranted,
            Self::Expired => ErrorCode::ApprovalExpired,
            Self::Revoked => ErrorCode::ApprovalRevoked,
            Self::WrongRole => ErrorCode::ApprovalWrongRole,
            Self::Unnamed | Self::OtherAgent => ErrorCode::AuthzFailure,
            Self::NotYet => ErrorCode::ApprovalNotGranted,
            Self::SelfApproval => ErrorCode::ApprovalSelf,
            Self::Used => ErrorCode::ApprovalUsed,
            Self::SpecVersion => ErrorCode::ApprovalSpecVersion,
            Self::NoUndoRule | Self::NotItsEffect => ErrorCode::ApprovalNotGranted,
            Self::TakenDown => ErrorCode::ApprovalUsed,
        }
    }

    /// What was found, in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "no decision is known for this content",
            Self::ContentMismatch => "the content is not what was approved",
            Self::OtherArtifact => "the decision is about another artifact",
            Self::NotGranted => "the decision was not an approval",
            Self::Expired => "the approval has expired",
            Self::Revoked => "the approval was revoked",
            Self::WrongRole => "the decision was made in another role than the one claimed",
            Self::Unnamed => "the decision names no approver",
            Self::OtherAgent => "the decision permits effects of another agent",
            Self::NotYet => "the decision is dated in the future",
            Self::SelfApproval => "the approver is the one who asked for the approval",
            Self::Used => "the approval was used already, under another key",
            Self::SpecVersion => "the decision was made under another version of the spec",
            Self::NoUndoRule => "the decision has no rule by which what it allowed is taken back",
            Self::NotItsEffect => "what is to be taken back did not happen under this decision",
            Self::TakenDown => "the approval was used, and a later decision took down what it allowed",
        }
    }
}

/// The answer to the use of an approval by an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Use {
    /// Used now, by this effect.
    Granted,
    /// Used before, by this same effect.
    Already,
    /// Not to be used.
    Refused(Denial),
}

/// Whether `decision` lets the effect `digest` happen at `now` in the name of `agent`, apart from who used it.
///
/// `agent` is who acts, as the host or the journal knows it; `None` where it is not known, and then a decision that is bound to an
/// agent permits nothing. An agent that acts is no approver of what it does either.
///
/// Who approved and who asked are compared as [`Principal`]s. `now` is the clock of who asks: the gate's, and the store's inside the
/// transaction that uses the approval.
///
/// # Errors
/// With the first reason why it does not.
pub fn permits(
    decision: &Decision,
    namespace: &Namespace,
    digest: &Digest,
    agent: Option<AgentId>,
    now: DateTime<Utc>,
) -> Result<(), Denial> {
    grants(decision, namespace, digest, agent)?;
    let checks = [
        (decision.revoked_at.is_some(), Denial::Revoked),
        (decision.expires_at.is_some_and(|end| end <= now), Denial::Expired),
        // The last one: whoever passes over it has passed all others.
        (decision.decided_at > now, Denial::NotYet),
    ];
    checks.into_iter().find_map(|(fails, denial)| fails.then_some(denial)).map_or(Ok(()), Err)
}

/// The part of [`permits`] that no time changes.
fn grants(
    decision: &Decision,
    namespace: &Namespace,
    digest: &Digest,
    agent: Option<AgentId>,
) -> Result<(), Denial> {
    let approver = Principal::of(&decision.approver.id);
    let asked = decision.requested_by.as_deref().map(Principal::of);
    let acts = agent.map(|agent| Principal::of(agent.as_uuid().as_hyphenated().encode_lower(&mut [0; 36])));
    let checks = [
        (decision.namespace != *namespace, Denial::Unknown),
        (!decision.effects.contains(digest), Denial::ContentMismatch),
        (!decision.verdict.permits(), Denial::NotGranted),
        (approver.is_nobody(), Denial::Unnamed),
        (asked.is_some_and(|asked| asked == approver), Denial::SelfApproval),
        (acts.is_some_and(|acts| acts == approver), Denial::SelfApproval),
        (decision.agent.is_some() && decision.agent != agent, Denial::OtherAgent),
    ];
    checks.into_iter().find_map(|(fails, denial)| fails.then_some(denial)).map_or(Ok(()), Err)
}

/// Whether `decision` lets the effect that happened under it be taken back by its rule ([`Decision::takes_back`]): `digest` is
/// that effect's, and `used_by` is who used the decision for it.
///
/// Neither expiry nor revocation ends that. Both say that the effect should not be public any more, and an undo makes less
/// public, never more. A revocation between two effects that are to happen all or not at all is the very case for the rule:
/// the second one is refused by it, and the first one would stay public alone. A switch stops an undo as it stops every
/// attempt.
///
/// # Errors
/// With the first reason why it does not.
pub fn permits_undo(
    decision: &Decision,
    namespace: &Namespace,
    digest: &Digest,
    effect: EffectId,
    agent: Option<AgentId>,
    used_by: Option<EffectId>,
) -> Result<(), Denial> {
    grants(decision, namespace, digest, agent)?;
    if !decision.takes_back {
        Err(Denial::NoUndoRule)
    } else if used_by != Some(effect) {
        Err(Denial::NotItsEffect)
    } else {
        Ok(())
    }
}

/// As [`permits`], for an effect that may have used the decision before: what was used was no decision from the future then, and a
/// clock that was set back since does not make it one.
pub(crate) fn permits_again(
    decision: &Decision,
    namespace: &Namespace,
    digest: &Digest,
    agent: Option<AgentId>,
    used: bool,
    now: DateTime<Utc>,
) -> Result<(), Denial> {
    match permits(decision, namespace, digest, agent, now) {
        Err(Denial::NotYet) if used => Ok(()),
        answer => answer,
    }
}

/// What comes of using `decision` for the effect in the name of `agent`, given who used it before for this digest.
#[must_use]
pub fn use_of(
    decision: &Decision,
    namespace: &Namespace,
    digest: &Digest,
    effect: EffectId,
    agent: Option<AgentId>,
    used_by: Option<EffectId>,
    now: DateTime<Utc>,
) -> Use {
    let used = used_by == Some(effect);
    match (permits_again(decision, namespace, digest, agent, used, now), used_by) {
        (Err(denial), _) => Use::Refused(denial),
        (Ok(()), Some(other)) if other != effect => Use::Refused(Denial::Used),
        (Ok(()), Some(_)) => Use::Already,
        (Ok(()), None) => Use::Granted,
    }
}
