//! Calls whose answers did not come in time, so that a late answer can be read as the answer that it is.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use chimera_contracts::EffectId;
use chimera_effect::{CallKey, Effect, LateOutcome, Trace, Uploaded};
use chrono::DateTime;

use super::ToolPlatform;
use super::act::Act;

/// How many calls are remembered, those on their way among them; the oldest are forgotten, and their answers then tell nothing.
const REMEMBERED: usize = 1_024;

/// Calls that were not answered yet, the latest last.
#[derive(Debug, Default)]
pub(super) struct LostCalls(Mutex<VecDeque<LostCall>>);

#[derive(Debug)]
struct LostCall {
    id: String,
    effect: Effect,
    effect_id: EffectId,
    uploads: Vec<Uploaded>,
    call_key: CallKey,
    trace: Trace,
    number: u32,
}

impl LostCalls {
    pub(super) fn remember(&self, act: &Act<'_>) {
        let mut lost = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lost.push_back(LostCall {
            id: act.call_id(),
            effect: act.effect.clone(),
            effect_id: act.effect_id,
            uploads: act.uploads.to_vec(),
            call_key: act.call_key.clone(),
            trace: act.trace.clone(),
            number: act.number,
        });
        if lost.len() > REMEMBERED {
            lost.pop_front();
        }
    }

    /// The call was answered, or never sent.
    pub(super) fn forget(&self, id: &str) {
        self.take(id);
    }

    fn take(&self, id: &str) -> Option<LostCall> {
        let mut lost = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = lost.iter().position(|call| call.id == id)?;
        lost.remove(place)
    }
}

impl ToolPlatform {
    /// What the answers say that came late.
    pub(super) fn late_outcomes(&self) -> Vec<LateOutcome> {
        let mut outcomes = Vec::new();
        for binding in &self.bindings {
            for late in binding.client.late() {
                let Some(call) = self.lost.take(&late.call) else {
                    tracing::debug!(call = late.call, "a late answer to a call that acted on nothing");
                    continue;
                };
                let content = call.effect.content();
                // The server may serve several platforms: the profile is that of the effect's own.
                let Ok((binding, tool)) = self.acting(content.account_ref(), content.kind) else { continue };
                let act = Act {
                    effect: &call.effect,
                    effect_id: call.effect_id,
                    uploads: &call.uploads,
                    call_key: &call.call_key,
                    trace: &call.trace,
                    number: call.number,
                    send_before: DateTime::UNIX_EPOCH,
                };
                outcomes.push(LateOutcome {
                    namespace: content.namespace.clone(),
                    effect: call.effect_id,
                    attempt: call.number,
                    outcome: self.answered(binding, tool, &act, &late.answer),
                });
            }
        }
        outcomes
    }
}
