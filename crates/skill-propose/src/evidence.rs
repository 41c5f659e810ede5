//! The events of this skill (PRO-02, PRO-10). Ids derive from what an event tells, so a replay adds nothing.

use chimera_audit::{Attachment, Draft, EventType, Statement, Subject};
use chimera_contracts::canonical::{CanonicalError, to_canonical};
use chimera_contracts::propose::ProposeInput;
use chimera_contracts::{CallContext, CorrelationId, Digest, EventId, Fault, derive_uuid};
use serde::Serialize;

use crate::brief::Brief;
use crate::question::Question;
use crate::refuse::{Outlook, Refusal};
use crate::strategy::ProposalStrategy;

const REFUSED: &str = "chimera/proposal-refusal/v1";

/// How many faults are kept with a refusal; the caller is told all of them.
const KEPT_FAULTS: usize = 20;

/// What is told of a proposal.
pub(crate) struct Proposed<'a> {
    pub(crate) context: &'a CallContext,
    pub(crate) question: &'a Question,
    pub(crate) input: &'a ProposeInput,
    pub(crate) brief: &'a Brief,
    pub(crate) strategy: &'a dyn ProposalStrategy,
    /// The answer, to the byte.
    pub(crate) proposal: &'a [u8],
    pub(crate) actions: usize,
}

/// The event of a proposal: who asked what, the digest of the answer and of what it was made from. The answer itself is
/// kept beside it.
pub(crate) fn proposed(told: &Proposed<'_>) -> Result<Draft, CanonicalError> {
    let mut statement = asked(Statement::new(), told.input)
        .digest("actor", Digest::of(told.context.actor.as_bytes()))
        .id("proposal_id", told.question.proposal_id)
        .digest("question", told.question.fingerprint)
        .digest("proposal", Digest::of(told.proposal))
        .integer("actions", u32::try_from(told.actions).unwrap_or(u32::MAX))
        .word("strategy", told.strategy.name())
        .word("strategy_version", told.strategy.version());
    if let Some(insights) = &told.brief.insights {
        statement = statement
            .digest("insights_id", Digest::of(insights.id.as_str().as_bytes()))
            .digest("insights", Digest::of(&to_canonical(insights)?));
    }
    let kind = EventType::of("skill.engagement_manager.proposed");
    let draft = Draft::new(told.question.event, kind, told.question.key.namespace.clone(), statement);
    Ok(draft
        .about(about(told.question))
        .with_correlation(told.context.correlation)
        .with_attachment(Attachment::redacted(told.proposal)))
}

/// What is told of a refusal.
pub(crate) struct Refused<'a> {
    pub(crate) context: &'a CallContext,
    /// What was asked; `None` where it could not be read.
    pub(crate) input: Option<&'a ProposeInput>,
    pub(crate) refusal: &'a Refusal,
}

/// What a refusal says in words, beside the log.
#[derive(Serialize)]
struct Words<'a> {
    error_message: &'a str,
    faults: Vec<&'a Fault>,
}

/// The event of a refusal. The same refusal of the same request is the same event, so asking a hundred times adds one.
pub(crate) fn refused(told: &Refused<'_>) -> Draft {
    let Refused { context, input, refusal } = *told;
    let mut statement = Statement::new()
        .word("error_code", refusal.code.as_str())
        .digest("actor", Digest::of(context.actor.as_bytes()))
        .word("role", context.role.as_str())
        .integer("faults", u32::try_from(refusal.faults.len()).unwrap_or(u32::MAX));
    if let Outlook::Permanent(reason) = refusal.outlook {
        statement = statement.word("reason", reason);
    }
    // Where nothing could be read, no proposal is known that it is about.
    let mut subject = Subject::Namespace;
    if let Some(input) = input {
        statement = asked(statement, input);
        // Which question: a request id may be refused for several.
        if let Ok(question) = Question::of(&context.namespace, input) {
            statement = statement.digest("question", question.fingerprint);
            subject = about(&question);
        }
    }
    let faults = refusal.faults.iter().take(KEPT_FAULTS).collect();
    let words = Words { error_message: &refusal.message, faults };
    // Texts only: they can be written.
    let words = serde_json::to_string(&words).unwrap_or_default();
    let kind = EventType::of("skill.engagement_manager.refused");
    let id = refusal_id(context, &statement, &words);
    Draft::new(id, kind, context.namespace.clone(), statement)
        .about(subject)
        .with_correlation(context.correlation)
        .with_attachment(Attachment::redacted(words))
}

/// The proposal that answers a question, or would have.
fn about(question: &Question) -> Subject {
    Subject::proposal(&question.proposal_id.to_string())
}

/// What was asked for, as digests: request ids, artifacts and actors are the caller's words.
fn asked(statement: Statement, input: &ProposeInput) -> Statement {
    let digest = |text: &str| Digest::of(text.as_bytes());
    statement
        .digest("request", digest(&input.request_id))
        .digest("artifact", digest(&input.artifact_id))
        .digest("spec_version", digest(&input.spec_version))
        .digest("claimed_actor", digest(&input.actor_id))
}

/// Whatever the event tells is in its id, so that two refusals with one id are the same event.
fn refusal_id(context: &CallContext, statement: &Statement, words: &str) -> EventId {
    // A statement holds texts and small integers only: it has a canonical form. Were there none, the words would still
    // tell two refusals apart.
    let told = to_canonical(statement).unwrap_or_default();
    let correlation = context.correlation.as_ref().map(CorrelationId::as_uuid);
    let correlation = correlation.map_or([].as_slice(), |id| id.as_bytes().as_slice());
    let parts = [context.namespace.as_str().as_bytes(), &told, correlation, words.as_bytes()];
    EventId::from_uuid(derive_uuid(REFUSED, &parts))
}
