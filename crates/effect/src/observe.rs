//! Answers that come when their attempt has been told already: each is recorded, whatever state its effect is in.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use chimera_contracts::{EffectId, Namespace, StoreError, StoreErrorKind};

use crate::journal::{Advanced, EffectQuery, Page, Step};
use crate::kernel::Kernel;
use crate::platform::LateOutcome;
use crate::record::EffectRecord;

/// How many late answers wait for a store that fails. The oldest are dropped then, with an error in the log.
const WAITING: usize = 256;

/// How often an observation is given to the journal again when its effect moved meanwhile.
const TRIES: u32 = 8;

/// Late answers that are not recorded yet.
#[derive(Debug, Default)]
pub(crate) struct LateQueue(Mutex<VecDeque<LateOutcome>>);

impl LateQueue {
    fn extend(&self, late: Vec<LateOutcome>) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.extend(late);
        while waiting.len() > WAITING {
            if let Some(dropped) = waiting.pop_front() {
                tracing::error!(effect = %dropped.effect, "a late answer is dropped: the store does not take it");
            }
        }
    }

    fn pop(&self) -> Option<LateOutcome> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

impl Kernel {
    /// Records the answers that came late, and tells the effects that they were about.
    ///
    /// # Errors
    /// When the store fails; what is not recorded is recorded by the next call.
    pub async fn record_late(&self) -> Result<Vec<EffectId>, StoreError> {
        self.late.extend(self.platform.late());
        let mut about = Vec::new();
        while let Some(late) = self.late.pop() {
            about.push(late.effect);
            if let Err(error) = self.observe(late.clone()).await {
                self.late.extend(vec![late]);
                return Err(error);
            }
        }
        Ok(about)
    }

    /// Records what an attempt came to that had been told otherwise, or that another holder took over.
    pub(crate) async fn observe(&self, late: LateOutcome) -> Result<(), StoreError> {
        for _ in 0..TRIES {
            let Some(record) = self.effect(&late.namespace, late.effect).await? else { return Ok(()) };
            let step = Step::Observed { attempt: late.attempt, outcome: late.outcome.clone() };
            let advanced = match self.advance(&record, step, false).await {
                // Asking again would come to the same, and would keep all the others waiting.
                Err(error) if error.kind == StoreErrorKind::Misuse => {
                    tracing::error!(effect = %late.effect, %error, "a late answer does not fit its effect");
                    return Ok(());
                }
                advanced => advanced?,
            };
            match advanced {
                Advanced::Fenced => {}
                Advanced::Taken { external_id } => {
                    tracing::error!(effect = %late.effect, external_id, "a late answer names a post of another effect");
                    return Ok(());
                }
                Advanced::Applied(_) | Advanced::Already(_) | Advanced::Refused(_) => return Ok(()),
            }
        }
        tracing::error!(effect = %late.effect, "a late answer could not be recorded: its effect never rests");
        Ok(())
    }

    /// An effect by its id.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn effect(
        &self,
        namespace: &Namespace,
        id: EffectId,
    ) -> Result<Option<EffectRecord>, StoreError> {
        let query = EffectQuery { namespace: namespace.clone(), ids: vec![id], ..EffectQuery::default() };
        Ok(self.journal.effects(&query, Page { after: None, limit: 1 }).await?.pop())
    }
}
