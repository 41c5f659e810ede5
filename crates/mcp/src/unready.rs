//! Why a server cannot be used, and whether that passes.

use std::time::Duration;

use chimera_platform::ServerError;
use chrono::TimeDelta;

/// How soon another use is worth it where nothing tells more.
const SOON: Duration = Duration::from_secs(1);

/// Why a server cannot be used now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unready {
    /// Redacted.
    pub(crate) reason: String,
    /// How soon another use is worth it; `None` for a fault that lasts until the operator changes something.
    pub(crate) retry_after: Option<Duration>,
}

impl Unready {
    /// A fault that lasts until the operator changes something.
    pub(crate) fn lasts(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), retry_after: None }
    }

    /// A fault that passes by itself.
    pub(crate) fn passes(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), retry_after: Some(SOON) }
    }

    /// As the port reports it.
    pub(crate) fn of(self, server: &str) -> ServerError {
        let retry_after = self.retry_after.map(|wait| TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX));
        ServerError { server: server.to_owned(), reason: self.reason, retry_after }
    }
}
