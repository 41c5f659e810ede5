//! What a readable input may still not ask for.

use chimera_contracts::publish::PublishInput;
use chimera_contracts::{CallContext, CallerRole, ErrorCode, Fault, Faults};

use crate::refuse::Refusal;

/// Who may call (PUB-02).
pub(crate) fn check_role(context: &CallContext) -> Result<(), Refusal> {
    if context.role == CallerRole::Worker {
        return Ok(());
    }
    let message = format!("only a worker may publish; the caller is a {}", context.role.as_str());
    Err(Refusal::whole(ErrorCode::AuthzFailure, message))
}

/// Fields that the contract knows and this version does not serve yet: refused by name, never silently ignored.
pub(crate) fn check_served(input: &PublishInput) -> Result<(), Faults> {
    let not_yet = [
        (
            !input.partial_success_allowed,
            "/partial_success_allowed",
            "true: publishing all or nothing is not built yet",
            "false",
        ),
        (
            input.schedule_time.is_some(),
            "/schedule_time",
            "null or absent: scheduling is not built yet",
            "a time",
        ),
        (input.dry_run, "/dry_run", "false: the dry run is not built yet", "true"),
    ];
    let faults = not_yet
        .into_iter()
        .filter(|(asked, ..)| *asked)
        .map(|(_, pointer, expected, got)| Fault::new(pointer, expected, got))
        .collect();
    Faults::check(faults)
}
