#![doc = include_str!("../README.md")]

mod approval;
mod budget;
mod decision;
mod gate;
mod permit;

pub use approval::{ApprovalStore, Recorded, Standing};
pub use budget::{Balance, Budget, BudgetDenial, BudgetScope};
pub use decision::{Approver, ApproverRole, Decision, Verdict};
pub use gate::{Approvable, Approved, Claim, Gate, GateError};
pub use permit::{Denial, Use, permits, use_of};
