//! Cancelling an effect that was not attempted yet, and letting one go that this holder will not drive.

use chimera_contracts::{EffectId, ErrorCode, StoreError};

use crate::journal::{Advanced, LeaseScope, Step};
use crate::kernel::Kernel;
use crate::outcome::Refusal;
use crate::record::EffectRecord;
use crate::state::EffectState;

/// What came of cancelling an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cancelled {
    /// It will not happen.
    Done,
    /// It was attempted, or somebody is at it.
    TooLate,
    /// There is no such effect.
    Missing,
}

impl Kernel {
    /// Cancels an effect that was never attempted, or whose attempts were refused: its hold is released, and it never happens.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn cancel(&self, effect: EffectId) -> Result<Cancelled, StoreError> {
        let leased = self.lease(LeaseScope::Of(vec![effect]), 1).await?;
        let Some(leased) = leased.into_iter().next() else { return Ok(Cancelled::TooLate) };
        let progress = &leased.record().progress;
        // What was refused provably did not happen, and nothing of it is under way: its hold is let go.
        let untouched = match progress.state {
            EffectState::Admitted | EffectState::Scheduled => progress.attempts == 0,
            EffectState::NotDone => true,
            _ => false,
        };
        if !untouched {
            self.let_go(leased.record()).await?;
            return Ok(Cancelled::TooLate);
        }
        let message = "it was cancelled before it was attempted".to_owned();
        let refusal = Refusal { code: ErrorCode::Cancelled, message, retry_at: None, said: None };
        Ok(match self.advance(leased.record(), Step::NotDone(refusal), false).await? {
            Advanced::Applied(_) | Advanced::Already(_) => Cancelled::Done,
            Advanced::Fenced | Advanced::Taken { .. } | Advanced::Refused(_) => Cancelled::TooLate,
        })
    }

    /// Lets go of an effect that this holder leases and does not drive: whoever leases next may.
    ///
    /// # Errors
    /// When the store fails; the lease then runs out by itself.
    pub async fn let_go(&self, record: &EffectRecord) -> Result<(), StoreError> {
        self.advance(record, Step::Yield, false).await.map(|_| ())
    }
}
