//! What a step does to the budgets of its request.

use chimera_contracts::{ErrorCode, Money};
use chimera_governance::{Balance, BudgetScope};

use crate::journal::Refused;
use crate::record::{EffectRecord, Progress};
use crate::state::{EffectEvent, EffectState, transition};

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
    /// Its price is held again: it is attempted again after its hold was spent and its post taken back. Within the limit.
    Hold {
        /// What is held.
        amount: Money,
    },
    /// It is spent without a hold: it happened after the hold had been let go. May pass the limit.
    Charge {
        /// What it cost.
        actual: Money,
    },
}

/// Whether an attempt of an effect has to hold its price anew.
#[must_use]
pub fn holds_again(record: &EffectRecord) -> bool {
    let begins = transition(record.progress.state, EffectEvent::Begin).is_ok();
    begins && !record.progress.held && record.price.micros > 0
}

/// Why an attempt may not begin, where its price is to be held again and one of its budgets cannot.
pub(super) fn uncovered(
    record: &EffectRecord,
    balances: &[(BudgetScope, Option<Balance>)],
) -> Option<Refused> {
    let platform = Some(record.effect.content().platform);
    let refuse = |message| Refused { code: ErrorCode::BudgetExceeded, platform, message };
    let short = |(scope, balance): &(BudgetScope, Option<Balance>)| match balance {
        None => Some(refuse(format!("no budget is set for {}, and the effect is not free", scope.owner))),
        Some(balance) => {
            let denied = balance.hold(record.price).err();
            denied.map(|denial| refuse(format!("of {}: {denial}", scope.owner)))
        }
    };
    balances.iter().filter(|_| holds_again(record)).find_map(short)
}

/// Holds again, spends or lets go of the hold where the effect begins anew or came to an end.
pub(super) fn settle(record: &EffectRecord, next: &mut Progress) -> Option<BudgetMove> {
    let held = record.price;
    // A budget is of one currency, and so is what it holds.
    let actual = next.cost.filter(|cost| cost.currency == held.currency).unwrap_or(held);
    // INVARIANT: no attempt begins without its hold.
    if next.state == EffectState::Attempting && !next.held {
        (next.held, next.spent, next.cost) = (true, None, None);
        return (held.micros > 0).then_some(BudgetMove::Hold { amount: held });
    }
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
