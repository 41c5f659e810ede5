//! The question: those fields of an input that decide the answer, and the ids that derive from them (PRO-04).
//!
//! Ids are UUIDv8 of RFC 8785 bytes with a domain tag, so that the order of an input's keys, the process and the day do not
//! matter. The actor is no part of it.

use chimera_contracts::canonical::{CanonicalError, to_canonical};
use chimera_contracts::propose::{CandidateContext, ProposeInput};
use chimera_contracts::{Digest, EventId, Namespace, derive_uuid};
use serde::Serialize;
use uuid::Uuid;

use crate::journal::ProposalKey;

const FINGERPRINT: &str = "chimera/proposal-question/v1";
const PROPOSAL: &str = "chimera/proposal-id/v1";
const ACTION: &str = "chimera/proposed-action-id/v1";
const EVENT: &str = "chimera/proposed-event/v1";

/// What is asked, apart from the request id. No context and an empty one are the same question.
#[derive(Serialize)]
struct Asked<'a> {
    artifact_id: &'a str,
    candidate_context: CandidateContext,
    spec_version: &'a str,
}

#[derive(Serialize)]
struct Whole<'a> {
    asked: &'a Asked<'a>,
    namespace: &'a Namespace,
    request_id: &'a str,
}

#[derive(Serialize)]
struct Place<'a> {
    action_type: &'a str,
    position: usize,
    proposal_id: Uuid,
    target: &'a str,
}

/// A question with what derives from it.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) key: ProposalKey,
    /// What is asked under the key.
    pub(crate) fingerprint: Digest,
    pub(crate) proposal_id: Uuid,
    /// The event that tells of the proposal.
    pub(crate) event: EventId,
}

impl Question {
    pub(crate) fn of(namespace: &Namespace, input: &ProposeInput) -> Result<Self, CanonicalError> {
        let asked = Asked {
            artifact_id: &input.artifact_id,
            candidate_context: input.candidate_context.clone().unwrap_or_default(),
            spec_version: &input.spec_version,
        };
        let whole = Whole { asked: &asked, namespace, request_id: &input.request_id };
        let whole = to_canonical(&whole)?;
        Ok(Self {
            key: ProposalKey { namespace: namespace.clone(), request_id: input.request_id.clone() },
            fingerprint: Digest::tagged(FINGERPRINT, &to_canonical(&asked)?),
            proposal_id: derive_uuid(PROPOSAL, &[&whole]),
            event: EventId::from_uuid(derive_uuid(EVENT, &[&whole])),
        })
    }

    /// The id of the action in this place of the proposal.
    pub(crate) fn action_id(
        &self,
        position: usize,
        action_type: &str,
        target: &str,
    ) -> Result<String, CanonicalError> {
        let place = Place { action_type, position, proposal_id: self.proposal_id, target };
        Ok(derive_uuid(ACTION, &[&to_canonical(&place)?]).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(json: &str) -> Question {
        let input = ProposeInput::parser().unwrap().parse(json.as_bytes()).unwrap();
        Question::of(&Namespace::default(), &input).unwrap()
    }

    fn input(context: &str) -> String {
        format!(
            r#"{{"request_id":"r","artifact_id":"a","actor_id":"p","spec_version":"1",{context}"approval_reference":null}}"#
        )
    }

    #[test]
    fn no_context_and_an_empty_one_are_one_question() {
        let first = question(&input(""));
        for context in ["null", "{}", r#"{"target_platforms":[],"audience_constraints":{}}"#] {
            let other = question(&input(&format!(r#""candidate_context":{context},"#)));
            assert_eq!((other.fingerprint, other.proposal_id), (first.fingerprint, first.proposal_id));
        }
        let other = question(&input(r#""candidate_context":{"target_platforms":["twitter"]},"#));
        assert_ne!(other.fingerprint, first.fingerprint);
        assert_ne!(other.proposal_id, first.proposal_id);
    }

    #[test]
    fn ids_are_derived_and_differ_by_place() {
        let question = question(&input(""));
        let id = |position, kind, target| question.action_id(position, kind, target).unwrap();
        let ids = [
            question.proposal_id.to_string(),
            question.event.to_string(),
            id(0, "schedule", "twitter"),
            id(1, "schedule", "twitter"),
            id(0, "promote", "twitter"),
            id(0, "schedule", "threads"),
        ];
        for (index, one) in ids.iter().enumerate() {
            assert_eq!(one.as_bytes()[14], b'8', "{one} is a UUIDv8");
            assert!(!ids[..index].contains(one), "{one}");
        }
    }
}
