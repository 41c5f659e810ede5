//! From ports to skills.

use std::sync::Arc;

use chimera_audit::{AuditLedger, LedgerReader};
use chimera_contracts::parse::ParserError;
use chimera_contracts::{Clock, DynSkill};
use chimera_effect::{EffectJournal, Kernel, KernelOptions, Platform};
use chimera_governance::{ApprovalStore, Budget, Gate};
use chimera_platform::Accounts;
use chimera_platform::media::MediaProbe;
use chimera_skill_publish::{PublishOptions, PublishPorts, PublishSkill};

use crate::registry::Registry;
use crate::worker::{Worker, WorkerOptions};

/// A store that keeps everything: journal, decisions, budgets and ledger in one place, so that what must be atomic is.
///
/// Implemented for whatever implements the five ports.
pub trait Store: EffectJournal + ApprovalStore + Budget + AuditLedger + LedgerReader {}

impl<S: EffectJournal + ApprovalStore + Budget + AuditLedger + LedgerReader> Store for S {}

/// Collects the ports of a host. What is missing is named by [`Builder::build`], all of it at once.
#[derive(Debug, Default)]
pub struct Builder {
    journal: Option<Arc<dyn EffectJournal>>,
    approvals: Option<Arc<dyn ApprovalStore>>,
    ledger: Option<Arc<dyn AuditLedger>>,
    platform: Option<Arc<dyn Platform>>,
    media: Option<Arc<dyn MediaProbe>>,
    clock: Option<Arc<dyn Clock>>,
    accounts: Accounts,
    kernel_options: KernelOptions,
    publish_options: PublishOptions,
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
    pub fn store<S: Store>(self, store: Arc<S>) -> Self {
        let journal: Arc<dyn EffectJournal> = Arc::<S>::clone(&store);
        let approvals: Arc<dyn ApprovalStore> = Arc::<S>::clone(&store);
        self.wrapped_store(journal, approvals, store)
    }

    /// The three storage ports that skills act through, one by one: for hosts that wrap them (metering, tests). They must
    /// be views of one store.
    #[must_use]
    pub fn wrapped_store(
        mut self,
        journal: Arc<dyn EffectJournal>,
        approvals: Arc<dyn ApprovalStore>,
        ledger: Arc<dyn AuditLedger>,
    ) -> Self {
        self.journal = Some(journal);
        self.approvals = Some(approvals);
        self.ledger = Some(ledger);
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
        let (Some(journal), Some(approvals), Some(ledger), Some(platform), Some(media), Some(clock)) = (
            self.journal.clone(),
            self.approvals.clone(),
            self.ledger.clone(),
            self.platform.clone(),
            self.media.clone(),
            self.clock.clone(),
        ) else {
            return Err(BuildError::Missing(self.missing()));
        };
        let gate = Gate::new(approvals, Arc::clone(&clock));
        let kernel = Kernel::new(journal, platform, gate, Arc::clone(&clock), self.kernel_options);
        let worker = Worker::new(kernel.clone(), Arc::clone(&clock), self.worker_options);
        let ports = PublishPorts { kernel, media, ledger, clock, accounts: self.accounts };
        let publish = PublishSkill::new(ports, self.publish_options)?;
        let skills = Registry::new(vec![Arc::new(publish.clone()) as Arc<dyn DynSkill>]);
        Ok(Chimera { publish, skills, worker })
    }

    fn missing(&self) -> Vec<&'static str> {
        let given = [
            ("a store", self.journal.is_some()),
            ("a platform", self.platform.is_some()),
            ("a media probe", self.media.is_some()),
            ("a clock", self.clock.is_some()),
        ];
        given.into_iter().filter(|(_, given)| !given).map(|(name, _)| name).collect()
    }
}

/// The skills over one host's ports. Spawns nothing: work happens in the futures of its callers, and in the worker's
/// when the host runs it.
#[derive(Debug)]
pub struct Chimera {
    publish: PublishSkill,
    skills: Registry,
    worker: Worker,
}

impl Chimera {
    /// The publish skill, with types.
    #[must_use]
    pub const fn publish(&self) -> &PublishSkill {
        &self.publish
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
