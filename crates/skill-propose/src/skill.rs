//! The skill: its ports, its options, its contract.

use std::sync::Arc;

use async_trait::async_trait;
use chimera_audit::AuditLedger;
use chimera_contracts::parse::ParserError;
use chimera_contracts::propose::{CONTRACT_ID, CONTRACT_VERSION, ProposeAnswer, ProposeInput};
use chimera_contracts::{
    CallContext, Clock, Entropy, Faults, HostError, Skill, SkillDescriptor, SkillName, schema,
};
use chrono::TimeDelta;

use crate::insights::Insights;
use crate::journal::ProposalJournal;
use crate::strategy::ProposalStrategy;

/// What the skill works on.
#[derive(Clone, Debug)]
pub struct ProposePorts {
    /// Keeps the first answer to each request, and its evidence with it.
    pub journal: Arc<dyn ProposalJournal>,
    /// Takes the evidence of refusals; that of proposals is written by the journal's own step.
    pub ledger: Arc<dyn AuditLedger>,
    /// Makes the plans.
    pub strategy: Arc<dyn ProposalStrategy>,
    /// What is known about the accounts; `None` where a host has no figures.
    pub insights: Option<Arc<dyn Insights>>,
    /// Time, for errors and deadlines alone: no proposal depends on it.
    pub clock: Arc<dyn Clock>,
    /// Chance, for the ids of errors alone.
    pub entropy: Arc<dyn Entropy>,
}

/// How the skill works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProposeOptions {
    /// How often a proposal is given to the journal when its errors leave open whether it was kept.
    pub journal_tries: u32,
    /// How long the insights may take.
    pub insights_within: TimeDelta,
    /// What a caller is told to wait after a failure that may pass (PRO-12).
    pub retry_after_seconds: u64,
}

impl Default for ProposeOptions {
    fn default() -> Self {
        Self { journal_tries: 3, insights_within: TimeDelta::seconds(5), retry_after_seconds: 5 }
    }
}

/// Proposes engagement for an artifact and does nothing of it (seed 000).
///
/// Cloning is cheap and gives the same skill. See the crate's documentation for what holds.
#[derive(Clone, Debug)]
pub struct ProposeSkill {
    pub(crate) ports: ProposePorts,
    pub(crate) options: ProposeOptions,
    descriptor: SkillDescriptor,
}

impl ProposeSkill {
    /// The skill over these ports.
    ///
    /// # Errors
    /// When the generated schema of the contract does not compile, which a test of the contracts rules out.
    pub fn new(ports: ProposePorts, options: ProposeOptions) -> Result<Self, ParserError> {
        let descriptor = SkillDescriptor {
            id: CONTRACT_ID,
            summary: "Proposes when and where to publish, promote and target an artifact; acts on nothing.",
            version: CONTRACT_VERSION,
            input_schema: schema::input(SkillName::Propose),
            output_schema: schema::answer(SkillName::Propose),
            parser: Arc::new(ProposeInput::parser()?),
        };
        Ok(Self { ports, options, descriptor })
    }
}

#[async_trait]
impl Skill for ProposeSkill {
    type Input = ProposeInput;
    type Output = ProposeAnswer;

    fn descriptor(&self) -> &SkillDescriptor {
        &self.descriptor
    }

    /// Proposes, or tells again what was proposed under the same request id. A proposal is durable, and so is its evidence.
    async fn call(&self, context: &CallContext, input: ProposeInput) -> Result<ProposeAnswer, HostError> {
        context.check()?;
        Ok(self.propose(context, &input).await)
    }

    /// Refuses what could not be read, and records that (PRO-02).
    async fn refuse(&self, context: &CallContext, faults: Faults) -> Result<ProposeAnswer, HostError> {
        context.check()?;
        Ok(ProposeAnswer::Error(self.answer_refusal(context, None, faults.into()).await))
    }
}
