//! The task that drives due effects.

use std::sync::Arc;

use chimera_contracts::StoreError;
use chimera_effect::{EffectState, Halt, LeaseScope, Leased, Purpose};
use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::Worker;
use super::pool::{Ask, Source};
use super::signal::Stop;

/// The effects that are due.
#[derive(Debug)]
pub(super) struct DueEffects {
    worker: Arc<Worker>,
    stop: Stop,
}

impl DueEffects {
    pub(super) const fn new(worker: Arc<Worker>, stop: Stop) -> Self {
        Self { worker, stop }
    }
}

impl Worker {
    pub(super) async fn lease_due(&self, limit: usize) -> Result<Vec<Leased>, StoreError> {
        self.kernel.lease(LeaseScope::Due, limit).await
    }

    pub(super) async fn drive(&self, leased: Leased, until: DateTime<Utc>, halt: &Halt) {
        let effect = leased.record().id;
        match self.kernel.drive_until(leased, Purpose::Background, until, halt).await {
            Ok(record) => tracing::debug!(%effect, state = %record.progress.state, "driven"),
            Err(error) => tracing::warn!(%effect, %error, "an effect is left to a later time"),
        }
    }

    /// Lets go of what was leased while the stop was given; else no other worker could have it before its lease ends.
    async fn let_go(&self, leased: &Leased) {
        let record = leased.record();
        // An attempt of a dead holder keeps its lease until another worker drives it.
        if record.progress.state == EffectState::Attempting {
            return;
        }
        if let Err(error) = self.kernel.let_go(record).await {
            tracing::warn!(effect = %record.id, %error, "an effect waits for its lease to end");
        }
    }
}

impl Source for DueEffects {
    type Found = Vec<Leased>;
    type Done = ();

    fn ask(&mut self, room: usize) -> BoxFuture<'static, Result<Vec<Leased>, StoreError>> {
        let worker = Arc::clone(&self.worker);
        async move { worker.lease_due(room).await }.boxed()
    }

    fn begin(&mut self, found: Vec<Leased>, room: usize) -> (Vec<BoxFuture<'static, ()>>, Ask) {
        let until = self.worker.later(self.worker.options.stay);
        let ask = if found.len() < room { Ask::AfterPause } else { Ask::WhenFree };
        let drive = |leased: Leased| {
            let (worker, stop) = (Arc::clone(&self.worker), self.stop.clone());
            let begun = async move {
                // What the store gave while the stop was given is not begun.
                if stop.is_given() {
                    worker.let_go(&leased).await;
                } else {
                    worker.drive(leased, until, &stop.halt()).await;
                }
            };
            begun.boxed()
        };
        (found.into_iter().map(drive).collect(), ask)
    }

    fn ended(&mut self, (): ()) {}
}
