//! `Targets`: what is constant asks nobody, and a look says no more than the platform said.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use chimera_contracts::{Clock, PlatformName};
use chimera_effect::{AccountRef, EffectKind};
use chimera_harness::within;
use chimera_platform::{TargetFinding, TargetKind, TargetQuery, TargetView, Targets};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::{join, join_all};

use super::case::harness_suite;

/// What the platform does with every question about a target from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shows {
    /// It shows the target.
    There {
        /// Its words.
        text: String,
        /// Who wrote it.
        author: String,
    },
    /// It says that there is no such target, in words that the port knows.
    Gone,
    /// It fails in words that say nothing about the target.
    Fails {
        /// What it says.
        words: String,
    },
    /// It says nothing at all.
    Nothing,
}

/// What there is to ask about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ground {
    /// A platform.
    pub platform: PlatformName,
    /// An account there that has tools.
    pub account: String,
    /// A platform with no account that has tools.
    pub elsewhere: PlatformName,
    /// Something that the account can do to a target.
    pub kind: EffectKind,
    /// What that target is; it can be looked up.
    pub target_kind: TargetKind,
    /// A target in its shape.
    pub target: String,
    /// What has not its shape.
    pub misshapen: String,
}

/// How a case comes by the targets that it looks at.
#[async_trait]
pub trait TargetsHarness: Debug + Send + Sync {
    /// A secret that the host gave to what stands behind the port.
    fn secret(&self) -> String;

    /// Another world, which nobody asked anything, and which shows this.
    async fn world(&self, shows: Shows) -> Box<dyn TargetsWorld>;
}

/// A platform with targets.
#[async_trait]
pub trait TargetsWorld: Debug + Send + Sync {
    /// The port.
    fn targets(&self) -> Arc<dyn Targets>;

    /// What can be asked about.
    fn ground(&self) -> Ground;

    /// The clock by which the port reads deadlines.
    fn clock(&self) -> Arc<dyn Clock>;

    /// Ends when it is so late: a test clock is set; where real time passes there is nothing to do.
    async fn pass(&self, time: DateTime<Utc>);

    /// How many calls reached the outside, of whatever kind.
    fn reached(&self) -> usize;

    /// How many of them make something public.
    fn acted(&self) -> usize;
}

harness_suite! {
    TargetsHarness:
    what_is_constant_asks_nobody
    what_is_served_is_in_order_and_once
    an_account_without_tools_is_served_nothing
    a_target_has_the_shape_of_its_kind
    what_is_there_is_shown
    missing_is_said_only_where_the_platform_says_so
    a_look_ends_by_its_deadline
    a_look_without_time_asks_nobody
    looks_make_nothing_public
    what_a_look_tells_is_redacted
    what_a_look_tells_is_short
    looks_at_one_time_are_each_answered
}

const KINDS: [EffectKind; 6] = [
    EffectKind::Publish,
    EffectKind::Reply,
    EffectKind::Comment,
    EffectKind::Like,
    EffectKind::Follow,
    EffectKind::Share,
];

fn there(text: &str) -> Shows {
    Shows::There { text: text.to_owned(), author: "ann".to_owned() }
}

/// All that is constant, in one value.
fn constant(world: &dyn TargetsWorld) -> String {
    let (targets, ground) = (world.targets(), world.ground());
    let mut said = Vec::new();
    for platform in [ground.platform, ground.elsewhere] {
        let account = AccountRef::new(platform, &ground.account);
        said.push(format!("{:?}", targets.served(account)));
        for kind in KINDS {
            let checked =
                [&ground.target, &ground.misshapen].map(|target| targets.check(account, kind, target));
            let (takes_text, limit) = (targets.takes_text(account, kind), targets.limit(account, kind));
            said.push(format!("{checked:?} {takes_text} {limit:?}"));
        }
    }
    said.join("\n")
}

fn query(world: &dyn TargetsWorld) -> TargetQuery {
    let Ground { platform, account, target_kind: kind, target, .. } = world.ground();
    TargetQuery { platform, account, kind, target }
}

/// One look with an hour of time.
async fn look(world: &dyn TargetsWorld) -> TargetFinding {
    let deadline = world.clock().now() + TimeDelta::hours(1);
    let (targets, query) = (world.targets(), query(world));
    let found = within("a look at a target", targets.look(&query, deadline)).await;
    found.expect("there is a tool for it")
}

/// `served`, `check`, `takes_text` and `limit` are constant and touch nothing outside.
pub async fn what_is_constant_asks_nobody(harness: &dyn TargetsHarness) {
    let world = harness.world(there("Hello")).await;
    let world = world.as_ref();
    let first = constant(world);
    assert_eq!(constant(world), first);
    assert_eq!(world.reached(), 0, "nobody was asked");
    look(world).await;
    assert_eq!(constant(world), first, "also after a look");
    let other = harness.world(Shows::Gone).await;
    assert_eq!(constant(other.as_ref()), first, "whatever the platform shows");
}

/// Kinds are served in the order of [`EffectKind`], each once.
pub async fn what_is_served_is_in_order_and_once(harness: &dyn TargetsHarness) {
    let world = harness.world(there("Hello")).await;
    let ground = world.ground();
    let served = world.targets().served(AccountRef::new(ground.platform, &ground.account));
    assert!(served.is_sorted_by(|a, b| a < b), "{served:?}");
    assert!(served.contains(&ground.kind), "{served:?}");
}

