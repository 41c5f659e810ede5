//! What keeps an attempt from beginning, and what its beginning writes.

use chimera_contracts::{EffectId, ErrorCode, InstanceId};
use chrono::{DateTime, TimeDelta, Utc};

use super::after;
use crate::alike::are_equal;
use crate::effect::EffectV1;
use crate::journal::{AccountKey, OPEN_EFFECTS, Refused, Window};
use crate::record::{EffectRecord, Lease, Progress};
use crate::state::EffectState;

/// How soon an effect that waits for another one asks again whether it may begin.
pub(super) const ASK_AGAIN: TimeDelta = TimeDelta::seconds(30);

/// The open effect with an equal text, target and account that an effect waits for before its first attempt, and before it
/// is attempted again after it is known not to have happened. One that is unknown itself waits for nothing.
pub(super) fn waits_for<'a>(record: &EffectRecord, open: &'a [EffectRecord]) -> Option<&'a EffectRecord> {
    let asks = record.progress.state != EffectState::Unknown;
    first_equal(record.id, record.effect.content(), open).filter(|_| asks)
}

/// Whether there may be more open effects of this account and target than were looked at ([`OPEN_EFFECTS`]).
fn is_full(content: &EffectV1, open: &[EffectRecord]) -> bool {
    let of_the_same = |other: &&EffectRecord| {
        let theirs = other.effect.content();
        theirs.target == content.target && AccountKey::of(theirs) == AccountKey::of(content)
    };
    open.len() >= OPEN_EFFECTS && open.iter().filter(of_the_same).count() >= OPEN_EFFECTS
}

/// The first effect that would show the same and whose outcome is not known, or one of so many that not all were seen. Of a state, one that is being attempted as well:
/// a tool that toggles would end what the other call sets.
pub(super) fn first_equal<'a>(
    id: EffectId,
    content: &EffectV1,
    open: &'a [EffectRecord],
) -> Option<&'a EffectRecord> {
    let stands_in_the_way = |other: &EffectRecord| match other.progress.state {
        EffectState::Unknown => true,
        EffectState::Attempting => content.is_state(),
        _ => false,
    };
    let others = || open.iter().filter(|other| other.id != id && stands_in_the_way(other));
    // Of more than could be looked at, any that is not seen may be equal.
    others()
        .find(|other| are_equal(content, other.effect.content()))
        .or_else(|| others().next_back().filter(|_| is_full(content, open)))
}

/// Why an effect may not begin at `now` or later, where its content says until when it may. One whose time has not come waits.
pub(super) fn too_late(content: &EffectV1, now: DateTime<Utc>) -> Option<Refused> {
    content.not_after.filter(|until| *until < now).map(|until| Refused {
        code: ErrorCode::ApprovalExpired,
        platform: Some(content.platform),
        message: format!("it was approved for {until} or earlier"),
    })
}

/// The progress of an attempt that begins now.
pub(super) fn begun(
    progress: Progress,
    state: EffectState,
    window: Window,
    instance: InstanceId,
    now: DateTime<Utc>,
) -> Progress {
    let send_before = after(now, window.send);
    // While an earlier attempt is open its own margin stands, whatever the profile or the clock say by now.
    let open = progress.unsettled_since.and(progress.settled_from);
    // INVARIANT: no attempt has the time of an earlier one that is open, so that the time tells which of them is.
    let began_at =
        if progress.unsettled_since == Some(now) { after(now, TimeDelta::microseconds(1)) } else { now };
    // What an earlier attempt was refused for says nothing about this one, unless it is still open with it.
    let refusal = progress.refusal.clone().filter(|_| open.is_some());
    let before = progress.claims.filter(|_| open.is_some());
    let claims = before.map_or(window.claims, |before| before.and(window.claims));
    let settled_from = after(send_before, window.settle).max(open.unwrap_or(DateTime::<Utc>::MIN_UTC));
    Progress {
        state,
        claims: Some(claims),
        attempts: progress.attempts.saturating_add(1),
        began_at: Some(began_at),
        send_before: Some(send_before),
        settled_from: Some(settled_from),
        refusal,
        absent_looks: 0,
        looks: 0,
        latest_look: None,
        waits_for: None,
        paused_by: None,
        needs_human: false,
        due_at: Some(settled_from),
        lease: Some(Lease { holder: instance, until: after(settled_from, window.lease) }),
        ..progress
    }
}
