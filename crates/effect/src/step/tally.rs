//! How the effects of one request stand together.

use crate::state::EffectState;

/// Counts of a request's effects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All of them.
    pub total: u32,
    /// Public.
    pub published: u32,
    /// Known not to have happened or not to be public any more, retryable or not: refused, cancelled, taken back.
    pub failed: u32,
    /// May have happened.
    pub unknown: u32,
    /// Accepted, scheduled, admitted or being attempted.
    pub pending: u32,
    /// Put off to their time, a part of the pending ones.
    pub scheduled: u32,
}

impl FromIterator<EffectState> for Tally {
    fn from_iter<I: IntoIterator<Item = EffectState>>(states: I) -> Self {
        states.into_iter().fold(Self::default(), |mut tally, state| {
            tally.total = tally.total.saturating_add(1);
            let count = match state {
                EffectState::Published => &mut tally.published,
                EffectState::NotDone
                | EffectState::Failed
                | EffectState::Cancelled
                | EffectState::RolledBack => &mut tally.failed,
                EffectState::Unknown => &mut tally.unknown,
                EffectState::Scheduled => {
                    tally.scheduled = tally.scheduled.saturating_add(1);
                    &mut tally.pending
                }
                EffectState::Admitted | EffectState::Attempting | EffectState::Processing => {
                    &mut tally.pending
                }
            };
            *count = count.saturating_add(1);
            tally
        })
    }
}

/// How a request stands as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Whole {
    /// Something may have happened, and nothing is known to have.
    Unknown,
    /// Something is still under way.
    Processing,
    /// Everything is public.
    Success,
    /// Everything waits for its time.
    Scheduled,
    /// A part is public.
    PartialSuccess,
    /// Nothing is public.
    Failure,
}

impl Whole {
    /// The name in evidence.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Processing => "processing",
            Self::Success => "success",
            Self::Scheduled => "scheduled",
            Self::PartialSuccess => "partial_success",
            Self::Failure => "failure",
        }
    }
}

impl Tally {
    /// The whole where partial success is allowed: the first rule of PUB-25 that fits.
    #[must_use]
    pub const fn whole(&self) -> Whole {
        if self.unknown > 0 && self.published == 0 {
            Whole::Unknown
        } else if self.pending > self.scheduled {
            Whole::Processing
        } else if self.published == self.total {
            Whole::Success
        } else if self.scheduled == self.total {
            Whole::Scheduled
        } else if self.published > 0 {
            Whole::PartialSuccess
        } else {
            Whole::Failure
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use EffectState as S;

    #[test]
    fn the_first_rule_that_fits() {
        let check = |states: &[S], expected| {
            assert_eq!(states.iter().copied().collect::<Tally>().whole().as_str(), expected, "{states:?}");
        };
        check(&[S::Published, S::Published], "success");
        check(&[S::Published, S::NotDone], "partial_success");
        check(&[S::Published, S::Unknown], "partial_success");
        check(&[S::Unknown, S::NotDone], "unknown");
        check(&[S::Unknown, S::Processing], "unknown");
        check(&[S::Published, S::Processing], "processing");
        check(&[S::Scheduled, S::Scheduled], "scheduled");
        check(&[S::NotDone, S::Failed], "failure");
        check(&[S::RolledBack, S::Failed], "failure");
        check(&[S::RolledBack, S::Published], "partial_success");
    }
}
