//! The right to write one request, decided once.
//!
//! INVARIANT: a ticket is either used, just before the first byte of its request is written, or revoked, and never
//! both. So *not sent* is a fact and not a guess: who revokes a ticket knows that nothing was written nor will be,
//! wherever the request is queued at that moment.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use chimera_contracts::Clock;
use chrono::{DateTime, Utc};
use tokio::sync::OwnedSemaphorePermit;
#[cfg(feature = "http")]
use tokio::sync::watch;

const WAITING: u8 = 0;
const USED: u8 = 1;
const REVOKED: u8 = 2;

/// The ticket of one `tools/call`.
#[derive(Debug)]
pub(crate) struct Ticket {
    /// The call's name, so that a late answer can be told apart.
    call: String,
    state: AtomicU8,
    clock: Arc<dyn Clock>,
    send_before: DateTime<Utc>,
    /// The call's place among those in flight; free again when nobody holds the ticket.
    _place: Option<OwnedSemaphorePermit>,
    /// Closes when the ticket is dropped.
    #[cfg(feature = "http")]
    attended: watch::Sender<()>,
}

impl Ticket {
    pub(crate) fn new(
        call: String,
        clock: Arc<dyn Clock>,
        send_before: DateTime<Utc>,
        place: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self {
            call,
            state: AtomicU8::new(WAITING),
            clock,
            send_before,
            _place: place,
            #[cfg(feature = "http")]
            attended: watch::Sender::new(()),
        }
    }

    /// The name of the call.
    pub(crate) fn call(&self) -> &str {
        &self.call
    }

    /// Its `changed` returns an error when the ticket is dropped. The receiver holds no ticket.
    #[cfg(feature = "http")]
    pub(crate) fn attended(&self) -> watch::Receiver<()> {
        self.attended.subscribe()
    }

    /// Whether the first byte was, or is being, written.
    pub(crate) fn is_used(&self) -> bool {
        self.state.load(Ordering::SeqCst) == USED
    }

    /// Takes the right to write; asked by the writer with the pipe in its hand.
    ///
    /// # Errors
    /// When the time is over, or the ticket was revoked.
    pub(crate) fn take(&self) -> io::Result<()> {
        if self.clock.now() >= self.send_before {
            self.revoke();
        }
        self.state
            .compare_exchange(WAITING, USED, Ordering::SeqCst, Ordering::SeqCst)
            .map(drop)
            .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "its time to be sent was over"))
    }

    /// Takes the right back. `true` when nothing was written, and nothing will be.
    pub(crate) fn revoke(&self) -> bool {
        self.state.compare_exchange(WAITING, REVOKED, Ordering::SeqCst, Ordering::SeqCst) != Err(USED)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::clock::TokioClock;

    fn ticket(seconds: i64) -> Ticket {
        let send_before = Utc::now() + TimeDelta::seconds(seconds);
        Ticket::new("call".to_owned(), Arc::new(TokioClock), send_before, None)
    }

    #[test]
    fn it_is_used_or_revoked_and_never_both() {
        let used = ticket(60);
        assert!(!used.is_used());
        assert!(used.take().is_ok());
        assert!(used.is_used());
        assert!(!used.revoke());
        assert!(used.take().is_err(), "it is used once");

        let revoked = ticket(60);
        assert!(revoked.revoke());
        assert!(revoked.take().is_err());
        assert!(revoked.revoke());

        let late = ticket(0);
        assert!(late.take().is_err());
        assert!(late.revoke());
    }
}
