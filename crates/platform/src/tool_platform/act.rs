//! Acting: from an attempt to the call of a tool, and from what came of it to an outcome. One way for every kind of effect.

use chimera_contracts::{EffectId, ErrorCode};
use chimera_effect::{CallKey, Effect, NotReady, Outcome, Refusal, Trace, UnknownOutcome, Uploaded};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::port::{REASON, not_ready, refusal};
use super::{Binding, ToolPlatform, arguments};
use crate::border::Border;
use crate::classify;
use crate::extract::{self, Call};
use crate::normalise::Answer;
use crate::profile::{ActTool, Parts};
use crate::tool::{Called, ToolAnswer, ToolCall};
use crate::wire::Meta;

/// What a call is made of. Apart from [`Attempt`](chimera_effect::Attempt), which only the kernel makes, so that unit tests
/// can act.
pub(super) struct Act<'a> {
    pub(super) effect: &'a Effect,
    pub(super) effect_id: EffectId,
    pub(super) uploads: &'a [Uploaded],
    pub(super) call_key: &'a CallKey,
    pub(super) trace: &'a Trace,
    /// Which attempt of the effect it is, from 1.
    pub(super) number: u32,
    pub(super) send_before: DateTime<Utc>,
}

impl<'a> Act<'a> {
    /// The name of the call: one for each attempt.
    pub(super) fn call_id(&self) -> String {
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
        let (binding, tool) = match self.acting(content.account_ref(), content.kind) {
            Ok(found) => found,
            Err(missing) => return Outcome::NotDone(not_ready(missing)),
        };
        let profile = &binding.profile;
        if self.clock.now() >= act.send_before {
            let message = format!("it is too late to send to `{}`; nothing was sent", profile.platform);
            return Outcome::NotDone(refusal(ErrorCode::PlatformTransientError, message));
        }
        // What comes before the call has its time from the same account: the sum is what the kernel waits for.
        let deadline = self.after(profile.timeout(tool));
        let before = act.send_before.min(deadline);
        let life = match binding.ready(&content.account, content.kind, before).await {
            Ok(life) => life,
            Err(faults) => return Outcome::NotDone(before_sending(faults)),
        };
        let (tool_name, arguments) = match self.said(binding, tool, act, before).await {
            Ok(said) => said,
            Err(refusal) => return Outcome::NotDone(refusal),
        };
        let Act { call_key, trace, send_before, .. } = *act;
        let meta = Meta::new(call_key, content.platform, content.kind.as_str(), trace);
        let call = ToolCall {
            id: act.call_id(),
            tool: tool_name,
            arguments,
            meta: meta.into_entries(),
            send_before,
            deadline,
            life,
        };
        // Before it is sent: one who does not wait for the answer drops this future, and the answer may come all the same.
        self.lost.remember(act);
        let called = binding.client.call(call).await;
        // An error of the protocol proves nothing, and an answer may follow it.
        if matches!(called, Called::Answered(_) | Called::NotSent { .. }) {
            self.lost.forget(&act.call_id());
        }
        self.acted(binding, tool, act, called)
    }

    /// The tool to call and its arguments; what has to be there before is made on the way.
    ///
    /// # Errors
    /// When something of it cannot be had or said; nothing was published.
    async fn said(
        &self,
        binding: &Binding,
        tool: &ActTool,
        act: &Act<'_>,
        deadline: DateTime<Utc>,
    ) -> Result<(String, Map<String, Value>), Refusal> {
        let handed = self.media_of(binding, tool, act.effect.content(), deadline).await?;
        arguments::check(binding, tool, act, &handed)?;
        let prepared = match tool.prepares(handed.kind) {
            Some(prepare) => Some(self.prepare(binding, prepare, act, &handed, deadline).await?),
            None => None,
        };
        let arguments = arguments::of(binding, tool, act, &handed, prepared.as_deref());
        Ok((tool.calls.with(handed.kind).tool.clone(), arguments))
    }

    fn acted(&self, binding: &Binding, tool: &ActTool, act: &Act<'_>, called: Called) -> Outcome {
        let platform = binding.profile.platform;
        let unknown = |what: &str, reason: &str| {
            let reason = act.border(binding).shown(reason, REASON);
            Outcome::Unknown(UnknownOutcome::because(format!("{what}: {reason}")))
        };
        match called {
            Called::Answered(answer) => self.answered(binding, tool, act, &answer),
            Called::Failed { reason } => unknown(
                &format!("the server of `{platform}` failed, and does not tell how far it came"),
                &reason,
            ),
            Called::NotSent { reason } => {
                let reason = act.border(binding).shown(&reason, REASON);
                let message = format!("nothing was sent to `{platform}`: {reason}");
                Outcome::NotDone(refusal(ErrorCode::PlatformTransientError, message))
            }
            Called::Lost { reason } => unknown(&format!("no answer came from `{platform}`"), &reason),
        }
    }

    /// What an answer means. A refusal that is one only by the words of the target's own name is none: anybody may call
    /// himself `rate_limit`.
    pub(super) fn answered(
        &self,
        binding: &Binding,
        tool: &ActTool,
        act: &Act<'_>,
        answer: &ToolAnswer,
    ) -> Outcome {
        let profile = &binding.profile;
        let content = act.effect.content();
        let answer = Answer::new(answer).without(&content.text);
        let call = act.call(binding, self.clock.now());
        let outcome = extract::outcome(profile, tool, &call, &answer);
        if !matches!(outcome, Outcome::NotDone(_)) {
            return outcome;
        }
        let unknown = |by: &str| {
            let shown = answer.shown(call.border, REASON);
            Outcome::Unknown(UnknownOutcome {
                reason: format!("the answer of `{}` is a refusal by {by} alone: {shown}", profile.platform),
                said: answer.said(call.border),
                ..UnknownOutcome::default()
            })
        };
        let is_refusal =
            |answer: &Answer| matches!(extract::outcome(profile, tool, &call, answer), Outcome::NotDone(_));
        if let Some(target) = content.target.as_deref()
            && !is_refusal(&answer.clone().without_word(target))
        {
            return unknown("the name of its target");
        }
        // Shown back in another form they are still in its words.
        if classify::reads_as_refusal(profile, &content.text)
            && !is_refusal(&answer.clone().without_alike(&content.text))
        {
            return unknown("our own words");
        }
        outcome
    }
}

impl Act<'_> {
    pub(super) fn border<'a>(&'a self, binding: &'a Binding) -> Border<'a> {
        Border { ours: &self.effect.content().text, ..binding.border() }
    }

    fn call<'a>(&'a self, binding: &'a Binding, now: DateTime<Utc>) -> Call<'a> {
        let content = self.effect.content();
        let ids = [Some(content.account.as_str()), content.target.as_deref(), Some(self.call_key.as_str())];
        let media = content.media.iter().map(|media| media.url.as_str());
        let uploads = self.uploads.iter().map(|upload| upload.media_id.as_str());
        Call {
            content,
            parts: self.parts(),
            sent: ids.into_iter().flatten().chain(media).chain(uploads).collect(),
            attempt: self.number,
            border: self.border(binding),
            now,
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
