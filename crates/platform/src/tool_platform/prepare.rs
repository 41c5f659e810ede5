//! The step before an act: it makes something that nobody sees yet, such as a container, and the act makes that public.

use chimera_contracts::ErrorCode;
use chimera_effect::Refusal;
use chrono::{DateTime, Utc};

use super::act::Act;
use super::media::Handed;
use super::port::{REASON, refusal};
use super::{Binding, ToolPlatform, arguments};
use crate::normalise::Answer;
use crate::profile::PrepareTool;
use crate::tool::{Called, ToolCall};
use crate::wire::Meta;
use crate::{classify, extract};

impl ToolPlatform {
    /// Makes what the act then publishes, and gives its id. A step that failed, or of which no answer came, left nothing that
    /// anybody sees.
    ///
    /// # Errors
    /// When there is no id; nothing was published.
    pub(super) async fn prepare(
        &self,
        binding: &Binding,
        tool: &PrepareTool,
        act: &Act<'_>,
        handed: &Handed,
        before: DateTime<Utc>,
    ) -> Result<String, Refusal> {
        let content = act.effect.content();
        let profile = &binding.profile;
        let invocation = tool.calls.with(handed.kind);
        let arguments = arguments::filled(binding, invocation, act, handed, None);
        // Half of what is left is for the act.
        let left = before.signed_duration_since(self.clock.now()) / 2;
        let deadline = self.after(tool.timeout.map_or(left, |timeout| timeout.min(left)));
        let called = binding
            .client
            .call(ToolCall {
                id: format!("{}/prepare", act.call_id()),
                tool: invocation.tool.clone(),
                arguments,
                meta: Meta::new(act.call_key, content.platform, "prepare", act.trace).into_entries(),
                send_before: deadline,
                deadline,
                life: None,
            })
            .await;
        let border = act.border(binding);
        let failed = |code, reason: &str| {
            let reason = border.shown(reason, REASON);
            let what = &invocation.tool;
            refusal(
                code,
                format!("`{what}` on `{}` failed, and nothing was published: {reason}", content.platform),
            )
        };
        let answer = match called {
            Called::Answered(answer) => Answer::new(&answer),
            Called::NotSent { reason } | Called::Failed { reason } | Called::Lost { reason } => {
                return Err(failed(ErrorCode::PlatformTransientError, &reason));
            }
        };
        if !answer.whole || classify::is_error(profile, &answer) {
            let code = classify::refusal_code(profile, &answer).unwrap_or(ErrorCode::PlatformTransientError);
            return Err(Refusal {
                retry_at: classify::retry_at(profile, code, &answer, act.number, self.clock.now()),
                said: answer.said(border),
                ..failed(code, &answer.shown(border, REASON))
            });
        }
        let id = extract::id(&tool.id, &answer).filter(|id| !border.holds_secret(id));
        id.ok_or_else(|| failed(ErrorCode::PlatformTransientError, "its answer names nothing to publish"))
    }
}
