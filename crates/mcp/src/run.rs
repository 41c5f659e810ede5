//! One life of a server: from its answer to `initialize` to the end of its process.

use std::sync::Arc;

use rmcp::{Peer, RoleClient};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::AbortHandle,
    time::Instant,
};

use crate::{listing::Listing, pulse::Pulse};

/// The most calls that are written or waited for at once, the late ones within their grace included. Further ones
/// wait outside, where their time can run out harmlessly: no queue grows behind a server that is deaf.
pub(crate) const PLACES: usize = 256;

/// A running server, or one that was.
#[derive(Debug)]
pub(crate) struct Run {
    /// Which life this is.
    pub(crate) serial: u64,
    /// When it was ready.
    pub(crate) since: Instant,
    pub(crate) peer: Peer<RoleClient>,
    pub(crate) listing: Listing,
    places: Arc<Semaphore>,
    /// Of a server that may have forgotten us meanwhile.
    pulse: Option<Arc<Pulse>>,
    /// Whether the server named the session. One that did not may become another one unseen.
    is_named: bool,
    stop: watch::Sender<bool>,
    ended: watch::Receiver<Option<String>>,
    keeper: AbortHandle,
}

impl Run {
    pub(crate) fn new(
        serial: u64,
        since: Instant,
        (peer, listing): (Peer<RoleClient>, Listing),
        (stop, ended): (watch::Sender<bool>, watch::Receiver<Option<String>>),
        keeper: AbortHandle,
    ) -> Self {
        Self {
            serial,
            since,
            peer,
            listing,
            places: Arc::new(Semaphore::new(PLACES)),
            pulse: None,
            is_named: true,
            stop,
            ended,
            keeper,
        }
    }

    /// Of a session with this pulse, whose keeper waits for these [places](PLACES).
    #[cfg(feature = "http")]
    pub(crate) fn of_session(self, pulse: Arc<Pulse>, places: Arc<Semaphore>, is_named: bool) -> Self {
        Self { pulse: Some(pulse), places, is_named, ..self }
    }

    /// Whether it may be another one by now, since it names no session and was not heard for long.
    pub(crate) fn was_quiet(&self) -> bool {
        let pulse = self.pulse.as_ref().filter(|_| !self.is_named);
        pulse.is_some_and(|pulse| pulse.was_quiet(Instant::now()))
    }

    /// Whether it should be asked if it still knows us.
    pub(crate) fn is_silent(&self) -> bool {
        self.pulse.as_ref().is_some_and(|pulse| pulse.is_silent(Instant::now()))
    }

    /// Whether no further call should be given to it.
    pub(crate) fn is_over(&self) -> bool {
        self.is_outlived()
            || *self.stop.borrow()
            || self.ended.borrow().is_some()
            || self.peer.is_transport_closed()
    }

    /// Whether its server became another one, which ends it with the next use.
    pub(crate) fn is_outlived(&self) -> bool {
        self.pulse.as_ref().is_some_and(|pulse| pulse.has_ended())
    }

    /// Asks its keeper to end the process.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Kills the process with all it started, without waiting for anything.
    pub(crate) fn abandon(&self) {
        self.keeper.abort();
    }

    /// Waits until the process is gone and says how it ended.
    pub(crate) async fn ended(&self) -> String {
        let mut ended = self.ended.clone();
        let how = ended.wait_for(Option::is_some).await.ok().and_then(|how| how.clone());
        how.unwrap_or_else(|| "it was killed".to_owned())
    }

    /// A place among the calls in flight.
    pub(crate) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).acquire_owned().await.ok()
    }
}
