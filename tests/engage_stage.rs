//! An engage skill over a SQLite file and a platform: every judge says what the test tells it.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chimera::contracts::engage::{EngageAction, EngageInput, EngageOutput};
use chimera::contracts::{
    AgentId, CallContext, CampaignId, Clock, CorrelationId, Money, PlatformName, Skill, derive_uuid,
};
use chimera::effect::{AccountRef, EffectKind, Platform};
use chimera::governance::{
    Approver, ApproverRole, Budget, BudgetScope, Classified, Classifier, ClassifierError, Flag, Policies,
    Policy, Sentiment,
};
use chimera::platform::limits::RateLimit;
use chimera::platform::{TargetFault, TargetFinding, TargetKind, TargetQuery, TargetView, Targets};
use chimera::skill_engage::{Composer, ConfidenceScorer, EngageSkill, Personas, ScoreRequest, ScorerError};
use chimera::{Builder, Chimera, Engaging, Store, StorePorts};
use chimera_testkit::{Cut, Within, within};
use chrono::{DateTime, Utc};

use crate::stage::{ACCOUNT, EchoMedia, REVIEWER, cut_ports};

/// What the scorer of a test does.
#[derive(Clone, Copy, Debug)]
pub enum Score {
    /// It answers this number.
    Is(f64),
    /// It fails.
    Fails,
    /// It never answers.
    Hangs,
    /// It panics.
    Panics,
}

/// A scorer that does what it is told.
#[derive(Debug)]
pub struct ToldScorer(Mutex<Score>);

impl ToldScorer {
    /// A scorer that answers so until it is told otherwise.
    #[must_use]
    pub fn new(score: Score) -> Arc<Self> {
        Arc::new(Self(Mutex::new(score)))
    }

    /// From now on it answers so.
    pub fn tell(&self, score: Score) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = score;
    }
}

#[async_trait]
impl ConfidenceScorer for ToldScorer {
    fn name(&self) -> &str {
        "told@1"
    }

    async fn score(&self, _: &ScoreRequest<'_>, _: DateTime<Utc>) -> Result<f64, ScorerError> {
        let score = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match score {
            Score::Is(score) => Ok(score),
            Score::Fails => Err(ScorerError("told to".to_owned())),
            Score::Hangs => pending().await,
            Score::Panics => panic!("told to"),
        }
    }
}

/// A classifier that flags a text for each flag whose name stands in it; it fails on `[fail]` and panics on `[panic]`.
#[derive(Clone, Copy, Debug, Default)]
pub struct NamedFlags;

#[async_trait]
impl Classifier for NamedFlags {
    fn name(&self) -> &str {
        "named@1"
    }

    async fn classify(&self, text: &str, _: DateTime<Utc>) -> Result<Classified, ClassifierError> {
        if text.contains("[fail]") {
            return Err(ClassifierError("told to".to_owned()));
        }
        assert!(!text.contains("[panic]"), "told to");
        let named = |flag: &&Flag| text.contains(&format!("[{}]", flag.as_str()));
        let flags: BTreeSet<Flag> = Flag::ALL.iter().filter(named).copied().collect();
        Ok(Classified { flags, sentiment: Sentiment::Neutral })
    }
}

/// The seed's matrix, with targets that are there as long as the test does not say otherwise.
#[derive(Debug, Default)]
pub struct ToldTargets {
    /// Limits, for kinds that have one.
    pub limits: BTreeMap<EffectKind, RateLimit>,
    /// Targets that are missing.
    pub missing: BTreeSet<String>,
    /// The words of targets.
    pub threads: BTreeMap<String, String>,
    /// Whether looking up fails.
    pub unreachable: bool,
}

