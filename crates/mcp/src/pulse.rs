//! When a server was heard last.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// A session that was silent this long is asked whether it still is one, before a call is lost on it.
const SILENT: Duration = Duration::from_secs(10);

/// When a server was heard last.
#[derive(Debug, Default)]
pub(crate) struct Pulse(Mutex<Option<Instant>>);

impl Pulse {
    /// It was heard.
    #[cfg(feature = "http")]
    pub(crate) fn beat(&self, now: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }

    /// It may not know us any more.
    #[cfg(feature = "http")]
    pub(crate) fn stop(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Whether that is long ago.
    pub(crate) fn is_silent(&self, now: Instant) -> bool {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_none_or(|last| now.saturating_duration_since(last) >= SILENT)
    }
}
