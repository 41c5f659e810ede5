//! Publishing: from an attempt to the call of a tool, and from what came of it to an outcome.

use chimera_contracts::ErrorCode;
use chimera_effect::{CallKey, Effect, EffectV1, Lost, NotReady, Outcome, Refusal, Trace, Uploaded};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::port::{REASON, not_ready, refusal};
use super::{Binding, ToolPlatform};
use crate::normalise::{Answer, shown};
use crate::profile::Input;
use crate::tool::{Called, ToolCall};
use crate::wire::Meta;
use crate::{classify, extract};

/// What a publish call is made of. Apart from [`Attempt`], which only the kernel makes, so that unit tests can publish.
pub(super) struct Publication<'a> {
    pub(super) effect: &'a Effect,
    pub(super) uploads: &'a [Uploaded],
    pub(super) call_key: &'a CallKey,
    pub(super) trace: &'a Trace,
    pub(super) send_before: DateTime<Utc>,
}

impl ToolPlatform {
    /// Calls the publishing tool, at most once.
    pub(super) async fn publish(&self, publication: &Publication<'_>) -> Outcome {
        let content = publication.effect.content();
        let binding = match self.binding(content.platform, content.kind) {
            Ok(binding) => binding,
            Err(missing) => return Outcome::NotDone(not_ready(missing)),
        };
        let profile = &binding.profile;
        if self.clock.now() >= publication.send_before {
            let message = format!("it is too late to send to `{}`; nothing was sent", profile.platform);
            return Outcome::NotDone(refusal(ErrorCode::PlatformTransientError, message));
        }
        let deadline = self.after(profile.timeout);
        if let Err(faults) = binding.ready(publication.send_before.min(deadline)).await {
            return Outcome::NotDone(before_sending(faults));
        }
        let arguments = match publish_arguments(binding, publication) {
            Ok(arguments) => arguments,
            Err(refusal) => return Outcome::NotDone(refusal),
        };
        let Publication { call_key, trace, send_before, .. } = *publication;
        let meta = Meta::new(call_key, content.platform, content.kind.as_str(), trace);
        let call = ToolCall {
            tool: profile.publish.invocation.tool.clone(),
            arguments,
            meta: meta.into_entries(),
            send_before,
            deadline,
        };
        let called = binding.client.call(call).await;
        self.published(binding, content, called)
    }

    fn published(&self, binding: &Binding, content: &EffectV1, called: Called) -> Outcome {
        let profile = &binding.profile;
        match called {
            Called::Answered(answer) => {
                let answer = Answer::new(&answer).without(&content.text);
                extract::outcome(profile, &content.account, &answer, self.clock.now())
            }
            Called::Rejected { reason } => Outcome::NotDone(classify::rejected(profile.platform, &reason)),
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
}

/// The arguments of a publish call. Media that have no way to the platform stop it: a post without them is another post
/// (PUB-22).
fn publish_arguments(
    binding: &Binding,
    publication: &Publication<'_>,
) -> Result<Map<String, Value>, Refusal> {
    let content = publication.effect.content();
    let invocation = &binding.profile.publish.invocation;
    if !content.media.is_empty() && !invocation.takes_media() {
        let message = format!("the tool for `{}` takes no media", content.platform);
        return Err(refusal(ErrorCode::ValidationError, message));
    }
    let by_id = invocation.takes(Input::MediaIds) || invocation.takes(Input::MediaId);
    if by_id && publication.uploads.len() != content.media.len() {
        let message = format!("not every medium is known to `{}` yet; nothing was sent", content.platform);
        return Err(refusal(ErrorCode::MediaUploadFailed, message));
    }
    let one = invocation.takes(Input::MediaId) || invocation.takes(Input::MediaUrl);
    let several = invocation.takes(Input::MediaIds) || invocation.takes(Input::MediaUrls);
    if one && !several && content.media.len() > 1 {
        let message = format!("the tool for `{}` takes one medium", content.platform);
        return Err(refusal(ErrorCode::ValidationError, message));
    }
    let mut arguments =
        invocation.arguments(|input| publish_input(input, publication.effect, publication.uploads));
    if let Some(name) = &binding.profile.key_argument {
        arguments.insert(name.clone(), publication.call_key.as_str().into());
    }
    Ok(arguments)
}

fn publish_input(input: Input, effect: &Effect, uploads: &[Uploaded]) -> Option<Value> {
    let content = effect.content();
    let several = |values: Vec<&str>| (!values.is_empty()).then(|| values.into());
    match input {
        Input::Text => Some(content.text.as_str().into()),
        Input::Account => Some(content.account.as_str().into()),
        Input::MediaIds => several(uploads.iter().map(|upload| upload.media_id.as_str()).collect()),
        Input::MediaUrls => several(content.media.iter().map(|media| media.url.as_str()).collect()),
        Input::MediaId => uploads.first().map(|upload| upload.media_id.as_str().into()),
        Input::MediaUrl => content.media.first().map(|media| media.url.as_str().into()),
        Input::Data | Input::FileName | Input::Sha256 | Input::Id => None,
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
