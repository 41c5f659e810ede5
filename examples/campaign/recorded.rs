//! What a real host would find out, as recordings: figures about the accounts, and how sure one may be.

use std::collections::HashMap;

use async_trait::async_trait;
use chimera::contracts::Confidence;
use chimera::contracts::engage::EngageInput;
use chimera::skill_engage::{ConfidenceScorer, ScoreRequest, ScorerError};
use chimera::skill_propose::{Insights, InsightsError, InsightsQuery, InsightsSnapshot};
use chrono::{DateTime, Utc};

use crate::launch::Engagement;

/// The figures of the campaign file, whatever is asked for.
#[derive(Debug)]
pub(crate) struct RecordedInsights(pub(crate) InsightsSnapshot);

#[async_trait]
impl Insights for RecordedInsights {
    async fn snapshot(
        &self,
        _: &InsightsQuery,
        _: DateTime<Utc>,
    ) -> Result<Option<InsightsSnapshot>, InsightsError> {
        Ok(Some(self.0.clone()))
    }
}

/// The confidences of the campaign file; it knows no other engagement.
#[derive(Debug)]
pub(crate) struct RecordedScorer(HashMap<EngageInput, Confidence>);

impl RecordedScorer {
    pub(crate) fn of(engagements: &[Engagement]) -> Self {
        let recorded = engagements.iter().map(|engagement| (engagement.input.clone(), engagement.confidence));
        Self(recorded.collect())
    }
}

#[async_trait]
impl ConfidenceScorer for RecordedScorer {
    fn name(&self) -> &str {
        "recorded@1"
    }

    async fn score(&self, request: &ScoreRequest<'_>, _: DateTime<Utc>) -> Result<f64, ScorerError> {
        let recorded = self.0.get(request.input).copied().map(Confidence::get);
        recorded.ok_or_else(|| ScorerError("nothing is recorded about this engagement".to_owned()))
    }
}
