//! The targets of the platform over tools, also behind their cache, are held to the contract of their port, and targets that break it
//! are found out.

use std::sync::Arc;

use async_trait::async_trait;
use chimera_contracts::{Clock, PlatformName};
use chimera_effect::{AccountRef, EffectKind};
use chimera_platform::limits::RateLimit;
use chimera_platform::{
    CachedTargets, TargetFault, TargetFinding, TargetKind, TargetQuery, TargetView, Targets,
};
use chimera_testkit::conformance::targets::{self, Ground, Shows, TargetsHarness, TargetsWorld};
use chimera_testkit::{TestClock, block_on};
use chrono::{DateTime, TimeDelta, Utc};

use crate::failing::fails;
use crate::fake_server::SECRET;
use crate::tool_outside::{PLACE, ToolOutside};

/// What a test puts between a case and the port.
type Wrap = fn(Arc<dyn Targets>, &ToolOutside) -> Arc<dyn Targets>;

/// Targets over tools.
#[derive(Debug)]
struct OverTools(Wrap);

#[derive(Debug)]
struct World {
    outside: ToolOutside,
    port: Arc<dyn Targets>,
}

#[async_trait]
impl TargetsHarness for OverTools {
    fn secret(&self) -> String {
        SECRET.to_owned()
    }

    async fn world(&self, shows: Shows) -> Box<dyn TargetsWorld> {
        let outside = ToolOutside::new();
        outside.show(shows);
        let port = (self.0)(Arc::new(outside.platform()), &outside);
        Box::new(World { outside, port })
    }
}

#[async_trait]
impl TargetsWorld for World {
    fn targets(&self) -> Arc<dyn Targets> {
        Arc::clone(&self.port)
    }

    fn ground(&self) -> Ground {
        Ground {
            platform: PLACE,
            account: "me".to_owned(),
            elsewhere: PlatformName::LinkedIn,
            kind: EffectKind::Like,
            target_kind: TargetKind::Post,
            target: "1755123456789012345".to_owned(),
            misshapen: "https://x.com/me/status/1".to_owned(),
        }
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::<TestClock>::clone(&self.outside.clock)
    }

    async fn pass(&self, time: DateTime<Utc>) {
        self.outside.clock.set(time);
    }

    fn reached(&self) -> usize {
        self.outside.server.reached().len()
    }

    fn acted(&self) -> usize {
        self.outside.acted()
    }
}

#[test]
fn the_targets_over_tools_keep_their_contract() {
    block_on(targets::all(&OverTools(|port, _| port)));
}

#[test]
fn so_do_they_behind_their_cache() {
    let cached: Wrap = |port, outside| {
        let clock = Arc::<TestClock>::clone(&outside.clock);
        Arc::new(CachedTargets::new(port, clock, TimeDelta::minutes(5), 100))
    };
    block_on(targets::all(&OverTools(cached)));
}

/// How targets break their contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Breach {
    /// What fails is told as missing.
    Sure,
    /// Whatever has letters is a target.
    Shapeless,
    /// What was found comes back with what nobody is to see.
    Open,
}

#[derive(Debug)]
struct Wrong {
    inner: Arc<dyn Targets>,
    breach: Breach,
}

#[async_trait]
impl Targets for Wrong {
    fn served(&self, account: AccountRef<'_>) -> Vec<EffectKind> {
        self.inner.served(account)
    }

    fn check(
        &self,
        account: AccountRef<'_>,
        kind: EffectKind,
        target: &str,
    ) -> Result<TargetKind, TargetFault> {
        match self.breach {
            Breach::Shapeless => Ok(TargetKind::Post),
            _ => self.inner.check(account, kind, target),
        }
    }

    fn takes_text(&self, account: AccountRef<'_>, kind: EffectKind) -> bool {
        self.inner.takes_text(account, kind)
    }

    fn limit(&self, account: AccountRef<'_>, kind: EffectKind) -> Option<RateLimit> {
        self.inner.limit(account, kind)
    }

    async fn look(&self, query: &TargetQuery, deadline: DateTime<Utc>) -> Option<TargetFinding> {
        match (self.breach, self.inner.look(query, deadline).await?) {
            (Breach::Sure, TargetFinding::CannotTell { .. }) => Some(TargetFinding::Missing),
            (Breach::Open, TargetFinding::There(view)) => {
                let text = view.text.map(|text| text.replace("[redacted]", SECRET));
                Some(TargetFinding::There(TargetView { text, ..view }))
            }
            (_, found) => Some(found),
        }
    }
}

#[test]
fn targets_that_break_a_sentence_are_found_out() {
    let breaches: [(Wrap, &[&str]); 3] = [
        (
            |inner, _| Arc::new(Wrong { inner, breach: Breach::Sure }),
            &[
                "missing_is_said_only_where_the_platform_says_so",
                "a_look_ends_by_its_deadline",
                "a_look_without_time_asks_nobody",
            ],
        ),
        (
            |inner, _| Arc::new(Wrong { inner, breach: Breach::Shapeless }),
            &["an_account_without_tools_is_served_nothing", "a_target_has_the_shape_of_its_kind"],
        ),
        (|inner, _| Arc::new(Wrong { inner, breach: Breach::Open }), &["what_a_look_tells_is_redacted"]),
    ];
    for (wrap, cases) in breaches {
        fails(targets::CASES, &OverTools(wrap), cases);
    }
}
