//! The port of targets: shapes and limits by the profile, existence by its tools.

use async_trait::async_trait;
use chimera_effect::{AccountRef, EffectKind};
use chrono::{DateTime, Utc};

use super::port::REASON;
use super::{Binding, QUESTION, ToolPlatform};
use crate::classify;
use crate::limits::RateLimit;
use crate::normalise::{Answer, text};
use crate::profile::{Input, TargetTool};
use crate::targets::{TargetFault, TargetFinding, TargetKind, TargetQuery, TargetView, Targets};
use crate::tool::{Called, ToolCall};
use crate::wire::Meta;

/// How much of a target's words is kept: the longest post of any platform here.
const WORDS: usize = 5_000;
/// How much of a name is kept.
const NAME: usize = 200;

#[async_trait]
impl Targets for ToolPlatform {
    fn served(&self, account: AccountRef<'_>) -> Vec<EffectKind> {
        self.binding(account).map(|binding| binding.profile.served().collect()).unwrap_or_default()
    }

    fn check(
        &self,
        account: AccountRef<'_>,
        kind: EffectKind,
        target: &str,
    ) -> Result<TargetKind, TargetFault> {
        match self.binding(account) {
            Some(binding) => binding.profile.check_target(kind, target),
            None => Err(TargetFault { expected: format!("an account with a tool; {account} has none") }),
        }
    }

    fn takes_text(&self, account: AccountRef<'_>, kind: EffectKind) -> bool {
        self.binding(account).is_some_and(|binding| binding.profile.takes_text(kind))
    }

    fn limit(&self, account: AccountRef<'_>, kind: EffectKind) -> Option<RateLimit> {
        self.binding(account)?.profile.limit(kind)
    }

    async fn look(&self, query: &TargetQuery, deadline: DateTime<Utc>) -> Option<TargetFinding> {
        let binding = self.binding(AccountRef::new(query.platform, &query.account))?;
        let tool = binding.profile.look_ups.get(&query.kind)?;
        let deadline = deadline.min(self.after(binding.profile.timeout));
        if self.clock.now() >= deadline {
            return Some(cannot_tell("there was no time left to ask"));
        }
        let life = match binding.open_session(&query.account, deadline).await {
            Ok(life) => life,
            Err(closed) => return Some(TargetFinding::CannotTell { reason: closed.message }),
        };
        let called = binding.client.call(ToolCall { life, ..call(binding, tool, query, deadline) }).await;
        Some(finding(binding, tool, called))
    }
}

fn call(binding: &Binding, tool: &TargetTool, query: &TargetQuery, deadline: DateTime<Utc>) -> ToolCall {
    let arguments = tool.invocation.arguments(|part| {
        binding.part(part, &query.account, |input| match input {
            Input::Target => Some(query.target.as_str().into()),
            _ => None,
        })
    });
    ToolCall {
        id: QUESTION.to_owned(),
        tool: tool.invocation.tool.clone(),
        arguments,
        meta: Meta::without_request(query.platform, "target").into_entries(),
        // Late or early, a question makes nothing public.
        send_before: deadline,
        deadline,
        life: None,
    }
}

/// There is what the answer confirms, missing what it says is missing; whatever else it says, nobody knows.
fn finding(binding: &Binding, tool: &TargetTool, called: Called) -> TargetFinding {
    let profile = &binding.profile;
    let border = binding.border();
    let cannot_tell = |reason: &str| TargetFinding::CannotTell { reason: border.shown(reason, REASON) };
    let answer = match called {
        Called::Answered(answer) => Answer::new(&answer),
        Called::Failed { reason } | Called::NotSent { reason } | Called::Lost { reason } => {
            return cannot_tell(&reason);
        }
    };
    if !answer.whole {
        return cannot_tell("the server asks for something before it answers");
    }
    if classify::read_failed(profile, &answer) {
        return if classify::is_missing(profile, &answer) {
            TargetFinding::Missing
        } else {
            TargetFinding::CannotTell { reason: answer.shown(border, REASON) }
        };
    }
    if tool.missing.iter().any(|condition| answer.says(condition)) {
        return TargetFinding::Missing;
    }
    if !answer.says(&tool.confirm) {
        return cannot_tell("the answer does not say that it is there");
    }
    let at = |pointer: &Option<String>, most| Some(border.shown(&text(answer.at(pointer.as_ref()?)?)?, most));
    TargetFinding::There(TargetView { text: at(&tool.text, WORDS), author: at(&tool.author, NAME) })
}

fn cannot_tell(reason: &str) -> TargetFinding {
    TargetFinding::CannotTell { reason: reason.to_owned() }
}
