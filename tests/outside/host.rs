//! Hosts of a run: the real skills over the memory store and the model's server.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chimera::contracts::engage::{EngageAction, EngageInput};
use chimera::contracts::publish::{ContentBundle, ContentVariant, PublishInput, PublishStrategy};
use chimera::contracts::{CallContext, Clock, PlatformName, derive_uuid};
use chimera::effect::EffectKind;
use chimera::governance::{Policies, Policy};
use chimera::platform::{Accounts, Binding, Profile, ToolClient, ToolPlatform};
use chimera::skill_engage::Personas;
use chimera::{Builder, Chimera, Engaging};
use chimera_testkit::outside::{ACCOUNT, LABEL, OutsideServer, Scenario, World, key_of};
use chimera_testkit::{MemoryStore, TestClock};

use crate::engage_stage::{NamedFlags, Score, ToldScorer, engage_context};
use crate::stage::EchoMedia;

/// Something between the host and the server: for tests that show that the model can fail.
pub type Wrap = fn(Arc<dyn ToolClient>) -> Arc<dyn ToolClient>;

/// How many profiles are kept; a seed in a hundred finds its own again.
const KEPT: usize = 256;

thread_local! {
    static PROFILES: RefCell<BTreeMap<String, Profile>> = const { RefCell::new(BTreeMap::new()) };
    static JUDGES: Judges = Judges::new();
}

/// What hosts decide with; read once, as it is the same in every run.
struct Judges {
    scorer: Arc<ToldScorer>,
    policies: Policies,
    personas: Personas,
}

impl Judges {
    fn new() -> Self {
        Self {
            scorer: ToldScorer::new(Score::Is(0.95)),
            policies: Policies::all(Policy::seed().expect("the preset is sound")),
            personas: Personas::seed().expect("the personas are sound"),
        }
    }
}

/// What outlives every host of a run.
#[derive(Debug)]
pub(super) struct Outside {
    pub(super) clock: Arc<TestClock>,
    world: Arc<Mutex<World>>,
    profile: Profile,
    wrap: Option<Wrap>,
    pub(super) platform: PlatformName,
}

/// One process.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) chimera: Chimera,
    pub(super) store: Arc<MemoryStore>,
}

impl Outside {
    pub(super) fn new(clock: Arc<TestClock>, world: World, wrap: Option<Wrap>) -> Self {
        let scenario = world.scenario();
        let text = scenario.nature.profile(&scenario.kinds(), scenario.lie);
        let platform = scenario.nature.platform;
        Self { clock, world: Arc::new(Mutex::new(world)), profile: profile(text), wrap, platform }
    }

    /// The world as it is now.
    pub(super) fn world(&self) -> (MutexGuard<'_, World>, i64) {
        let now_ms = World::ms(self.clock.now());
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.advance(now_ms);
        (world, now_ms)
    }

    /// A process over a store.
    pub(super) fn start(&self, store: MemoryStore) -> Arc<Host> {
        let store = Arc::new(store);
        let clock: Arc<dyn Clock> = Arc::<TestClock>::clone(&self.clock);
        let server: Arc<dyn ToolClient> =
            Arc::new(OutsideServer::new(Arc::clone(&self.clock), Arc::clone(&self.world)));
        let server = self.wrap.map_or(Arc::clone(&server), |wrap| wrap(server));
        let bindings = Binding::all(&self.profile, &server);
        let platform = Arc::new(ToolPlatform::new(bindings, Arc::new(EchoMedia), Arc::clone(&clock)));
        let engaging = JUDGES.with(|judges| Engaging {
            targets: Arc::<ToolPlatform>::clone(&platform),
            scorer: Arc::<ToldScorer>::clone(&judges.scorer),
            classifier: Arc::new(NamedFlags),
            composer: None,
            policies: judges.policies.clone(),
            personas: judges.personas.clone(),
        });
        let chimera = Builder::new()
            .store(&store)
            .platform(platform)
            .media(Arc::new(EchoMedia))
            .clock(clock)
            .accounts(Accounts::new().shared(self.platform, ACCOUNT))
            .engage(engaging)
            .build()
            .expect("every port is there");
        Arc::new(Host { chimera, store })
    }
}

fn profile(text: String) -> Profile {
    PROFILES.with_borrow_mut(|kept| {
        if let Some(profile) = kept.get(&text) {
            return profile.clone();
        }
        if kept.len() >= KEPT {
            kept.clear();
        }
        let profile = Profile::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        kept.insert(text, profile.clone());
        profile
    })
}

/// The request of a wish that publishes; not approved yet.
pub(super) fn publish_input(scenario: &Scenario, wish: usize) -> PublishInput {
    let id = |what: &str| derive_uuid("chimera-tests/outside", &[what.as_bytes()]);
    let platform = scenario.nature.platform;
    PublishInput {
        correlation_id: chimera::contracts::CorrelationId::from_uuid(id(&key_of(wish))),
        task_id: chimera::contracts::TaskId::from_uuid(id("task")),
        agent_id: chimera::contracts::AgentId::from_uuid(id("agent")),
        campaign_id: chimera::contracts::CampaignId::from_uuid(id("campaign")),
        content_bundle: ContentBundle {
            bundle_id: format!("bundle-{wish}"),
            variants: vec![ContentVariant {
                platform,
                text_content: scenario.words(wish),
                media_refs: Vec::new(),
                hashtags: Vec::new(),
                disclosure_label: LABEL.to_owned(),
            }],
            approval_record: None,
        },
        target_platforms: vec![platform],
        idempotency_key: key_of(wish),
        publish_strategy: PublishStrategy::Sequential,
        partial_success_allowed: true,
        schedule_time: None,
        dry_run: false,
    }
}

/// The request of a wish that engages.
pub(super) fn engage_input(scenario: &Scenario, wish: usize, target: String) -> EngageInput {
    let asked = &scenario.wishes[wish];
    EngageInput {
        action: match asked.kind {
            EffectKind::Reply => EngageAction::Reply,
            EffectKind::Comment => EngageAction::Comment,
            EffectKind::Like => EngageAction::Like,
            EffectKind::Follow => EngageAction::Follow,
            // No wish takes anything back.
            EffectKind::Share | EffectKind::Publish | EffectKind::Undo => EngageAction::Share,
        },
        platform: scenario.nature.platform,
        target,
        content: asked.text.map(chimera_testkit::outside::text::Text::words),
        persona_constraints: Vec::new(),
    }
}

/// The call of a wish that engages.
pub(super) fn context_of(wish: usize) -> CallContext {
    CallContext { key: Some(key_of(wish)), ..engage_context() }
}
