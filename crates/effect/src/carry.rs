//! Carrying a request: driving its effects one after the other or together, and waiting for what others drive.
//!
//! Whoever asks with a key gets the same answer, whether it admitted the request, finds it half done or finds it done.

use std::collections::BTreeSet;

use chimera_contracts::{EffectId, StoreError};
use chimera_governance::Approved;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;

use crate::effect::Effect;
use crate::journal::LeaseScope;
use crate::kernel::{Kernel, Purpose};
use crate::leased::Leased;
use crate::plan::ExecutionOrder;
use crate::record::{EffectRecord, RequestKey, RequestView};
use crate::state::EffectState;
use crate::step::{Turn, turn};

/// How a caller carries its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carry {
    /// The request.
    pub key: RequestKey,
    /// The effects that the caller asks for; others of the request are left alone.
    pub effects: Vec<EffectId>,
    /// How long it stays with one effect.
    pub within: TimeDelta,
    /// When it stops waiting.
    pub until: DateTime<Utc>,
    /// How often it looks again by itself while others drive, at first; the pause doubles up to twenty times this. A step in
    /// the same process wakes it.
    pub poll: TimeDelta,
}

/// One effect as the caller knows it.
#[derive(Clone, Debug)]
pub struct Told {
    /// The effect.
    pub record: EffectRecord,
    /// The journal failed on the way: the record may be behind what happened.
    pub broken: Option<StoreError>,
    /// Somebody is about to attempt it again.
    pub under_way: bool,
}

impl Told {
    /// An effect as a listing shows it at `now`.
    #[must_use]
    pub fn known(record: EffectRecord, now: DateTime<Utc>) -> Self {
        let under_way = record.under_way(now);
        Self { record, broken: None, under_way }
    }

    /// Where it stands for whoever asked.
    #[must_use]
    pub fn state(&self) -> EffectState {
        match self.record.progress.state {
            _ if self.broken.is_some() => EffectState::Unknown,
            // Not a failure that anybody has to mend: it is being mended.
            EffectState::NotDone | EffectState::RolledBack if self.under_way => EffectState::Admitted,
            state => state,
        }
    }

    fn driven(before: EffectRecord, driven: Result<EffectRecord, StoreError>) -> Self {
        match driven {
            Ok(record) => Self { record, broken: None, under_way: false },
            Err(error) => Self { record: before, broken: Some(error), under_way: false },
        }
    }

    fn found(record: EffectRecord, broken: &[(EffectId, StoreError)], now: DateTime<Utc>) -> Self {
        let found = broken.iter().find(|(id, _)| *id == record.id).map(|(_, error)| error.clone());
        // What came to rest was recorded, whatever failed before.
        let broken = found.filter(|_| !record.progress.state.at_rest());
        Self { broken, ..Self::known(record, now) }
    }
}

impl Kernel {
    /// Drives effects that this caller just admitted, in their order.
    pub async fn carry_fresh(&self, admitted: Vec<(Leased, Approved<Effect>)>, carry: &Carry) -> Vec<Told> {
        let one = |(leased, approved): (Leased, Approved<Effect>)| async move {
            let before = leased.record().clone();
            let driven = self.drive_fresh(leased, approved, self.effect_until(carry)).await;
            Told::driven(before, driven)
        };
        let order = order(admitted.iter().map(|(leased, _)| leased));
        run(admitted, order, one).await
    }

    /// Goes on with a request that is known: drives what is free, waits for what others drive, and tells how it stands.
    pub async fn carry_on(&self, carry: &Carry, first: RequestView) -> Vec<Told> {
        let mut view = first;
        // What was refused or taken back before this call may be attempted again, once; what is from now on may not.
        let again: BTreeSet<(EffectId, u64)> = view
            .effects
            .iter()
            .filter(|record| record.progress.may_be_tried_again())
            .map(|record| (record.id, record.progress.version))
            .collect();
        let mut broken: Vec<(EffectId, StoreError)> = Vec::new();
        let mut pause = carry.poll;
        let mut drove = false;
        // What came between the first view and this is seen after the first pause.
        let mut watch = self.journal.watch(&carry.key);
        loop {
            let now = self.clock.now();
            let mut free: Vec<EffectId> = Vec::new();
            for record in view.effects.iter().filter(|record| carry.effects.contains(&record.id)) {
                let is_broken = broken.iter().any(|(id, _)| *id == record.id);
                // What waits for another effect asks once a call: that one may be settled since.
                let open = (!drove && record.waits(now)) || self.can_go_on(record, carry, &again, now);
                if open && !is_broken && in_turn(&view, record, &free, now) {
                    free.push(record.id);
                }
            }
            view.effects.retain(|record| carry.effects.contains(&record.id));
            let nothing_left = free.is_empty() && !view.effects.iter().any(|record| record.under_way(now));
            if nothing_left || now >= carry.until {
                return view.effects.into_iter().map(|record| Told::found(record, &broken, now)).collect();
            }
            // A round that changed nothing must not be followed by the same one at the same moment.
            if drove && !free.is_empty() {
                self.pause(pause, carry).await;
            }
            match self.lease_these(free).await {
                Ok(leased) if leased.is_empty() => {
                    self.watch_for(watch, pause, carry.until).await;
                    let longest = carry.poll.checked_mul(20).unwrap_or(carry.poll);
                    pause = pause.checked_mul(2).unwrap_or(pause).min(longest);
                }
                Ok(leased) => {
                    drove = true;
                    for (id, driven) in self.drive_leased(leased, carry).await {
                        match driven {
                            Ok(record) => replace(&mut view, record),
                            Err(error) => broken.push((id, error)),
                        }
                    }
                }
                Err(error) => return give_up(view, &broken, &error, now),
            }
            // Before it looks, so that nothing falls between.
            watch = self.journal.watch(&carry.key);
            match self.journal.request(&carry.key).await {
                Ok(known) => view = known.unwrap_or(view),
                Err(error) => return give_up(view, &broken, &error, now),
            }
        }
    }

