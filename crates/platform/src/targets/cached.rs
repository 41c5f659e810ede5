//! A memory of targets that were looked up, bounded in size and in time (ENG-11, ENG-15).

use std::sync::Arc;

use async_trait::async_trait;
use chimera_contracts::Clock;
use chimera_effect::{AccountRef, EffectKind};
use chrono::{DateTime, TimeDelta, Utc};
use moka::sync::Cache;

use super::{TargetFault, TargetFinding, TargetKind, TargetQuery, Targets};
use crate::limits::RateLimit;

/// What is missing now may be there soon, and a refusal is final: it is remembered for this part of the time only.
const MISSING_PART: i32 = 10;

/// Targets that remember what they found.
///
/// *There* is remembered for the whole time, *missing* for a tenth of it, and that nobody could tell not at all. The age of
/// an entry is judged by the given clock alone; what was found in its future is stale. Cloning gives the same memory.
#[derive(Clone, Debug)]
pub struct CachedTargets {
    inner: Arc<dyn Targets>,
    clock: Arc<dyn Clock>,
    ttl: TimeDelta,
    found: Cache<TargetQuery, Found>,
}

#[derive(Clone, Debug)]
struct Found {
    finding: TargetFinding,
    at: DateTime<Utc>,
}

impl CachedTargets {
    /// The same targets, with up to `capacity` findings remembered for up to `ttl`.
    #[must_use]
    pub fn new(inner: Arc<dyn Targets>, clock: Arc<dyn Clock>, ttl: TimeDelta, capacity: u64) -> Self {
        Self { inner, clock, ttl, found: Cache::new(capacity) }
    }

    fn remembered(&self, query: &TargetQuery) -> Option<TargetFinding> {
        let found = self.found.get(query)?;
        let age = self.clock.now().signed_duration_since(found.at);
        (age >= TimeDelta::zero() && age < self.lasts(&found.finding)).then_some(found.finding)
    }

