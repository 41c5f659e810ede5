//! Who may ask.

use chimera_contracts::{CallContext, CallerRole, ErrorCode};

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
