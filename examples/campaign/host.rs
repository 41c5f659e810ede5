//! The host: every port, plugged together.

use std::sync::Arc;

use chimera::contracts::{CallContext, CallerRole, Clock, PlatformName, SkillName};
use chimera::effect::{EffectJournal, EffectRecord, KernelOptions, LookPolicy, RequestKey};
use chimera::governance::{BudgetScope, Classifier, Policies, Policy, RuleClassifier};
use chimera::platform::media::MediaProbe;
use chimera::platform::{CachedTargets, Targets, ToolPlatform};
use chimera::skill_engage::{ConfidenceScorer, EngageSkill, Personas};
use chimera::skill_propose::CampaignStrategy;
use chimera::{Builder, Chimera, Engaging, Proposing, StorePorts};
use chimera_examples::Failure;
use chimera_examples::ground::Ground;
use chimera_examples::media::LocalMedia;
use chimera_examples::screen::Screen;
use chimera_examples::{sandbox, tools};
use chimera_sandbox::{Fault, FaultRule, SandboxConfig, ToolName};
use chrono::TimeDelta;

use crate::args::Args;
use crate::launch::Campaign;
use crate::recorded::{RecordedInsights, RecordedScorer};
use crate::show;

/// A person is asked at the first look that sees too little: nobody wants to watch eight of them.
fn hasty() -> KernelOptions {
    let options = KernelOptions::default();
    KernelOptions { looks: LookPolicy { patience: 0, ..options.looks }, ..options }
}

/// Where posts and engagements go.
const PLATFORMS: [PlatformName; 5] = [
    PlatformName::Twitter,
    PlatformName::Instagram,
    PlatformName::LinkedIn,
    PlatformName::TikTok,
    PlatformName::Threads,
];

/// How long TikTok's tools may take: its first like gets no answer, and nobody wants to watch that for long.
const TIKTOK_WITHIN: TimeDelta = TimeDelta::milliseconds(500);

/// How many targets are remembered, and for how long.
const REMEMBERED: u64 = 1_000;
const REMEMBERED_FOR: TimeDelta = TimeDelta::minutes(5);

pub(crate) struct Host {
    pub(crate) chimera: Chimera,
    pub(crate) ground: Ground,
    /// The ports of the skills, for what a host does with them by itself.
    pub(crate) ports: StorePorts,
    worker: CallContext,
}

impl Host {
    pub(crate) async fn start(args: &Args, campaign: &Campaign, screen: &Screen) -> Result<Self, Failure> {
        let ground =
            Ground::lay("campaign", &args.options, &campaign.bundle, sandbox_config(campaign), screen)
                .await?;
        let profile = tools::profile(&PLATFORMS)?.with_timeout(PlatformName::TikTok, TIKTOK_WITHIN)?;
        let tools = Arc::new(tools::platform(&profile, &ground));
        let (ports, platform) = ground.ports(Arc::<ToolPlatform>::clone(&tools));
        let engaging = engaging(campaign, tools, &ground)?;
        show::judges(screen, engaging.scorer.name(), engaging.classifier.name());
        let media: Arc<dyn MediaProbe> = Arc::<LocalMedia>::clone(&ground.media);
        let chimera = Builder::new()
            .wrapped_store(ports.clone())
            .platform(platform)
            .media(media)
            .clock(Arc::clone(&ground.clock))
            .accounts(tools::accounts(&PLATFORMS))
            .kernel_options(hasty())
            .propose(proposing(campaign))
            .engage(engaging)
            .build()?;
        let worker = worker(campaign);
        let scope = BudgetScope::campaign(worker.namespace.clone(), campaign.input.campaign_id);
        ground.fund(&scope).await?;
        Ok(Self { chimera, ground, ports, worker })
    }

    /// Who publishes and engages, for whom.
    pub(crate) const fn worker(&self) -> &CallContext {
        &self.worker
    }

    /// Who plans; nothing that a planner asks for happens in public.
    pub(crate) fn planner(&self) -> CallContext {
        let actor = "example/planner".to_owned();
        CallContext { actor, role: CallerRole::Planner, ..self.worker.clone() }
    }

    pub(crate) fn engage(&self) -> Result<&EngageSkill, Failure> {
        self.chimera.engage().ok_or_else(|| "the host was built without the engage skill".into())
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.ground.clock.as_ref()
    }

    /// What the journal keeps under a key.
    pub(crate) async fn effects(&self, skill: SkillName, key: &str) -> Result<Vec<EffectRecord>, Failure> {
        let namespace = self.worker.namespace.clone();
        let key = RequestKey { namespace, skill, key: key.to_owned() };
        let view = self.ground.store.request(&key).await?;
        Ok(view.map(|view| view.effects).unwrap_or_default())
    }
}

/// Beside Instagram's rate limit, the sandbox loses its answers to the first like and the first comment on TikTok after they
/// happened; and the list that the comment would be looked up in fails for good.
fn sandbox_config(campaign: &Campaign) -> SandboxConfig {
    let mut config = sandbox::config().with_world(&campaign.world);
    let lost = FaultRule::new(chimera_sandbox::Platform::TikTok, Fault::LostAfter);
    config.faults.push(lost.clone().on(ToolName::LikeVideo).times(1));
    config.faults.push(lost.on(ToolName::CommentOnVideo).times(1));
    let broken = FaultRule::new(chimera_sandbox::Platform::TikTok, Fault::ServerError { status: 503 });
    config.faults.push(broken.on(ToolName::ListComments));
    config
}

fn proposing(campaign: &Campaign) -> Proposing {
    let insights = RecordedInsights(campaign.launch.propose.insights.clone());
    Proposing { strategy: Arc::new(CampaignStrategy::default()), insights: Some(Arc::new(insights)) }
}

fn engaging(campaign: &Campaign, tools: Arc<dyn Targets>, ground: &Ground) -> Result<Engaging, Failure> {
    let clock = Arc::clone(&ground.clock);
    let scorer: Arc<dyn ConfidenceScorer> = Arc::new(RecordedScorer::of(&campaign.launch.engage));
    let classifier: Arc<dyn Classifier> = Arc::new(RuleClassifier::new()?);
    Ok(Engaging {
        targets: Arc::new(CachedTargets::new(tools, clock, REMEMBERED_FOR, REMEMBERED)),
        scorer,
        classifier,
        composer: None,
        policies: Policies::all(Policy::seed()?),
        personas: Personas::seed()?,
    })
}

fn worker(campaign: &Campaign) -> CallContext {
    CallContext {
        correlation: Some(campaign.input.correlation_id),
        agent: Some(campaign.input.agent_id),
        campaign: Some(campaign.input.campaign_id),
        ..CallContext::worker("example/worker")
    }
}
