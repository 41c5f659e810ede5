//! The approval authority as a port: decisions, found by effect digest.

use std::fmt::Debug;

use async_trait::async_trait;
use chimera_contracts::{DecisionId, Digest, EffectId, Namespace, StoreError};
use chrono::{DateTime, Utc};

use crate::decision::Decision;
use crate::permit::Use;

/// What came of recording a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Recorded {
    /// Recorded now.
    New,
    /// The same decision was recorded before.
    Already,
    /// Another decision has this id; nothing was changed.
    Conflict,
}

/// A decision as it stands towards one effect digest.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// The decision.
    pub decision: Decision,
    /// The effect that used it for this digest.
    pub used_by: Option<EffectId>,
}

/// Where decisions are kept.
///
/// # Contract
/// - `record` is idempotent: the same decision again is `Already`; another one under the same id is `Conflict` and changes nothing.
/// - A recorded decision is durable on return and never altered, except that `revoke` sets `revoked_at` once.
/// - `use_approval` is one atomic step: of two effects that use the same decision for the same digest one is `Granted`
///   and the other `Refused(Used)`; the same effect again is `Already`. What [`permits`](crate::permits) refuses is never granted.
///   It knows no acting agent, so it refuses a decision that is bound to one; the kernel's admission knows.
/// - Errors say whether the step may have been applied; every step can be asked again.
/// - Safe to call concurrently and from several processes.
#[async_trait]
pub trait ApprovalStore: Debug + Send + Sync + 'static {
    /// Records a decision.
    ///
    /// # Errors
    /// When the store fails.
    async fn record(&self, decision: Decision) -> Result<Recorded, StoreError>;

    /// Revokes a decision; `false` when there is none with this id.
    ///
    /// # Errors
    /// When the store fails.
    async fn revoke(
        &self,
        namespace: &Namespace,
        id: DecisionId,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// The decision with this id, towards this digest.
    ///
    /// # Errors
    /// When the store fails.
    async fn decision(
        &self,
        namespace: &Namespace,
        id: DecisionId,
        digest: &Digest,
    ) -> Result<Option<Standing>, StoreError>;

    /// The decisions that list this digest, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    async fn about_effect(&self, namespace: &Namespace, digest: &Digest)
    -> Result<Vec<Standing>, StoreError>;

    /// Whether any decision is about this artifact.
    ///
    /// # Errors
    /// When the store fails.
    async fn knows_artifact(&self, namespace: &Namespace, artifact: &str) -> Result<bool, StoreError>;

    /// Uses a decision for one effect. The kernel's admission does the same inside its own transaction.
    ///
    /// # Errors
    /// When the store fails.
    async fn use_approval(
        &self,
        namespace: &Namespace,
        id: DecisionId,
        digest: &Digest,
        effect: EffectId,
    ) -> Result<Use, StoreError>;
}
