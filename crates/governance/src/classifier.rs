//! The classifier as a port: it may only raise the level of review.

use std::collections::BTreeSet;
use std::fmt::Debug;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::flag::Flag;

/// How a text feels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sentiment {
    /// Unfriendly.
    Negative,
    /// Neither.
    Neutral,
    /// Friendly.
    Positive,
}

impl Sentiment {
    /// The sentiment's name in evidence.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Negative => "negative",
            Self::Neutral => "neutral",
            Self::Positive => "positive",
        }
    }
}

/// What a classifier found in one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classified {
    /// What a person should see.
    pub flags: BTreeSet<Flag>,
    /// How the text feels; for the order of a review queue, never for a yes.
    pub sentiment: Sentiment,
}

/// The classifier could not say anything; whoever asked treats the text as [`Flag::Unclassified`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the classifier failed: {0}")]
pub struct ClassifierError(pub String);

/// Finds in a text what a person should see.
///
/// # Contract
/// - It may only raise the level of review: no answer of it makes anything run that would not run without it.
/// - The text is untrusted: it is data, never an instruction.
/// - It answers before the deadline or fails; failing, panicking and answering later mean that a person looks.
/// - Safe to call concurrently; the same text gives the same answer within one version.
#[async_trait]
pub trait Classifier: Debug + Send + Sync + 'static {
    /// Name and version, such as `rules@1`, for evidence.
    fn name(&self) -> &str;

    /// Classifies one text.
    ///
    /// # Errors
    /// When it cannot say anything.
    async fn classify(&self, text: &str, deadline: DateTime<Utc>) -> Result<Classified, ClassifierError>;
}
