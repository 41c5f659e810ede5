//! The flow: parse -> recall -> strategy -> identify -> admit -> output.
//!
//! The first answer wins: what is answered is what the journal keeps, to the byte, and a proposal is answered only once it
//! and its evidence are durable. Nothing here reaches a platform.

use chimera_contracts::propose::{ProposeAnswer, ProposeInput, ProposeOutput};
use chimera_contracts::{Applied, CallContext, StoreError};
use chrono::{DateTime, Utc};

use crate::brief::Brief;
use crate::check::check;
use crate::evidence::{Proposed, proposed};
use crate::identify::identify;
use crate::input::{check_context, check_role};
use crate::insights::{InsightsQuery, InsightsSnapshot};
use crate::journal::{AdmitProposal, ProposalAdmission};
use crate::question::Question;
use crate::refuse::Refusal;
use crate::skill::ProposeSkill;

impl ProposeSkill {
    pub(crate) async fn propose(&self, context: &CallContext, input: &ProposeInput) -> ProposeAnswer {
        match self.flow(context, input).await {
            Ok(output) => ProposeAnswer::Proposal(output),
            Err(refusal) => ProposeAnswer::Error(self.answer_refusal(context, Some(input), refusal).await),
        }
    }

    async fn flow(&self, context: &CallContext, input: &ProposeInput) -> Result<ProposeOutput, Refusal> {
        check_role(context)?;
        check_context(context, input)?;
        input.check()?;
        let question = Question::of(&context.namespace, input)?;
        let stored = self.ports.journal.recall(&question.key).await;
        match stored.map_err(|error| Refusal::store(&error))? {
            Some(stored) if stored.fingerprint == question.fingerprint => read_back(&stored.proposal),
            Some(_) => Err(self.reused(input)),
            None => self.first(context, input, &question).await,
        }
    }

    /// A request id that stands for another question. Where this one is wrong in itself, that is told first, all of it.
    fn reused(&self, input: &ProposeInput) -> Refusal {
        match Brief::read(input, self.ports.strategy.constraints()) {
            Ok(_) => Refusal::reused(input),
            Err(faults) => faults.into(),
        }
    }

    /// A request id that is new.
    async fn first(
        &self,
        context: &CallContext,
        input: &ProposeInput,
        question: &Question,
    ) -> Result<ProposeOutput, Refusal> {
        let strategy = self.ports.strategy.as_ref();
        let mut brief = Brief::read(input, strategy.constraints())?;
        brief.insights = self.insights(context, &brief).await?;
        let plan = strategy.propose(&brief)?;
        check(&brief, &plan)?;
        let output = identify(question, input, &brief, strategy, plan)?;
        let bytes = written(&output)?;
        let actions = output.proposed_actions.len();
        let proposal = &bytes;
        let evidence =
            proposed(&Proposed { context, question, input, brief: &brief, strategy, proposal, actions })?;
        let admit = AdmitProposal {
            key: question.key.clone(),
            fingerprint: question.fingerprint,
            proposal: bytes,
            evidence: vec![evidence],
        };
        match self.admit(admit).await.map_err(|error| Refusal::store(&error))? {
            ProposalAdmission::Fresh => Ok(output),
            ProposalAdmission::Existing(bytes) => read_back(&bytes),
            ProposalAdmission::Reused => Err(self.reused(input)),
        }
    }

    /// The figures in force, where the host has any.
    async fn insights(
        &self,
        context: &CallContext,
        brief: &Brief,
    ) -> Result<Option<InsightsSnapshot>, Refusal> {
        let Some(insights) = &self.ports.insights else { return Ok(None) };
        let query = InsightsQuery {
            namespace: context.namespace.clone(),
            artifact_id: brief.artifact_id.clone(),
            platforms: brief.platforms.clone(),
        };
        Ok(insights.snapshot(&query, self.insights_until(context)).await?)
    }

    fn insights_until(&self, context: &CallContext) -> DateTime<Utc> {
        let now = self.ports.clock.now();
        let ours = now.checked_add_signed(self.options.insights_within).unwrap_or(now);
        context.deadline.map_or(ours, |theirs| theirs.min(ours))
    }

    /// Admits a proposal, again where an error leaves open whether it was admitted: the key tells.
    ///
    /// The error says `MaybeApplied` when any try may have been applied.
    async fn admit(&self, admit: AdmitProposal) -> Result<ProposalAdmission, StoreError> {
        let mut tries = self.options.journal_tries.max(1);
        let mut open = false;
        loop {
            tries = tries.saturating_sub(1);
            let error = match self.ports.journal.admit(admit.clone()).await {
                Ok(admission) => return Ok(admission),
                Err(error) => error,
            };
            open |= error.applied == Applied::MaybeApplied;
            if tries == 0 || !error.kind.may_pass() {
                let applied = if open { Applied::MaybeApplied } else { Applied::NotApplied };
                return Err(StoreError { applied, ..error });
            }
            tracing::warn!(%error, "a proposal is given to the journal again");
        }
    }
}

/// The answer, to the byte.
fn written(output: &ProposeOutput) -> Result<Vec<u8>, Refusal> {
    serde_json::to_vec(output).map_err(|error| Refusal::unreadable(&error.to_string()))
}

/// What was answered first. Should this version write it otherwise than the one that answered, it is not answered at all:
/// another answer would be worse than none (PRO-04).
fn read_back(bytes: &[u8]) -> Result<ProposeOutput, Refusal> {
    let output: ProposeOutput =
        serde_json::from_slice(bytes).map_err(|error| Refusal::unreadable(&error.to_string()))?;
    if written(&output)? == bytes {
        Ok(output)
    } else {
        Err(Refusal::unreadable("another version of this software wrote it"))
    }
}
