//! The effect journal: the rules are [`chimera_effect::step`]'s; here they meet one transaction.

use std::collections::BTreeSet;

use async_trait::async_trait;
use chimera_contracts::{InstanceId, StoreError};
use chimera_effect::step::{self, BudgetMove, Change, Context, Owner, Verdict};
use chimera_effect::{
    AccountKey, Admission, Admit, Advance, Advanced, EffectJournal, EffectKind, EffectQuery, EffectRecord,
    LeaseScope, Leased, OPEN_EFFECTS, Page, RequestKey, RequestRecord, RequestView, Step,
};
use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::error::{StepError, StepResult};
use crate::filter::{Filter, LARGEST_PAGE, id, text};
use crate::instance::Instance;
use crate::store::SqliteStore;
use crate::{approvals, budget, ledger, reviews, rows};

fn admit(
    connection: &Connection,
    asked: &Admit,
    instance: InstanceId,
    now: DateTime<Utc>,
    entropy: &dyn chimera_contracts::Entropy,
) -> StepResult<Admission> {
    for key in [&asked.key].into_iter().chain(&asked.former_keys) {
        if let Some(view) = rows::view(connection, key.request_id())? {
            return Ok(step::known(view, asked));
        }
    }
    let review =
        asked.review.map(|id| reviews::find(connection, &asked.key.namespace, id)).transpose()?.flatten();
    if let Err(refused) = step::check_review(asked, review.as_ref()) {
        return Ok(Admission::Refused(refused));
    }
    let standing = |new: &chimera_effect::NewEffect| {
        approvals::standing(connection, &asked.key.namespace, new.approved.decision(), &new.approved.digest())
    };
    let standings = asked.effects.iter().map(standing).collect::<StepResult<Vec<_>>>()?;
    let scope = budget::scope(&asked.key.namespace, asked.campaign);
    let balance = budget::balance(connection, &scope)?;
    let accounts = asked.effects.iter().map(|new| AccountKey::of(new.approved.get().content()));
    let open = open_of(connection, &accounts.collect())?;
    let admitted = match step::admit(asked, &standings, balance, &open, instance, now) {
        Ok(admitted) => admitted,
        Err(refused) => return Ok(Admission::Refused(refused)),
    };
    rows::insert(connection, &admitted)?;
    for new in &admitted.uses {
        if let Some(record) = admitted.view.effects.get(new.position) {
            approvals::mark_used(connection, record)?;
        }
    }
    if let Some(balance) = &admitted.balance {
        budget::write(connection, &scope, balance)?;
    }
    ledger::append(connection, &admitted.drafts, now, entropy)?;
    Ok(Admission::Fresh(admitted.view))
}

fn advance(
    connection: &Connection,
    asked: &Advance,
    instance: InstanceId,
    now: DateTime<Utc>,
    entropy: &dyn chimera_contracts::Entropy,
) -> StepResult<Advanced> {
    let missing = || StepError::misuse(format!("there is no effect {}", asked.effect));
    let request = rows::request_of(connection, asked.effect)?.ok_or_else(missing)?;
    let mut view = rows::view(connection, request)?.ok_or_else(missing)?;
    let place = view.effects.iter().position(|record| record.id == asked.effect).ok_or_else(missing)?;
    let record = view.effects.remove(place);
    let siblings = view.effects;
    let standing = match asked.step {
        Step::Begin { .. } | Step::SettledByHand(_) => {
            let namespace = &record.effect.content().namespace;
            approvals::standing(connection, namespace, record.decision, &record.effect.digest())?
        }
        _ => None,
    };
    let account = AccountKey::of(record.effect.content());
    let owner = match step::claimed_post(&asked.step) {
        Some(claimed) => owner_of(connection, &record, &account, claimed)?,
        None => None,
    };
    let open = match asked.step {
        Step::Begin { .. } => open(connection, &account)?,
        _ => Vec::new(),
    };
    let context = Context {
        request: &view.request,
        siblings: &siblings,
        standing: standing.as_ref(),
        open: &open,
        owner: owner.as_ref().map(|owned| Owner {
            record: &owned.record,
            request: &owned.request,
            siblings: &owned.siblings,
        }),
        instance,
        now,
    };
    let verdict =
        step::advance(&record, asked, &context).map_err(|illegal| StepError::misuse(illegal.to_string()))?;
    match verdict {
        Verdict::Fenced => Ok(Advanced::Fenced),
        Verdict::Already => Ok(Advanced::Already(Box::new(record))),
        Verdict::Refused(refused) => Ok(Advanced::Refused(refused)),
        Verdict::Taken { external_id } => Ok(Advanced::Taken { external_id }),
        Verdict::Apply(mut change) => {
            // First, so that the post is free when its owner takes it.
            if let (Some(disowned), Some(owner)) = (change.disowned.take(), &owner) {
                apply(connection, *disowned, &owner.request, now, entropy)?;
            }
            apply(connection, *change, &view.request, now, entropy)
        }
    }
}

