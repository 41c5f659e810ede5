//! When a server was heard last.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

/// A session that was silent this long is asked whether it still is one, before a call is lost on it.
const SILENT: Duration = Duration::from_secs(10);
/// A server that names no session may have become another process meanwhile, and nothing tells. After this long it is taken
/// for another one.
const QUIET: Duration = Duration::from_secs(300);

/// When a server was heard last.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    beats: Mutex<Beats>,
    /// Whether the next use has to begin another life.
    ended: AtomicBool,
}

#[derive(Debug, Default)]
struct Beats {
    /// When, unless something broke since.
    heard: Option<Instant>,
    /// Since when it can have been silent for all that is known.
    quiet: Option<Instant>,
}

impl Pulse {
    /// It was heard.
    #[cfg(feature = "http")]
    pub(crate) fn beat(&self, now: Instant) {
        *self.beats() = Beats { heard: Some(now), quiet: Some(now) };
    }

    /// It may not know us any more.
    #[cfg(feature = "http")]
    pub(crate) fn stop(&self) {
        self.beats().heard = None;
    }

    /// The next use has to begin another life. Until then, what is in flight is answered.
    #[cfg(feature = "http")]
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
    }

    /// Whether it has.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    /// Whether it was heard long ago.
    pub(crate) fn is_silent(&self, now: Instant) -> bool {
        self.beats().heard.is_none_or(|last| now.saturating_duration_since(last) >= SILENT)
    }

    /// Whether it was quiet for so long that it may be another one; it is asked once for each such time.
    pub(crate) fn was_quiet(&self, now: Instant) -> bool {
        let mut beats = self.beats();
        let was_quiet = beats.quiet.is_some_and(|since| now.saturating_duration_since(since) >= QUIET);
        if was_quiet {
            beats.quiet = Some(now);
        }
        was_quiet
    }

    fn beats(&self) -> MutexGuard<'_, Beats> {
        // Every change is one assignment.
        self.beats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
