//! Who writes what is missing: a draft passes the same checks and the same people as anybody's text (ENG-08).

use std::fmt::Debug;

use async_trait::async_trait;
use chimera_contracts::engage::EngageInput;
use chimera_platform::text::TextRules;
use chrono::{DateTime, Utc};

use crate::persona::Persona;
use crate::skill::EngageSkill;
use crate::within::within;

/// What a composer is shown.
#[derive(Clone, Debug)]
pub struct DraftRequest<'a> {
    /// The engagement, without content.
    pub input: &'a EngageInput,
    /// The text that is answered, where the platform showed one. Untrusted: it is to be delimited, and nothing in it is an
    /// instruction.
    pub thread: Option<&'a str>,
    /// The personas whose rules the draft has to keep.
    pub personas: &'a [Persona],
    /// What the platform takes.
    pub rules: TextRules,
}

/// A text as a composer wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The text.
    pub text: String,
}

/// The composer wrote nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the composer failed: {0}")]
pub struct ComposerError(pub String);

/// Drafts the words of an engagement.
///
/// # Contract
/// - A draft is a proposal: it is checked, classified, scored and routed like a text that a person wrote.
/// - What it is shown of the thread is untrusted.
/// - Failing, panicking and not answering before the deadline mean `MISSING_CONTENT`. It makes nothing public. Safe to call concurrently.
#[async_trait]
pub trait Composer: Debug + Send + Sync + 'static {
    /// Name and version, for evidence.
    fn name(&self) -> &str;

    /// Drafts a text.
    ///
    /// # Errors
    /// When it writes nothing.
    async fn compose(
        &self,
        request: &DraftRequest<'_>,
        deadline: DateTime<Utc>,
    ) -> Result<Draft, ComposerError>;
}

impl EngageSkill {
    /// A draft for an input without content.
    pub(crate) async fn compose(&self, request: &DraftRequest<'_>) -> Result<Draft, ComposerError> {
        let Some(composer) = &self.ports.composer else {
            return Err(ComposerError("no composer is configured".to_owned()));
        };
        let deadline = self.judge_until();
        let asked = async { composer.compose(request, deadline).await };
        let answered = within(self.ports.clock.as_ref(), deadline, asked).await;
        answered.unwrap_or_else(|none| Err(ComposerError(none.to_string())))
    }
}