#[async_trait]
impl Targets for ToldTargets {
    fn served(&self, account: AccountRef<'_>) -> Vec<EffectKind> {
        use EffectKind as K;
        match account.platform {
            PlatformName::Twitter => vec![K::Publish, K::Reply, K::Comment, K::Like, K::Follow, K::Share],
            PlatformName::Instagram | PlatformName::Threads => {
                vec![K::Publish, K::Reply, K::Comment, K::Like, K::Follow]
            }
            PlatformName::TikTok => vec![K::Publish, K::Comment, K::Like, K::Follow, K::Share],
            PlatformName::LinkedIn | PlatformName::YouTube => vec![K::Publish],
        }
    }

    fn check(&self, _: AccountRef<'_>, kind: EffectKind, target: &str) -> Result<TargetKind, TargetFault> {
        let (prefix, found) = match kind {
            EffectKind::Follow => ("user_", TargetKind::User),
            _ => ("post_", TargetKind::Post),
        };
        let fault = || TargetFault { expected: format!("an id that begins with `{prefix}`") };
        target.starts_with(prefix).then_some(found).ok_or_else(fault)
    }

    fn takes_text(&self, _: AccountRef<'_>, kind: EffectKind) -> bool {
        matches!(kind, EffectKind::Reply | EffectKind::Comment | EffectKind::Share)
    }

    fn limit(&self, _: AccountRef<'_>, kind: EffectKind) -> Option<RateLimit> {
        self.limits.get(&kind).copied()
    }

    async fn look(&self, query: &TargetQuery, _: DateTime<Utc>) -> Option<TargetFinding> {
        if self.unreachable {
            return Some(TargetFinding::CannotTell { reason: "no answer".to_owned() });
        }
        if self.missing.contains(&query.target) {
            return Some(TargetFinding::Missing);
        }
        let text = self.threads.get(&query.target).cloned();
        Some(TargetFinding::There(TargetView { text, author: None }))
    }
}

/// Everything that an engage skill of a test decides with.
#[derive(Clone, Debug)]
pub struct Judges {
    /// The scorer, to be told.
    pub scorer: Arc<ToldScorer>,
    /// The targets.
    pub targets: Arc<dyn Targets>,
    /// The policies.
    pub policies: Policies,
    /// Who writes what is missing.
    pub composer: Option<Arc<dyn Composer>>,
}

impl Judges {
    /// The seed's policy, and this score.
    #[must_use]
    pub fn seed(score: f64) -> Self {
        Self {
            scorer: ToldScorer::new(Score::Is(score)),
            targets: Arc::new(ToldTargets::default()),
            policies: Policies::all(Policy::seed().expect("the preset is sound")),
            composer: None,
        }
    }

    fn engaging(&self) -> Engaging {
        Engaging {
            targets: Arc::clone(&self.targets),
            scorer: Arc::<ToldScorer>::clone(&self.scorer),
            classifier: Arc::new(NamedFlags),
            composer: self.composer.clone(),
            policies: self.policies.clone(),
            personas: Personas::seed().expect("the personas are sound"),
        }
    }
}

/// A builder of a host that may engage, with everything but the storage ports and the platform.
pub fn engage_builder(judges: &Judges, clock: &Arc<dyn Clock>) -> Builder {
    let accounts = PlatformName::ALL
        .iter()
        .fold(chimera::platform::Accounts::new(), |accounts, platform| accounts.shared(*platform, ACCOUNT));
    Builder::new()
        .clock(Arc::clone(clock))
        .media(Arc::new(EchoMedia))
        .accounts(accounts)
        .engage(judges.engaging())
}

/// A host that may engage.
pub fn engage_host<S: Store>(
    judges: &Judges,
    store: &Arc<S>,
    platform: Arc<dyn Platform>,
    clock: &Arc<dyn Clock>,
) -> Chimera {
    engage_host_over(judges, StorePorts::of(store), platform, clock)
}

/// A host that may engage, over storage ports of choice.
pub fn engage_host_over(
    judges: &Judges,
    ports: StorePorts,
    platform: Arc<dyn Platform>,
    clock: &Arc<dyn Clock>,
) -> Chimera {
    engage_builder(judges, clock)
        .wrapped_store(ports)
        .platform(platform)
        .build()
        .expect("every port is there")
}

