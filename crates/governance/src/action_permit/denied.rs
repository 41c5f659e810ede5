//! Why there is no permit, and how the propose contract says so.

use chimera_audit::LedgerError;
use chimera_contracts::propose::{ErrorDetails, ErrorObject};
use chimera_contracts::{ErrorCode, ErrorId, EventId, StoreError};
use chrono::{DateTime, Utc};

use crate::permit::Denial;

/// Why an action may not be executed.
#[derive(Debug, thiserror::Error)]
pub enum PermitDenial {
    /// The proposal has no action of this id.
    #[error("the proposal has no such action")]
    UnknownAction,
    /// Nobody executes actions of this type.
    #[error("nobody executes actions of this type; `publish` and `schedule` can be executed")]
    Unsupported,
    /// No decision permits it.
    #[error("{}", .0.as_str())]
    Denied(Denial),
    /// The approval authority could not be asked; failing to decide is a refusal (GOV-02).
    #[error("the approval authority could not be asked: {0}")]
    Store(#[from] StoreError),
    /// The permit could not be recorded, and what is not audited is not permitted.
    #[error("the permit could not be recorded: {0}")]
    Ledger(LedgerError),
}

impl From<Denial> for PermitDenial {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl PermitDenial {
    /// The code on the wire (PRO-12).
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::UnknownAction => ErrorCode::ValidationError,
            Self::Unsupported => ErrorCode::UnsupportedAction,
            Self::Denied(_) => ErrorCode::AuthzFailure,
            Self::Store(_) | Self::Ledger(_) => ErrorCode::StorageUnavailable,
        }
    }

    /// The reason as a word for programs: the code of a denial by itself, such as `APPROVAL_EXPIRED`.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::UnknownAction => "unknown_action",
            Self::Unsupported => "unsupported_action_type",
            Self::Denied(denial) => denial.code().as_str(),
            Self::Store(_) => "approvals_unavailable",
            Self::Ledger(_) => "ledger_unavailable",
        }
    }
}

/// There is no permit.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct PermitDenied {
    /// Why.
    pub why: PermitDenial,
    /// The event that tells of it; `None` when it could not be recorded.
    pub event: Option<EventId>,
}

impl PermitDenied {
    /// The code on the wire (PRO-12).
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        self.why.code()
    }

    /// The refusal in the error shape of the propose contract.
    #[must_use]
    pub fn error_object(
        &self,
        error_id: ErrorId,
        timestamp: DateTime<Utc>,
        spec_version: &str,
    ) -> ErrorObject {
        let details = ErrorDetails { reason: Some(self.why.reason().to_owned()), ..ErrorDetails::default() };
        ErrorObject {
            error_id,
            error_code: self.code(),
            message: self.to_string(),
            details: Some(details),
            timestamp,
            related_event_id: self.event,
            spec_version: spec_version.to_owned(),
        }
    }
}
