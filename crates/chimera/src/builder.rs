//! From ports to skills.

use std::sync::Arc;

use chimera_audit::{AuditLedger, LedgerReader};
use chimera_contracts::parse::ParserError;
use chimera_contracts::{Clock, DynSkill, Entropy, SystemEntropy};
use chimera_effect::{EffectJournal, Kernel, KernelOptions, Pauses, Platform};
use chimera_governance::review::ReviewQueue;
use chimera_governance::{ApprovalStore, Budget, Classifier, Gate, Policies, ReviewDesk};
use chimera_platform::limits::RateLimits;
use chimera_platform::media::MediaProbe;
use chimera_platform::{Accounts, Targets};
use chimera_skill_engage::{Composer, ConfidenceScorer, EngageOptions, EngagePorts, EngageSkill, Personas};
use chimera_skill_propose::{
    CampaignStrategy, Insights, ProposalJournal, ProposalStrategy, ProposeOptions, ProposePorts, ProposeSkill,
};
use chimera_skill_publish::{PublishOptions, PublishPorts, PublishSkill};

use crate::outcomes::Outcomes;
use crate::registry::Registry;
use crate::worker::{Worker, WorkerOptions};

/// A store that keeps everything: journals, decisions, reviews, permits, budgets and ledger in one place, so that what must
/// be atomic is.
///
/// Every type that implements these nine ports implements this trait.
pub trait Store:
    EffectJournal
    + ApprovalStore
    + ReviewQueue
    + RateLimits
    + Pauses
    + ProposalJournal
    + Budget
    + AuditLedger
    + LedgerReader
{
}

impl<S> Store for S where
    S: EffectJournal
        + ApprovalStore
        + ReviewQueue
        + RateLimits
        + Pauses
        + ProposalJournal
        + Budget
        + AuditLedger
        + LedgerReader
{
}

/// The storage ports that skills act through, one by one: for hosts that wrap them (metering, tests). They must be views of
/// one store.
#[derive(Clone, Debug)]
pub struct StorePorts {
    /// Requests and effects.
    pub journal: Arc<dyn EffectJournal>,
    /// Decisions.
    pub approvals: Arc<dyn ApprovalStore>,
    /// Evidence.
    pub ledger: Arc<dyn AuditLedger>,
    /// What waits for a person.
    pub reviews: Arc<dyn ReviewQueue>,
    /// Permits under rate limits.
    pub limits: Arc<dyn RateLimits>,
    /// Switches that keep attempts from beginning.
    pub pauses: Arc<dyn Pauses>,
    /// Proposals.
    pub proposals: Arc<dyn ProposalJournal>,
}

impl StorePorts {
    /// The ports of one store.
    #[must_use]
    pub fn of<S: Store>(store: &Arc<S>) -> Self {
        Self {
            journal: Arc::<S>::clone(store),
            approvals: Arc::<S>::clone(store),
            ledger: Arc::<S>::clone(store),
            reviews: Arc::<S>::clone(store),
            limits: Arc::<S>::clone(store),
            pauses: Arc::<S>::clone(store),
            proposals: Arc::<S>::clone(store),
        }
    }
}

/// What a host decides with before its agents may engage. None of it has a default: nothing acts by itself.
#[derive(Clone, Debug)]
pub struct Engaging {
    /// What can be done where, and whether a target is there.
    pub targets: Arc<dyn Targets>,
    /// How sure one may be.
    pub scorer: Arc<dyn ConfidenceScorer>,
    /// What a person should see.
    pub classifier: Arc<dyn Classifier>,
    /// Who writes what is missing.
    pub composer: Option<Arc<dyn Composer>>,
    /// What confidence has to be, for each campaign.
    pub policies: Policies,
    /// The personas that inputs may name.
    pub personas: Personas,
}

/// How a host proposes.
#[derive(Clone, Debug)]
pub struct Proposing {
    /// Makes the plans.
    pub strategy: Arc<dyn ProposalStrategy>,
    /// What is known about the accounts.
    pub insights: Option<Arc<dyn Insights>>,
}

/// Collects the ports of a host. What is missing is named by [`Builder::build`], all of it at once.
#[derive(Debug, Default)]
pub struct Builder {
    store: Option<StorePorts>,
    platform: Option<Arc<dyn Platform>>,
    media: Option<Arc<dyn MediaProbe>>,
    clock: Option<Arc<dyn Clock>>,
    entropy: Option<Arc<dyn Entropy>>,
    accounts: Accounts,
    engaging: Option<Engaging>,
    proposing: Option<Proposing>,
    kernel_options: KernelOptions,
    publish_options: PublishOptions,
    engage_options: EngageOptions,
    propose_options: ProposeOptions,
    worker_options: WorkerOptions,
}