    async fn lease_these(&self, ids: Vec<EffectId>) -> Result<Vec<Leased>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let limit = ids.len();
        self.lease(LeaseScope::Of(ids), limit).await
    }

    async fn drive_leased(
        &self,
        mut leased: Vec<Leased>,
        carry: &Carry,
    ) -> Vec<(EffectId, Result<EffectRecord, StoreError>)> {
        leased.sort_by_key(|leased| leased.record().position);
        let one = |leased: Leased| async move {
            let id = leased.record().id;
            (id, self.drive(leased, Purpose::Asked, self.effect_until(carry)).await)
        };
        let order = order(&leased);
        run(leased, order, one).await
    }

    /// Whether this caller can do something about an effect now, apart from who holds it.
    fn can_go_on(
        &self,
        record: &EffectRecord,
        carry: &Carry,
        again: &BTreeSet<(EffectId, u64)>,
        now: DateTime<Utc>,
    ) -> bool {
        let progress = &record.progress;
        match progress.state {
            // What is put off to its time is due then; the worker does it where nobody asks.
            EffectState::Admitted => !record.waits(now),
            EffectState::Scheduled => progress.due_at.is_some_and(|due| due <= now),
            EffectState::Attempting => true,
            EffectState::Unknown => !progress.needs_human && self.worth_a_look(record, carry, now),
            EffectState::NotDone | EffectState::RolledBack => {
                let retry_at = progress.refusal.as_ref().and_then(|refusal| refusal.retry_at);
                again.contains(&(record.id, progress.version)) && retry_at.is_none_or(|at| at <= now)
            }
            _ => false,
        }
    }

    /// Whether an unknown effect may be settled before the caller stops waiting for its platform.
    fn worth_a_look(&self, record: &EffectRecord, carry: &Carry, now: DateTime<Utc>) -> bool {
        let content = record.effect.content();
        let progress = &record.progress;
        let service = self.service(content.account_ref(), content.kind);
        let repeatable = service.is_some_and(|service| self.may_repeat(&service, record, now));
        let reach = now.checked_add_signed(carry.within).unwrap_or(now);
        // A look waits for both: nothing is seen before the platform has settled.
        let look_at = progress.due_at.max(progress.settled_from);
        // Under a switch nothing is sent.
        (repeatable && progress.paused_by.is_none()) || look_at.is_none_or(|at| at <= reach)
    }

    fn effect_until(&self, carry: &Carry) -> DateTime<Utc> {
        let now = self.clock.now();
        now.checked_add_signed(carry.within).unwrap_or(carry.until).min(carry.until)
    }

    async fn pause(&self, pause: TimeDelta, carry: &Carry) {
        let now = self.clock.now();
        let next = now.checked_add_signed(pause).unwrap_or(carry.until).min(carry.until);
        self.clock.sleep_until(next).await;
    }
}

/// The store failed in between and cannot be read: what this call brought to rest, or found at rest and did not touch, is
/// told; whatever it drove without learning the end is unknown, however it stood before.
fn give_up(
    view: RequestView,
    broken: &[(EffectId, StoreError)],
    error: &StoreError,
    now: DateTime<Utc>,
) -> Vec<Told> {
    let told = |record: EffectRecord| match broken.iter().find(|(id, _)| *id == record.id) {
        Some((_, error)) => Told::driven(record, Err(error.clone())),
        None => {
            let unread = [(record.id, error.clone())];
            Told::found(record, &unread, now)
        }
    };
    view.effects.into_iter().map(told).collect()
}

/// Puts a record that is newer in the place of the one that was read.
fn replace(view: &mut RequestView, record: EffectRecord) {
    if let Some(place) = view.effects.iter_mut().find(|known| known.id == record.id) {
        *place = record;
    }
}

/// Whether it is an effect's turn once those in `first`, which this caller drives, have been driven.
fn in_turn(view: &RequestView, record: &EffectRecord, first: &[EffectId], now: DateTime<Utc>) -> bool {
    let untouched = matches!(record.progress.state, EffectState::Admitted | EffectState::Scheduled);
    let others = view.effects.iter().filter(|other| other.id != record.id && !first.contains(&other.id));
    let later = matches!(turn(&view.request.plan, record.position, others, now), Turn::Later { .. });
    !untouched || !later
}

/// The order of the request whose effects these are.
fn order<'a>(leased: impl IntoIterator<Item = &'a Leased>) -> ExecutionOrder {
    leased.into_iter().next().map_or(ExecutionOrder::Parallel, |leased| leased.request().plan.order)
}

/// Runs one step for each item, in order or together; the answers keep the order of the items.
async fn run<T, R, F: Future<Output = R>>(
    items: Vec<T>,
    order: ExecutionOrder,
    one: impl Fn(T) -> F,
) -> Vec<R> {
    match order {
        ExecutionOrder::Parallel => join_all(items.into_iter().map(one)).await,
        ExecutionOrder::Sequential => {
            let mut results = Vec::with_capacity(items.len());
            for item in items {
                results.push(one(item).await);
            }
            results
        }
    }
}
