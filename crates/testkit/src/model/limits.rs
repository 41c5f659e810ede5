//! A small sequential model of the rate limits, and histories to compare a store with it.
//!
//! The model is the sentence itself: what counts are the grants of the last window. It knows two processes, two accounts
//! and one limit. Once a clock was set back the answers are not compared any more, only the law: in no stretch of true
//! time as long as the window were more permits given than the limit counts.

use std::sync::Arc;

use chimera_contracts::{Clock as _, Namespace, PlatformName, derive_uuid};
use chimera_effect::EffectKind;
use chimera_platform::limits::{Permit, RateKey, RateLimit};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::{Strategy, any, prop_oneof};
use uuid::Uuid;

use crate::clock::TestClock;
use crate::conformance::{StoreFactory, Stores};

/// How many processes there are.
const OPENERS: usize = 2;
/// How many accounts there are.
const ACCOUNTS: usize = 2;
/// The limit of both.
const LIMIT: RateLimit = RateLimit { count: 3, window: TimeDelta::seconds(20) };

/// One operation of a history. Numbers are taken modulo what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Somebody wants to act.
    Take {
        /// In which process.
        opener: usize,
        /// In which account.
        account: usize,
        /// As who asked so many grants before; as nobody before where there were fewer.
        again: Option<usize>,
    },
    /// Time passes.
    Tick {
        /// How much.
        seconds: u8,
    },
    /// The clock is set back.
    SetBack {
        /// By how much.
        seconds: u8,
    },
    /// A process crashes and is started again.
    Crash {
        /// Which one.
        opener: usize,
    },
}

/// Histories of up to eighty operations; clocks are set back where `set_back` says so.
pub fn history(set_back: bool) -> impl Strategy<Value = Vec<Op>> {
    let take = (0..OPENERS, 0..ACCOUNTS, proptest::option::weighted(0.3, 0..4_usize))
        .prop_map(|(opener, account, again)| Op::Take { opener, account, again });
    let tick = prop_oneof![0..4_u8, 0..30_u8].prop_map(|seconds| Op::Tick { seconds });
    let rare = (any::<bool>(), 0..OPENERS, 1..50_u8).prop_map(move |(back, opener, seconds)| {
        if back && set_back { Op::SetBack { seconds } } else { Op::Crash { opener } }
    });
    proptest::collection::vec(prop_oneof![8 => take, 4 => tick, 1 => rare], 0..80)
}

/// A permit that was given.
#[derive(Clone, Copy, Debug)]
struct Grant {
    by: Uuid,
    account: usize,
    /// In true time, which no clock that is set back changes.
    at: DateTime<Utc>,
}

/// A store beside its model.
struct Check<'a> {
    factory: &'a dyn StoreFactory,
    clock: Arc<TestClock>,
    openers: Vec<Option<Stores>>,
    grants: Vec<Grant>,
    asked: u32,
    /// How far the clock is behind.
    behind: TimeDelta,
}

/// Plays a history on a fresh state of the store, and compares each answer with the model.
///
/// # Panics
/// When the store is not as the model says, or more permits were given than the limit counts.
pub async fn check_history(factory: &dyn StoreFactory, history: &[Op]) {
    let mut openers = Vec::new();
    for _ in 0..OPENERS {
        openers.push(Some(factory.open().await));
    }
    let (clock, behind) = (factory.clock(), TimeDelta::zero());
    let mut check = Check { factory, clock, openers, grants: Vec::new(), asked: 0, behind };
    for (number, op) in history.iter().enumerate() {
        check.play(*op, &format!("operation {number}, {op:?}")).await;
    }
    check.bound();
}

impl Check<'_> {
    async fn play(&mut self, op: Op, said: &str) {
        match op {
            Op::Take { opener, account, again } => self.take(opener, account, again, said).await,
            Op::Tick { seconds } => self.clock.advance(TimeDelta::seconds(seconds.into())),
            Op::SetBack { seconds } => {
                let span = TimeDelta::seconds(seconds.into());
                self.clock.set(self.clock.now() - span);
                self.behind += span;
            }
            Op::Crash { opener } => {
                let dead = self.openers[opener].take().expect("it is open");
                self.openers[opener] = Some(self.factory.crash_and_reopen(dead).await);
            }
        }
    }

    async fn take(&mut self, opener: usize, account: usize, again: Option<usize>, said: &str) {
        let known = again.and_then(|again| self.grants.iter().rev().nth(again)).map(|grant| grant.by);
        let by = known.unwrap_or_else(|| self.nobody());
        let expected = self.expected(account, by);
        let limits = &self.openers[opener].as_ref().expect("it is open").limits;
        let answer = limits.take(&key(account), LIMIT, by).await.expect(said);
        if self.behind.is_zero() {
            assert_eq!(answer, expected, "{said}");
        }
        let counts = self.counting(account).iter().any(|grant| grant.by == by);
        // With a clock that was set back, whether the permit of before still counts is the store's to say.
        let new = known.is_none() || (self.behind.is_zero() && !counts);
        if new && matches!(answer, Permit::Taken { .. }) {
            self.grants.push(Grant { by, account, at: self.true_now() });
        }
    }

    /// An id that nobody used before.
    fn nobody(&mut self) -> Uuid {
        self.asked += 1;
        derive_uuid("chimera/testkit/permit", &[&self.asked.to_be_bytes()])
    }

    fn true_now(&self) -> DateTime<Utc> {
        self.clock.now() + self.behind
    }

    /// The grants that count now, oldest first.
    fn counting(&self, account: usize) -> Vec<Grant> {
        let now = self.true_now();
        let counts = |grant: &&Grant| grant.account == account && grant.at + LIMIT.window > now;
        self.grants.iter().filter(counts).copied().collect()
    }

    fn expected(&self, account: usize, by: Uuid) -> Permit {
        let counting = self.counting(account);
        let used = u32::try_from(counting.len()).expect("a count");
        if counting.iter().any(|grant| grant.by == by) {
            return Permit::Taken { used };
        }
        if used < LIMIT.count {
            Permit::Taken { used: used + 1 }
        } else {
            Permit::Wait { until: counting[0].at + LIMIT.window }
        }
    }

    /// Never more than the limit's count in any window.
    fn bound(&self) {
        for first in &self.grants {
            let within = |grant: &&Grant| {
                grant.account == first.account && grant.at >= first.at && grant.at < first.at + LIMIT.window
            };
            let given = self.grants.iter().filter(within).count();
            assert!(
                given <= LIMIT.count as usize,
                "{given} within one window from {}: {:?}",
                first.at,
                self.grants
            );
        }
    }
}

fn key(account: usize) -> RateKey {
    RateKey {
        namespace: Namespace::default(),
        platform: PlatformName::Twitter,
        account: format!("account {account}"),
        kind: EffectKind::Like,
    }
}
