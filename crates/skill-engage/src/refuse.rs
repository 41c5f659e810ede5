//! A refusal: nothing of the engagement is recorded as admitted, nothing happened, and the ledger knows that it was asked.

use chimera_contracts::engage::{EngageError, EngageOutput};
use chimera_contracts::{Applied, Digest, ErrorCode, Fault, Faults, StoreError};
use chimera_effect::Refused;
use chimera_effect::step::{RefusedRequest, refusal_draft};

use crate::ask::Ask;
use crate::skill::EngageSkill;

/// Why an engagement is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
    pub(crate) faults: Vec<Fault>,
    /// After how many seconds to ask again.
    pub(crate) retry_after: Option<u64>,
    /// The store failed so that it may have been admitted all the same.
    pub(crate) open: bool,
    /// It stands in the review queue or the journal already: there is evidence of it.
    pub(crate) recorded: bool,
    /// The store does not come back by itself, so that asking again does not help.
    pub(crate) lasts: bool,
}

impl Refusal {
    pub(crate) fn of(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            faults: Vec::new(),
            retry_after: None,
            open: false,
            recorded: false,
            lasts: false,
        }
    }

    pub(crate) fn faults(faults: &Faults) -> Self {
        let named = faults.as_slice().to_vec();
        Self { faults: named, ..Self::of(ErrorCode::ValidationError, faults.to_string()) }
    }

    /// Faults with codes of their own: the first in the table of codes counts, and all are named.
    pub(crate) fn check(found: Vec<(ErrorCode, Fault)>) -> Result<(), Self> {
        let Some(code) = found.iter().map(|(code, _)| *code).min() else { return Ok(()) };
        let faults = Faults::check(found.into_iter().map(|(_, fault)| fault).collect());
        faults.map_err(|faults| Self { code, ..Self::faults(&faults) })
    }

    pub(crate) fn store(error: &StoreError) -> Self {
        match error.applied {
            Applied::NotApplied => Self::question(error),
            Applied::MaybeApplied => {
                Self { open: true, ..Self::of(ErrorCode::OutcomeUnknown, error.to_string()) }
            }
        }
    }

    /// The store failed before anything was admitted: whatever the step left, nothing happened.
    pub(crate) fn question(error: &StoreError) -> Self {
        let lasts = !error.kind.may_pass();
        Self { lasts, ..Self::of(ErrorCode::StorageUnavailable, error.to_string()) }
    }

    /// What is stored of it cannot be read.
    pub(crate) fn unreadable(why: impl Into<String>) -> Self {
        Self { lasts: true, ..Self::known(ErrorCode::StorageUnavailable, why) }
    }

    pub(crate) fn known(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { recorded: true, ..Self::of(code, message) }
    }
}

impl Refusal {
    /// Whether asking again with the same key may succeed.
    pub(crate) const fn retryable(&self) -> bool {
        self.code.retryable() && !self.lasts
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        Self::of(refused.code, refused.message)
    }
}

impl EngageSkill {
    /// The contract's answer to a refused call.
    pub(crate) async fn refused(&self, ask: &Ask<'_>, effects: &[Digest], refusal: Refusal) -> EngageOutput {
        if refusal.open {
            let message = format!(
                "whether it was recorded is not known; ask again with the same key: {}",
                refusal.message
            );
            return EngageOutput::unknown(ask.engagement_id(), about(ask, refusal.code, message));
        }
        if !refusal.recorded {
            self.record_refusal(ask, effects, &refusal).await;
        }
        EngageOutput::failed(EngageError {
            retryable: refusal.retryable(),
            retry_after: refusal.retry_after,
            faults: (!refusal.faults.is_empty()).then_some(refusal.faults),
            ..about(ask, refusal.code, refusal.message)
        })
    }

    /// Leaves the evidence of a refusal. Nothing happened, so a ledger that fails does not change the answer.
    async fn record_refusal(&self, ask: &Ask<'_>, effects: &[Digest], refusal: &Refusal) {
        let why = Refused {
            code: refusal.code,
            platform: Some(ask.input.platform),
            message: refusal.message.clone(),
        };
        let draft = refusal_draft(&RefusedRequest {
            key: &ask.key,
            correlation: Some(ask.correlation),
            actor: &ask.context.actor,
            agent: Some(ask.agent),
            campaign: Some(ask.campaign),
            task: None,
            decision: None,
            effects,
            why: &why,
        });
        if let Err(error) = self.ports.ledger.append(vec![draft]).await {
            tracing::error!(%error, code = %refusal.code, "a refusal could not be recorded");
        }
    }
}

/// An error about this engagement's platform and target.
pub(crate) fn about(ask: &Ask<'_>, code: ErrorCode, message: impl Into<String>) -> EngageError {
    EngageError {
        platform: Some(ask.input.platform),
        target: Some(ask.input.target.clone()),
        ..EngageError::new(code, message)
    }
}

/// The answer to a call of which not even the key is known: nothing can be recorded of it.
pub(crate) fn unasked(refusal: Refusal) -> EngageOutput {
    EngageOutput::failed(EngageError {
        faults: (!refusal.faults.is_empty()).then_some(refusal.faults),
        ..EngageError::new(refusal.code, refusal.message)
    })
}

/// A caller's words as they may stand in a message: shortened, and with what cannot be seen spelled out.
pub(crate) fn shown(words: &str) -> String {
    const MOST: usize = 80;
    let mut characters = words.chars();
    let beginning: String = characters.by_ref().take(MOST).flat_map(char::escape_debug).collect();
    let rest = if characters.next().is_some() { "\u{2026}" } else { "" };
    format!("`{beginning}{rest}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callers_words_are_shown_short_and_plain() {
        assert_eq!(shown("tweet_1"), "`tweet_1`");
        assert_eq!(shown("a\u{202e}b"), "`a\\u{202e}b`");
        assert_eq!(shown(&"x".repeat(200)).chars().count(), 83);
    }
}
