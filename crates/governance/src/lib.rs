#![doc = include_str!("../README.md")]

mod action_permit;
mod action_review;
mod approval;
mod budget;
mod classifier;
mod decision;
mod desk;
mod flag;
mod gate;
mod permit;
mod policy;
mod principal;
pub mod review;
pub mod route;
mod rules;

pub use action_permit::{ActionPermit, ActionPermits, PermitDenial, PermitDenied, PermitRequest};
pub use action_review::{ActionDocument, ActionReview, new_action_review};
pub use approval::{ApprovalStore, Recorded, Standing};
pub use budget::{Balance, Budget, BudgetDenial, BudgetOwner, BudgetScope};
pub use classifier::{Classified, Classifier, ClassifierError, Sentiment};
pub use decision::{Approver, ApproverRole, Authority, Decision, Verdict};
pub use desk::{DeskError, ReviewDesk, Ruled, Ruling, Terms};
pub use flag::{Flag, Flags};
pub use gate::{Approvable, Approved, Claim, Decided, Gate, GateError, Reversible};
pub use permit::{Denial, Use, permits, permits_undo, use_of};
pub use policy::{Policies, Policy, PolicyDocument, WarmUp, policy_schema};
pub use principal::Principal;
pub use rules::{RuleClassifier, folded};
