//! The states of a review and the one function that says which follows which.

use serde::{Deserialize, Serialize};

/// Where a review stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    /// Nobody is at it.
    Waiting,
    /// A reviewer looks at it.
    Claimed,
    /// To be looked at later.
    Deferred,
    /// Approved, as it was or edited; what follows from it has not been handed over yet.
    Approved,
    /// Approved, and what follows stands in the journal.
    Executed,
    /// Not to happen.
    Rejected,
    /// Nobody decided in time.
    Expired,
    /// Cancelled by its requester.
    Cancelled,
    /// Refused before anybody was asked; listed so that a person can see it.
    Refused,
}

impl ReviewState {
    /// Every state.
    pub const ALL: &'static [Self] = &[
        Self::Waiting,
        Self::Claimed,
        Self::Deferred,
        Self::Approved,
        Self::Executed,
        Self::Rejected,
        Self::Expired,
        Self::Cancelled,
        Self::Refused,
    ];

    /// The state's name in stores and evidence.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Claimed => "claimed",
            Self::Deferred => "deferred",
            Self::Approved => "approved",
            Self::Executed => "executed",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Refused => "refused",
        }
    }

    /// Whether somebody still has to decide.
    #[must_use]
    pub const fn open(self) -> bool {
        matches!(self, Self::Waiting | Self::Claimed | Self::Deferred)
    }
}

/// What happens to a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReviewEvent {
    /// A reviewer takes it.
    Claim,
    /// A reviewer puts it back, or hands it to someone with more authority.
    Release,
    /// A reviewer puts it off.
    Defer,
    /// A reviewer says yes, with or without an edit.
    Approve,
    /// A reviewer says no.
    Reject,
    /// Its time is over.
    Expire,
    /// Its requester cancels it.
    Cancel,
    /// What was approved stands in the journal.
    Execute,
}

impl ReviewEvent {
    /// Every event.
    pub const ALL: &'static [Self] = &[
        Self::Claim,
        Self::Release,
        Self::Defer,
        Self::Approve,
        Self::Reject,
        Self::Expire,
        Self::Cancel,
        Self::Execute,
    ];
}

/// The event cannot happen to a review in this state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a review that is {} cannot take this step", state.as_str())]
pub struct IllegalReview {
    /// The state.
    pub state: ReviewState,
    /// The event.
    pub event: ReviewEvent,
}

/// The state that follows.
///
/// # Errors
/// When the event cannot happen in this state.
pub const fn transition(state: ReviewState, event: ReviewEvent) -> Result<ReviewState, IllegalReview> {
    use {ReviewEvent as E, ReviewState as S};
    match (state, event) {
        // Whether a claim still holds is a question of time, which `step` answers.
        (S::Waiting | S::Claimed | S::Deferred, E::Claim) => Ok(S::Claimed),
        (S::Claimed, E::Release) => Ok(S::Waiting),
        (S::Claimed, E::Defer) => Ok(S::Deferred),
        (S::Claimed, E::Approve) => Ok(S::Approved),
        (S::Claimed, E::Reject) => Ok(S::Rejected),
        (S::Waiting | S::Claimed | S::Deferred, E::Expire) => Ok(S::Expired),
        // What was approved can be cancelled until the journal has it, which `step` answers.
        (S::Waiting | S::Claimed | S::Deferred | S::Approved, E::Cancel) => Ok(S::Cancelled),
        (S::Approved, E::Execute) => Ok(S::Executed),
        // The approval lapsed before what follows from it could be handed over.
        (S::Approved, E::Expire) => Ok(S::Expired),
        (state, event) => Err(IllegalReview { state, event }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_has_one_answer() {
        use {ReviewEvent as E, ReviewState as S};
        let legal = [
            (S::Waiting, E::Claim, S::Claimed),
            (S::Claimed, E::Claim, S::Claimed),
            (S::Deferred, E::Claim, S::Claimed),
            (S::Claimed, E::Release, S::Waiting),
            (S::Claimed, E::Defer, S::Deferred),
            (S::Claimed, E::Approve, S::Approved),
            (S::Claimed, E::Reject, S::Rejected),
            (S::Waiting, E::Expire, S::Expired),
            (S::Claimed, E::Expire, S::Expired),
            (S::Deferred, E::Expire, S::Expired),
            (S::Waiting, E::Cancel, S::Cancelled),
            (S::Claimed, E::Cancel, S::Cancelled),
            (S::Deferred, E::Cancel, S::Cancelled),
            (S::Approved, E::Execute, S::Executed),
            (S::Approved, E::Expire, S::Expired),
            (S::Approved, E::Cancel, S::Cancelled),
        ];
        for state in S::ALL {
            for event in E::ALL {
                let expected = legal.iter().find(|(from, by, _)| from == state && by == event);
                let found = transition(*state, *event);
                let illegal = IllegalReview { state: *state, event: *event };
                assert_eq!(found, expected.map(|(_, _, to)| *to).ok_or(illegal), "{state:?} {event:?}");
            }
        }
    }
}
