//! Acting: from an attempt to the call of a tool, and from what came of it to an outcome. One way for every kind of effect.

use chimera_contracts::ErrorCode;
use chimera_effect::{CallKey, Effect, Lost, NotReady, Outcome, Refusal, Trace, Uploaded};
use chrono::{DateTime, Utc};

use super::port::{REASON, not_ready, refusal};
use super::{Binding, ToolPlatform, arguments};
use crate::normalise::{Answer, shown};
use crate::profile::{ActTool, Parts};
use crate::tool::{Called, ToolCall};
use crate::wire::Meta;
use crate::{classify, extract};

/// What a call is made of. Apart from [`Attempt`](chimera_effect::Attempt), which only the kernel makes, so that unit tests
/// can act.
pub(super) struct Act<'a> {
    pub(super) effect: &'a Effect,
    pub(super) uploads: &'a [Uploaded],
    pub(super) call_key: &'a CallKey,
    pub(super) trace: &'a Trace,
    /// Which attempt of the effect it is, from 1.
    pub(super) number: u32,
    pub(super) send_before: DateTime<Utc>,
}

impl<'a> Act<'a> {
    /// The name of the call: one for each attempt.
    fn call_id(&self) -> String {
        format!("{}/{}", self.call_key, self.number)
    }

    /// What the profile's templates are filled with.
    pub(super) fn parts(&self) -> Parts<'a> {
        Parts::of(self.effect.content(), self.call_key)
    }
}

impl ToolPlatform {
    /// Calls the tool of an act, at most once.
    pub(super) async fn act(&self, act: &Act<'_>) -> Outcome {
        let content = act.effect.content();
        let (binding, tool) = match self.acting(content.platform, content.kind) {
            Ok(found) => found,
            Err(missing) => return Outcome::NotDone(not_ready(missing)),
        };
        let profile = &binding.profile;
        if self.clock.now() >= act.send_before {
            let message = format!("it is too late to send to `{}`; nothing was sent", profile.platform);
            return Outcome::NotDone(refusal(ErrorCode::PlatformTransientError, message));
        }
        let deadline = self.after(profile.timeout(tool));
        if let Err(faults) = binding.ready(content.kind, act.send_before.min(deadline)).await {
            return Outcome::NotDone(before_sending(faults));
        }
        let arguments = match arguments::of(profile, tool, act) {
            Ok(arguments) => arguments,
            Err(refusal) => return Outcome::NotDone(refusal),
        };
        let Act { call_key, trace, send_before, .. } = *act;
        let meta = Meta::new(call_key, content.platform, content.kind.as_str(), trace);
        let call = ToolCall {
            id: act.call_id(),
            tool: tool.invocation.tool.clone(),
            arguments,
            meta: meta.into_entries(),
            send_before,
            deadline,
        };
        let called = binding.client.call(call).await;
        self.acted(binding, tool, act, called)
    }

    fn acted(&self, binding: &Binding, tool: &ActTool, act: &Act<'_>, called: Called) -> Outcome {
        let profile = &binding.profile;
        match called {
            Called::Answered(answer) => {
                let answer = Answer::new(&answer).without(&act.effect.content().text);
                self.answered(binding, tool, act, &answer)
            }
            Called::Failed { reason } => {
                let reason = format!(
                    "the server of `{}` failed, and does not tell how far it came: {}",
                    profile.platform,
                    shown(&reason, REASON)
                );
                Outcome::Unknown(Lost { reason, said: None })
            }
            Called::NotSent { reason } => {
                let message =
                    format!("nothing was sent to `{}`: {}", profile.platform, shown(&reason, REASON));
                Outcome::NotDone(refusal(ErrorCode::PlatformTransientError, message))
            }
            Called::Lost { reason } => {
                let reason = format!("no answer from `{}`: {}", profile.platform, shown(&reason, REASON));
                Outcome::Unknown(Lost { reason, said: None })
            }
        }
    }

    /// What an answer means. A refusal that is one only by the words of the target's own name is none: anybody may call
    /// himself `rate_limit`.
    fn answered(&self, binding: &Binding, tool: &ActTool, act: &Act<'_>, answer: &Answer) -> Outcome {
        let profile = &binding.profile;
        let judge = |answer: &Answer| extract::outcome(profile, tool, &act.parts(), answer, self.clock.now());
        let outcome = judge(answer);
        let target = act.effect.content().target.as_deref();
        let (Outcome::NotDone(_), Some(target)) = (&outcome, target) else { return outcome };
        match judge(&answer.clone().without_word(target)) {
            Outcome::NotDone(refusal) => Outcome::NotDone(refusal),
            Outcome::Done(_) | Outcome::Accepted(_) | Outcome::Unknown(_) => Outcome::Unknown(Lost {
                reason: format!(
                    "the answer of `{}` is a refusal by the name of its target alone: {}",
                    profile.platform,
                    shown(&answer.said, REASON)
                ),
                said: classify::said(answer),
            }),
        }
    }
}

/// The server could not be used, and so nothing was sent: that may be over in a moment, a profile that does not fit is not.
fn before_sending(faults: NotReady) -> Refusal {
    let code = match faults.code {
        ErrorCode::PlatformUnavailable => ErrorCode::PlatformTransientError,
        code => code,
    };
    refusal(code, faults.message)
}