/// The host's ports do not make a Chimera.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Ports that were not given.
    #[error("missing: {}", .0.join(", "))]
    Missing(Vec<&'static str>),
    /// A generated schema does not compile.
    #[error("a contract's schema does not compile")]
    Schema(#[from] ParserError),
}

impl Builder {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Where everything is kept. Required, or [`Builder::wrapped_store`].
    #[must_use]
    pub fn store<S: Store>(self, store: &Arc<S>) -> Self {
        self.wrapped_store(StorePorts::of(store))
    }

    /// Where everything is kept, port by port.
    #[must_use]
    pub fn wrapped_store(mut self, store: StorePorts) -> Self {
        self.store = Some(store);
        self
    }

    /// The outside world. Required.
    #[must_use]
    pub fn platform(mut self, platform: Arc<dyn Platform>) -> Self {
        self.platform = Some(platform);
        self
    }

    /// Where media are looked up. Required.
    #[must_use]
    pub fn media(mut self, media: Arc<dyn MediaProbe>) -> Self {
        self.media = Some(media);
        self
    }

    /// Time. Required; with the `mcp` feature `mcp::TokioClock` is one.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Which account an agent acts in. Without any, every request is refused with `PLATFORM_NOT_CONFIGURED`.
    #[must_use]
    pub fn accounts(mut self, accounts: Accounts) -> Self {
        self.accounts = accounts;
        self
    }

    /// Lets agents engage. Without it there is no engage skill.
    #[must_use]
    pub fn engage(mut self, engaging: Engaging) -> Self {
        self.engaging = Some(engaging);
        self
    }

    /// How proposals are made. Without it: the campaign strategy, and no insights.
    #[must_use]
    pub fn propose(mut self, proposing: Proposing) -> Self {
        self.proposing = Some(proposing);
        self
    }

    /// Chance, for the ids of errors. Without it: the operating system's.
    #[must_use]
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = Some(entropy);
        self
    }

    /// How the kernel works.
    #[must_use]
    pub const fn kernel_options(mut self, options: KernelOptions) -> Self {
        self.kernel_options = options;
        self
    }

    /// How the publish skill works.
    #[must_use]
    pub const fn publish_options(mut self, options: PublishOptions) -> Self {
        self.publish_options = options;
        self
    }

    /// How the engage skill works.
    #[must_use]
    pub const fn engage_options(mut self, options: EngageOptions) -> Self {
        self.engage_options = options;
        self
    }

    /// How the propose skill works.
    #[must_use]
    pub const fn propose_options(mut self, options: ProposeOptions) -> Self {
        self.propose_options = options;
        self
    }

    /// How the background worker works.
    #[must_use]
    pub const fn worker_options(mut self, options: WorkerOptions) -> Self {
        self.worker_options = options;
        self
    }

    /// Puts it together.
    ///
    /// # Errors
    /// When ports are missing; all of them are named.
    pub fn build(self) -> Result<Chimera, BuildError> {
        let (Some(store), Some(platform), Some(media), Some(clock)) =
            (self.store.clone(), self.platform.clone(), self.media.clone(), self.clock.clone())
        else {
            return Err(BuildError::Missing(self.missing()));
        };
        let gate = Gate::new(Arc::clone(&store.approvals), Arc::clone(&clock));
        let journal = Arc::clone(&store.journal);
        let kernel = Kernel::new(journal, platform, gate, Arc::clone(&clock), self.kernel_options);
        let publish = PublishSkill::new(
            PublishPorts {
                kernel: kernel.clone(),
                media,
                ledger: Arc::clone(&store.ledger),
                clock: Arc::clone(&clock),
                accounts: self.accounts.clone(),
            },
            self.publish_options,
        )?;
        let propose = ProposeSkill::new(
            propose_ports(self.proposing, &store, &clock, self.entropy),
            self.propose_options,
        )?;
        let engage = self
            .engaging
            .map(|engaging| engage_ports(engaging, &store, &kernel, &clock, self.accounts))
            .map(|ports| EngageSkill::new(ports, self.engage_options))
            .transpose()?;
        let desk = ReviewDesk::new(store.reviews, store.approvals, Arc::clone(&clock));
        let outcomes = Outcomes::new(kernel.clone());
        let pauses = store.pauses;
        let worker = Worker::new(kernel, desk.clone(), engage.clone(), clock, self.worker_options);
        let mut skills: Vec<Arc<dyn DynSkill>> = vec![Arc::new(propose.clone())];
        skills.extend(engage.clone().map(|engage| Arc::new(engage) as Arc<dyn DynSkill>));
        skills.push(Arc::new(publish.clone()));
        Ok(Chimera {
            propose,
            engage,
            publish,
            desk,
            outcomes,
            pauses,
            skills: Registry::new(skills),
            worker,
        })
    }

    fn missing(&self) -> Vec<&'static str> {
        let given = [
            ("a store", self.store.is_some()),
            ("a platform", self.platform.is_some()),
            ("a media probe", self.media.is_some()),
            ("a clock", self.clock.is_some()),
        ];
        given.into_iter().filter(|(_, given)| !given).map(|(name, _)| name).collect()
    }
}