/// An effect that owns a post, with its request and the other effects of it.
struct Owned {
    record: EffectRecord,
    request: RequestRecord,
    siblings: Vec<EffectRecord>,
}

/// The effect that owns a claimed post, where it is another one.
fn owner_of(
    connection: &Connection,
    record: &EffectRecord,
    account: &AccountKey,
    claimed: &str,
) -> StepResult<Option<Owned>> {
    let Some(owner) = rows::owner(connection, account, claimed)?.filter(|owner| owner.id != record.id) else {
        return Ok(None);
    };
    let gone = || StepError::corrupt("an effect belongs to a request that is gone");
    let RequestView { request, mut effects } = rows::view(connection, owner.request)?.ok_or_else(gone)?;
    effects.retain(|sibling| sibling.id != owner.id);
    Ok(Some(Owned { record: owner, request, siblings: effects }))
}

/// What is open of these accounts.
fn open_of(connection: &Connection, accounts: &BTreeSet<AccountKey>) -> StepResult<Vec<EffectRecord>> {
    let found = accounts.iter().map(|account| open(connection, account));
    Ok(found.collect::<StepResult<Vec<_>>>()?.into_iter().flatten().collect())
}

/// The end of the statements about open effects of an account: those that are unknown, and those that are being attempted,
/// which are always due.
const UNKNOWN: &str = "WHERE state = 'unknown' AND platform = ?1 AND account = ?2 LIMIT ?3";
const ATTEMPTING: &str =
    "WHERE due_at IS NOT NULL AND state = 'attempting' AND platform = ?1 AND account = ?2 LIMIT ?3";

fn open_values(account: &AccountKey) -> StepResult<(&'static str, &str, i64)> {
    let most = i64::try_from(OPEN_EFFECTS).map_err(|error| StepError::misuse(error.to_string()))?;
    Ok((account.platform.as_str(), account.account.as_str(), most))
}

fn open(connection: &Connection, account: &AccountKey) -> StepResult<Vec<EffectRecord>> {
    // First, since they are few: each is in some host's hands.
    let mut open = rows::effects(connection, ATTEMPTING, open_values(account)?)?;
    open.extend(rows::effects(connection, UNKNOWN, open_values(account)?)?);
    open.truncate(OPEN_EFFECTS);
    Ok(open)
}

fn owners(connection: &Connection, account: &AccountKey, ids: &[String]) -> StepResult<Vec<EffectRecord>> {
    let found = ids.iter().map(|id| rows::owner(connection, account, id));
    Ok(found.collect::<StepResult<Vec<_>>>()?.into_iter().flatten().collect())
}

fn apply(
    connection: &Connection,
    change: Change,
    request: &RequestRecord,
    now: DateTime<Utc>,
    entropy: &dyn chimera_contracts::Entropy,
) -> StepResult<Advanced> {
    let Change { record, budget: moved, drafts, .. } = change;
    rows::update_progress(connection, record.id, &record.progress)?;
    if let Some(moved) = moved {
        let scope = budget::scope(&request.key.namespace, request.campaign);
        let balance = budget::balance(connection, &scope)?
            .ok_or_else(|| StepError::corrupt("a hold stands in a budget that is gone"))?;
        let balance = match moved {
            BudgetMove::Settle { held, actual } => balance.settle(held, actual),
            BudgetMove::Release { held } => balance.release(held),
            BudgetMove::Recommit { amount } => balance.recommit(amount),
            BudgetMove::Charge { actual } => balance.charge(actual),
        };
        budget::write(connection, &scope, &balance)?;
    }
    ledger::append(connection, &drafts, now, entropy)?;
    Ok(Advanced::Applied(Box::new(record)))
}

