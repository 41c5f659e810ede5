//! What a step does to the campaign's budget.

use chimera_contracts::Money;

use crate::record::{EffectRecord, Progress};
use crate::state::EffectState;

/// What a step does to the campaign's budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetMove {
    /// The hold is spent.
    Settle {
        /// What was held.
        held: Money,
        /// What it cost.
        actual: Money,
    },
    /// The hold is let go.
    Release {
        /// What was held.
        held: Money,
    },
    /// What was spent is held again: it is not known any more to have happened.
    Recommit {
        /// What was spent and is held now.
        amount: Money,
    },
    /// It is spent without a hold: it happened after the hold had been let go. May pass the limit.
    Charge {
        /// What it cost.
        actual: Money,
    },
}

/// Spends or lets go of the hold where the effect came to an end.
pub(super) fn settle(record: &EffectRecord, next: &mut Progress) -> Option<BudgetMove> {
    let held = record.price;
    let ended = match next.state {
        EffectState::Published if next.held => {
            next.spent = Some(held);
            BudgetMove::Settle { held, actual: held }
        }
        // It surfaced after its hold was let go.
        EffectState::Published if next.spent.is_none() => {
            next.spent = Some(held);
            BudgetMove::Charge { actual: held }
        }
        EffectState::Failed | EffectState::Cancelled if next.held => BudgetMove::Release { held },
        _ => return None,
    };
    next.held = false;
    (held.micros > 0).then_some(ended)
}
