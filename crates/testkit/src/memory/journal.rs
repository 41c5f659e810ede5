//! [`EffectJournal`] in memory.

use std::collections::BTreeSet;

use async_trait::async_trait;
use chimera_audit::{Draft, LedgerError};
use chimera_contracts::{InstanceId, StoreError, StoreErrorKind};
use chimera_effect::step::{self, BudgetMove, Change, Verdict};
use chimera_effect::{
    AccountKey, Admission, Admit, Advance, Advanced, EffectJournal, EffectQuery, EffectRecord, EffectState,
    EffectV1, LeaseScope, Leased, OPEN_EFFECTS, Page, RequestKey, RequestRecord, RequestView, Step,
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
        let keys = [&admit.key].into_iter().chain(&admit.former_keys);
        if let Some(view) = keys.filter_map(|key| state.view(key)).next() {
            return Ok(step::known(view, &admit));
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
        let open = state.open(admit.effects.iter().map(|new| new.approved.get().content()));
        let now = self.clock.now();
        let admitted = match step::admit(&admit, &standings, balance, &open, self.instance, now) {
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
        let open = match advance.step {
            Step::Begin { .. } => state.open([record.effect.content()]),
            _ => Vec::new(),
        };
        let owner = state.owner_of_claim(&record, &advance.step);
        let context = step::Context {
            request: &request,
            siblings: &siblings,
            standing: standing.as_ref(),
            open: &open,
            owner: owner.as_ref().map(|(record, request, siblings)| step::Owner {
                record,
                request,
                siblings,
            }),
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
            Verdict::Taken { external_id } => return Ok(Advanced::Taken { external_id }),
        };
        Ok(Advanced::Applied(Box::new(self.write(&mut state, change)?)))
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
                && (query.ids.is_empty() || query.ids.contains(&record.id))
                && page.after.is_none_or(|after| record.id > after)
        };
        Ok(self.state()?.effects.values().filter(asked).take(page.limit).cloned().collect())
    }

    async fn open_effects(&self, account: &AccountKey) -> Result<Vec<EffectRecord>, StoreError> {
        let open = |record: &&EffectRecord| {
            matches!(record.progress.state, EffectState::Attempting | EffectState::Unknown)
                && AccountKey::of(record.effect.content()) == *account
        };
        Ok(self.state()?.effects.values().filter(open).take(OPEN_EFFECTS).cloned().collect())
    }

    async fn owners(&self, account: &AccountKey, ids: &[String]) -> Result<Vec<EffectRecord>, StoreError> {
        let state = self.state()?;
        let owner = |id: &String| {
            let place = (account.platform, account.account.clone(), id.clone());
            state.effects.get(state.posts.get(&place)?).cloned()
        };
        Ok(ids.iter().filter_map(owner).collect())
    }
}

impl MemoryStore {
    /// Writes a step, that of the effect that loses its post first.
    fn write(&self, state: &mut State, change: Change) -> Result<EffectRecord, StoreError> {
        let Change { record, budget, drafts, disowned } = change;
        if let Some(disowned) = disowned {
            self.write(state, *disowned)?;
        }
        self.append(state, drafts)?;
        let request = &state.requests[&record.request];
        let scope = BudgetScope { namespace: request.key.namespace.clone(), campaign: request.campaign };
        if let Some(moved) = budget {
            let balance = state.balances.get_mut(&scope).ok_or_else(|| {
                StoreError::not_applied(StoreErrorKind::Corrupt, "a hold stands in a budget that is gone")
            })?;
            *balance = match moved {
                BudgetMove::Settle { held, actual } => balance.settle(held, actual),
                BudgetMove::Release { held } => balance.release(held),
                BudgetMove::Recommit { amount } => balance.recommit(amount),
                BudgetMove::Charge { actual } => balance.charge(actual),
            };
        }
        let content = record.effect.content();
        let place = |id: &str| (content.platform, content.account.clone(), id.to_owned());
        let before = state.effects.get(&record.id).and_then(|before| before.progress.post.clone());
        if let Some(post) = before {
            state.posts.remove(&place(&post.id));
        }
        if let Some(post) = &record.progress.post {
            state.posts.insert(place(&post.id), record.id);
        }
        state.effects.insert(record.id, record.clone());
        Ok(record)
    }

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

    /// The effect that owns the post that a step claims, where it is another one, with its request and its siblings.
    fn owner_of_claim(
        &self,
        record: &EffectRecord,
        step: &Step,
    ) -> Option<(EffectRecord, RequestRecord, Vec<EffectRecord>)> {
        let content = record.effect.content();
        let claimed = step::claimed_post(step)?.to_owned();
        let owner = self.posts.get(&(content.platform, content.account.clone(), claimed))?;
        let owner = self.effects.get(owner).filter(|owner| owner.id != record.id)?.clone();
        let request = self.requests.get(&owner.request)?.clone();
        let siblings = self.of_request(request.id).into_iter().filter(|other| other.id != owner.id).collect();
        Some((owner, request, siblings))
    }

    /// The unknown effects of the accounts of these contents.
    fn open<'a>(&self, contents: impl IntoIterator<Item = &'a EffectV1>) -> Vec<EffectRecord> {
        let accounts: BTreeSet<AccountKey> = contents.into_iter().map(AccountKey::of).collect();
        let asked = |record: &&EffectRecord| {
            matches!(record.progress.state, EffectState::Attempting | EffectState::Unknown)
                && accounts.contains(&AccountKey::of(record.effect.content()))
        };
        self.effects.values().filter(asked).take(OPEN_EFFECTS).cloned().collect()
    }
}

fn misuse(message: &str) -> StoreError {
    StoreError::not_applied(StoreErrorKind::Misuse, message)
}
