//! A decision: who said what about which effects (GOV-01, PUB-21).

use std::collections::BTreeSet;
use std::fmt;

use chimera_contracts::{AgentId, Confidence, DecisionId, Digest, Namespace};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What was decided.
///
/// Not `#[non_exhaustive]`: whoever matches on it must look again when a verdict is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The listed effects may happen.
    Approve,
    /// The listed effects, which are the edited ones, may happen; the content before the edit may not.
    ApproveWithEdit,
    /// They may not happen.
    Reject,
    /// Not decided yet; someone looks again later.
    Defer,
    /// Not decided here; someone with more authority decides.
    Escalate,
}

impl Verdict {
    /// Whether the listed effects may happen.
    #[must_use]
    pub const fn permits(self) -> bool {
        match self {
            Self::Approve | Self::ApproveWithEdit => true,
            Self::Reject | Self::Defer | Self::Escalate => false,
        }
    }

    /// The verdict's name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::ApproveWithEdit => "approve_with_edit",
            Self::Reject => "reject",
            Self::Defer => "defer",
            Self::Escalate => "escalate",
        }
    }
}

/// In which role somebody decided (seed 002 §6: `judge` or `hitl_reviewer`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApproverRole {
    /// An authenticated judging principal, not a model's bare output (GOV-07).
    Judge,
    /// A human reviewer.
    HitlReviewer,
    /// A policy of the host that lets confidence decide (ENG-05). No claim can name it: it approves engagements only.
    Policy,
}

impl ApproverRole {
    /// The role's name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Judge => "judge",
            Self::HitlReviewer => "hitl_reviewer",
            Self::Policy => "policy",
        }
    }
}

impl fmt::Display for ApproverRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who decided: an identity that the host authenticated.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Approver {
    /// The principal, in the host's words.
    pub id: String,
    /// The role in which it decided.
    pub role: ApproverRole,
}

/// One decision about the effects of one artifact.
///
/// It lists effect digests, one a platform: what is not listed, to the byte, was not decided about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The decision.
    pub id: DecisionId,
    /// The tenant.
    pub namespace: Namespace,
    /// The artifact that was looked at, such as a bundle id.
    pub artifact: String,
    /// What was decided.
    pub verdict: Verdict,
    /// Who decided.
    pub approver: Approver,
    /// The principal that asked for the decision; nobody approves their own request (GOV-05).
    pub requested_by: Option<String>,
    /// When.
    pub decided_at: DateTime<Utc>,
    /// Until when it holds; expiry never approves (GOV-01). `None`: until revoked.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// The effects it is about.
    pub effects: BTreeSet<Digest>,
    /// The decider's confidence, where one was given; recorded, not judged again (PUB-03).
    pub confidence: Option<Confidence>,
    /// The agent whose effects the decision permits (GOV-09). `None`: it permits effects of any agent. An effect's digest holds
    /// the account, so the decision has no field for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// The version of the spec under which it was decided, where the artifact is a proposal (PRO-11).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec_version: Option<String>,
    /// The rule, which the approver saw, that what is public of these effects may be taken back, as it is where all of them are
    /// to happen or none. It allows exactly the undo of each effect that used the decision, while another effect of the same
    /// request did not happen, and nothing else. What was taken back by it may be attempted again; revoke the decision so that
    /// it stays down.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub takes_back: bool,
}

/// By what a decision permits something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Authority {
    /// It lists the digest.
    #[default]
    Listed,
    /// It lists the digest of what is taken back, and has the rule that it may be ([`Decision::takes_back`]).
    TakesBack,
}

impl Authority {
    /// Whether the digest is listed, as it almost always is; left out of stored documents.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        *self == Self::Listed
    }

    /// The word in evidence.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::TakesBack => "takes_back",
        }
    }
}
