//! The gate: the only maker of [`Approved`].
//!
//! INVARIANT: a value of `Approved<T>` exists only if a decision permitted exactly this `T`, to the byte, at the time of the
//! check: it lists its digest, or it has the rule that what it lists is taken back, and `T` is the undo of that. The decision is
//! stored, or a policy makes it and the admission stores it in the step that uses it. What is claimed inline with a request is
//! never proof (PUB-03).

use std::fmt;
use std::sync::Arc;

use chimera_contracts::{AgentId, Clock, DecisionId, Digest, EffectId, ErrorCode, Namespace, StoreError};

use crate::approval::{ApprovalStore, Standing};
use crate::decision::{Approver, ApproverRole, Authority, Decision};
use crate::permit::{Denial, permits, permits_again, permits_undo};

/// Something that can be approved: it has one digest over all that becomes public of it.
pub trait Approvable {
    /// The tenant.
    fn namespace(&self) -> &Namespace;

    /// The digest that a decision lists.
    fn digest(&self) -> Digest;
}

/// Something whose undo is a thing of the same type: what is taken back names its undo, so that the gate needs no caller for it.
pub trait Reversible: Approvable + Sized {
    /// The one thing that takes this back where it is public under this id of its platform. `None` where nothing does.
    fn undo(&self, external_id: &str) -> Option<Self>;
}

/// What the caller claims about an approval; checked, never believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The artifact that is said to be approved.
    pub artifact: String,
    /// In which role it is said to be approved.
    pub role: ApproverRole,
    /// The decision, where the claim names one.
    pub decision: Option<DecisionId>,
}

/// Something that a stored decision permits. Only [`Gate`] makes it, and no part of it can be changed.
///
/// ```compile_fail
/// // The fields are private: there is no way to make one by hand.
/// let forged = chimera_governance::Approved { thing: 1 };
/// ```
///
/// ```compile_fail
/// // Nor can one be read from anywhere: an approval that travels is a claim again.
/// fn read<T: serde::de::DeserializeOwned>() {}
/// read::<chimera_governance::Approved<String>>();
/// ```
pub struct Approved<T> {
    thing: Arc<T>,
    digest: Digest,
    decision: DecisionId,
    approver: Approver,
    authority: Authority,
}

impl<T> Approved<T> {
    /// What is approved.
    #[must_use]
    pub fn get(&self) -> &T {
        &self.thing
    }

    /// Its digest. The decision lists it, or that of what it takes back ([`authority`](Self::authority)).
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The decision.
    #[must_use]
    pub const fn decision(&self) -> DecisionId {
        self.decision
    }

    /// Who decided.
    #[must_use]
    pub const fn approver(&self) -> &Approver {
        &self.approver
    }

    /// By what the decision permits it. An undo by the rule of its post's decision is no proof that the post is there: whoever
    /// records it checks what is stored.
    #[must_use]
    pub const fn authority(&self) -> Authority {
        self.authority
    }
}

// By hand, because a derive would ask for `T: Clone`; a copy permits nothing that the first does not.
impl<T> Clone for Approved<T> {
    fn clone(&self) -> Self {
        Self {
            thing: Arc::clone(&self.thing),
            digest: self.digest,
            decision: self.decision,
            approver: self.approver.clone(),
            authority: self.authority,
        }
    }
}

impl<T> fmt::Debug for Approved<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Approved").field("digest", &self.digest).field("decision", &self.decision).finish()
    }
}

/// A decision that a policy makes about what is to happen at once (ENG-05). Only [`Gate::decide`] makes it, and the admission
/// that uses it records it: apart from each other they would cost a flush more, and leave decisions that nothing used.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided(Arc<Decision>);

impl Decided {
    /// The decision.
    #[must_use]
    pub fn decision(&self) -> &Decision {
        &self.0
    }
}

/// The gate's no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GateError {
    /// No decision permits it.
    #[error("{}", .0.as_str())]
    Denied(Denial),
    /// The approval authority could not be asked; failing to decide is a refusal (GOV-02).
    #[error("the approval authority could not be asked: {0}")]
    Store(#[from] StoreError),
}

impl GateError {
    /// The code on the wire.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Denied(denial) => denial.code(),
            Self::Store(_) => ErrorCode::StorageUnavailable,
        }
    }
}

/// Turns things into approved things by asking the approval authority.
#[derive(Debug, Clone)]
pub struct Gate {
    approvals: Arc<dyn ApprovalStore>,
    clock: Arc<dyn Clock>,
}

impl Gate {
    /// A gate before this authority.
    #[must_use]
    pub fn new(approvals: Arc<dyn ApprovalStore>, clock: Arc<dyn Clock>) -> Self {
        Self { approvals, clock }
    }

