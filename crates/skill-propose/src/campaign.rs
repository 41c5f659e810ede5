//! The default strategy: a plan as a campaign manager makes it.
//!
//! Each platform gets the post in a window in which its people are there, by the audience's own clock, and has it to
//! itself for a while before the next one follows. Where figures are at hand, the post that does best is promoted the day
//! after, to the followers whom it did not reach.

mod habits;
mod impact;
mod slots;

use chimera_contracts::PlatformName;
use chrono::{DateTime, TimeDelta, Utc};

use crate::brief::Brief;
use crate::strategy::{ActionType, PlannedAction, ProposalStrategy, StrategyError};
use habits::habit;
use slots::Calendar;

/// How long a post works by itself before it is promoted.
const BEFORE_PROMOTION: TimeDelta = TimeDelta::days(1);

/// Plans a campaign by per-platform habits and, where there are any, by insights.
///
/// - A post on each platform: `schedule` with its time where `not_before` is given, else `publish` without one.
/// - A `promote` of the post that promises most engagements, a day later at the earliest, where the snapshot shows
///   followers whom a post does not reach.
/// - With a `locale`, a `target` to it where the platform can limit who sees a post, and for the promotion. Its target is
///   written `<platform>:<locale>`, that of the others `<platform>`.
///
/// The actions stand in the order of their times; without times, in that of the platforms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignStrategy {
    platforms: Vec<PlatformName>,
}

impl CampaignStrategy {
    /// The strategy, for hosts that are on every platform.
    #[must_use]
    pub fn new() -> Self {
        Self { platforms: PlatformName::ALL.to_vec() }
    }

    /// Which platforms to propose for where a request names none, in this order.
    #[must_use]
    pub fn on(self, platforms: impl IntoIterator<Item = PlatformName>) -> Self {
        let mut chosen = Vec::new();
        for platform in platforms {
            if !chosen.contains(&platform) {
                chosen.push(platform);
            }
        }
        Self { platforms: chosen }
    }
}

impl Default for CampaignStrategy {
    fn default() -> Self {
        Self::new()
    }
}

impl ProposalStrategy for CampaignStrategy {
    fn name(&self) -> &'static str {
        "campaign"
    }

    fn version(&self) -> &'static str {
        "1"
    }

    fn constraints(&self) -> &[&'static str] {
        &[]
    }

    fn propose(&self, brief: &Brief) -> Result<Vec<PlannedAction>, StrategyError> {
        let platforms = if brief.platforms.is_empty() { &self.platforms } else { &brief.platforms };
        if platforms.is_empty() {
            let message = "no platform is named, and the host has none: name `target_platforms`".to_owned();
            return Err(StrategyError::NoPlan { reason: "no_target_platforms", message });
        }
        let mut calendar = Calendar::new(brief)?;
        let mut actions = Vec::new();
        let mut posts = Vec::with_capacity(platforms.len());
        for platform in platforms {
            let at = calendar.place(*platform)?;
            posts.push((*platform, at));
            if habit(*platform).limits_by_locale {
                actions.extend(target(brief, *platform, at));
            }
            actions.push(post(brief, *platform, at));
        }
        if let Some((platform, at)) = best(brief, &posts) {
            actions.extend(promotion(brief, &calendar, platform, at)?);
        }
        // Stable: what has one time, or none, keeps its order.
        actions.sort_by_key(|action| action.scheduled_time);
        Ok(actions)
    }
}

/// The post itself.
fn post(brief: &Brief, platform: PlatformName, at: Option<DateTime<Utc>>) -> PlannedAction {
    PlannedAction {
        action_type: if at.is_some() { ActionType::SCHEDULE } else { ActionType::PUBLISH },
        target: platform.to_string(),
        scheduled_time: at,
        estimated_impact: impact::of_post(brief.insights.as_ref(), platform),
    }
}

/// Limits who sees what happens on a platform, to the audience's locale.
fn target(brief: &Brief, platform: PlatformName, at: Option<DateTime<Utc>>) -> Option<PlannedAction> {
    let locale = brief.audience.locale.as_ref()?;
    Some(PlannedAction {
        action_type: ActionType::TARGET,
        target: format!("{platform}:{locale}"),
        scheduled_time: at,
        estimated_impact: impact::unknown(),
    })
}

/// The post that is worth promoting: the most engagements expected, and followers left whom it does not reach. None
/// without figures: nobody pays on a guess.
fn best(
    brief: &Brief,
    posts: &[(PlatformName, Option<DateTime<Utc>>)],
) -> Option<(PlatformName, Option<DateTime<Utc>>)> {
    let insights = brief.insights.as_ref()?;
    let promising = posts.iter().filter_map(|(platform, at)| {
        let known = insights.platform(*platform)?;
        impact::unreached(known).filter(|unreached| *unreached > 0)?;
        let engagements = impact::engagements(known).filter(|engagements| *engagements > 0.0)?;
        Some((engagements, (*platform, *at)))
    });
    // Of equals the first: `max_by` would take the last.
    promising.rev().max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, post)| post)
}

/// The promotion of a post, and whom it is shown to.
fn promotion(
    brief: &Brief,
    calendar: &Calendar<'_>,
    platform: PlatformName,
    posted: Option<DateTime<Utc>>,
) -> Result<Vec<PlannedAction>, StrategyError> {
    let at = posted.map(|posted| calendar.after(platform, posted, BEFORE_PROMOTION)).transpose()?;
    let promote = PlannedAction {
        action_type: ActionType::PROMOTE,
        target: platform.to_string(),
        scheduled_time: at,
        estimated_impact: impact::of_promotion(brief.insights.as_ref(), platform),
    };
    let limited = habit(platform).limits_by_locale;
    let target = if limited { None } else { target(brief, platform, at) };
    Ok(target.into_iter().chain([promote]).collect())
}
