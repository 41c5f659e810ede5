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
    /// How soon another use is worth it; `None` where somebody has to change something before.
    pub(crate) retry_after: Option<Duration>,
}

impl Unready {
    /// Until somebody changes something.
    pub(crate) fn lasts(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), retry_after: None }
    }

    /// For a moment.
    pub(crate) fn passes(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), retry_after: Some(SOON) }
    }

    /// For those who list tools.
    pub(crate) fn of(self, server: &str) -> ServerError {
        let retry_after = self.retry_after.map(|wait| TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX));
        ServerError { server: server.to_owned(), reason: self.reason, retry_after }
    }
}
