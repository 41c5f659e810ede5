//! Uploading: the bytes are fetched, compared with what was approved, and handed to the platform's tool.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chimera_contracts::ErrorCode;
use chimera_effect::{Refusal, Upload, Uploaded};

use super::media::Approved;
use super::port::{REASON, not_ready, refusal};
use super::{Binding, ToolPlatform};
use crate::classify::Meaning;
use crate::normalise::Answer;
use crate::profile::Input;
use crate::tool::{Called, ToolCall};
use crate::wire::Meta;
use crate::{classify, extract};

impl ToolPlatform {
    /// Makes a medium known to the platform.
    pub(super) async fn hand_over(&self, upload: Upload<'_>) -> Result<Uploaded, Refusal> {
        let content = upload.effect.content();
        let (binding, _) = self.acting(content.account_ref(), content.kind).map_err(not_ready)?;
        let Some(tool) = &binding.profile.upload else {
            let message = format!("no tool is configured to upload media to `{}`", content.platform);
            return Err(refusal(ErrorCode::PlatformNotConfigured, message));
        };
        let deadline = self.after(tool.timeout);
        let life = binding.open_session(&content.account, deadline).await.map_err(not_ready)?;
        let call = &tool.invocation;
        let Approved { url, bytes, sha256 } = self.approved(binding, upload.media, deadline).await?;
        let data = call.takes(Input::Data).then(|| STANDARD.encode(&bytes));
        let path = match call.takes(Input::MediaPath) {
            true => Some(self.keep(binding, &url, sha256, bytes).await?),
            false => None,
        };
        let arguments = call.arguments(|part| {
            binding.part(part, &content.account, |input| match input {
                Input::Data => data.as_deref().map(Into::into),
                Input::FileName => Some(url.file_name().into()),
                Input::Sha256 => Some(sha256.to_string().into()),
                Input::MediaUrl => Some(url.as_str().into()),
                Input::MediaPath => path.as_deref().map(Into::into),
                _ => None,
            })
        });
        let called = binding
            .client
            .call(ToolCall {
                id: upload.call_key.to_string(),
                tool: tool.invocation.tool.clone(),
                arguments,
                meta: Meta::new(&upload.call_key, content.platform, "upload", upload.trace).into_entries(),
                // Late or early, an upload makes nothing public.
                send_before: deadline,
                deadline,
                life,
            })
            .await;
        self.uploaded(binding, &tool.id, called)
    }

    fn uploaded(&self, binding: &Binding, id: &[String], called: Called) -> Result<Uploaded, Refusal> {
        let profile = &binding.profile;
        let border = binding.border();
        let failed = |reason: &str| {
            let reason = border.shown(reason, REASON);
            let message = format!("the medium could not be uploaded to `{}`: {reason}", profile.platform);
            refusal(ErrorCode::MediaUploadFailed, message)
        };
        let answer = match called {
            Called::Answered(answer) => Answer::new(&answer),
            Called::NotSent { reason } | Called::Failed { reason } | Called::Lost { reason } => {
                return Err(failed(&reason));
            }
        };
        if !answer.whole || classify::is_error(profile, &answer) {
            let shown = answer.shown(border, REASON);
            let (Meaning::Refused(code) | Meaning::NotSent(code)) = classify::meaning(profile, &answer)
            else {
                return Err(failed(&shown));
            };
            // These say what has to change first; repeating the upload would not.
            let tells = matches!(
                code,
                ErrorCode::PlatformRateLimit
                    | ErrorCode::PlatformAuthInvalid
                    | ErrorCode::PlatformNotConfigured
            );
            if !tells {
                return Err(failed(&shown));
            }
            return Err(Refusal {
                retry_at: classify::retry_at(profile, code, &answer, 1, self.clock.now()),
                said: answer.said(border),
                ..refusal(code, format!("`{}` refused the medium: {shown}", profile.platform))
            });
        }
        let media_id = extract::id(id, &answer).filter(|id| !border.holds_secret(id));
        media_id.map(|media_id| Uploaded { media_id }).ok_or_else(|| failed("the answer names no medium"))
    }
}
