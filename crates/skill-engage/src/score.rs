//! How sure one may be: the confidence of an engagement comes from here and never from the caller (ENG-05).

use std::fmt::Debug;

use async_trait::async_trait;
use chimera_contracts::engage::EngageInput;
use chimera_contracts::{AgentId, CampaignId};
use chimera_governance::Flags;
use chrono::{DateTime, Utc};

use crate::skill::EngageSkill;
use crate::within::within;

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
/// - Failing, panicking and not answering before the deadline mean refusing (`SCORER_UNAVAILABLE`), never acting. An answer that
///   comes later is thrown away, also where the scorer blocked its thread until then.
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
    /// The score as the scorer gave it; `None` when it failed, panicked or did not answer in time.
    pub(crate) async fn score(&self, request: &ScoreRequest<'_>) -> Option<f64> {
        let scorer = self.ports.scorer.as_ref();
        let deadline = self.judge_until();
        let asked = async { scorer.score(request, deadline).await };
        let why = match within(self.ports.clock.as_ref(), deadline, asked).await {
            Ok(Ok(score)) => return Some(score),
            Ok(Err(error)) => error.to_string(),
            Err(none) => none.to_string(),
        };
        tracing::warn!(error = %why, scorer = scorer.name(), "an engagement is refused unscored");
        None
    }
}
