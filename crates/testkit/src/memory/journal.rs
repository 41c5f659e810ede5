//! [`EffectJournal`] in memory.

use async_trait::async_trait;
use chimera_audit::{Draft, LedgerError};
use chimera_contracts::{EffectId, InstanceId, StoreError, StoreErrorKind};
use chimera_effect::step::{self, BudgetMove, Change, Verdict};
use chimera_effect::{
    Admission, Admit, Advance, Advanced, EffectJournal, EffectQuery, EffectRecord, LeaseScope, Leased, Page,
    RequestKey, RequestView, Step,
};
use chimera_governance::{BudgetScope, Standing};
use chrono::{DateTime, TimeDelta, Utc};

use super::{MemoryStore, State};

#[async_trait]
impl EffectJournal for MemoryStore {
    fn instance(&self) -> InstanceId {
        self.instance
    }

    async fn admit(&self, admit: Admit) -> Result<Admission, StoreError> {
        let mut state = self.state()?;
        if let Some(view) = state.view(&admit.key) {
            return Ok(match step::same_request(&view, &admit) {
                Ok(()) => Admission::Known(view),
                Err(message) => Admission::Conflict { message },
            });
        }
        let review = admit.review.and_then(|id| state.reviews.get(&(admit.key.namespace.clone(), id)));
        if let Err(refused) = step::check_review(&admit, review) {
            return Ok(Admission::Refused(refused));
        }
        let scope = BudgetScope { namespace: admit.key.namespace.clone(), campaign: admit.campaign };
        let standings: Vec<Option<Standing>> = admit
            .effects
            .iter()
            .map(|new| state.standing(&admit.key.namespace, new.approved.decision(), &new.approved.digest()))
            .collect();
        let balance = state.balances.get(&scope).copied();
        let admitted = match step::admit(&admit, &standings, balance, self.instance, self.clock.now()) {
            Ok(admitted) => admitted,
            Err(refused) => return Ok(Admission::Refused(refused)),
        };
        self.append(&mut state, admitted.drafts)?;
        for used in admitted.uses {
            let record = &admitted.view.effects[used.position];
            let place = (admit.key.namespace.clone(), record.decision, record.effect.digest());
            state.uses.insert(place, record.id);
        }
        if let Some(balance) = admitted.balance {
            state.balances.insert(scope, balance);
        }
        let view = admitted.view;
        state.requests.insert(view.request.id, view.request.clone());
        state.effects.extend(view.effects.iter().map(|record| (record.id, record.clone())));
        Ok(Admission::Fresh(view))
    }

    async fn advance(&self, advance: Advance) -> Result<Advanced, StoreError> {
        let mut state = self.state()?;
        let record =
            state.effects.get(&advance.effect).cloned().ok_or_else(|| misuse("there is no such effect"))?;
        let request = state.requests[&record.request].clone();
        let siblings: Vec<_> =
            state.of_request(request.id).into_iter().filter(|other| other.id != record.id).collect();
        let standing = state.standing(&request.key.namespace, record.decision, &record.effect.digest());
        let context = step::Context {
            request: &request,
            siblings: &siblings,
            standing: standing.as_ref(),
            instance: self.instance,
            now: self.clock.now(),
        };
        let verdict =
            step::advance(&record, &advance, &context).map_err(|error| misuse(&error.to_string()))?;
        let change = match verdict {
            Verdict::Apply(change) => *change,
            Verdict::Already => return Ok(Advanced::Already(Box::new(record))),
            Verdict::Fenced => return Ok(Advanced::Fenced),
            Verdict::Refused(refused) => return Ok(Advanced::Refused(refused)),
        };
        if let Some(external_id) = state.taken(&record, &advance.step) {
            return Ok(Advanced::Taken { external_id });
        }
        let Change { record, budget, drafts } = change;
        self.append(&mut state, drafts)?;
        let scope = BudgetScope { namespace: request.key.namespace, campaign: request.campaign };
        if let (Some(moved), Some(balance)) = (budget, state.balances.get_mut(&scope)) {
            *balance = match moved {
                BudgetMove::Settle { held, actual } => balance.settle(held, actual),
                BudgetMove::Release { held } => balance.release(held),
            };
        }
        if let Some(post) = &record.progress.post {
            let content = record.effect.content();
            state.posts.insert((content.platform, content.account.clone(), post.id.clone()), record.id);
        }
        state.effects.insert(record.id, record.clone());
        Ok(Advanced::Applied(Box::new(record)))
    }

    async fn lease(
        &self,
        scope: LeaseScope,
        limit: usize,
        ttl: TimeDelta,
    ) -> Result<Vec<Leased>, StoreError> {
        let mut state = self.state()?;
        let now = self.clock.now();
        let mut found: Vec<_> = state
            .effects
            .values()
            .filter(|record| state.free(record, now) && step::leasable(record, &scope, now))
            .map(|record| (record.progress.due_at, record.id))
            .collect();
        found.sort();
        let mut leased = Vec::new();
        for (_, id) in found.into_iter().take(limit) {
            let mut record = state.effects[&id].clone();
            record.progress = step::lease(&record.progress, self.instance, ttl, now);
            state.effects.insert(id, record.clone());
            leased.push(Leased { request: state.requests[&record.request].clone(), record });
        }
        Ok(leased)
    }

    async fn request(&self, key: &RequestKey) -> Result<Option<RequestView>, StoreError> {
        Ok(self.state()?.view(key))
    }

    async fn effects(&self, query: &EffectQuery, page: Page) -> Result<Vec<EffectRecord>, StoreError> {
        let asked = |record: &&EffectRecord| {
            record.effect.content().namespace == query.namespace
                && query.request.is_none_or(|request| record.request == request)
                && query.campaign.is_none_or(|campaign| record.effect.content().campaign == campaign)
                && query.platform.is_none_or(|platform| record.effect.content().platform == platform)
                && (query.kinds.is_empty() || query.kinds.contains(&record.kind()))
                && (query.states.is_empty() || query.states.contains(&record.progress.state))
                && page.after.is_none_or(|after| record.id > after)
        };
        Ok(self.state()?.effects.values().filter(asked).take(page.limit).cloned().collect())
    }
}

impl MemoryStore {
    pub(super) fn append(&self, state: &mut State, drafts: Vec<Draft>) -> Result<(), StoreError> {
        let appended = state.log.append(drafts, self.clock.now(), self.entropy.as_ref());
        appended.map(|_| ()).map_err(|error: LedgerError| {
            StoreError::not_applied(StoreErrorKind::Corrupt, format!("the evidence was refused: {error}"))
        })
    }
}

impl State {
    fn view(&self, key: &RequestKey) -> Option<RequestView> {
        let request = self.requests.get(&key.request_id())?.clone();
        Some(RequestView { effects: self.of_request(request.id), request })
    }

    /// Whether nobody who lives holds the effect.
    fn free(&self, record: &EffectRecord, now: DateTime<Utc>) -> bool {
        record.progress.lease.is_none_or(|lease| lease.until <= now || !self.alive.contains(&lease.holder))
    }

    /// The post that the step claims, where another effect owns it.
    fn taken(&self, record: &EffectRecord, step: &Step) -> Option<String> {
        let Step::Done(evidence) = step else { return None };
        let content = record.effect.content();
        let place = (content.platform, content.account.clone(), evidence.post.id.clone());
        let owner: Option<&EffectId> = self.posts.get(&place);
        owner.filter(|owner| **owner != record.id).map(|_| evidence.post.id.clone())
    }
}

fn misuse(message: &str) -> StoreError {
    StoreError::not_applied(StoreErrorKind::Misuse, message)
}
