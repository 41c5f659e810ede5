//! A refusal: nothing is proposed, and the ledger knows that it was asked.

use chimera_audit::redact;
use chimera_contracts::canonical::CanonicalError;
use chimera_contracts::propose::{CONTRACT_VERSION, ErrorDetails, ErrorObject, ProposeInput};
use chimera_contracts::{
    Applied, CallContext, ErrorCode, ErrorId, EventId, Fault, Faults, StoreError, StoreErrorKind,
    derive_uuid, fresh_uuid,
};
use chrono::{DateTime, Utc};

use crate::evidence::{Refused, refused};
use crate::insights::InsightsError;
use crate::show::shown;
use crate::skill::ProposeSkill;
use crate::strategy::StrategyError;

/// Why nothing is proposed.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
    pub(crate) faults: Vec<Fault>,
    pub(crate) outlook: Outlook,
    /// The store failed so that the proposal may have been recorded all the same.
    pub(crate) open: bool,
}

/// Whether asking again helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outlook {
    /// It does not, for this reason.
    Permanent(&'static str),
    /// It may, after a while.
    Transient,
}

impl Refusal {
    pub(crate) fn permanent(code: ErrorCode, reason: &'static str, message: impl Into<String>) -> Self {
        let outlook = Outlook::Permanent(reason);
        Self { code, message: message.into(), faults: Vec::new(), outlook, open: false }
    }

    fn transient(code: ErrorCode, message: impl Into<String>) -> Self {
        let outlook = Outlook::Transient;
        Self { code, message: message.into(), faults: Vec::new(), outlook, open: false }
    }

    /// The request id stands for another question (PRO-06).
    pub(crate) fn reused(input: &ProposeInput) -> Self {
        let expected = "a request id that stands for no other question yet";
        let got = shown(&input.request_id);
        let message = "the request id was used for another artifact, context or spec version: use a new one";
        Self {
            faults: vec![Fault::new("/request_id", expected, got)],
            ..Self::permanent(ErrorCode::ValidationError, "request_id_reused", message)
        }
    }

    pub(crate) fn store(error: &StoreError) -> Self {
        let open = error.applied == Applied::MaybeApplied;
        let message = if open {
            format!(
                "whether the proposal was recorded is not known; ask again with the same request id: {error}"
            )
        } else {
            error.to_string()
        };
        let outlook = why_for_good(error.kind).map_or(Outlook::Transient, Outlook::Permanent);
        Self { code: ErrorCode::StorageUnavailable, message, faults: Vec::new(), outlook, open }
    }

    /// What was kept cannot be read back as it was answered.
    pub(crate) fn unreadable(message: &str) -> Self {
        let message = format!("the stored proposal cannot be answered again as it was: {message}");
        Self::store(&StoreError::not_applied(StoreErrorKind::Corrupt, message))
    }
}

/// Why a store will not come back by itself; `None` where it may ([`StoreErrorKind::may_pass`]).
const fn why_for_good(kind: StoreErrorKind) -> Option<&'static str> {
    match kind {
        StoreErrorKind::ReadOnly => Some("store_read_only"),
        StoreErrorKind::NewerSchema => Some("store_newer_schema"),
        StoreErrorKind::Corrupt => Some("store_corrupt"),
        StoreErrorKind::Misuse => Some("store_misuse"),
        StoreErrorKind::Closed => Some("store_closed"),
        _ => None,
    }
}

impl From<Faults> for Refusal {
    fn from(faults: Faults) -> Self {
        let faults = faults.as_slice().to_vec();
        let count = faults.len();
        let noun = if count == 1 { "fault" } else { "faults" };
        let message = format!("{count} {noun} in the input: mend every field that `details.faults` names");
        Self { faults, ..Self::permanent(ErrorCode::ValidationError, "invalid_input", message) }
    }
}

impl From<StrategyError> for Refusal {
    fn from(error: StrategyError) -> Self {
        match error {
            StrategyError::Faults(faults) => faults.into(),
            StrategyError::NoPlan { reason, message } => {
                Self::permanent(ErrorCode::ProposalGenerationError, reason, message)
            }
        }
    }
}

impl From<InsightsError> for Refusal {
    fn from(error: InsightsError) -> Self {
        // Without the figures another proposal would be made, and the first answer stays for good.
        Self::transient(ErrorCode::ProposalGenerationError, redact(&error.to_string()))
    }
}

impl From<CanonicalError> for Refusal {
    fn from(error: CanonicalError) -> Self {
        Self::permanent(ErrorCode::ProposalGenerationError, "no_canonical_form", error.to_string())
    }
}

impl ProposeSkill {
    /// The answer to a refusal, after it was recorded. Where the proposal may stand in the store all the same, nothing was
    /// refused, so nothing is recorded as refused.
    pub(crate) async fn answer_refusal(
        &self,
        context: &CallContext,
        input: Option<&ProposeInput>,
        refusal: Refusal,
    ) -> ErrorObject {
        let event = if refusal.open { None } else { self.record_refusal(context, input, &refusal).await };
        let now = self.ports.clock.now();
        let (reason, retry_after_seconds) = match refusal.outlook {
            Outlook::Permanent(reason) => (Some(reason.to_owned()), None),
            Outlook::Transient => (None, Some(self.options.retry_after_seconds)),
        };
        let faults = (!refusal.faults.is_empty()).then_some(refusal.faults);
        ErrorObject {
            error_id: self.error_id(now, refusal.code, &refusal.message),
            error_code: refusal.code,
            message: refusal.message,
            details: Some(ErrorDetails { faults, reason, retry_after_seconds }),
            timestamp: now,
            related_event_id: event,
            spec_version: CONTRACT_VERSION.to_owned(),
        }
    }

    /// Leaves the evidence of a refusal; its event, where the ledger took it. Nothing happened, so a ledger that fails does
    /// not change the answer.
    async fn record_refusal(
        &self,
        context: &CallContext,
        input: Option<&ProposeInput>,
        refusal: &Refusal,
    ) -> Option<EventId> {
        let draft = refused(&Refused { context, input, refusal });
        let event = draft.id;
        match self.ports.ledger.append(vec![draft]).await {
            Ok(_) => Some(event),
            Err(error) => {
                tracing::error!(%error, code = %refusal.code, "a refusal could not be recorded");
                None
            }
        }
    }

    /// A fresh id; one that derives from the error where chance cannot be had.
    fn error_id(&self, now: DateTime<Utc>, code: ErrorCode, message: &str) -> ErrorId {
        let uuid = fresh_uuid(now, self.ports.entropy.as_ref()).unwrap_or_else(|error| {
            tracing::warn!(%error, "an error has no fresh id");
            let at = now.timestamp_micros().to_be_bytes();
            derive_uuid("chimera/error-id/v1", &[&at, code.as_str().as_bytes(), message.as_bytes()])
        });
        ErrorId::from_uuid(uuid)
    }
}
