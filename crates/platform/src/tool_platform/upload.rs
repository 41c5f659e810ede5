//! Uploading: the bytes are fetched, compared with what was approved, and handed to the platform's tool.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chimera_contracts::{Digest, ErrorCode};
use chimera_effect::{MediaIdentity, Outcome, Refusal, Upload, Uploaded};

use super::port::{REASON, not_ready, refusal};
use super::{Binding, ToolPlatform};
use crate::media::MediaUrl;
use crate::normalise::{Answer, shown};
use crate::profile::Input;
use crate::tool::{Called, ToolCall};
use crate::wire::Meta;
use crate::{classify, extract};

impl ToolPlatform {
    /// Makes a medium known to the platform.
    pub(super) async fn hand_over(&self, upload: Upload<'_>) -> Result<Uploaded, Refusal> {
        let content = upload.effect.content();
        let (binding, _) = self.acting(content.platform, content.kind).map_err(not_ready)?;
        let Some(tool) = &binding.profile.upload else {
            let message = format!("no tool is configured to upload media to `{}`", content.platform);
            return Err(refusal(ErrorCode::PlatformNotConfigured, message));
        };
        let deadline = self.after(tool.timeout);
        let url = MediaUrl::parse(&upload.media.url)
            .map_err(|error| refusal(ErrorCode::ValidationError, error.to_string()))?;
        let bytes = self.media.read(&url, deadline).await;
        let bytes = bytes.map_err(|error| refusal(error.code, shown(&error.message, REASON)))?;
        let sha256 = Digest::of(&bytes);
        if matches!(upload.media.identity, MediaIdentity::Sha256(approved) if approved != sha256) {
            let message =
                format!("the bytes at `{}` are not those that were approved", shown(url.as_str(), REASON));
            return Err(refusal(ErrorCode::ApprovalContentMismatch, message));
        }
        let arguments = tool.invocation.arguments(|input| match input {
            Input::Data => Some(STANDARD.encode(&bytes).into()),
            Input::FileName => Some(url.file_name().into()),
            Input::Sha256 => Some(sha256.to_string().into()),
            Input::Account => Some(content.account.as_str().into()),
            Input::MediaUrl => Some(url.as_str().into()),
            _ => None,
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
            })
            .await;
        self.uploaded(binding, &tool.id, called)
    }

    fn uploaded(&self, binding: &Binding, id: &[String], called: Called) -> Result<Uploaded, Refusal> {
        let profile = &binding.profile;
        let failed = |reason: &str| {
            let message = format!(
                "the medium could not be uploaded to `{}`: {}",
                profile.platform,
                shown(reason, REASON)
            );
            refusal(ErrorCode::MediaUploadFailed, message)
        };
        let answer = match called {
            Called::Answered(answer) => Answer::new(&answer),
            Called::NotSent { reason } | Called::Failed { reason } | Called::Lost { reason } => {
                return Err(failed(&reason));
            }
        };
        if !answer.whole || classify::is_error(profile, &answer) {
            return Err(match classify::outcome(profile, &answer, self.clock.now()) {
                // These say what has to change first; repeating the upload would not.
                Outcome::NotDone(refusal)
                    if matches!(
                        refusal.code,
                        ErrorCode::PlatformRateLimit
                            | ErrorCode::PlatformAuthInvalid
                            | ErrorCode::PlatformNotConfigured
                    ) =>
                {
                    refusal
                }
                _ => failed(&answer.said),
            });
        }
        let media_id = extract::id(id, &answer);
        media_id.map(|media_id| Uploaded { media_id }).ok_or_else(|| failed("the answer names no medium"))
    }
}
