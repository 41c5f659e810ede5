//! The task that records answers that came late.

use chimera_contracts::StoreError;

use super::Worker;
use super::pool::pause;
use super::signal::Stop;

impl Worker {
    /// Nothing tells that an answer came, so it asks after each pause.
    pub(super) async fn record_late_answers(&self, stop: &Stop) {
        while !stop.is_given() {
            if let Err(error) = self.record_late().await {
                tracing::warn!(%error, "the worker could not use the store");
            }
            pause(self.clock.as_ref(), self.options.pause, stop).await;
        }
    }

    pub(super) async fn record_late(&self) -> Result<(), StoreError> {
        let late = self.kernel.record_late().await?;
        if !late.is_empty() {
            tracing::info!(answers = late.len(), "answers that came late are recorded");
        }
        Ok(())
    }
}
