//! Permits under rate limits: the rule is [`chimera_platform::limits::take`]'s.

use async_trait::async_trait;
use chimera_contracts::StoreError;
use chimera_platform::limits::{self, Permit, RateKey, RateLimit, RateLimits, TakenPermit};
use uuid::Uuid;

use crate::approvals::put;
use crate::backend::Backend;
use crate::loaded::Loaded;
use crate::row::{Key, PermitsRow, Row};
use crate::store::{Outcome, Planned, Store};

fn plan_take(key: &RateKey, limit: RateLimit, by: Uuid, loaded: &Loaded) -> Planned<Permit> {
    let known = loaded.permits(key)?;
    let taken = known.map_or([].as_slice(), |row| row.taken.as_slice());
    let (permit, log) = limits::take(taken, limit, by, loaded.now());
    Ok(keep(key, known, log, permit))
}

fn plan_return(key: &RateKey, by: Uuid, loaded: &Loaded) -> Planned<()> {
    let known = loaded.permits(key)?;
    let taken = known.map_or([].as_slice(), |row| row.taken.as_slice());
    let rest = taken.iter().filter(|permit| permit.by != by).copied().collect();
    Ok(keep(key, known, rest, ()))
}

/// Keeps the permits that still count, where they are others than before.
fn keep<T>(key: &RateKey, known: Option<&PermitsRow>, taken: Vec<TakenPermit>, answer: T) -> Outcome<T> {
    if taken.as_slice() == known.map_or([].as_slice(), |row| row.taken.as_slice()) {
        return Outcome::Answer(answer);
    }
    let before = known.map(|row| row.revision);
    let revision = before.unwrap_or(0).saturating_add(1);
    let row = PermitsRow { key: key.clone(), revision, taken };
    put(Key::Permits(key.clone()), before, Row::Permits(row), answer)
}

#[async_trait]
impl<B: Backend> RateLimits for Store<B> {
    async fn take(&self, key: &RateKey, limit: RateLimit, by: Uuid) -> Result<Permit, StoreError> {
        let key = key.clone();
        // One row for a whole account: all callers are after it.
        Ok(self.transact(move |loaded: &Loaded| plan_take(&key, limit, by, loaded)).await?.0)
    }

    async fn give_back(&self, key: &RateKey, by: Uuid) -> Result<(), StoreError> {
        let key = key.clone();
        self.transact(move |loaded: &Loaded| plan_return(&key, by, loaded)).await.map(|((), _)| ())
    }
}
