//! Trying again within a call what provably did not happen (ENG-14).
//!
//! Only what the journal says is `not_done` and retryable: a lost answer is looked up by the kernel and never comes here.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use chimera_effect::{Carry, EffectState, Told};
use chrono::{DateTime, TimeDelta, Utc};

use crate::skill::EngageSkill;

/// How often a call tries again.
const RETRIES: usize = 3;

/// The first pause; each next one is about twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

impl EngageSkill {
    /// Tries again, with growing pauses, for as long as the caller waits and the platform may answer otherwise.
    pub(crate) async fn persist(&self, carry: &Carry, first: Vec<Told>) -> Vec<Told> {
        let mut told = first;
        let pauses = ExponentialBuilder::default()
            .with_min_delay(FIRST_PAUSE)
            .with_max_times(RETRIES)
            .with_jitter()
            .with_jitter_seed(seed(carry))
            .build();
        for pause in pauses {
            let Some(at) = self.again_at(&told, carry, pause) else { break };
            self.ports.clock.sleep_until(at).await;
            match self.ports.kernel.request(&carry.key).await {
                Ok(Some(view)) => told = self.ports.kernel.carry_on(carry, view).await,
                // What is told already is true; the next call asks the store again.
                Ok(None) | Err(_) => break,
            }
        }
        told
    }

    /// When to try again; `None` where that would not help, or not in time.
    fn again_at(&self, told: &[Told], carry: &Carry, pause: Duration) -> Option<DateTime<Utc>> {
        let [told] = told else { return None };
        let refusal = told.record.progress.refusal.as_ref();
        if told.state() != EffectState::NotDone || !refusal.is_none_or(|refusal| refusal.code.retryable()) {
            return None;
        }
        let now = self.ports.clock.now();
        let ours = now.checked_add_signed(TimeDelta::from_std(pause).ok()?)?;
        let theirs = refusal.and_then(|refusal| refusal.retry_at);
        Some(ours.max(theirs.unwrap_or(ours))).filter(|at| *at < carry.until)
    }
}

/// The jitter of one engagement is the same at every repetition, and another one's is another.
fn seed(carry: &Carry) -> u64 {
    let request = carry.key.request_id();
    let (_, low) = request.as_uuid().as_u64_pair();
    low
}
