//! What is proposed for: a launch on five platforms over the night in which the clock changes, with figures of a host.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chimera::contracts::PlatformName;
use chimera::contracts::propose::{AlwaysNull, CandidateContext, ProposeInput};
use chimera::skill_propose::{
    Insights, InsightsError, InsightsQuery, InsightsSnapshot, PlatformInsights, Rate, SnapshotId,
};
use chrono::{DateTime, Utc};

/// Where it launches.
const PLATFORMS: [PlatformName; 5] = [
    PlatformName::Instagram,
    PlatformName::TikTok,
    PlatformName::YouTube,
    PlatformName::Twitter,
    PlatformName::LinkedIn,
];

/// When and for whom.
const CONSTRAINTS: [(&str, &str); 4] = [
    ("timezone", "Europe/Berlin"),
    ("not_before", "2026-03-28T18:00:00"),
    ("quiet_hours", "22:00-07:00"),
    ("locale", "de-DE"),
];

/// Asks for a proposal under this request id.
#[must_use]
pub fn launch(request_id: &str) -> ProposeInput {
    let text = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    ProposeInput {
        request_id: request_id.to_owned(),
        artifact_id: "product-launch".to_owned(),
        candidate_context: Some(CandidateContext {
            target_platforms: PLATFORMS.iter().map(ToString::to_string).collect(),
            audience_constraints: CONSTRAINTS.into_iter().map(text).collect(),
        }),
        actor_id: "bench/planner".to_owned(),
        spec_version: "1.0.0".to_owned(),
        approval_reference: AlwaysNull,
    }
}

/// Figures that never change.
#[derive(Clone, Debug)]
pub struct Figures(InsightsSnapshot);

impl Figures {
    /// Followers, reach and reactions on every platform of the launch.
    ///
    /// # Panics
    /// When a figure is none.
    #[must_use]
    pub fn of_the_launch() -> Self {
        let known = |(number, platform): (u32, PlatformName)| {
            let figures = PlatformInsights {
                followers: Some(48_000 - 5_000 * number),
                reach: Some(9_000 - 1_000 * number),
                engagement_rate: Some(Rate::try_from(0.04).expect("it is a share")),
                best_hours: Vec::new(),
            };
            (platform, figures)
        };
        let platforms: BTreeMap<_, _> = (0..).zip(PLATFORMS).map(known).collect();
        let id = SnapshotId::try_from("2026-03-27".to_owned()).expect("it is an id");
        Self(InsightsSnapshot::new(id, platforms))
    }

    /// The figures as a strategy reads them.
    #[must_use]
    pub fn snapshot(&self) -> InsightsSnapshot {
        self.0.clone()
    }
}

#[async_trait]
impl Insights for Figures {
    async fn snapshot(
        &self,
        _: &InsightsQuery,
        _: DateTime<Utc>,
    ) -> Result<Option<InsightsSnapshot>, InsightsError> {
        Ok(Some(self.0.clone()))
    }
}
