//! Who may ask.

use chimera_contracts::propose::ProposeInput;
use chimera_contracts::{AgentId, CallContext, CallerRole, ErrorCode};

use crate::refuse::Refusal;

/// Workers and planners may ask for proposals. A proposal acts on nothing, so nobody is kept from asking by what it might
/// do; but judges and reviewers decide about proposals, and nobody decides about what they asked for themselves (GOV-05).
pub(crate) fn check_role(context: &CallContext) -> Result<(), Refusal> {
    match context.role {
        CallerRole::Worker | CallerRole::Planner => Ok(()),
        CallerRole::Judge | CallerRole::Reviewer => {
            let message = format!(
                "a {} decides about proposals and does not ask for them: let a worker or a planner ask",
                context.role.as_str()
            );
            Err(Refusal::permanent(ErrorCode::AuthzFailure, "role_may_not_propose", message))
        }
    }
}

/// Who acts is the host's to say (GOV-09): where it set the agent in the call's context, `actor_id` has to name that agent or the
/// principal that calls. Where it did not, `actor_id` is a claim that counts for nothing and stands in evidence as one.
/// Campaign, account and namespace stand in no input of this contract.
pub(crate) fn check_context(context: &CallContext, input: &ProposeInput) -> Result<(), Refusal> {
    let Some(agent) = context.agent else { return Ok(()) };
    // An agent's id is a UUID in any of its forms; the principal's is the host's own text. Another spelling is refused.
    let names_agent = input.actor_id.parse::<AgentId>().is_ok_and(|said| said == agent);
    if names_agent || input.actor_id == context.actor {
        return Ok(());
    }
    let message = "`actor_id` names neither the agent nor the principal of the call's context".to_owned();
    Err(Refusal::permanent(ErrorCode::AuthzFailure, "actor_is_another", message))
}

#[cfg(test)]
mod tests {
    use chimera_contracts::derive_uuid;

    use super::*;

    #[test]
    fn the_actor_is_who_the_host_says() {
        let agent = AgentId::from_uuid(derive_uuid("test", &[b"agent"]));
        let spelled = agent.to_string().to_uppercase();
        let check = |says: Option<AgentId>, actor_id: &str, passes: bool| {
            let json = format!(
                r#"{{"request_id":"r","artifact_id":"a","actor_id":"{actor_id}","spec_version":"1","approval_reference":null}}"#
            );
            let input = ProposeInput::parser().unwrap().parse(json.as_bytes()).unwrap();
            let context = CallContext { agent: says, ..CallContext::worker("planner-7") };
            assert_eq!(check_context(&context, &input).is_ok(), passes, "{says:?}: {actor_id}");
        };
        check(Some(agent), &agent.to_string(), true);
        check(Some(agent), &spelled, true);
        check(Some(agent), "planner-7", true);
        for other in ["planner-8", "Planner-7", "planner-7 ", "pl\u{430}nner-7"] {
            check(Some(agent), other, false);
        }
        check(Some(agent), &derive_uuid("test", &[b"another"]).to_string(), false);
        check(None, "planner-8", true);
    }

    /// What the host alone says has no place in the JSON.
    #[test]
    fn no_input_names_a_payer_or_a_tenant() {
        let faults = ProposeInput::parser()
            .unwrap()
            .parse::<ProposeInput>(br#"{"agent_id":"x","campaign_id":"x","account":"x","namespace":"x"}"#)
            .unwrap_err();
        for pointer in ["/agent_id", "/campaign_id", "/account", "/namespace"] {
            assert!(faults.as_slice().iter().any(|fault| fault.pointer == pointer), "{pointer}: {faults}");
        }
    }
}
