//! Driving the effects of a request, one after the other or together, and waiting for what others drive.

use std::collections::BTreeSet;

use chimera_contracts::publish::{PublishOutput, PublishStrategy};
use chimera_contracts::{EffectId, StoreError};
use chimera_effect::{Effect, EffectRecord, EffectState, LeaseScope, Leased, Purpose, RequestView};
use chimera_governance::Approved;
use chrono::{DateTime, Utc};
use futures_util::future::join_all;

use crate::answer::{self, Told};
use crate::publish::Asked;
use crate::skill::PublishSkill;

impl PublishSkill {
    /// Drives effects that this call admitted.
    pub(crate) async fn drive_fresh(
        &self,
        admitted: Vec<(Leased, Approved<Effect>)>,
        asked: &Asked,
    ) -> Vec<Told> {
        let one = |(leased, approved): (Leased, Approved<Effect>)| async move {
            let before = leased.record.clone();
            let driven = self.ports.kernel.drive_fresh(leased, approved, self.platform_until(asked)).await;
            Told::of(before, driven)
        };
        run(admitted, asked.strategy, one).await
    }

    /// Goes on with a request that is known: drives what is free, waits for what others drive, and tells how it stands.
    pub(crate) async fn go_on(&self, asked: &Asked, first: RequestView) -> PublishOutput {
        let mut view = first;
        // What was refused before this call may be attempted again, once; what is refused from now on may not.
        let again: BTreeSet<(EffectId, u64)> = view
            .effects
            .iter()
            .filter(|record| record.progress.state == EffectState::NotDone)
            .map(|record| (record.id, record.progress.version))
            .collect();
        let mut broken: Vec<(EffectId, StoreError)> = Vec::new();
        let mut pause = self.options.poll;
        let mut drove = false;
        loop {
            view.effects.retain(|record| asked.ids.contains(&record.id));
            let now = self.ports.clock.now();
            let free: Vec<EffectId> = view
                .effects
                .iter()
                .filter(|record| !broken.iter().any(|(id, _)| *id == record.id))
                .filter(|record| self.can_go_on(record, &again, now))
                .map(|record| record.id)
                .collect();
            let nothing_left = free.is_empty() && !view.effects.iter().any(|record| record.under_way(now));
            if nothing_left || now >= asked.until {
                return tell(&view, &broken, now);
            }
            // A round that changed nothing must not be followed by the same one at the same moment.
            if drove && !free.is_empty() {
                let next = now.checked_add_signed(pause).unwrap_or(asked.until).min(asked.until);
                self.ports.clock.sleep_until(next).await;
            }
            match self.lease(free).await {
                Ok(leased) if leased.is_empty() => {
                    let next = now.checked_add_signed(pause).unwrap_or(asked.until).min(asked.until);
                    self.ports.clock.sleep_until(next).await;
                    pause = pause.checked_mul(2).unwrap_or(pause).min(self.longest_pause());
                }
                Ok(leased) => {
                    drove = true;
                    for (id, driven) in self.drive_leased(leased, asked).await {
                        match driven {
                            Ok(record) => replace(&mut view, record),
                            Err(error) => broken.push((id, error)),
                        }
                    }
                }
                Err(error) => return give_up(&view, &broken, &error, now),
            }
            match self.ports.kernel.request(&asked.key).await {
                Ok(known) => view = known.unwrap_or(view),
                Err(error) => return give_up(&view, &broken, &error, now),
            }
        }
    }

    async fn lease(&self, ids: Vec<EffectId>) -> Result<Vec<Leased>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let limit = ids.len();
        self.ports.kernel.lease(LeaseScope::Of(ids), limit).await
    }

    async fn drive_leased(
        &self,
        mut leased: Vec<Leased>,
        asked: &Asked,
    ) -> Vec<(EffectId, Result<EffectRecord, StoreError>)> {
        leased.sort_by_key(|leased| leased.record.position);
        let one = |leased: Leased| async move {
            let id = leased.record.id;
            let driven = self.ports.kernel.drive(leased, Purpose::Asked, self.platform_until(asked)).await;
            (id, driven)
        };
        run(leased, asked.strategy, one).await
    }

    /// Whether this call can do something about an effect now, apart from who holds it.
    fn can_go_on(
        &self,
        record: &EffectRecord,
        again: &BTreeSet<(EffectId, u64)>,
        now: DateTime<Utc>,
    ) -> bool {
        let progress = &record.progress;
        match progress.state {
            EffectState::Admitted | EffectState::Attempting => true,
            EffectState::Unknown => !progress.needs_human && self.worth_a_look(record, now),
            EffectState::NotDone => {
                let retry_at = progress.refusal.as_ref().and_then(|refusal| refusal.retry_at);
                again.contains(&(record.id, progress.version)) && retry_at.is_none_or(|at| at <= now)
            }
            _ => false,
        }
    }

    /// Whether an unknown effect may be settled before the caller stops waiting for its platform.
    fn worth_a_look(&self, record: &EffectRecord, now: DateTime<Utc>) -> bool {
        let content = record.effect.content();
        let progress = &record.progress;
        let first = progress.unsettled_since.or(progress.began_at);
        let resend = !progress.resend_refused
            && self
                .ports
                .kernel
                .service(content.platform, content.kind)
                .zip(first)
                .is_some_and(|(service, first)| service.enforces_key(first, now));
        let reach = now.checked_add_signed(self.options.answer_within).unwrap_or(now);
        resend || progress.due_at.is_none_or(|due| due <= reach)
    }

    fn platform_until(&self, asked: &Asked) -> DateTime<Utc> {
        let now = self.ports.clock.now();
        now.checked_add_signed(self.options.answer_within).unwrap_or(asked.until).min(asked.until)
    }

    fn longest_pause(&self) -> chrono::TimeDelta {
        self.options.poll.checked_mul(20).unwrap_or(self.options.poll)
    }
}

/// How the effects of a view stand.
fn tell(view: &RequestView, broken: &[(EffectId, StoreError)], now: DateTime<Utc>) -> PublishOutput {
    let told: Vec<Told> =
        view.effects.iter().map(|record| Told::known(record.clone(), broken, now)).collect();
    answer::answer(&view.request, &told)
}

/// The store failed in between and cannot be read: what this call brought to rest, or found at rest and did not touch, is
/// told; whatever it drove without learning the end is unknown, however it stood before.
fn give_up(
    view: &RequestView,
    broken: &[(EffectId, StoreError)],
    error: &StoreError,
    now: DateTime<Utc>,
) -> PublishOutput {
    let told: Vec<Told> = view
        .effects
        .iter()
        .map(|record| match broken.iter().find(|(id, _)| *id == record.id) {
            Some((_, error)) => Told::of(record.clone(), Err(error.clone())),
            None => Told::known(record.clone(), &[(record.id, error.clone())], now),
        })
        .collect();
    answer::answer(&view.request, &told)
}

/// Puts a record that is newer in the place of the one that was read.
fn replace(view: &mut RequestView, record: EffectRecord) {
    if let Some(place) = view.effects.iter_mut().find(|known| known.id == record.id) {
        *place = record;
    }
}

/// Runs one step for each item, in order or together; the answers keep the order of the items.
async fn run<T, R, F: Future<Output = R>>(
    items: Vec<T>,
    strategy: PublishStrategy,
    one: impl Fn(T) -> F,
) -> Vec<R> {
    match strategy {
        PublishStrategy::Parallel => join_all(items.into_iter().map(one)).await,
        PublishStrategy::Sequential => {
            let mut results = Vec::with_capacity(items.len());
            for item in items {
                results.push(one(item).await);
            }
            results
        }
    }
}
