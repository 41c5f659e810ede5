//! Whether the target is there, before anything is said about it (ENG-11).

use chimera_contracts::ErrorCode;
use chimera_platform::{TargetFinding, TargetQuery};

use crate::ask::Ask;
use crate::refuse::{Refusal, shown};
use crate::skill::EngageSkill;

impl EngageSkill {
    /// Looks the target up where the profile has a tool for it, and gives the text that the platform shows for it.
    pub(crate) async fn thread(&self, ask: &Ask<'_>) -> Result<Option<String>, Refusal> {
        let platform = ask.input.platform;
        let kind =
            self.ports.targets.check(ask.account_ref(), ask.kind, &ask.input.target).map_err(|fault| {
                Refusal::of(ErrorCode::InvalidTarget, format!("the target has to be {}", fault.expected))
            })?;
        let query =
            TargetQuery { platform, account: ask.account.clone(), kind, target: ask.input.target.clone() };
        match self.ports.targets.look(&query, self.judge_until()).await {
            None => Ok(None),
            Some(TargetFinding::There(view)) => Ok(view.text),
            Some(TargetFinding::Missing) => Err(Refusal::of(
                ErrorCode::InvalidTarget,
                format!(
                    "the target {} is not on `{platform}`, or cannot be reached",
                    shown(&ask.input.target)
                ),
            )),
            // Nothing was sent and nothing is known about the target: acting on it would be a guess.
            Some(TargetFinding::CannotTell { reason }) => Err(Refusal::of(
                ErrorCode::PlatformTransientError,
                format!("whether the target is there could not be found out: {reason}"),
            )),
        }
    }
}
