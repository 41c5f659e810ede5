//! A strategy: from a brief to the actions that it proposes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{self, Debug};

use chimera_contracts::Faults;
use chimera_contracts::propose::Impact;
use chrono::{DateTime, Utc};

use crate::brief::Brief;

/// What kind of action is proposed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ActionType(Cow<'static, str>);

impl ActionType {
    /// Publish the artifact on the target at a time.
    pub const SCHEDULE: Self = Self::of("schedule");
    /// Publish the artifact on the target, at whatever time whoever executes it chooses.
    pub const PUBLISH: Self = Self::of("publish");
    /// Pay for it to be shown to more people.
    pub const PROMOTE: Self = Self::of("promote");
    /// Limit who is shown it.
    pub const TARGET: Self = Self::of("target");

    /// Another word of a strategy's own.
    #[must_use]
    pub const fn of(word: &'static str) -> Self {
        Self(Cow::Borrowed(word))
    }

    /// The word on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ActionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One action as a strategy plans it; its id comes later, from its place in the proposal.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedAction {
    /// What to do.
    pub action_type: ActionType,
    /// On what or where; 1 to 255 characters.
    pub target: String,
    /// When; `None` where nothing was given to derive a time from.
    pub scheduled_time: Option<DateTime<Utc>>,
    /// What it is expected to bring, by metric; empty where that is not known.
    pub estimated_impact: BTreeMap<String, Impact>,
}

/// Why a strategy proposes nothing.
///
/// Not `#[non_exhaustive]`: whoever answers it must look again when a case is added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StrategyError {
    /// The brief asks for something that is wrong in itself, such as a bad value of a constraint of the strategy's own.
    #[error(transparent)]
    Faults(#[from] Faults),
    /// What the brief asks for cannot be planned.
    #[error("{message}")]
    NoPlan {
        /// Why, as a word for programs.
        reason: &'static str,
        /// Why, for people.
        message: String,
    },
}

/// Plans engagement.
///
/// # Contract
/// - **Pure.** The plan follows from the brief and from what the strategy was made with: no clock, no chance, no port, no
///   state that changes. The same brief gives the same plan in any process on any day.
/// - **Versioned.** What would give another plan for some brief has another version.
/// - **Within the constraints.** No action is scheduled before `not_before`, within `quiet_hours` or outside of
///   `active_hours`; the skill checks it and refuses a plan that breaks it.
/// - **Total.** Every brief gets a plan or an error; no panic.
pub trait ProposalStrategy: Debug + Send + Sync + 'static {
    /// The strategy's name: letters, digits and `_.:/+-`.
    fn name(&self) -> &'static str;

    /// Its version, of the same alphabet.
    fn version(&self) -> &'static str;

    /// The names of constraints that it understands beyond [`constraint::ALL`](crate::constraint::ALL).
    fn constraints(&self) -> &[&'static str];

    /// Plans; the actions stand in the proposal in this order.
    ///
    /// # Errors
    /// When nothing can be proposed.
    fn propose(&self, brief: &Brief) -> Result<Vec<PlannedAction>, StrategyError>;
}
