//! What a step does to the budgets of its request.

use chimera_contracts::Money;

use crate::record::{EffectRecord, Progress};
use crate::state::EffectState;

/// What a step does to each of the budgets of its request.
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
        /// What is held now.
        held: Money,
        /// What was spent.
        actual: Money,
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
    // A budget is of one currency, and so is what it holds.
    let actual = next.cost.filter(|cost| cost.currency == held.currency).unwrap_or(held);
    let ended = match next.state {
        EffectState::Published if next.held => {
            next.spent = Some(actual);
            BudgetMove::Settle { held, actual }
        }
        // It surfaced after its hold was let go.
        EffectState::Published if next.spent.is_none() => {
            next.spent = Some(actual);
            BudgetMove::Charge { actual }
        }
        EffectState::Failed | EffectState::Cancelled if next.held => BudgetMove::Release { held },
        _ => return None,
    };
    next.held = false;
    // No budget holds for what is free.
    (held.micros > 0).then_some(ended)
}

/// What an effect cost above its hold: what was held and what was spent. A cost in another currency is above every hold.
pub(super) fn overrun(record: &EffectRecord, next: &Progress) -> Option<(Money, Money)> {
    let cost = next.cost.filter(|_| next.state == EffectState::Published)?;
    let above = cost.currency != record.price.currency || cost.micros > record.price.micros;
    above.then_some((record.price, cost))
}
