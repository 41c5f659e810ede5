//! What an engage skill decides with, as cheap as can be: whatever is asked for may be done, at once and without asking.

use std::sync::Arc;

use async_trait::async_trait;
use chimera::Engaging;
use chimera::contracts::engage::{EngageAction, EngageInput};
use chimera::contracts::{CallContext, PlatformName};
use chimera::effect::{AccountRef, EffectKind};
use chimera::governance::{Policies, Policy, RuleClassifier};
use chimera::platform::limits::RateLimit;
use chimera::platform::{TargetFault, TargetFinding, TargetKind, TargetQuery, Targets};
use chimera::skill_engage::{ConfidenceScorer, Personas, ScoreRequest, ScorerError};
use chrono::{DateTime, TimeDelta, Utc};

use crate::campaigns::Campaign;
use crate::stage::context;

/// Targets that are always there, without a tool to look.
#[derive(Clone, Copy, Debug, Default)]
pub struct EveryTarget {
    /// How often an account may do something.
    pub limit: Option<RateLimit>,
}

#[async_trait]
impl Targets for EveryTarget {
    fn served(&self, _: AccountRef<'_>) -> Vec<EffectKind> {
        vec![EffectKind::Publish, EffectKind::Like]
    }

    fn check(&self, _: AccountRef<'_>, _: EffectKind, _: &str) -> Result<TargetKind, TargetFault> {
        Ok(TargetKind::Post)
    }

    fn takes_text(&self, _: AccountRef<'_>, _: EffectKind) -> bool {
        false
    }

    fn limit(&self, _: AccountRef<'_>, _: EffectKind) -> Option<RateLimit> {
        self.limit
    }

    async fn look(&self, _: &TargetQuery, _: DateTime<Utc>) -> Option<TargetFinding> {
        None
    }
}

/// A scorer that is sure enough to act.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sure;

#[async_trait]
impl ConfidenceScorer for Sure {
    fn name(&self) -> &str {
        "sure@1"
    }

    async fn score(&self, _: &ScoreRequest<'_>, _: DateTime<Utc>) -> Result<f64, ScorerError> {
        Ok(0.95)
    }
}

/// A limit that is asked each time and never reached. Its window is short, so that the log of permits stays so.
pub const ROOMY: RateLimit = RateLimit { count: 100_000, window: TimeDelta::milliseconds(10) };

/// The seed's policy over targets and a scorer that cost nothing.
///
/// # Panics
/// When a preset is not sound.
#[must_use]
pub fn engaging(limit: Option<RateLimit>) -> Engaging {
    Engaging {
        targets: Arc::new(EveryTarget { limit }),
        scorer: Arc::new(Sure),
        classifier: Arc::new(RuleClassifier::new().expect("the rules are sound")),
        composer: None,
        policies: Policies::all(Policy::seed().expect("the preset is sound")),
        personas: Personas::seed().expect("the personas are sound"),
    }
}

/// A worker's call for a campaign, with everything that the host says.
#[must_use]
pub fn engage_context(campaign: Campaign) -> CallContext {
    CallContext { agent: Some(campaign.agent()), campaign: Some(campaign.id()), ..context() }
}

/// A like of a post of its own. Its key derives from the target.
#[must_use]
pub fn like(number: usize) -> EngageInput {
    EngageInput {
        action: EngageAction::Like,
        platform: PlatformName::Twitter,
        target: number.to_string(),
        content: None,
        persona_constraints: Vec::new(),
    }
}
