//! The person at the review queue.

use chimera::governance::{Approver, ApproverRole};
use chrono::TimeDelta;

/// For how long a review is taken.
pub(crate) const LEASE: TimeDelta = TimeDelta::minutes(10);

/// Who reviews. A real host takes this from its own sign-in.
pub(crate) fn reviewer() -> Approver {
    Approver { id: "reviewer@example.com".to_owned(), role: ApproverRole::HitlReviewer }
}
