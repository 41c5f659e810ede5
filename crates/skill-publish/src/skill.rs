//! The skill: its ports, its options, its contract.

use std::sync::Arc;

use async_trait::async_trait;
use chimera_audit::AuditLedger;
use chimera_contracts::parse::ParserError;
use chimera_contracts::publish::{CONTRACT_ID, CONTRACT_VERSION, PublishInput, PublishOutput};
use chimera_contracts::{
    CallContext, Clock, ErrorCode, Faults, HostError, Skill, SkillDescriptor, SkillName, schema,
};
use chimera_effect::Kernel;
use chimera_platform::Accounts;
use chimera_platform::media::MediaProbe;
use chrono::TimeDelta;

/// What the skill works on.
#[derive(Clone, Debug)]
pub struct PublishPorts {
    /// Admits and drives effects.
    pub kernel: Kernel,
    /// Whether media are there, and which bytes.
    pub media: Arc<dyn MediaProbe>,
    /// Takes the evidence of refusals; everything else is written by the kernel's own steps.
    pub ledger: Arc<dyn AuditLedger>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Which account an agent acts in.
    pub accounts: Accounts,
}

/// How the skill works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishOptions {
    /// How long a caller waits for one platform's answer (PUB-11). What is open then is answered as it stands.
    pub answer_within: TimeDelta,
    /// How often a caller that waits for another one's work looks again, at first; the pause doubles up to twenty times this.
    pub poll: TimeDelta,
}

impl Default for PublishOptions {
    fn default() -> Self {
        Self { answer_within: TimeDelta::seconds(10), poll: TimeDelta::milliseconds(10) }
    }
}

/// Publishes an approved bundle to several platforms (seed 002).
///
/// Cloning is cheap and gives the same skill. See the crate's documentation for what holds.
#[derive(Clone, Debug)]
pub struct PublishSkill {
    pub(crate) ports: PublishPorts,
    pub(crate) options: PublishOptions,
    descriptor: SkillDescriptor,
}

impl PublishSkill {
    /// The skill over these ports.
    ///
    /// # Errors
    /// When the generated schema of the contract does not compile, which a test of the contracts rules out.
    pub fn new(ports: PublishPorts, options: PublishOptions) -> Result<Self, ParserError> {
        let descriptor = SkillDescriptor {
            id: CONTRACT_ID,
            summary: "Publishes an approved content bundle to several social platforms, each post exactly once.",
            version: CONTRACT_VERSION,
            input_schema: schema::input(SkillName::Publish),
            output_schema: schema::answer(SkillName::Publish),
            parser: Arc::new(PublishInput::parser()?),
        };
        Ok(Self { ports, options, descriptor })
    }
}

#[async_trait]
impl Skill for PublishSkill {
    type Input = PublishInput;
    type Output = PublishOutput;

    fn descriptor(&self) -> &SkillDescriptor {
        &self.descriptor
    }

    /// Publishes, or tells what became of an earlier call with the same key; the answer says how each platform ended.
    async fn call(&self, context: &CallContext, input: PublishInput) -> Result<PublishOutput, HostError> {
        context.check()?;
        Ok(self.publish(context, &input).await)
    }

    async fn refuse(&self, context: &CallContext, faults: Faults) -> Result<PublishOutput, HostError> {
        context.check()?;
        Ok(PublishOutput {
            faults: Some(faults.as_slice().to_vec()),
            ..PublishOutput::refusal(ErrorCode::ValidationError, faults.to_string())
        })
    }
}