/// Where no tool is configured nothing is served, no target has a shape, nothing is limited, and there is nothing to look with.
pub async fn an_account_without_tools_is_served_nothing(harness: &dyn TargetsHarness) {
    let world = harness.world(there("Hello")).await;
    let (targets, ground) = (world.targets(), world.ground());
    let account = AccountRef::new(ground.elsewhere, &ground.account);
    assert_eq!(targets.served(account), []);
    for kind in KINDS {
        let fault = targets.check(account, kind, &ground.target).expect_err("there is no shape");
        assert!(!fault.expected.is_empty());
        assert!(!targets.takes_text(account, kind));
        assert_eq!(targets.limit(account, kind), None);
    }
    let query = TargetQuery { platform: ground.elsewhere, ..query(world.as_ref()) };
    let deadline = world.clock().now() + TimeDelta::hours(1);
    let found = within("a look without a tool", targets.look(&query, deadline)).await;
    assert_eq!(found, None);
    assert_eq!(world.reached(), 0, "nobody was asked");
}

/// `check` tells what a target is, or what was expected; what is not served, and what has no target, takes none.
pub async fn a_target_has_the_shape_of_its_kind(harness: &dyn TargetsHarness) {
    let world = harness.world(there("Hello")).await;
    let (targets, ground) = (world.targets(), world.ground());
    let account = AccountRef::new(ground.platform, &ground.account);
    assert_eq!(targets.check(account, ground.kind, &ground.target), Ok(ground.target_kind));
    for wrong in [ground.misshapen.as_str(), "", " ", "\n"] {
        let fault = targets.check(account, ground.kind, wrong).expect_err("it has not the shape");
        assert!(!fault.expected.is_empty(), "{wrong:?}");
    }
    let served = targets.served(account);
    for kind in KINDS {
        if kind == EffectKind::Publish || !served.contains(&kind) {
            assert!(targets.check(account, kind, &ground.target).is_err(), "{kind:?} takes no target");
        }
    }
}

/// What the platform shows comes back as it shows it, from one call.
pub async fn what_is_there_is_shown(harness: &dyn TargetsHarness) {
    let world = harness.world(there("Hello, gr\u{fc}n \u{1f600}")).await;
    let view =
        TargetView { text: Some("Hello, gr\u{fc}n \u{1f600}".to_owned()), author: Some("ann".to_owned()) };
    assert_eq!(look(world.as_ref()).await, TargetFinding::There(view));
}

/// `Missing` is said only in words that the port knows; whatever else goes wrong is `CannotTell`.
pub async fn missing_is_said_only_where_the_platform_says_so(harness: &dyn TargetsHarness) {
    let gone = harness.world(Shows::Gone).await;
    assert_eq!(look(gone.as_ref()).await, TargetFinding::Missing);
    for words in ["HTTP 500 Internal Server Error", "the post is missing a thumbnail", "", "not now"] {
        let world = harness.world(Shows::Fails { words: words.to_owned() }).await;
        let found = look(world.as_ref()).await;
        assert!(matches!(found, TargetFinding::CannotTell { .. }), "{words:?} is {found:?}");
    }
}

/// `look` answers by the deadline, and that nothing came is `CannotTell`.
pub async fn a_look_ends_by_its_deadline(harness: &dyn TargetsHarness) {
    let world = harness.world(Shows::Nothing).await;
    let world = world.as_ref();
    let deadline = world.clock().now() + TimeDelta::seconds(2);
    let (targets, query) = (world.targets(), query(world));
    let both = join(targets.look(&query, deadline), world.pass(deadline));
    let (found, ()) = within("a look that nobody answers", both).await;
    assert!(matches!(found, Some(TargetFinding::CannotTell { .. })), "{found:?}");
}

/// Where the deadline has passed nobody is asked, and nobody can tell.
pub async fn a_look_without_time_asks_nobody(harness: &dyn TargetsHarness) {
    let world = harness.world(there("Hello")).await;
    let world = world.as_ref();
    let (targets, query, now) = (world.targets(), query(world), world.clock().now());
    for deadline in [now, now - TimeDelta::hours(1)] {
        let found = within("a look without time", targets.look(&query, deadline)).await;
        assert!(matches!(found, Some(TargetFinding::CannotTell { .. })), "{found:?}");
    }
    assert_eq!(world.reached(), 0, "nobody was asked");
}

/// `look` makes nothing public, however often it is asked and whatever comes of it.
pub async fn looks_make_nothing_public(harness: &dyn TargetsHarness) {
    for shows in [there("Hello"), Shows::Gone, Shows::Fails { words: "HTTP 503".to_owned() }] {
        let world = harness.world(shows).await;
        let first = look(world.as_ref()).await;
        assert_eq!(look(world.as_ref()).await, first, "it can be asked again");
        assert_eq!(world.acted(), 0, "after {first:?}");
    }
}

/// A secret of the host's is in nothing that a look tells, words of others and reasons alike.
pub async fn what_a_look_tells_is_redacted(harness: &dyn TargetsHarness) {
    let secret = harness.secret();
    for shows in [there(&format!("we know {secret}")), Shows::Fails { words: format!("denied to {secret}") }]
    {
        let world = harness.world(shows).await;
        let found = look(world.as_ref()).await;
        assert!(!format!("{found:?}").contains(&secret), "{found:?}");
    }
}

/// Words of others are shortened.
pub async fn what_a_look_tells_is_short(harness: &dyn TargetsHarness) {
    let long = "word ".repeat(100_000);
    let world = harness.world(there(&long)).await;
    match look(world.as_ref()).await {
        TargetFinding::There(TargetView { text: Some(text), .. }) => assert!(text.len() < long.len() / 2),
        other => panic!("it is there: {other:?}"),
    }
}

/// Safe to call concurrently: each look has its answer.
pub async fn looks_at_one_time_are_each_answered(harness: &dyn TargetsHarness) {
    let world = harness.world(there("Hello")).await;
    let found = join_all((0..8).map(|_| look(world.as_ref()))).await;
    for one in found {
        assert!(matches!(one, TargetFinding::There(_)), "{one:?}");
    }
}
