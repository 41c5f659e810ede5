//! The campaign file and its media. The probe is no real one: it maps every URL to a file beside the campaign.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use chimera::contracts::Digest;
use chimera::contracts::publish::PublishInput;
use chimera::platform::media::{MediaError, MediaProbe, MediaUrl, Probed};
use chrono::{DateTime, Utc};

use crate::Failure;

/// Reads and checks a bundle with what is to be done with it.
///
/// # Errors
/// When the file cannot be read or is no publish input; every fault is named.
pub fn read_campaign(path: &Path) -> Result<PublishInput, Failure> {
    let bytes = std::fs::read(path).map_err(|error| format!("`{}`: {error}", path.display()))?;
    let input = PublishInput::parser()?.parse(&bytes);
    input.map_err(|faults| format!("`{}` is no publish input: {faults}", path.display()).into())
}

/// Maps `https://…/name` to `media/name` beside the campaign.
#[derive(Debug)]
pub struct LocalMedia {
    folder: PathBuf,
}

impl LocalMedia {
    /// The media beside a campaign file.
    #[must_use]
    pub fn beside(campaign: &Path) -> Self {
        Self { folder: campaign.parent().unwrap_or(Path::new(".")).join("media") }
    }

    /// Where they lie.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn load(&self, url: &MediaUrl) -> Result<Vec<u8>, MediaError> {
        let path = self.folder.join(url.file_name());
        std::fs::read(&path).map_err(|error| MediaError::new(&format!("`{}`: {error}", path.display())))
    }
}

#[async_trait]
impl MediaProbe for LocalMedia {
    async fn probe(&self, url: &MediaUrl, _: DateTime<Utc>) -> Result<Probed, MediaError> {
        let bytes = self.load(url)?;
        Ok(Probed {
            sha256: Digest::of(&bytes),
            bytes: bytes.len() as u64,
            media_type: "image/png".to_owned(),
            file_name: url.file_name().to_owned(),
        })
    }

    async fn read(&self, url: &MediaUrl, _: DateTime<Utc>) -> Result<Vec<u8>, MediaError> {
        self.load(url)
    }
}