fn lease(
    connection: &Connection,
    scope: &LeaseScope,
    limit: usize,
    ttl: TimeDelta,
    instance: &Instance,
    now: DateTime<Utc>,
) -> StepResult<Vec<Leased>> {
    let candidates = match scope {
        LeaseScope::Due => due(connection, limit, instance, now)?,
        LeaseScope::Of(ids) => {
            let found = ids.iter().take(LARGEST_PAGE).map(|id| rows::effect_by_id(connection, *id));
            found.collect::<StepResult<Vec<_>>>()?.into_iter().flatten().collect()
        }
    };
    let mut leased = Vec::new();
    for record in candidates {
        let free = step::leasable(&record, scope, now) && is_free(&record, instance, now);
        if leased.len() < limit && free {
            let progress = step::lease(&record.progress, instance.id(), ttl, now);
            rows::update_progress(connection, record.id, &progress)?;
            let request = rows::request(connection, record.request)?
                .ok_or_else(|| StepError::corrupt("an effect belongs to a request that is gone"))?;
            leased.push(Leased { request, record: EffectRecord { progress, ..record } });
        }
    }
    Ok(leased)
}

/// Free effects that are due, oldest first: read on until enough are free, for held ones may stand before them.
fn due(
    connection: &Connection,
    limit: usize,
    instance: &Instance,
    now: DateTime<Utc>,
) -> StepResult<Vec<EffectRecord>> {
    const TAIL: &str = "WHERE due_at IS NOT NULL AND due_at <= ?1 AND (due_at, effect_id) > (?2, ?3)
                        ORDER BY due_at, effect_id LIMIT ?4";
    let limit = limit.min(LARGEST_PAGE);
    let mut free = Vec::new();
    let mut after = (i64::MIN, Vec::new());
    while free.len() < limit {
        let page = rows::readable_effects(
            connection,
            TAIL,
            (now.timestamp_micros(), after.0, &after.1, LARGEST_PAGE),
        )?;
        let Some(last) = page.last() else { break };
        let last_due = last.progress.due_at.map_or(i64::MAX, |due| due.timestamp_micros());
        after = (last_due, last.id.as_uuid().as_bytes().to_vec());
        free.extend(page.into_iter().filter(|record| {
            step::leasable(record, &LeaseScope::Due, now) && is_free(record, instance, now)
        }));
    }
    free.truncate(limit);
    Ok(free)
}

fn is_free(record: &EffectRecord, instance: &Instance, now: DateTime<Utc>) -> bool {
    record.progress.lease.is_none_or(|lease| lease.until <= now || instance.is_dead(lease.holder))
}

/// A member of an effect's content, in the words of the index over it.
const KIND: &str = "CAST(content AS TEXT) ->> '$.kind'";

/// The end of the statement that a listing asks, and its values.
fn listing(query: &EffectQuery, page: &Page) -> (String, Vec<Value>) {
    let states: Vec<_> = query.states.iter().map(|state| state.as_str()).collect();
    let kinds: Vec<_> = query.kinds.iter().map(|kind| kind.as_str()).collect();
    let mut filter = Filter::default()
        .and("namespace = ?", [text(query.namespace.as_str())])
        .and_if("effect_id > ?", page.after.map(|after| id(after.as_uuid())))
        .and_if("request_id = ?", query.request.map(|request| id(request.as_uuid())))
        .and_if(
            "CAST(content AS TEXT) ->> '$.campaign' = ?",
            query.campaign.map(|campaign| text(&campaign.to_string())),
        )
        .and_if("platform = ?", query.platform.map(|platform| text(platform.as_str())))
        .and_one_of(KIND, &kinds)
        .and_one_of_ids("effect_id", query.ids.iter().map(|id| *id.as_uuid()));
    filter = match states.as_slice() {
        // As the partial index says it, so that SQLite sees that the index holds all of them.
        ["unknown"] => filter.and("state = 'unknown'", []),
        states => filter.and_one_of("state", states),
    };
    if !kinds.is_empty() && !query.kinds.contains(&EffectKind::Publish) {
        // Said once more as the index says it, so that SQLite sees that the index holds all of them.
        filter = filter.and(&format!("{KIND} <> 'publish'"), []);
    }
    filter.ordered("effect_id", page.limit)
}

fn list(connection: &Connection, query: &EffectQuery, page: &Page) -> StepResult<Vec<EffectRecord>> {
    let (tail, values) = listing(query, page);
    rows::effects(connection, &tail, params_from_iter(values))
}

#[async_trait]
impl EffectJournal for SqliteStore {
    fn instance(&self) -> InstanceId {
        self.id()
    }

