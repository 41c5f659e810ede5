//! What a step writes, as pure functions: given what is stored and the time, they say what is to be stored.
//!
//! Every journal calls them inside its transaction, so that rules live in one place and a store only keeps what it is told.
//! They talk to no port and read no clock.

mod admit;
mod advance;
mod begin;
mod budget;
mod change;
mod claim;
mod evidence;
mod hand;
mod late;
mod lease;
mod next_state;
mod pause;
mod progress;
mod tally;
mod told;
mod turn;
mod undo;

use chrono::{DateTime, TimeDelta, Utc};

pub use admit::{
    AdmitContext, Admitted, NewApproval, admit, check_review, known, same_effects, same_request,
};
pub use advance::advance;
pub use budget::{BudgetMove, holds_again};
pub use change::{Change, Context, Owner, Verdict};
pub use claim::claimed_post;
pub use evidence::{RefusedRequest, outcome_event, refusal_draft};
pub(crate) use hand::NAMELESS;
pub use lease::{leasable, lease};
pub use pause::{PauseChange, pause, rejected_credentials, stopped_account};
pub use tally::{Tally, Whole};
pub use turn::{Turn, turn};
pub use undo::{undone_request, unnamed_post};

/// `time + span`, or the end of time.
fn after(time: DateTime<Utc>, span: TimeDelta) -> DateTime<Utc> {
    time.checked_add_signed(span).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
