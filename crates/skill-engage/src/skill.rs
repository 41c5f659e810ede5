//! The skill: its ports, its options, its contract.

use std::sync::Arc;

use async_trait::async_trait;
use chimera_audit::AuditLedger;
use chimera_contracts::engage::{CONTRACT_ID, CONTRACT_VERSION, EngageError, EngageInput, EngageOutput};
use chimera_contracts::parse::ParserError;
use chimera_contracts::{
    CallContext, Clock, ErrorCode, Faults, HostError, Skill, SkillDescriptor, SkillName, schema,
};
use chimera_effect::{EffectJournal, Kernel};
use chimera_governance::review::ReviewQueue;
use chimera_governance::{ApprovalStore, Classifier, Policies};
use chimera_platform::limits::RateLimits;
use chimera_platform::{Accounts, Targets};
use chrono::TimeDelta;

use crate::compose::Composer;
use crate::persona::Personas;
use crate::score::ConfidenceScorer;

/// What the skill works on.
#[derive(Clone, Debug)]
pub struct EngagePorts {
    /// Admits and drives effects.
    pub kernel: Kernel,
    /// What was done before, for warm-up.
    pub journal: Arc<dyn EffectJournal>,
    /// Takes the decisions: the policy's own, and those that reviewers made.
    pub approvals: Arc<dyn ApprovalStore>,
    /// Where engagements wait for a person.
    pub reviews: Arc<dyn ReviewQueue>,
    /// Takes the evidence of routes and refusals; everything else is written by the kernel's and the queue's own steps.
    pub ledger: Arc<dyn AuditLedger>,
    /// What can be done where, and whether a target is there.
    pub targets: Arc<dyn Targets>,
    /// How often it may be done.
    pub limits: Arc<dyn RateLimits>,
    /// How sure one may be.
    pub scorer: Arc<dyn ConfidenceScorer>,
    /// What a person should see.
    pub classifier: Arc<dyn Classifier>,
    /// Who writes what is missing; without one, missing content is `MISSING_CONTENT`.
    pub composer: Option<Arc<dyn Composer>>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Which account an agent acts in.
    pub accounts: Accounts,
    /// What confidence has to be, for each campaign.
    pub policies: Policies,
    /// The personas that inputs may name.
    pub personas: Personas,
}

/// How the skill works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngageOptions {
    /// How long a caller waits for the platform's answer (PUB-11). What is open then is answered as it stands.
    pub answer_within: TimeDelta,
    /// How long scorer, classifier, composer and look-up may take, each.
    pub judge_within: TimeDelta,
    /// How often a caller that waits for another one's work looks again, at first; the pause doubles up to twenty times this.
    pub poll: TimeDelta,
}

impl Default for EngageOptions {
    fn default() -> Self {
        Self {
            answer_within: TimeDelta::seconds(10),
            judge_within: TimeDelta::seconds(5),
            poll: TimeDelta::milliseconds(10),
        }
    }
}

/// Replies, likes, follows, comments and shares (seed 001).
///
/// Cloning is cheap and gives the same skill. See the crate's documentation for what holds.
#[derive(Clone, Debug)]
pub struct EngageSkill {
    pub(crate) ports: EngagePorts,
    pub(crate) options: EngageOptions,
    descriptor: SkillDescriptor,
}

impl EngageSkill {
    /// The skill over these ports.
    ///
    /// # Errors
    /// When the generated schema of the contract does not compile, which a test of the contracts rules out.
    pub fn new(ports: EngagePorts, options: EngageOptions) -> Result<Self, ParserError> {
        let descriptor = SkillDescriptor {
            id: CONTRACT_ID,
            summary: "Replies, likes, follows, comments and shares on social platforms, each exactly once; asks a person where confidence or topic demand it.",
            version: CONTRACT_VERSION,
            input_schema: schema::input(SkillName::Engage),
            output_schema: schema::answer(SkillName::Engage),
            parser: Arc::new(EngageInput::parser()?),
        };
        Ok(Self { ports, options, descriptor })
    }
}

#[async_trait]
impl Skill for EngageSkill {
    type Input = EngageInput;
    type Output = EngageOutput;

    fn descriptor(&self) -> &SkillDescriptor {
        &self.descriptor
    }

    /// Engages, queues or refuses, or tells what became of an earlier call with the same key.
    async fn call(&self, context: &CallContext, input: EngageInput) -> Result<EngageOutput, HostError> {
        self.engage(context, &input).await
    }

    async fn refuse(&self, context: &CallContext, faults: Faults) -> Result<EngageOutput, HostError> {
        context.check_named()?;
        Ok(EngageOutput::failed(EngageError {
            faults: Some(faults.as_slice().to_vec()),
            ..EngageError::new(ErrorCode::ValidationError, faults.to_string())
        }))
    }
}
