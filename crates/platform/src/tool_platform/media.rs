//! The media of a post, made ready for the call that takes them: which kind they are, and their bytes where a tool wants
//! them by path or in base64. All of it before anything is sent (PUB-12), and never other bytes than were approved.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chimera_contracts::{Digest, ErrorCode};
use chimera_effect::{EffectV1, Media, MediaIdentity, Refusal, Unfit};
use chrono::{DateTime, Utc};
use futures_util::future::try_join_all;

use super::arguments::unfit;
use super::port::{REASON, refusal};
use super::{Binding, ToolPlatform, fit};
use crate::media::{MediaError, MediaUrl};
use crate::profile::{ActTool, Input, Invocation, MediaKind};

/// A post's media, as far as its tool needs them.
#[derive(Debug, Default)]
pub(super) struct Handed {
    /// Where the kind decides what is called.
    pub(super) kind: Option<MediaKind>,
    /// The files that hold them, in order, where the tool takes paths.
    pub(super) paths: Vec<String>,
    /// The bytes of the only one in base64, where the tool takes them.
    pub(super) data: Option<String>,
    /// The file name of the only one.
    pub(super) file_name: Option<String>,
    /// SHA-256 of the only one.
    pub(super) sha256: Option<Digest>,
}

/// The bytes of a medium that was approved.
pub(super) struct Approved {
    pub(super) url: MediaUrl,
    pub(super) bytes: Vec<u8>,
    pub(super) sha256: Digest,
}

impl ToolPlatform {
    /// Makes the media of an act ready.
    ///
    /// # Errors
    /// When they cannot be had, or are not what was approved; nothing was sent.
    pub(super) async fn media_of(
        &self,
        binding: &Binding,
        act: &ActTool,
        content: &EffectV1,
        deadline: DateTime<Utc>,
    ) -> Result<Handed, Refusal> {
        let kind = if act.goes_by_media(content) {
            Some(self.kind_of(binding, content, deadline).await?)
        } else {
            None
        };
        let mut handed = Handed { kind, ..Handed::default() };
        let call = act.taking(kind);
        // Of what was approved by reference no bytes were ever fixed.
        let fixed = |media: &&Media| matches!(media.identity, MediaIdentity::Sha256(_));
        if kind.is_none() && takes_urls(call) {
            self.types_of(binding, content.media.iter().filter(fixed), deadline).await?;
        }
        if takes_paths(call) {
            for media in &content.media {
                let Approved { url, bytes, sha256 } = self.approved(binding, media, deadline).await?;
                handed.paths.push(self.keep(binding, &url, sha256, bytes).await?);
            }
        }
        if let [media] = content.media.as_slice()
            && takes_bytes(call)
        {
            let approved = self.approved(binding, media, deadline).await?;
            handed.data = Some(STANDARD.encode(&approved.bytes));
            handed.file_name = Some(approved.url.file_name().to_owned());
            handed.sha256 = Some(approved.sha256);
        }
        Ok(handed)
    }

    /// The kind of a post's media, by what is at their URLs now.
    async fn kind_of(
        &self,
        binding: &Binding,
        content: &EffectV1,
        deadline: DateTime<Utc>,
    ) -> Result<MediaKind, Refusal> {
        let types = self.types_of(binding, &content.media, deadline).await?;
        MediaKind::of(types.iter().map(String::as_str)).ok_or_else(|| {
            let fault = fit::other_media(content, &types);
            unfit(&Unfit { message: binding.border().shown(&fault.message, REASON), ..fault })
        })
    }

    /// The media types of what is at the URLs now, which is what was approved.
    async fn types_of<'a>(
        &self,
        binding: &Binding,
        media: impl IntoIterator<Item = &'a Media>,
        deadline: DateTime<Utc>,
    ) -> Result<Vec<String>, Refusal> {
        let probes = media.into_iter().map(|media| async move {
            let url = parsed(media)?;
            let probed = self.media.probe(&url, deadline).await;
            let probed = probed.map_err(|error| unreachable(binding, &error))?;
            same_as_approved(binding, media, &url, probed.sha256)?;
            Ok::<_, Refusal>(probed.media_type)
        });
        try_join_all(probes).await
    }

    /// The bytes of a medium.
    ///
    /// # Errors
    /// When they cannot be read, or are not those that were approved.
    pub(super) async fn approved(
        &self,
        binding: &Binding,
        media: &Media,
        deadline: DateTime<Utc>,
    ) -> Result<Approved, Refusal> {
        let url = parsed(media)?;
        let bytes = self.media.read(&url, deadline).await;
        let bytes = bytes.map_err(|error| unreachable(binding, &error))?;
        let sha256 = Digest::of(&bytes);
        same_as_approved(binding, media, &url, sha256)?;
        Ok(Approved { url, bytes, sha256 })
    }

    /// The path of a file that holds these bytes.
    ///
    /// # Errors
    /// When nothing keeps files, or it fails.
    pub(super) async fn keep(
        &self,
        binding: &Binding,
        url: &MediaUrl,
        sha256: Digest,
        bytes: Vec<u8>,
    ) -> Result<String, Refusal> {
        let Some(files) = &self.files else {
            let message = format!(
                "the tool for `{}` takes media as files, and `ToolPlatform::with_media_files` was not called",
                binding.platform()
            );
            return Err(refusal(ErrorCode::PlatformNotConfigured, message));
        };
        let kept = files.keep(sha256, url.file_name(), bytes).await;
        kept.map_err(|error| unreachable(binding, &error))
    }
}

/// Whether a call takes the paths of files.
fn takes_paths(call: &Invocation) -> bool {
    call.takes(Input::MediaPath) || call.takes(Input::MediaPaths)
}

/// Whether the platform fetches the media by itself.
fn takes_urls(call: &Invocation) -> bool {
    call.takes(Input::MediaUrl) || call.takes(Input::MediaUrls)
}

fn takes_bytes(call: &Invocation) -> bool {
    [Input::Data, Input::FileName, Input::Sha256].iter().any(|input| call.takes(*input))
}

fn parsed(media: &Media) -> Result<MediaUrl, Refusal> {
    MediaUrl::parse(&media.url).map_err(|error| refusal(ErrorCode::ValidationError, error.to_string()))
}

fn unreachable(binding: &Binding, error: &MediaError) -> Refusal {
    refusal(error.code, binding.border().shown(&error.message, REASON))
}

fn same_as_approved(binding: &Binding, media: &Media, url: &MediaUrl, sha256: Digest) -> Result<(), Refusal> {
    if matches!(media.identity, MediaIdentity::Sha256(approved) if approved != sha256) {
        let url = binding.border().shown(url.as_str(), REASON);
        let message = format!("the bytes at `{url}` are not those that were approved");
        return Err(refusal(ErrorCode::ApprovalContentMismatch, message));
    }
    Ok(())
}
