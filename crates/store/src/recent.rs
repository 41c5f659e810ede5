//! Requests that were written lately: a step on one of them reads nothing. What is kept here may be behind what is stored;
//! the revision in the step's conditions says so.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chimera_contracts::{EffectId, RequestId};
use chimera_effect::RequestView;

/// How many requests are kept at least, once there are as many.
const KEPT: usize = 2_048;

/// Requests by id and by their effects. Two generations: when the young one is full it becomes the old one.
#[derive(Debug, Default)]
pub(crate) struct Recent(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    young: Generation,
    old: Generation,
}

#[derive(Debug, Default)]
struct Generation {
    requests: HashMap<RequestId, Arc<RequestView>>,
    effects: HashMap<EffectId, RequestId>,
}

impl Recent {
    /// Keeps a request as it was written.
    pub(crate) fn keep(&self, view: RequestView) {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Generations { young, old } = &mut *generations;
        if young.requests.len() >= KEPT {
            *old = std::mem::take(young);
        }
        young.effects.extend(view.effects.iter().map(|record| (record.id, view.request.id)));
        young.requests.insert(view.request.id, Arc::new(view));
    }

    /// The request of an effect.
    pub(crate) fn holding(&self, effect: EffectId) -> Option<Arc<RequestView>> {
        let generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Generations { young, old } = &*generations;
        let id = young.effects.get(&effect).or_else(|| old.effects.get(&effect))?;
        young.requests.get(id).or_else(|| old.requests.get(id)).cloned()
    }
}