fn propose_ports(
    proposing: Option<Proposing>,
    store: &StorePorts,
    clock: &Arc<dyn Clock>,
    entropy: Option<Arc<dyn Entropy>>,
) -> ProposePorts {
    let Proposing { strategy, insights } = proposing
        .unwrap_or_else(|| Proposing { strategy: Arc::new(CampaignStrategy::default()), insights: None });
    ProposePorts {
        journal: Arc::clone(&store.proposals),
        ledger: Arc::clone(&store.ledger),
        strategy,
        insights,
        clock: Arc::clone(clock),
        entropy: entropy.unwrap_or_else(|| Arc::new(SystemEntropy)),
    }
}

fn engage_ports(
    engaging: Engaging,
    store: &StorePorts,
    kernel: &Kernel,
    clock: &Arc<dyn Clock>,
    accounts: Accounts,
) -> EngagePorts {
    let Engaging { targets, scorer, classifier, composer, policies, personas } = engaging;
    EngagePorts {
        kernel: kernel.clone(),
        journal: Arc::clone(&store.journal),
        approvals: Arc::clone(&store.approvals),
        reviews: Arc::clone(&store.reviews),
        ledger: Arc::clone(&store.ledger),
        targets,
        limits: Arc::clone(&store.limits),
        scorer,
        classifier,
        composer,
        clock: Arc::clone(clock),
        accounts,
        policies,
        personas,
    }
}

/// The skills over one host's ports. Spawns nothing: work happens in the futures of its callers, and in the worker's
/// when the host runs it.
#[derive(Debug)]
pub struct Chimera {
    propose: ProposeSkill,
    engage: Option<EngageSkill>,
    publish: PublishSkill,
    desk: ReviewDesk,
    outcomes: Outcomes,
    pauses: Arc<dyn Pauses>,
    skills: Registry,
    worker: Worker,
}

impl Chimera {
    /// The propose skill, with types.
    #[must_use]
    pub const fn propose(&self) -> &ProposeSkill {
        &self.propose
    }

    /// The engage skill, with types; `None` where the host did not say with what it decides ([`Builder::engage`]).
    #[must_use]
    pub const fn engage(&self) -> Option<&EngageSkill> {
        self.engage.as_ref()
    }

    /// The publish skill, with types.
    #[must_use]
    pub const fn publish(&self) -> &PublishSkill {
        &self.publish
    }

    /// What reviewers work at. Engagements are approved through [`EngageSkill::approve`](chimera_skill_engage::EngageSkill::approve),
    /// which runs them.
    #[must_use]
    pub const fn desk(&self) -> &ReviewDesk {
        &self.desk
    }

    /// What is not known, and what a person can do about it.
    #[must_use]
    pub const fn outcomes(&self) -> &Outcomes {
        &self.outcomes
    }

    /// Switches that stop everything, a tenant or an account, and what stopped by itself.
    #[must_use]
    pub const fn pauses(&self) -> &Arc<dyn Pauses> {
        &self.pauses
    }

    /// All skills, with JSON.
    #[must_use]
    pub const fn skills(&self) -> &Registry {
        &self.skills
    }

    /// The background worker; it does nothing until the host runs it.
    #[must_use]
    pub const fn worker(&self) -> &Worker {
        &self.worker
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_missing_is_named_at_once() {
        let error = Builder::new().build().unwrap_err();
        assert_eq!(error.to_string(), "missing: a store, a platform, a media probe, a clock");
    }
}