    /// Checks a claim for the effect `effect` of `agent` and gives the approved thing. `effect` is the id under which the journal
    /// keeps it or would keep it, so that a decision that this effect used before is not taken for one that another used.
    ///
    /// `agent` is who acts, from the host's context and not from the claim; without one, decisions that are bound to an agent permit
    /// nothing.
    ///
    /// Where the claim names no decision, any decision that lists the digest will do; one that this effect used, or that
    /// nobody used, goes before others.
    ///
    /// # Errors
    /// When no decision permits it, or the authority cannot be asked.
    pub async fn check<T: Approvable>(
        &self,
        thing: T,
        effect: EffectId,
        agent: Option<AgentId>,
        claim: &Claim,
    ) -> Result<Approved<T>, GateError> {
        let digest = thing.digest();
        let standings = match claim.decision {
            Some(id) => self.approvals.decision(thing.namespace(), id, &digest).await?.into_iter().collect(),
            None => self.approvals.about_effect(thing.namespace(), &digest).await?,
        };
        let best = standings
            .into_iter()
            .map(|standing| (self.judge(&thing, &digest, (effect, agent), claim, &standing), standing))
            .min_by_key(|(verdict, _)| verdict.is_err());
        match best {
            Some((Ok(()), standing)) => Ok(Approved {
                thing: Arc::new(thing),
                digest,
                decision: standing.decision.id,
                approver: standing.decision.approver,
                authority: Authority::Listed,
            }),
            Some((Err(denial), _)) => Err(GateError::Denied(denial)),
            None => Err(GateError::Denied(self.why_none(&thing, claim).await?)),
        }
    }

    /// Lets a policy decide: gives the approved thing and the decision, which has to be recorded with its use.
    ///
    /// # Errors
    /// When the decision is not a policy's, or does not permit this. People and judges decide beforehand, by recording.
    pub fn decide<T: Approvable>(
        &self,
        thing: T,
        agent: AgentId,
        decision: Decision,
    ) -> Result<(Approved<T>, Decided), Denial> {
        let digest = thing.digest();
        permits(&decision, thing.namespace(), &digest, Some(agent), self.clock.now())?;
        if decision.approver.role != ApproverRole::Policy {
            return Err(Denial::WrongRole);
        }
        let approver = decision.approver.clone();
        let authority = Authority::Listed;
        let approved =
            Approved { thing: Arc::new(thing), digest, decision: decision.id, approver, authority };
        Ok((approved, Decided(Arc::new(decision))))
    }

    /// Checks again a decision that was used: each re-send is an act and passes expiry and revocation (PUB-21).
    ///
    /// # Errors
    /// When the decision does not permit it any more, or the authority cannot be asked.
    pub async fn check_again<T: Approvable>(
        &self,
        thing: T,
        effect: EffectId,
        agent: Option<AgentId>,
        decision: DecisionId,
    ) -> Result<Approved<T>, GateError> {
        let digest = thing.digest();
        let standing = self
            .approvals
            .decision(thing.namespace(), decision, &digest)
            .await?
            .ok_or(GateError::Denied(Denial::Unknown))?;
        let now = self.clock.now();
        let used = standing.used_by == Some(effect);
        permits_again(&standing.decision, thing.namespace(), &digest, agent, used, now)
            .map_err(GateError::Denied)?;
        if standing.used_by.is_some_and(|user| user != effect) {
            return Err(GateError::Denied(Denial::Used));
        }
        let approver = standing.decision.approver;
        Ok(Approved { thing: Arc::new(thing), digest, decision, approver, authority: Authority::Listed })
    }

    /// Makes the undo of `post`, which is public under `external_id` as the effect `effect` of `agent`, by the rule of the
    /// decision that allowed it ([`Decision::takes_back`](crate::Decision::takes_back)); again as well, before each attempt.
    ///
    /// # Errors
    /// When nothing takes it back, the decision does not permit that ([`permits_undo`](crate::permits_undo)), or the authority
    /// cannot be asked.
    pub async fn check_undo<T: Reversible>(
        &self,
        post: &T,
        external_id: &str,
        effect: EffectId,
        agent: Option<AgentId>,
        decision: DecisionId,
    ) -> Result<Approved<T>, GateError> {
        let of = post.digest();
        let standing = self
            .approvals
            .decision(post.namespace(), decision, &of)
            .await?
            .ok_or(GateError::Denied(Denial::Unknown))?;
        permits_undo(&standing.decision, post.namespace(), &of, effect, agent, standing.used_by)
            .map_err(GateError::Denied)?;
        let thing = post.undo(external_id).ok_or(GateError::Denied(Denial::NotItsEffect))?;
        let (digest, approver) = (thing.digest(), standing.decision.approver);
        Ok(Approved { thing: Arc::new(thing), digest, decision, approver, authority: Authority::TakesBack })
    }

    fn judge<T: Approvable>(
        &self,
        thing: &T,
        digest: &Digest,
        (effect, agent): (EffectId, Option<AgentId>),
        claim: &Claim,
        standing: &Standing,
    ) -> Result<(), Denial> {
        let decision = &standing.decision;
        if decision.artifact != claim.artifact {
            return Err(Denial::OtherArtifact);
        }
        let used = standing.used_by == Some(effect);
        permits_again(decision, thing.namespace(), digest, agent, used, self.clock.now())?;
        if decision.approver.role != claim.role {
            return Err(Denial::WrongRole);
        }
        match standing.used_by {
            Some(user) if user != effect => Err(Denial::Used),
            _ => Ok(()),
        }
    }

    async fn why_none<T: Approvable>(&self, thing: &T, claim: &Claim) -> Result<Denial, StoreError> {
        let known = claim.decision.is_none()
            && self.approvals.knows_artifact(thing.namespace(), &claim.artifact).await?;
        Ok(if known { Denial::ContentMismatch } else { Denial::Unknown })
    }
}
