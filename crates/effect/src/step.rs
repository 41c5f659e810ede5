//! What a step writes, as pure functions: given what is stored and the time, they say what is to be stored.
//!
//! Every journal calls them inside its transaction, so that rules live in one place and a store only keeps what it is told.
//! They talk to no port and read no clock.

mod admit;
mod advance;
mod begin;
mod evidence;
mod hand;
mod late;
mod lease;
mod tally;

pub use admit::{Admitted, NewApproval, admit, check_review, known, same_effects, same_request};
pub use advance::{BudgetMove, Change, Context, Owner, Verdict, advance, claimed_post};
pub use evidence::{RefusedRequest, outcome_event, refusal_draft};
pub use lease::{leasable, lease};
pub use tally::{Tally, Whole};
