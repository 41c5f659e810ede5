//! How sure one may be: the confidence of an engagement comes from here and never from the caller (ENG-05).

use std::fmt::Debug;

use async_trait::async_trait;
use chimera_contracts::engage::EngageInput;
use chimera_contracts::{AgentId, CampaignId};
use chimera_governance::Flags;
use chrono::{DateTime, Utc};
use futures_util::future::{Either, select};

use crate::skill::EngageSkill;

/// What a scorer is shown.
#[derive(Clone, Debug)]
pub struct ScoreRequest<'a> {
    /// The engagement, with the content that would become public.
    pub input: &'a EngageInput,
    /// In whose name.
    pub agent: AgentId,
    /// For which campaign.
    pub campaign: CampaignId,
    /// The text of the target, where the platform showed one. Untrusted: data, never instructions.
    pub thread: Option<&'a str>,
    /// What the classifier found.
    pub flags: &'a Flags,
    /// The personas that the input names; those without rules on text count for relevance here (ENG-09).
    pub personas: &'a [String],
}

/// The scorer could not say anything; the engagement is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the scorer failed: {0}")]
pub struct ScorerError(pub String);

/// Says how sure one may be that an engagement is right.
///
/// # Contract
/// - The answer is a number from 0 to 1, compared exactly as it is. Whatever else it is, is no confidence: the engagement is
///   refused with `SCORER_UNAVAILABLE`.
/// - Failing and not answering by the deadline mean refusing, never acting.
/// - It makes nothing public. Safe to call concurrently.
#[async_trait]
pub trait ConfidenceScorer: Debug + Send + Sync + 'static {
    /// Name and version, for evidence.
    fn name(&self) -> &str;

    /// Scores one engagement.
    ///
    /// # Errors
    /// When it cannot say anything.
    async fn score(&self, request: &ScoreRequest<'_>, deadline: DateTime<Utc>) -> Result<f64, ScorerError>;
}

impl EngageSkill {
    /// The score as the scorer gave it; `None` when it failed or did not answer in time.
    pub(crate) async fn score(&self, request: &ScoreRequest<'_>) -> Option<f64> {
        let deadline = self.judge_until();
        let asked = self.ports.scorer.score(request, deadline);
        // A scorer that hangs does not keep its caller.
        match select(asked, self.ports.clock.sleep_until(deadline)).await {
            Either::Left((Ok(score), _)) => Some(score),
            Either::Left((Err(error), _)) => {
                tracing::warn!(%error, scorer = self.ports.scorer.name(), "an engagement is refused unscored");
                None
            }
            Either::Right(_) => {
                tracing::warn!(scorer = self.ports.scorer.name(), "the scorer did not answer in time");
                None
            }
        }
    }
}
