//! The states of an effect and the one function that moves between them.
//!
//! Stores, drivers and tests all ask [`transition`]; there is no other place that knows what may follow what.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where an effect stands. Not `#[non_exhaustive]`: whoever matches on it must look again when a state is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectState {
    /// Recorded and allowed; nothing was sent.
    Admitted,
    /// Recorded and allowed for a later time; nothing was sent.
    Scheduled,
    /// An attempt is recorded; it may have reached the platform.
    Attempting,
    /// The platform accepted it and works on it (PUB-19).
    Processing,
    /// It is public. Of an undo: its post is gone.
    Published,
    /// Known not to have happened; may be attempted again.
    NotDone,
    /// Known not to have happened; will not be attempted again.
    Failed,
    /// It may have happened; looked up, never sent blindly.
    Unknown,
    /// It was public and was taken back by an undo, an effect of its own; may be attempted again under the next call key.
    RolledBack,
    /// Given up before anything was sent.
    Cancelled,
}

/// What can happen to an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectEvent {
    /// It is put off to its time.
    Schedule,
    /// An attempt is recorded.
    Begin,
    /// The platform said that it is public, a look found it, or a person says so.
    Publish,
    /// The platform accepted it for later.
    Accept,
    /// The platform refused, it was never sent, two looks did not find it, or a person says so; it may be tried again.
    Refuse,
    /// It will never happen.
    Fail,
    /// The answer was lost or settles nothing, or the process that attempted it died.
    Lose,
    /// A look did not settle it.
    Look,
    /// It is given up before it was sent.
    Cancel,
    /// An undo of it is known to be done.
    TakeBack,
    /// What a look took for it belongs to another effect, whose own answer says so.
    Disown,
    /// A late answer proves that it is public after it was told as not done.
    Surface,
}

impl EffectState {
    /// Every state.
    pub const ALL: [Self; 10] = [
        Self::Admitted,
        Self::Scheduled,
        Self::Attempting,
        Self::Processing,
        Self::Published,
        Self::NotDone,
        Self::Failed,
        Self::Unknown,
        Self::RolledBack,
        Self::Cancelled,
    ];

    /// The state's name in the store and in evidence.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admitted => "admitted",
            Self::Scheduled => "scheduled",
            Self::Attempting => "attempting",
            Self::Processing => "processing",
            Self::Published => "published",
            Self::NotDone => "not_done",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::RolledBack => "rolled_back",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nobody is acting on it: an answer can be given from what is known now.
    #[must_use]
    pub const fn at_rest(self) -> bool {
        !matches!(self, Self::Admitted | Self::Attempting)
    }
}

impl EffectEvent {
    /// Every event.
    pub const ALL: [Self; 12] = [
        Self::Schedule,
        Self::Begin,
        Self::Publish,
        Self::Accept,
        Self::Refuse,
        Self::Fail,
        Self::Lose,
        Self::Look,
        Self::Cancel,
        Self::TakeBack,
        Self::Disown,
        Self::Surface,
    ];
}

impl fmt::Display for EffectState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The event cannot happen to an effect in this state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an effect that is {state} cannot {event:?}")]
pub struct IllegalTransition {
    /// The state.
    pub state: EffectState,
    /// The event.
    pub event: EffectEvent,
}