    async fn admit(&self, asked: Admit) -> Result<Admission, StoreError> {
        let (clock, entropy, id) = (self.clock(), self.entropy(), self.id());
        let step =
            move |connection: &Connection| admit(connection, &asked, id, clock.now(), entropy.as_ref());
        self.write(step).await.map_err(StepError::into_store)
    }

    async fn advance(&self, asked: Advance) -> Result<Advanced, StoreError> {
        let (clock, entropy, id) = (self.clock(), self.entropy(), self.id());
        let step =
            move |connection: &Connection| advance(connection, &asked, id, clock.now(), entropy.as_ref());
        self.write(step).await.map_err(StepError::into_store)
    }

    async fn lease(
        &self,
        scope: LeaseScope,
        limit: usize,
        ttl: TimeDelta,
    ) -> Result<Vec<Leased>, StoreError> {
        let clock = self.clock();
        let instance = self.opener()?;
        let step =
            move |connection: &Connection| lease(connection, &scope, limit, ttl, &instance, clock.now());
        self.write(step).await.map_err(StepError::into_store)
    }

    async fn request(&self, key: &RequestKey) -> Result<Option<RequestView>, StoreError> {
        let id = key.request_id();
        self.read(move |connection| rows::view(connection, id)).await.map_err(StepError::into_store)
    }

    async fn effects(&self, query: &EffectQuery, page: Page) -> Result<Vec<EffectRecord>, StoreError> {
        let query = query.clone();
        let read = move |connection: &Connection| list(connection, &query, &page);
        self.read(read).await.map_err(StepError::into_store)
    }

    async fn open_effects(&self, account: &AccountKey) -> Result<Vec<EffectRecord>, StoreError> {
        let account = account.clone();
        let read = move |connection: &Connection| open(connection, &account);
        self.read(read).await.map_err(StepError::into_store)
    }

    async fn owners(&self, account: &AccountKey, ids: &[String]) -> Result<Vec<EffectRecord>, StoreError> {
        let (account, ids) = (account.clone(), ids.to_vec());
        let read = move |connection: &Connection| owners(connection, &account, &ids);
        self.read(read).await.map_err(StepError::into_store)
    }
}

#[cfg(test)]
mod tests {
    use chimera_contracts::{CampaignId, PlatformName, RequestId, derive_uuid};

    use super::*;

    fn plan(query: &EffectQuery) -> String {
        crate::filter::plan("effect", listing(query, &Page { after: None, limit: 10 }))
    }

    #[test]
    fn engagements_of_a_campaign_are_found_by_index() {
        let campaign = Some(CampaignId::from_uuid(derive_uuid("test", &[b"campaign"])));
        let kinds = vec![EffectKind::Reply, EffectKind::Like];
        let of_campaign = EffectQuery { campaign, kinds, ..EffectQuery::default() };
        let on_platform = EffectQuery { platform: Some(PlatformName::Twitter), ..of_campaign.clone() };
        let found = plan(&of_campaign);
        assert!(found.contains("USING INDEX engagement_by_campaign (namespace=? AND <expr>=?"), "{found}");
        let found = plan(&on_platform);
        assert!(found.contains("engagement_by_campaign (namespace=? AND <expr>=? AND platform=?"), "{found}");
        assert!(!found.contains("TEMP B-TREE"), "in the order of the index: {found}");
    }

    #[test]
    fn what_is_unknown_is_found_by_index() {
        let unknown =
            EffectQuery { states: vec![chimera_effect::EffectState::Unknown], ..EffectQuery::default() };
        let found = plan(&unknown);
        assert!(found.contains("effect_unknown (namespace=?"), "{found}");
        let bound = |tail: &str| (tail.to_owned(), vec![text("twitter"), text("us"), Value::Integer(9)]);
        let found = crate::filter::plan("effect", bound(UNKNOWN));
        assert!(found.contains("effect_unknown_of_account (platform=? AND account=?"), "{found}");
        let found = crate::filter::plan("effect", bound(ATTEMPTING));
        assert!(found.contains("effect_due"), "{found}");
    }

    #[test]
    fn publications_are_found_without_the_index_of_engagements() {
        let request = Some(RequestId::from_uuid(derive_uuid("test", &[b"request"])));
        let found = plan(&EffectQuery { request, ..EffectQuery::default() });
        assert!(found.contains("effect_by_request (request_id=?"), "{found}");
        let found = plan(&EffectQuery { kinds: vec![EffectKind::Publish], ..EffectQuery::default() });
        assert!(!found.contains("engagement_by_campaign"), "{found}");
    }
}
