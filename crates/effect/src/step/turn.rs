//! Whose turn it is within a request.

use chrono::{DateTime, Utc};

use crate::effect::EffectV1;
use crate::plan::{ExecutionOrder, ExecutionPlan};
use crate::record::EffectRecord;
use crate::state::EffectState;

/// Whether an effect may be attempted, as far as the others of its request go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Turn {
    /// It may.
    Now,
    /// Once those before it have come to rest.
    Later {
        /// When that is so by the clock alone: what is being attempted sends nothing from `send_before` on. `None` where a step
        /// has to come first.
        until: Option<DateTime<Utc>>,
    },
    /// Not any more: one of them will never happen, and they were to happen all or not at all.
    Never,
}

/// Whether an effect at `position` may be attempted at `now` beside its `siblings`.
///
/// One that waits for something outside of the request (an equal effect of another one, a switch) lets those after it go
/// first, unless all are to happen or none: it may wait for days. What a dead holder was attempting may stay so until its
/// platform has settled, which can take a day; its attempt is over when nothing of it may go on the wire any more.
#[must_use]
pub fn turn<'a>(
    plan: &ExecutionPlan,
    position: u32,
    siblings: impl IntoIterator<Item = &'a EffectRecord>,
    now: DateTime<Utc>,
) -> Turn {
    let sequential = plan.order == ExecutionOrder::Sequential;
    let (mut later, mut by_a_step, mut until) = (false, false, None);
    for other in siblings {
        let progress = &other.progress;
        let stands_before = match progress.state {
            EffectState::Failed | EffectState::Cancelled if plan.all_or_nothing => return Turn::Never,
            // What a decision took down stays down, so that the others stay out of sight too.
            EffectState::RolledBack if plan.all_or_nothing && progress.is_taken_down() => return Turn::Never,
            // What its rule took back comes back first, when its caller asks, in either order.
            EffectState::RolledBack if plan.all_or_nothing && other.position < position => {
                (later, by_a_step) = (true, true);
                continue;
            }
            EffectState::RolledBack => false,
            EffectState::Published | EffectState::Failed | EffectState::Cancelled => false,
            _ if plan.all_or_nothing => true,
            EffectState::Admitted | EffectState::Scheduled => {
                progress.waits_for.is_none() && progress.paused_by.is_none()
            }
            _ => false,
        };
        let stands_before = sequential && other.position < position && stands_before;
        // One at a time, in whatever order they came to be due: one that waited lets others go first.
        let sends =
            progress.state == EffectState::Attempting && progress.send_before.is_none_or(|end| now < end);
        if stands_before {
            (later, by_a_step) = (true, true);
        } else if sequential && sends {
            later = true;
            by_a_step |= progress.send_before.is_none();
            until = until.max(progress.send_before);
        }
    }
    if later { Turn::Later { until: until.filter(|_| !by_a_step) } } else { Turn::Now }
}

/// From when on an effect may be attempted by the plan of its request and by what was approved; `None`: at any time.
pub(super) fn opens_at(plan: &ExecutionPlan, content: &EffectV1) -> Option<DateTime<Utc>> {
    plan.scheduled_for.max(content.not_before)
}

/// The same where that is still to come.
pub(super) fn too_early(
    plan: &ExecutionPlan,
    content: &EffectV1,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    opens_at(plan, content).filter(|at| now < *at)
}

/// The siblings that are due otherwise now that `moved` is as it is: those whose turn it is from now on, or from their time; and
/// those whose turn comes by the clock.
///
/// Their version stays, since whoever holds them may go on by it.
pub(super) fn released(
    plan: &ExecutionPlan,
    moved: &EffectRecord,
    siblings: &[EffectRecord],
    now: DateTime<Utc>,
) -> Vec<EffectRecord> {
    let waits = |other: &&EffectRecord| {
        let progress = &other.progress;
        let open = matches!(progress.state, EffectState::Admitted | EffectState::Scheduled);
        open && progress.waits_for.is_none() && progress.paused_by.is_none()
    };
    let mut released = Vec::new();
    for other in siblings.iter().filter(waits) {
        let others = siblings.iter().filter(|one| one.id != other.id).chain([moved]);
        let from = match turn(plan, other.position, others, now) {
            Turn::Later { until: None } => continue,
            Turn::Later { until } => until,
            Turn::Now | Turn::Never => Some(now),
        };
        let due = opens_at(plan, other.effect.content()).max(from);
        let sooner = other.progress.due_at.is_none_or(|before| due.is_some_and(|due| due < before));
        if sooner {
            let mut other = other.clone();
            other.progress.due_at = due;
            released.push(other);
        }
    }
    released
}