/// The state after an event.
///
/// # Errors
/// When the event cannot happen in this state.
pub const fn transition(state: EffectState, event: EffectEvent) -> Result<EffectState, IllegalTransition> {
    use EffectEvent as E;
    use EffectState as S;
    Ok(match (state, event) {
        (S::Admitted, E::Schedule) => S::Scheduled,
        // From `Unknown` only where the tool enforces keys or sets a state: the same call again cannot act twice.
        // From `RolledBack` under another call key: a server that enforces keys would answer with the deleted post.
        (S::Admitted | S::Scheduled | S::NotDone | S::Unknown | S::RolledBack, E::Begin) => S::Attempting,
        (S::Attempting | S::Processing | S::Unknown, E::Publish) => S::Published,
        (S::Attempting | S::Unknown, E::Accept) => S::Processing,
        // Before an attempt too: an upload that failed.
        (S::Admitted | S::Scheduled | S::Attempting | S::Unknown | S::NotDone, E::Refuse) => S::NotDone,
        (S::Admitted | S::Scheduled | S::Attempting | S::Processing | S::Unknown | S::NotDone, E::Fail) => {
            S::Failed
        }
        (S::Attempting | S::Processing, E::Lose) | (S::Unknown, E::Look | E::Lose) => S::Unknown,
        (S::Admitted | S::Scheduled | S::NotDone, E::Cancel) => S::Cancelled,
        (S::Published, E::TakeBack) => S::RolledBack,
        // Only what a look found: `step::advance` holds it to that.
        (S::Published, E::Disown) => S::Unknown,
        (S::NotDone | S::Failed | S::Cancelled, E::Surface) => S::Published,
        (state, event) => return Err(IllegalTransition { state, event }),
    })
}

#[cfg(test)]
mod tests {
    use super::{EffectEvent as E, EffectState as S, transition};

    /// Every legal pair; all the others are refused.
    const LEGAL: &[(S, E, S)] = &[
        (S::Admitted, E::Schedule, S::Scheduled),
        (S::Admitted, E::Begin, S::Attempting),
        (S::Admitted, E::Refuse, S::NotDone),
        (S::Admitted, E::Fail, S::Failed),
        (S::Admitted, E::Cancel, S::Cancelled),
        (S::Scheduled, E::Begin, S::Attempting),
        (S::Scheduled, E::Refuse, S::NotDone),
        (S::Scheduled, E::Fail, S::Failed),
        (S::Scheduled, E::Cancel, S::Cancelled),
        (S::Attempting, E::Publish, S::Published),
        (S::Attempting, E::Accept, S::Processing),
        (S::Attempting, E::Refuse, S::NotDone),
        (S::Attempting, E::Fail, S::Failed),
        (S::Attempting, E::Lose, S::Unknown),
        (S::Processing, E::Publish, S::Published),
        (S::Processing, E::Fail, S::Failed),
        (S::Processing, E::Lose, S::Unknown),
        (S::Published, E::TakeBack, S::RolledBack),
        (S::RolledBack, E::Begin, S::Attempting),
        (S::NotDone, E::Begin, S::Attempting),
        (S::NotDone, E::Refuse, S::NotDone),
        (S::NotDone, E::Fail, S::Failed),
        (S::NotDone, E::Cancel, S::Cancelled),
        (S::Unknown, E::Begin, S::Attempting),
        (S::Unknown, E::Publish, S::Published),
        (S::Unknown, E::Accept, S::Processing),
        (S::Unknown, E::Refuse, S::NotDone),
        (S::Unknown, E::Fail, S::Failed),
        (S::Unknown, E::Lose, S::Unknown),
        (S::Unknown, E::Look, S::Unknown),
        (S::Published, E::Disown, S::Unknown),
        (S::NotDone, E::Surface, S::Published),
        (S::Failed, E::Surface, S::Published),
        (S::Cancelled, E::Surface, S::Published),
    ];

    #[test]
    fn every_pair_of_state_and_event() {
        for state in S::ALL {
            for event in E::ALL {
                let expected =
                    LEGAL.iter().find(|(from, by, _)| (*from, *by) == (state, event)).map(|(.., to)| *to);
                assert_eq!(transition(state, event).ok(), expected, "{state:?} {event:?}");
            }
        }
    }

    #[test]
    fn what_is_public_is_never_attempted_again() {
        for state in [S::Published, S::Processing, S::Failed, S::Cancelled] {
            assert!(transition(state, E::Begin).is_err(), "{state:?}");
        }
    }
}
