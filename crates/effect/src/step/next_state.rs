//! The state to which a step leads.

use chimera_contracts::ErrorCode;
use chrono::{DateTime, Utc};

use super::evidence::did_not_happen;
use crate::journal::{HandVerdict, Step};
use crate::outcome::Refusal;
use crate::record::EffectRecord;
use crate::state::{EffectEvent, EffectState, IllegalTransition, transition};

/// The state after a step, by the one transition function.
pub(super) fn next_state(
    record: &EffectRecord,
    step: &Step,
    now: DateTime<Utc>,
) -> Result<EffectState, IllegalTransition> {
    let progress = &record.progress;
    let state = progress.state;
    let event = match step {
        Step::Begin { .. } => EffectEvent::Begin,
        Step::Done { .. } => EffectEvent::Publish,
        Step::Accepted(_) => EffectEvent::Accept,
        // A refusal while an earlier attempt is unsettled settles nothing: it is as good as a lost answer.
        Step::NotDone(_) if progress.unsettled_since.is_some() => EffectEvent::Lose,
        Step::NotDone(refusal) => not_done(refusal),
        Step::Unknown(_) => EffectEvent::Lose,
        Step::Looked { .. } | Step::ClaimsAccepted(_) => EffectEvent::Look,
        Step::AbsentForGood => not_done(&told_when_absent(record)),
        Step::SettledByHand(hand) => match hand.verdict {
            HandVerdict::There { .. } => EffectEvent::Publish,
            HandVerdict::NotThere => EffectEvent::Refuse,
            HandVerdict::StillUnknown => EffectEvent::Look,
        },
        // Observations go their own way.
        Step::Uploaded(_) | Step::Renew | Step::Yield | Step::Observed { .. } => return Ok(state),
        // What was taken back waits for its caller, and for nothing else.
        Step::PutOff(_) if matches!(state, EffectState::Unknown | EffectState::RolledBack) => {
            EffectEvent::Schedule
        }
        Step::Prepare | Step::PutOff(_) => return transition(state, EffectEvent::Begin).map(|_| state),
    };
    let unknown = state == EffectState::Unknown;
    let settled = progress.settled_from.is_some_and(|from| from <= now);
    let illegal = match step {
        // Absence is known only after `settled_from`, and only at the second look.
        Step::AbsentForGood => !(unknown && settled && progress.absent_looks > 0),
        Step::SettledByHand(hand) => !unknown || (hand.verdict == HandVerdict::NotThere && !settled),
        _ => false,
    };
    if illegal {
        return Err(IllegalTransition { state, event });
    }
    transition(state, event)
}

fn not_done(refusal: &Refusal) -> EffectEvent {
    // Credentials are mended: once the account is cleared the same key and approval go on.
    let mendable = refusal.code.retryable() || refusal.code == ErrorCode::PlatformAuthInvalid;
    if mendable { EffectEvent::Refuse } else { EffectEvent::Fail }
}

/// What is told of an effect that two looks did not find: the refusal that an answer had left open, else that no answer came.
pub(super) fn told_when_absent(record: &EffectRecord) -> Refusal {
    let shown = format!("two looks show that {}", did_not_happen(record.kind()));
    match &record.progress.refusal {
        Some(refusal) => Refusal { message: format!("{}; {shown}", refusal.message), ..refusal.clone() },
        None => Refusal {
            code: ErrorCode::Timeout,
            message: format!("the outcome of the call was not known, and {shown}"),
            retry_at: None,
            said: None,
        },
    }
}
