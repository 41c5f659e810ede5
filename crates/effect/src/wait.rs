//! Waiting for a request that others drive.

use chimera_contracts::StoreError;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::select;

use crate::journal::Watch;
use crate::kernel::Kernel;
use crate::record::{RequestKey, RequestView};

/// How long a wait goes on before it looks by itself, at first; the pause doubles up to [`LONGEST_PAUSE`]. What ends by the
/// clock alone, or in a process that wakes nobody here, is seen by that.
const FIRST_PAUSE: TimeDelta = TimeDelta::milliseconds(50);

/// How long a wait goes on at most before it looks by itself.
const LONGEST_PAUSE: TimeDelta = TimeDelta::seconds(1);

impl Kernel {
    /// Waits until no holder acts on any effect of the request, at most until `until`, and shows the request as it stands then;
    /// `None` where the key is unknown. Drives nothing, and dropping it changes nothing.
    ///
    /// It ends at once where nothing is under way, also with effects that wait for a person, for their time or for a switch:
    /// that is how the request stands.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn wait(
        &self,
        key: &RequestKey,
        until: DateTime<Utc>,
    ) -> Result<Option<RequestView>, StoreError> {
        let mut pause = FIRST_PAUSE;
        loop {
            // Before it looks, so that nothing falls between.
            let watch = self.journal.watch(key);
            let Some(view) = self.journal.request(key).await? else { return Ok(None) };
            let now = self.clock.now();
            if now >= until || !view.effects.iter().any(|record| record.under_way(now)) {
                return Ok(Some(view));
            }
            self.watch_for(watch, pause, until).await;
            pause = pause.checked_mul(2).map_or(LONGEST_PAUSE, |pause| pause.min(LONGEST_PAUSE));
        }
    }

    /// Waits until a watch rings, at most for `pause` and until `until`.
    pub(crate) async fn watch_for(&self, watch: Watch, pause: TimeDelta, until: DateTime<Utc>) {
        let next = self.clock.now().checked_add_signed(pause).map_or(until, |next| next.min(until));
        select(watch, self.clock.sleep_until(next)).await;
    }
}