    fn lasts(&self, finding: &TargetFinding) -> TimeDelta {
        match finding {
            TargetFinding::There(_) => self.ttl,
            TargetFinding::Missing => self.ttl / MISSING_PART,
            TargetFinding::CannotTell { .. } => TimeDelta::zero(),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Targets for CachedTargets {
    fn served(&self, account: AccountRef<'_>) -> Vec<EffectKind> {
        self.inner.served(account)
    }

    fn check(
        &self,
        account: AccountRef<'_>,
        kind: EffectKind,
        target: &str,
    ) -> Result<TargetKind, TargetFault> {
        self.inner.check(account, kind, target)
    }

    fn takes_text(&self, account: AccountRef<'_>, kind: EffectKind) -> bool {
        self.inner.takes_text(account, kind)
    }

    fn limit(&self, account: AccountRef<'_>, kind: EffectKind) -> Option<RateLimit> {
        self.inner.limit(account, kind)
    }

    async fn look(&self, query: &TargetQuery, deadline: DateTime<Utc>) -> Option<TargetFinding> {
        if let Some(finding) = self.remembered(query) {
            return Some(finding);
        }
        // Read before the look: what is found is at least as new.
        let at = self.clock.now();
        let finding = self.inner.look(query, deadline).await?;
        if self.lasts(&finding) > TimeDelta::zero() {
            self.found.insert(query.clone(), Found { finding: finding.clone(), at });
        }
        Some(finding)
    }
}

#[cfg(test)]
mod tests {
    use chimera_contracts::PlatformName;

    use std::sync::Mutex;

    use futures_util::FutureExt;

    use super::*;
    use crate::targets::TargetView;

    #[derive(Debug)]
    struct TestClock(Mutex<DateTime<Utc>>);

    impl TestClock {
        fn go(&self, seconds: i64) {
            *self.0.lock().unwrap() += TimeDelta::seconds(seconds);
        }
    }

    #[async_trait]
    impl Clock for TestClock {
        fn now(&self) -> DateTime<Utc> {
            *self.0.lock().unwrap()
        }

        async fn sleep_until(&self, _: DateTime<Utc>) {}
    }

    /// Answers by the target's name, and counts.
    #[derive(Debug, Default)]
    struct Counting(Mutex<u32>);

    #[async_trait]
    impl Targets for Counting {
        fn served(&self, _: AccountRef<'_>) -> Vec<EffectKind> {
            vec![EffectKind::Like]
        }

        fn check(&self, _: AccountRef<'_>, _: EffectKind, target: &str) -> Result<TargetKind, TargetFault> {
            Err(TargetFault { expected: target.to_owned() })
        }

        fn takes_text(&self, _: AccountRef<'_>, kind: EffectKind) -> bool {
            kind == EffectKind::Reply
        }

        fn limit(&self, _: AccountRef<'_>, _: EffectKind) -> Option<RateLimit> {
            Some(RateLimit { count: 1, window: TimeDelta::seconds(1) })
        }

        async fn look(&self, query: &TargetQuery, _: DateTime<Utc>) -> Option<TargetFinding> {
            *self.0.lock().unwrap() += 1;
            match query.target.as_str() {
                "none" => None,
                "gone" => Some(TargetFinding::Missing),
                "down" => Some(TargetFinding::CannotTell { reason: "down".to_owned() }),
                text => Some(TargetFinding::There(TargetView { text: Some(text.to_owned()), author: None })),
            }
        }
    }

    struct World {
        inner: Arc<Counting>,
        clock: Arc<TestClock>,
        cached: CachedTargets,
    }

    fn world(capacity: u64) -> World {
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let (inner, clock) = (Arc::new(Counting::default()), Arc::new(TestClock(Mutex::new(start))));
        let cached = CachedTargets::new(inner.clone(), clock.clone(), TimeDelta::seconds(100), capacity);
        World { inner, clock, cached }
    }

    fn query(account: &str, target: &str) -> TargetQuery {
        TargetQuery {
            platform: PlatformName::Twitter,
            account: account.to_owned(),
            kind: TargetKind::Post,
            target: target.to_owned(),
        }
    }

    fn look(world: &World, account: &str, target: &str) -> Option<TargetFinding> {
        let deadline = world.clock.now();
        world.cached.look(&query(account, target), deadline).now_or_never().unwrap()
    }

    #[test]
    fn a_finding_is_remembered_for_its_time() {
        for (target, seconds, asked) in [
            ("there", 0, 1),
            ("there", 99, 1),
            ("there", 100, 2),
            ("there", -1, 2),
            ("gone", 9, 1),
            ("gone", 10, 2),
            ("down", 0, 2),
            ("none", 0, 2),
        ] {
            let world = world(8);
            let first = look(&world, "me", target);
            world.clock.go(seconds);
            assert_eq!(look(&world, "me", target), first, "{target} {seconds}");
            assert_eq!(*world.inner.0.lock().unwrap(), asked, "{target} {seconds}");
        }
    }

    #[test]
    fn each_account_and_target_is_asked_about() {
        let world = world(8);
        for (account, target, asked) in
            [("me", "a", 1), ("me", "b", 2), ("you", "a", 3), ("me", "a", 3), ("you", "a", 3)]
        {
            look(&world, account, target);
            assert_eq!(*world.inner.0.lock().unwrap(), asked, "{account} {target}");
        }
    }

    #[test]
    fn no_more_is_remembered_than_fits() {
        let world = world(4);
        for number in 0..100 {
            look(&world, "me", &number.to_string());
        }
        world.cached.found.run_pending_tasks();
        assert!(world.cached.found.entry_count() <= 4, "{}", world.cached.found.entry_count());
    }

    #[test]
    fn everything_else_is_handed_on() {
        let World { cached, .. } = world(1);
        let twitter = AccountRef::new(PlatformName::Twitter, "me");
        assert_eq!(cached.served(twitter), [EffectKind::Like]);
        assert_eq!(cached.check(twitter, EffectKind::Like, "x").unwrap_err().expected, "x");
        assert!(
            cached.takes_text(twitter, EffectKind::Reply) && !cached.takes_text(twitter, EffectKind::Like)
        );
        assert_eq!(cached.limit(twitter, EffectKind::Like).unwrap().count, 1);
    }
}
