//! What an action is expected to bring.
//!
//! The numbers are the snapshot's, about a typical post of that account on that platform. They know neither this artifact
//! nor the hour, and say nothing where the snapshot says nothing: an empty impact means *not known*, never *none*.
//!
//! | metric | of | meaning |
//! |---|---|---|
//! | `reach` | a post | accounts that see a typical post; the snapshot's figure |
//! | `engagement_rate` | a post | which share of those react, 0 to 1; the snapshot's figure |
//! | `engagements` | a post | `reach` times `engagement_rate`, to the whole |
//! | `unreached_followers` | a promotion | followers beyond `reach`: the most that a promotion among followers can add, not what it will |

use std::collections::BTreeMap;

use chimera_contracts::PlatformName;
use chimera_contracts::propose::Impact;

use crate::insights::{InsightsSnapshot, PlatformInsights};

/// Nothing is known.
pub(super) const fn unknown() -> BTreeMap<String, Impact> {
    BTreeMap::new()
}

/// What a post is expected to bring.
pub(super) fn of_post(
    insights: Option<&InsightsSnapshot>,
    platform: PlatformName,
) -> BTreeMap<String, Impact> {
    let Some(known) = insights.and_then(|insights| insights.platform(platform)) else { return unknown() };
    metrics([
        ("reach", known.reach.map(f64::from)),
        ("engagement_rate", known.engagement_rate.map(f64::from)),
        ("engagements", engagements(known)),
    ])
}

/// What a promotion can bring at most.
pub(super) fn of_promotion(
    insights: Option<&InsightsSnapshot>,
    platform: PlatformName,
) -> BTreeMap<String, Impact> {
    let known = insights.and_then(|insights| insights.platform(platform));
    metrics([("unreached_followers", known.and_then(unreached).map(f64::from))])
}

/// How many react to a typical post, to the whole.
pub(super) fn engagements(known: &PlatformInsights) -> Option<f64> {
    Some((f64::from(known.reach?) * known.engagement_rate?.get()).round())
}

/// How many followers a typical post does not reach.
pub(super) fn unreached(known: &PlatformInsights) -> Option<u32> {
    Some(known.followers?.saturating_sub(known.reach?))
}

fn metrics<const N: usize>(known: [(&str, Option<f64>); N]) -> BTreeMap<String, Impact> {
    let finite = |number: f64| Impact::try_from(number).ok();
    known
        .into_iter()
        .filter_map(|(metric, number)| Some((metric.to_owned(), number.and_then(finite)?)))
        .collect()
}
