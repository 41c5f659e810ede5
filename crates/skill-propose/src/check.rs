//! Whether a plan may become a proposal: a strategy is a host's code, and the audience's constraints hold whatever it is.

use crate::brief::Brief;
use crate::strategy::{PlannedAction, StrategyError};

/// The most actions of a proposal.
const MAX_ACTIONS: usize = 200;

/// The longest type of an action and the longest target, in characters.
const MAX_TYPE: usize = 64;
const MAX_TARGET: usize = 255;

/// Refuses a plan that breaks a constraint or a bound.
///
/// # Errors
/// When it does.
pub(crate) fn check(brief: &Brief, plan: &[PlannedAction]) -> Result<(), StrategyError> {
    if !(1..=MAX_ACTIONS).contains(&plan.len()) {
        let message = format!("the strategy planned {} actions: expected 1 to {MAX_ACTIONS}", plan.len());
        return Err(StrategyError::NoPlan { reason: "plan_out_of_bounds", message });
    }
    plan.iter().try_for_each(|action| check_action(brief, action))
}

fn check_action(brief: &Brief, action: &PlannedAction) -> Result<(), StrategyError> {
    let within = |text: &str, most| (1..=most).contains(&text.chars().count());
    if !within(action.action_type.as_str(), MAX_TYPE) || !within(&action.target, MAX_TARGET) {
        let message = "the strategy planned an action whose type or target is empty or too long".to_owned();
        return Err(StrategyError::NoPlan { reason: "plan_out_of_bounds", message });
    }
    match action.scheduled_time {
        Some(at) if !brief.audience.allows(at) => {
            let message = format!(
                "the strategy planned a `{}` at {at}, which the audience's constraints rule out",
                action.action_type
            );
            Err(StrategyError::NoPlan { reason: "plan_breaks_constraints", message })
        }
        _ => Ok(()),
    }
}
