//! The targets of the platform over tools, also behind their cache, are held to the contract of their port, and targets that break it
//! are found out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use chimera_contracts::{Clock, PlatformName};
use chimera_effect::{AccountRef, EffectKind};
use chimera_platform::limits::RateLimit;
use chimera_platform::{
    CachedTargets, TargetFault, TargetFinding, TargetKind, TargetQuery, TargetView, Targets,
};
use chimera_testkit::conformance::platform::Fate;
use chimera_testkit::conformance::targets::{self, Ground, Shows, TargetsHarness, TargetsWorld};
use chimera_testkit::{TestClock, block_on};
use chrono::{DateTime, TimeDelta, Utc};

use crate::failing::{Variant, each_case_fails, once_later};
use crate::fake_server::SECRET;
use crate::tool_outside::{PLACE, ToolOutside};

type OverTools = crate::tool_outside::OverTools<dyn Targets>;

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
        let port = (self.wrap)(Arc::new(outside.platform()), &outside);
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
    block_on(targets::all(&OverTools::new("as they are", |port, _| port)));
}

#[test]
fn so_do_they_behind_their_cache() {
    let cached = |port, outside: &ToolOutside| -> Arc<dyn Targets> {
        let clock = Arc::<TestClock>::clone(&outside.clock);
        Arc::new(CachedTargets::new(port, clock, TimeDelta::minutes(5), 100))
    };
    block_on(targets::all(&OverTools::new("behind a cache", cached)));
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
    /// Whether an engagement takes a text depends on what was looked at.
    Wavers,
    /// What is served is listed the other way round.
    Disordered,
    /// Of the words of others only ASCII is shown.
    Trims,
    /// Words of others come back whole, however many there are.
    Lengthy,
    /// Whoever looks leaves a like.
    Acts,
    /// While one look is under way another one is turned away.
    Busy,
}

#[derive(Debug)]
struct Wrong {
    inner: Arc<dyn Targets>,
    outside: ToolOutside,
    breach: Breach,
    looks: AtomicUsize,
    under_way: AtomicUsize,
}

impl Wrong {
    /// What it tells of a target that is there.
    fn tell(&self, view: TargetView) -> TargetView {
        let told = |text: String| match self.breach {
            Breach::Open => text.replace("[redacted]", SECRET),
            Breach::Trims => text.chars().filter(char::is_ascii).collect(),
            Breach::Lengthy if text.len() > 1_000 => self.outside.shown_text().unwrap_or(text),
            _ => text,
        };
        TargetView { text: view.text.map(told), ..view }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Targets for Wrong {
    fn served(&self, account: AccountRef<'_>) -> Vec<EffectKind> {
        let mut served = self.inner.served(account);
        if self.breach == Breach::Disordered {
            served.reverse();
        }
        served
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
        let wavers = self.breach == Breach::Wavers && self.looks.load(Ordering::Relaxed) > 0;
        self.inner.takes_text(account, kind) != wavers
    }

    fn limit(&self, account: AccountRef<'_>, kind: EffectKind) -> Option<RateLimit> {
        self.inner.limit(account, kind)
    }

    async fn look(&self, query: &TargetQuery, deadline: DateTime<Utc>) -> Option<TargetFinding> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        if self.breach == Breach::Acts {
            self.outside.decide(Fate::Made);
            self.outside.act("a like");
        }
        if self.breach == Breach::Busy {
            if self.under_way.fetch_add(1, Ordering::Relaxed) > 0 {
                return Some(TargetFinding::CannotTell { reason: "another one is looking".to_owned() });
            }
            once_later().await;
            self.under_way.store(0, Ordering::Relaxed);
        }
        match (self.breach, self.inner.look(query, deadline).await?) {
            (Breach::Sure, TargetFinding::CannotTell { .. }) => Some(TargetFinding::Missing),
            (_, TargetFinding::There(view)) => Some(TargetFinding::There(self.tell(view))),
            (_, found) => Some(found),
        }
    }
}

/// Targets over tools with this breach.
fn wrong(breach: Breach) -> Box<dyn TargetsHarness> {
    let wrap = move |inner, outside: &ToolOutside| -> Arc<dyn Targets> {
        let (looks, under_way) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Arc::new(Wrong { inner, outside: outside.clone(), breach, looks, under_way })
    };
    Box::new(OverTools::new(format!("{breach:?}"), wrap))
}

#[test]
fn each_case_finds_targets_that_break_its_sentence() {
    let variants: Vec<Variant<dyn TargetsHarness>> = vec![
        (wrong(Breach::Wavers), &["what_is_constant_asks_nobody"]),
        (wrong(Breach::Disordered), &["what_is_served_is_in_order_and_once"]),
        (
            wrong(Breach::Shapeless),
            &["an_account_without_tools_is_served_nothing", "a_target_has_the_shape_of_its_kind"],
        ),
        (wrong(Breach::Trims), &["what_is_there_is_shown"]),
        (
            wrong(Breach::Sure),
            &[
                "missing_is_said_only_where_the_platform_says_so",
                "a_look_ends_by_its_deadline",
                "a_look_without_time_asks_nobody",
            ],
        ),
        (wrong(Breach::Acts), &["looks_make_nothing_public"]),
        (wrong(Breach::Open), &["what_a_look_tells_is_redacted"]),
        (wrong(Breach::Lengthy), &["what_a_look_tells_is_short"]),
        (wrong(Breach::Busy), &["looks_at_one_time_are_each_answered"]),
    ];
    each_case_fails(targets::CASES, variants);
}