/// A host that may engage, over ports that are cut.
pub fn cut_engage_host<S: Store>(
    cut: &Cut,
    judges: &Judges,
    store: &Arc<S>,
    platform: Arc<dyn Platform>,
    clock: &Arc<dyn Clock>,
) -> Chimera {
    engage_builder(judges, clock)
        .wrapped_store(cut_ports(cut, store))
        .platform(cut.platform(platform))
        .build()
        .expect("every port is there")
}

/// The engage skill of a host that has one.
#[must_use]
pub fn skill(host: &Chimera) -> &EngageSkill {
    host.engage().expect("the host may engage")
}

fn id(what: &str) -> uuid::Uuid {
    derive_uuid("chimera-tests/engage", &[what.as_bytes()])
}

/// A worker's call, with everything that the host says.
#[must_use]
pub fn engage_context() -> CallContext {
    CallContext {
        agent: Some(AgentId::from_uuid(id("agent"))),
        campaign: Some(CampaignId::from_uuid(id("campaign"))),
        correlation: Some(CorrelationId::from_uuid(id("correlation"))),
        ..CallContext::worker("test/worker")
    }
}

/// The budget that pays for engagements.
#[must_use]
pub fn engage_scope() -> BudgetScope {
    BudgetScope::campaign(engage_context().namespace, engage_context().campaign.expect("it is given"))
}

/// Gives the campaign ten dollars.
pub async fn fund(store: &impl Budget) {
    store.set_limit(&engage_scope(), Money::usd_micros(10_000_000)).await.expect("the store works");
}

/// An engagement on a platform that serves the action; replies and comments with a text.
#[must_use]
pub fn engagement(action: EngageAction) -> EngageInput {
    let platform = match action {
        EngageAction::Comment | EngageAction::Like => PlatformName::Instagram,
        EngageAction::Reply | EngageAction::Follow => PlatformName::Threads,
        EngageAction::Share => PlatformName::TikTok,
    };
    EngageInput {
        action,
        platform,
        target: if action == EngageAction::Follow { "user_1".to_owned() } else { "post_1".to_owned() },
        content: action.needs_content().then(|| "Thanks for asking, it works offline too.".to_owned()),
        persona_constraints: vec!["helpful".to_owned()],
    }
}

/// The same for real tools: ids in the shapes of the seeds, one platform for each action.
#[must_use]
pub fn real_engagement(action: EngageAction) -> EngageInput {
    let (platform, target) = match action {
        EngageAction::Reply => (PlatformName::Twitter, "tweet_1"),
        EngageAction::Comment => (PlatformName::Instagram, "post_1"),
        EngageAction::Like => (PlatformName::Threads, "thread_1"),
        EngageAction::Follow => (PlatformName::Instagram, "user_a"),
        EngageAction::Share => (PlatformName::TikTok, "video_1"),
    };
    EngageInput { platform, target: target.to_owned(), ..engagement(action) }
}

/// Calls the skill; success and failure have one shape.
#[track_caller]
pub fn engage(host: &Chimera, input: &EngageInput) -> Within<impl Future<Output = EngageOutput>> {
    within("the answer to an engagement", async {
        skill(host).call(&engage_context(), input.clone()).await.expect("the context is complete")
    })
}

/// Calls the skill in a context of the test's own.
#[track_caller]
pub fn engage_as(
    host: &Chimera,
    context: &CallContext,
    input: &EngageInput,
) -> Within<impl Future<Output = EngageOutput>> {
    within("the answer to an engagement", async {
        skill(host).call(context, input.clone()).await.expect("the context is complete")
    })
}

/// Who reviews.
#[must_use]
pub fn reviewer(name: &str) -> Approver {
    Approver { id: format!("{name}+{REVIEWER}"), role: ApproverRole::HitlReviewer }
}
