//! Which effects can be leased, and what a lease writes.

use chimera_contracts::InstanceId;
use chrono::{DateTime, TimeDelta, Utc};

use super::after;
use super::turn::{Turn, turn};
use crate::journal::LeaseScope;
use crate::plan::ExecutionPlan;
use crate::record::{EffectRecord, Lease, Progress};
use crate::state::EffectState;

/// Whether an effect that nobody holds is one that `scope` asks for: it waits for somebody to go on with it, and is due
/// or asked for by id. What a platform refused, and what was taken back by its own rule, waits for its caller, so it is leased by
/// id alone (PUB-10).
///
/// What was not attempted is due in its turn among the `siblings`, the other effects of its request.
#[must_use]
pub fn leasable(
    record: &EffectRecord,
    plan: &ExecutionPlan,
    siblings: &[EffectRecord],
    scope: &LeaseScope,
    now: DateTime<Utc>,
) -> bool {
    let progress = &record.progress;
    let open = matches!(
        progress.state,
        EffectState::Admitted
            | EffectState::Scheduled
            | EffectState::Attempting
            | EffectState::Processing
            | EffectState::Unknown
    );
    let untouched = matches!(progress.state, EffectState::Admitted | EffectState::Scheduled);
    match scope {
        LeaseScope::Due
            if untouched && matches!(turn(plan, record.position, siblings, now), Turn::Later { .. }) =>
        {
            false
        }
        // What was refused is due where the plan of its request says when.
        LeaseScope::Due => {
            (open || progress.state == EffectState::NotDone) && progress.due_at.is_some_and(|due| due <= now)
        }
        LeaseScope::Of(ids) => (open || progress.may_be_tried_again()) && ids.contains(&record.id),
    }
}

/// The progress after a lease by `instance` for `ttl`.
#[must_use]
pub fn lease(progress: &Progress, instance: InstanceId, ttl: TimeDelta, now: DateTime<Utc>) -> Progress {
    Progress {
        epoch: progress.epoch.saturating_add(1),
        lease: Some(Lease { holder: instance, until: after(now, ttl) }),
        ..progress.clone()
    }
}
