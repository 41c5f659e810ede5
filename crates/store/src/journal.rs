//! The effect journal: the rules are [`chimera_effect::step`]'s; here they meet rows and conditions.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use chimera_contracts::{DecisionId, Digest, InstanceId, Namespace, RequestId, StoreError, StoreErrorKind};
use chimera_effect::step::{self, BudgetMove, Change, Owner, PauseChange, Turn, Verdict};
use chimera_effect::{
    AccountKey, Admission, Admit, Advance, Advanced, EffectJournal, EffectKind, EffectQuery, EffectRecord,
    EffectV1, ExecutionPlan, LeaseGrant, LeaseScope, NewEffect, OPEN_EFFECTS, Page, Pause, PauseKey,
    RequestKey, RequestRecord, RequestView, Step, Undoes, Watch,
};
use chimera_governance::{Authority, BudgetOwner, BudgetScope, Decided, Decision, Standing};
use chrono::TimeDelta;

use crate::backend::{Backend, Read};
use crate::loaded::{Loaded, Stop};
use crate::row::{DecisionRow, Key, Row, pause_id};
use crate::scan::{Part, Scan};
use crate::store::{Outcome, Planned, Planner, Store};
use crate::transaction::{BudgetChange, Condition, Transaction, Write};
use crate::watchers::Watched;

/// At most so many effects in one lease.
const LARGEST_LEASE: usize = 1_024;

impl From<BudgetMove> for BudgetChange {
    fn from(moved: BudgetMove) -> Self {
        match moved {
            BudgetMove::Settle { held, actual } => Self::Settle { held, actual },
            BudgetMove::Release { held } => Self::Release(held),
            BudgetMove::Recommit { held, actual } => Self::Recommit { held, actual },
            BudgetMove::Charge { actual } => Self::Charge(actual),
            BudgetMove::Hold { amount } => Self::Hold(amount),
        }
    }
}

/// The scan of the effects that stand in the way of an equal one: of a state those that are being attempted, too.
fn in_the_way(content: &EffectV1) -> Scan {
    Scan::Open {
        account: AccountKey::of(content),
        target: Some(content.target.clone()),
        unknown: !content.is_state(),
        limit: OPEN_EFFECTS,
    }
}

/// The scan of the switches that stop an effect with this content.
fn stopping(content: &EffectV1) -> Scan {
    let stopping = Some((content.namespace.clone(), AccountKey::of(content)));
    // Two causes for each of three scopes.
    Scan::Pauses { stopping, limit: 6 }
}

/// The condition that a scan of switches gives what it gave.
fn same_pauses(scan: Scan, pauses: &[Pause]) -> Condition {
    Condition::Rows(scan, pauses.iter().map(|pause| pause_id(&pause.key)).collect())
}

/// The budgets that hold for a request, where they are set.
fn scopes_of(asked: &Admit) -> Vec<BudgetScope> {
    let scope = |owner| BudgetScope { namespace: asked.key.namespace.clone(), owner };
    asked.budgets().into_iter().map(scope).collect()
}

/// Whether a request costs anything.
fn is_priced(asked: &Admit) -> bool {
    asked.effects.iter().any(|new| new.price.micros > 0)
}

/// A decision as it is recorded, or as an admission brings it.
fn decision_of<'a>(
    asked: &Admit,
    id: DecisionId,
    loaded: &'a Loaded,
) -> Result<Option<Cow<'a, DecisionRow>>, Stop> {
    if let Some(row) = loaded.decision(&asked.key.namespace, id)? {
        return Ok(Some(Cow::Borrowed(row)));
    }
    let decided = asked.decisions.iter().map(Decided::decision).find(|decision| decision.id == id);
    Ok(decided.map(|decision| {
        // The caller that brings it has a clock of its own: by the store's, nothing is decided in the future.
        let decided_at = decision.decided_at.min(loaded.now());
        let decision = Decision { decided_at, ..decision.clone() };
        Cow::Owned(DecisionRow { decision, revoked_at: None, uses: BTreeMap::new() })
    }))
}

/// The condition that a scan gives what it gave.
fn same(scan: Scan, rows: &[EffectRecord]) -> Condition {
    Condition::Rows(scan, rows.iter().map(|record| *record.id.as_uuid()).collect())
}

/// The scan of the effects that own the post which an undo names by its target alone.
fn owning_target(new: &NewEffect) -> Option<Scan> {
    let content = new.approved.get().content();
    let names_none = content.kind == EffectKind::Undo && new.undoes.is_none();
    let target = content.target.clone().filter(|_| names_none)?;
    Some(Scan::Owners { account: AccountKey::of(content), posts: vec![target] })
}

/// The conditions that a decision is as it was loaded, and has not run out meanwhile. The rule by which it takes something back
/// does not run out.
fn as_decided(
    loaded: &Loaded,
    namespace: &Namespace,
    standing: Option<&Standing>,
    authority: Authority,
    content: &EffectV1,
) -> Vec<Condition> {
    let revision = standing.map(|standing| {
        let key = Key::Decision(namespace.clone(), standing.decision.id);
        let revision = loaded.revision(&key);
        Condition::Revision(key, revision)
    });
    // An effect may happen up to and including its last moment.
    let last = content.not_after.and_then(|until| until.checked_add_signed(TimeDelta::microseconds(1)));
    let expires = standing.filter(|_| authority.is_listed());
    let ends = [expires.and_then(|standing| standing.decision.expires_at), last];
    revision.into_iter().chain(ends.into_iter().flatten().map(Condition::Before)).collect()
}

impl Planner {
    fn plan_admission(&self, asked: &Admit, loaded: &Loaded) -> Planned<Admission> {
        let namespace = &asked.key.namespace;
        let keys = || [&asked.key].into_iter().chain(&asked.former_keys).map(RequestKey::request_id);
        let scopes = if is_priced(asked) { scopes_of(asked) } else { Vec::new() };
        let contents = || asked.effects.iter().map(|new| new.approved.get().content());
        let scans: Vec<Scan> = contents().map(in_the_way).fold(Vec::new(), |mut scans, scan| {
            if !scans.contains(&scan) {
                scans.push(scan);
            }
            scans
        });
        let stops: Vec<Scan> = contents().map(stopping).fold(Vec::new(), |mut scans, scan| {
            if !scans.contains(&scan) {
                scans.push(scan);
            }
            scans
        });
        let mut reads: Vec<Read> = keys().map(|id| Read::Row(Key::Request(id))).collect();
        reads.extend(stops.iter().cloned().map(Read::Rows));
        reads.extend(asked.review.map(|id| Read::Row(Key::Review(namespace.clone(), id))));
        let decisions: BTreeSet<_> = asked.effects.iter().map(|new| new.approved.decision()).collect();
        reads.extend(decisions.iter().map(|id| Read::Row(Key::Decision(namespace.clone(), *id))));
        reads.extend(asked.reasons.iter().map(|draft| Read::Row(Key::Event(draft.id))));
        reads.extend(scopes.iter().cloned().map(|scope| Read::Row(Key::Budget(scope))));
        reads.extend(scans.iter().cloned().map(Read::Rows));
        let owning: Vec<Scan> = asked.effects.iter().filter_map(owning_target).collect();
        reads.extend(owning.iter().cloned().map(Read::Rows));
        // An undo is alone in its request; where it is not, the step says so.
        let undoes = asked.effects.iter().find_map(|new| new.undoes);
        reads.extend(undoes.map(|undoes| Read::Row(Key::Request(undoes.request))));
        loaded.require(reads)?;

        for id in keys() {
            if let Some(view) = loaded.request(id)? {
                return Ok(Outcome::Answer(step::known(view.clone(), asked)));
            }
        }
        let review = match asked.review {
            Some(id) => loaded.review(namespace, id)?,
            None => None,
        };
        if let Err(refused) = step::check_review(asked, review) {
            return Ok(Outcome::Answer(Admission::Refused(refused)));
        }
        let mut conditions: Vec<Condition> =
            keys().map(|id| Condition::Revision(Key::Request(id), None)).collect();
        let undone = match undoes {
            Some(undoes) => {
                let (undone, as_loaded) = undone(loaded, undoes)?;
                conditions.push(as_loaded);
                undone
            }
            None => None,
        };
        let mut standings = Vec::with_capacity(asked.effects.len());
        for new in &asked.effects {
            let row = decision_of(asked, new.approved.decision(), loaded)?;
            let own = new.approved.digest();
            standings
                .push(row.map(|row| row.standing(&listed(new.approved.authority(), own, undone.as_ref()))));
        }
        let mut owners = Vec::new();
        for scan in owning {
            let found = loaded.effects(&scan)?;
            conditions.push(same(scan, &found));
            owners.extend(found);
        }
        let mut open = Vec::new();
        for scan in scans {
            let found = loaded.effects(&scan)?;
            conditions.push(same(scan, &found));
            open.extend(found);
        }
        let mut pauses: Vec<Pause> = Vec::new();
        for scan in stops {
            let found = loaded.pauses(&scan)?;
            conditions.push(same_pauses(scan, &found));
            pauses.extend(found);
        }
        let mut balances = Vec::with_capacity(scopes.len());
        for scope in &scopes {
            let balance = loaded.balance(scope)?;
            // One that is set holds, or the step is stale; one that is not may have been set meanwhile.
            if balance.is_none() {
                conditions.push(Condition::Revision(Key::Budget(scope.clone()), None));
            }
            balances.push((scope.owner.clone(), balance));
        }
        let context = step::AdmitContext {
            standings: &standings,
            balances: &balances,
            open: &open,
            pauses: &pauses,
            undone: undone.as_ref().map(Stored::owner),
            owners: &owners,
            instance: self.instance,
            now: loaded.now(),
        };
        let admitted = match step::admit(asked, &context) {
            Ok(admitted) => admitted,
            Err(refused) => return Ok(Outcome::Answer(Admission::Refused(refused))),
        };
        if let Some(id) = asked.review {
            let key = Key::Review(namespace.clone(), id);
            let revision = loaded.revision(&key);
            conditions.push(Condition::Revision(key, revision));
        }
        for (new, standing) in asked.effects.iter().zip(&standings) {
            let (authority, content) = (new.approved.authority(), new.approved.get().content());
            for condition in as_decided(loaded, namespace, standing.as_ref(), authority, content) {
                if !conditions.contains(&condition) {
                    conditions.push(condition);
                }
            }
        }
        let mut writes = Vec::new();
        if let Some(hold) = admitted.hold {
            let held = admitted.view.request.budgets().into_iter();
            writes.extend(held.map(|scope| Write::Budget(scope, BudgetChange::Hold(hold))));
        }
        for id in decisions {
            let Some(row) = decision_of(asked, id, loaded)? else { continue };
            let mut row = row.into_owned();
            let used = admitted.uses.iter().filter_map(|new| admitted.view.effects.get(new.position));
            let used: Vec<_> = used
                .filter(|record| record.decision == id)
                .map(|record| (record.effect.digest(), record.id))
                .collect();
            if !used.is_empty() {
                row.uses.extend(used);
                writes.push(Write::put(Row::Decision(row)));
            }
        }
        let mut transaction = Transaction { conditions, writes, events: Vec::new() };
        self.tell(&asked.reasons, loaded, &mut transaction)?;
        transaction.events.extend(self.events(admitted.drafts)?);
        let fresh = Admission::Fresh(admitted.view.clone());
        transaction.writes.push(Write::put(Row::Request(admitted.view.into())));
        Ok(Outcome::Write(Box::new(transaction), fresh))
    }

    fn plan_advance(
        &self,
        asked: &Advance,
        known: Option<RequestId>,
        loaded: &Loaded,
    ) -> Planned<(Advanced, Option<Arc<RequestView>>)> {
        let missing = || misuse(format!("there is no effect {}", asked.effect));
        let view = match known {
            Some(id) => loaded.request(id)?.ok_or_else(missing)?,
            None => match loaded.rows(&Scan::Holding(asked.effect))? {
                [Row::Request(view)] => view.as_ref(),
                _ => return Err(missing().into()),
            },
        };
        let (record, siblings) = apart(view, |record| record.id == asked.effect).ok_or_else(missing)?;
        let content = record.effect.content();
        let namespace = &content.namespace;
        let begins = matches!(asked.step, Step::Begin { .. } | Step::Prepare);
        let by_hand = matches!(asked.step, Step::SettledByHand(_) | Step::ClaimsAccepted(_));
        let account = AccountKey::of(content);
        let posts = step::claimed_post(record.kind(), &asked.step)
            .map(|claimed| Scan::Owners { account: account.clone(), posts: vec![claimed.to_owned()] });
        let in_the_way = begins.then(|| in_the_way(content));
        let mut reads: Vec<Read> = posts.iter().chain(&in_the_way).cloned().map(Read::Rows).collect();
        let stops = begins.then(|| stopping(content));
        reads.extend(stops.iter().cloned().map(Read::Rows));
        let stopped =
            step::rejected_credentials(&record, &asked.step).map(|_| PauseKey::credentials(account.clone()));
        reads.extend(stopped.iter().cloned().map(|key| Read::Row(Key::Pause(key))));
        if begins || by_hand {
            reads.push(Read::Row(Key::Decision(namespace.clone(), record.decision)));
        }
        let undoes = record.undoes.filter(|_| step::undone_request(&record, &asked.step).is_some());
        reads.extend(undoes.map(|undoes| Read::Row(Key::Request(undoes.request))));
        let unnamed = step::unnamed_post(&record, &asked.step)
            .map(|post| Scan::Owners { account: account.clone(), posts: vec![post.to_owned()] });
        reads.extend(unnamed.iter().cloned().map(Read::Rows));
        let paying = if begins && step::holds_again(&record) { view.request.budgets() } else { [].into() };
        reads.extend(paying.iter().cloned().map(|scope| Read::Row(Key::Budget(scope))));
        loaded.require(reads)?;

        let mut conditions =
            vec![Condition::Revision(Key::Request(view.request.id), Some(Part::Request(view).revision()))];
        let undone = match undoes {
            Some(undoes) => {
                let (undone, as_loaded) = undone(loaded, undoes)?;
                conditions.push(as_loaded);
                undone
            }
            None => None,
        };
        let mut owners = Vec::new();
        if let Some(scan) = unnamed {
            owners = loaded.effects(&scan)?;
            conditions.push(same(scan, &owners));
        }
        let mut balances = Vec::with_capacity(paying.len());
        for scope in paying {
            let balance = loaded.balance(&scope)?;
            balances.push((scope, balance));
        }
        let standing = if begins || by_hand {
            let row = loaded.decision(namespace, record.decision)?;
            row.map(|row| row.standing(&listed(record.authority, record.effect.digest(), undone.as_ref())))
        } else {
            None
        };
        let open = match in_the_way {
            Some(scan) => {
                let found = loaded.effects(&scan)?;
                conditions.push(same(scan, &found));
                conditions.extend(as_decided(
                    loaded,
                    namespace,
                    standing.as_ref(),
                    record.authority,
                    content,
                ));
                found
            }
            None => Vec::new(),
        };
        let pauses = match stops {
            Some(scan) => {
                let found = loaded.pauses(&scan)?;
                conditions.push(same_pauses(scan, &found));
                found
            }
            None => Vec::new(),
        };
        let mut owner = None;
        if let Some(scan) = posts {
            let found = loaded.effects(&scan)?;
            conditions.push(same(scan, &found));
            if let Some(other) = found.into_iter().find(|other| other.id != record.id) {
                let gone = || corrupt("an effect belongs to a request that is gone");
                let theirs = loaded.request(other.request)?.ok_or_else(gone)?;
                conditions.push(Condition::Revision(
                    Key::Request(other.request),
                    Some(Part::Request(theirs).revision()),
                ));
                // As its request has it: the scan may have been read at another moment.
                owner = apart(theirs, |record| record.id == other.id).map(|parts| (theirs, parts));
            }
        }
        let context = step::Context {
            request: &view.request,
            siblings: &siblings,
            standing: standing.as_ref(),
            balances: &balances,
            open: &open,
            pauses: &pauses,
            undone: undone.as_ref().map(Stored::owner),
            owners: &owners,
            owner: owner.as_ref().map(|(theirs, (record, siblings))| Owner {
                record,
                request: &theirs.request,
                siblings,
            }),
            instance: self.instance,
            now: loaded.now(),
        };
        let verdict =
            step::advance(&record, asked, &context).map_err(|illegal| misuse(illegal.to_string()))?;
        let change = match verdict {
            Verdict::Fenced => return Ok(Outcome::Answer((Advanced::Fenced, None))),
            Verdict::Already => return Ok(Outcome::Answer((Advanced::Already(Box::new(record)), None))),
            Verdict::Refused(refused) => return Ok(Outcome::Answer((Advanced::Refused(refused), None))),
            Verdict::Taken { external_id } => {
                return Ok(Outcome::Answer((Advanced::Taken { external_id }, None)));
            }
            Verdict::Apply(change) => *change,
        };
        let mut after = RequestView::clone(view);
        let mut transaction = Transaction { conditions, ..Transaction::default() };
        let stop = match &stopped {
            Some(key) => {
                let known = loaded.pause(key)?;
                let revision = known.map(|known| known.revision);
                transaction.conditions.push(Condition::Revision(Key::Pause(key.clone()), revision));
                step::stopped_account(known, &record, &asked.step, loaded.now())
            }
            None => None,
        };
        let Change { record, budget, drafts, released, disowned, taken_back } = change;
        if let (Some(disowned), Some((theirs, _))) = (disowned, &owner) {
            // First, so that the post is free when its owner takes it.
            let Change { record: lost, budget, drafts, .. } = *disowned;
            self.account_for(&theirs.request, budget, drafts, &mut transaction)?;
            if theirs.request.id == after.request.id {
                replace(&mut after, lost);
                transaction.writes.push(Write::put(Row::Request(after.clone().into())));
            } else {
                let mut without = RequestView::clone(theirs);
                replace(&mut without, lost);
                transaction.writes.push(Write::put(Row::Request(without.into())));
            }
        }
        self.account_for(&view.request, budget, drafts, &mut transaction)?;
        for moved in released.into_iter().chain([record.clone()]) {
            replace(&mut after, moved);
        }
        let after = Arc::new(after);
        transaction.writes.push(Write::put(Row::Request(Arc::clone(&after))));
        if let (Some(taken_back), Some(post)) = (taken_back, &undone) {
            let Change { record: down, budget, drafts, .. } = *taken_back;
            self.account_for(&post.view.request, budget, drafts, &mut transaction)?;
            let mut without = RequestView::clone(post.view);
            replace(&mut without, down);
            transaction.writes.push(Write::put(Row::Request(without.into())));
        }
        if let Some(PauseChange { pause, draft }) = stop {
            transaction.writes.push(Write::put(Row::Pause(pause)));
            transaction.events.extend(self.events([draft])?);
        }
        let applied = Advanced::Applied(Box::new(record));
        Ok(Outcome::Write(Box::new(transaction), (applied, Some(after))))
    }

    /// What a step does to the budgets and tells the ledger.
    fn account_for(
        &self,
        request: &RequestRecord,
        budget: Option<BudgetMove>,
        drafts: Vec<chimera_audit::Draft>,
        transaction: &mut Transaction,
    ) -> Result<(), StoreError> {
        if let Some(moved) = budget {
            let moves = request.budgets().into_iter().map(|scope| Write::Budget(scope, moved.into()));
            transaction.writes.extend(moves);
        }
        transaction.events.extend(self.events(drafts)?);
        Ok(())
    }

    fn plan_lease(
        &self,
        scope: &LeaseScope,
        limit: usize,
        ttl: TimeDelta,
        loaded: &Loaded,
    ) -> Planned<Vec<LeaseGrant>> {
        let now = loaded.now();
        let limit = limit.min(LARGEST_LEASE);
        let free = |record: &EffectRecord| -> Result<bool, Stop> {
            let held = record.progress.lease.filter(|lease| lease.until > now);
            match held {
                // Its turn is asked for where its request is loaded.
                _ if !step::leasable(record, &ExecutionPlan::default(), &[], scope, now) => Ok(false),
                Some(lease) if lease.holder == self.instance => Ok(false),
                Some(lease) => loaded.is_dead(lease.holder),
                None => Ok(true),
            }
        };
        let found: Vec<EffectRecord> = match scope {
            LeaseScope::Due => self.due(limit, loaded, free)?,
            LeaseScope::Of(ids) => {
                let scans: Vec<Scan> = ids.iter().take(LARGEST_LEASE).map(|id| Scan::Holding(*id)).collect();
                loaded.require(scans.iter().cloned().map(Read::Rows).collect())?;
                let mut found = Vec::new();
                for (scan, id) in scans.iter().zip(ids) {
                    for row in loaded.rows(scan)? {
                        if let Row::Request(view) = row {
                            found.extend(view.effects.iter().find(|record| record.id == *id).cloned());
                        }
                    }
                }
                found
            }
        };
        self.ask_for_holders(&found, loaded)?;
        let mut chosen = Vec::new();
        for record in found {
            if chosen.len() < limit && free(&record)? {
                chosen.push(record);
            }
        }
        if chosen.is_empty() {
            return Ok(Outcome::Answer(Vec::new()));
        }
        let requests: BTreeSet<RequestId> = chosen.iter().map(|record| record.request).collect();
        loaded.require(requests.iter().map(|id| Read::Row(Key::Request(*id))).collect())?;
        let mut leased = Vec::new();
        let mut transaction = Transaction::default();
        for id in requests {
            let gone = || corrupt("an effect belongs to a request that is gone");
            let mut view = loaded.request(id)?.ok_or_else(gone)?.clone();
            let revision = Part::Request(&view).revision();
            let before = view.clone();
            for record in &mut view.effects {
                let siblings: Vec<_> =
                    before.effects.iter().filter(|other| other.id != record.id).cloned().collect();
                if !chosen.iter().any(|one| one.id == record.id) {
                    continue;
                }
                if !step::leasable(record, &view.request.plan, &siblings, scope, now) {
                    // It is due and not in turn: put aside, so that it stands in nobody's way. Its turn makes it due.
                    let turn = step::turn(&view.request.plan, record.position, &siblings, now);
                    record.progress.due_at = match turn {
                        Turn::Later { until } => until,
                        Turn::Now | Turn::Never => None,
                    };
                } else {
                    record.progress = step::lease(&record.progress, self.instance, ttl, now);
                    leased.push(LeaseGrant { request: view.request.clone(), record: record.clone() });
                }
            }
            if view != before {
                transaction.conditions.push(Condition::Revision(Key::Request(id), Some(revision)));
                transaction.writes.push(Write::put(Row::Request(view.into())));
            }
        }
        if transaction.writes.is_empty() {
            return Ok(Outcome::Answer(leased));
        }
        // In the order in which they were due.
        leased.sort_by_key(|leased| chosen.iter().position(|record| record.id == leased.record.id));
        Ok(Outcome::Write(Box::new(transaction), leased))
    }
}

impl<B: Backend> Store<B> {
    /// What an admission most likely finds: a key that nobody used, the decision and the budget as they were read last, and
    /// nothing in the way. Its conditions say whether that is so.
    fn expected(&self, asked: &Admit) -> Loaded {
        let mut loaded = Loaded::at(self.backend.now());
        let namespace = &asked.key.namespace;
        for key in [&asked.key].into_iter().chain(&asked.former_keys) {
            loaded.assume(Key::Request(key.request_id()), None);
        }
        for new in &asked.effects {
            let id = new.approved.decision();
            if asked.decisions.iter().any(|decided| decided.decision().id == id) {
                loaded.assume(Key::Decision(namespace.clone(), id), None);
            } else if let Some(row) = self.recent.decision(namespace, id) {
                loaded.assume(Key::Decision(namespace.clone(), id), Some(Row::Decision((*row).clone())));
            }
            loaded.assume_none(in_the_way(new.approved.get().content()));
            loaded.assume_none(stopping(new.approved.get().content()));
        }
        for draft in &asked.reasons {
            loaded.assume(Key::Event(draft.id), None);
        }
        for scope in scopes_of(asked).into_iter().filter(|_| is_priced(asked)) {
            let known = self.recent.balance(&scope);
            let optional = matches!(scope.owner, BudgetOwner::Tenant | BudgetOwner::Agent(_));
            if known.is_some() || optional {
                let row = known.map(|balance| Row::Budget(scope.clone(), balance));
                loaded.assume(Key::Budget(scope), row);
            }
        }
        loaded
    }
}

impl Planner {
    /// Free effects that are due, the first due first: reads on until enough are free, for held ones may stand before them.
    fn due(
        &self,
        limit: usize,
        loaded: &Loaded,
        free: impl Fn(&EffectRecord) -> Result<bool, Stop>,
    ) -> Result<Vec<EffectRecord>, Stop> {
        let mut found = Vec::new();
        let mut after = None;
        while found.len() < limit {
            let page = loaded.effects(&Scan::Due { by: loaded.now(), after, limit: LARGEST_LEASE })?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            let full = page.len() >= LARGEST_LEASE;
            self.ask_for_holders(&page, loaded)?;
            for record in page {
                if found.len() < limit && free(&record)? {
                    found.push(record);
                }
            }
            if !full {
                break;
            }
        }
        Ok(found)
    }

    /// Asks which holders of these effects are dead, all at once.
    fn ask_for_holders(&self, records: &[EffectRecord], loaded: &Loaded) -> Result<(), Stop> {
        let holds = |record: &EffectRecord| record.progress.lease.filter(|lease| lease.until > loaded.now());
        let holders: BTreeSet<InstanceId> = records
            .iter()
            .filter_map(holds)
            .map(|lease| lease.holder)
            .filter(|holder| *holder != self.instance)
            .collect();
        loaded.require(holders.into_iter().map(Read::Dead).collect())
    }
}

/// An effect of another request, as that request has it.
struct Stored<'a> {
    view: &'a RequestView,
    record: EffectRecord,
    siblings: Vec<EffectRecord>,
}

impl Stored<'_> {
    fn owner(&self) -> Owner<'_> {
        Owner { record: &self.record, request: &self.view.request, siblings: &self.siblings }
    }
}

/// The effect that an undo takes back, and the condition that its request is as it was loaded.
fn undone(loaded: &Loaded, undoes: Undoes) -> Result<(Option<Stored<'_>>, Condition), Stop> {
    let view = loaded.request(undoes.request)?;
    let revision = view.map(|view| Part::Request(view).revision());
    let found = view.and_then(|view| {
        let (record, siblings) = apart(view, |record| record.id == undoes.effect)?;
        Some(Stored { view, record, siblings })
    });
    Ok((found, Condition::Revision(Key::Request(undoes.request), revision)))
}

/// The digest that the decision of an effect lists: its own, or that of the post which it takes back.
fn listed(authority: Authority, own: Digest, undone: Option<&Stored<'_>>) -> Digest {
    match (authority, undone) {
        (Authority::TakesBack, Some(post)) => post.record.effect.digest(),
        _ => own,
    }
}

/// One effect of a request, and the others.
fn apart(
    view: &RequestView,
    is_it: impl Fn(&EffectRecord) -> bool,
) -> Option<(EffectRecord, Vec<EffectRecord>)> {
    let record = view.effects.iter().find(|record| is_it(record))?;
    let others = view.effects.iter().filter(|other| other.id != record.id);
    Some((record.clone(), others.cloned().collect()))
}

/// Puts an effect in the place of the one that has its id.
fn replace(view: &mut RequestView, record: EffectRecord) {
    if let Some(known) = view.effects.iter_mut().find(|known| known.id == record.id) {
        *known = record;
    }
}

fn misuse(message: String) -> StoreError {
    StoreError::not_applied(StoreErrorKind::Misuse, message)
}

fn corrupt(message: &str) -> StoreError {
    StoreError::not_applied(StoreErrorKind::Corrupt, message)
}

#[async_trait]
impl<B: Backend> EffectJournal for Store<B> {
    fn instance(&self) -> InstanceId {
        self.planner.instance
    }

    async fn admit(&self, admit: Admit) -> Result<Admission, StoreError> {
        let planner = self.planner.clone();
        let loaded = self.expected(&admit);
        let recent = Arc::clone(&self.recent);
        let step = move |loaded: &Loaded| {
            for scope in scopes_of(&admit) {
                if let Ok(Some(balance)) = loaded.balance(&scope) {
                    recent.keep_balance(&scope, balance);
                }
            }
            planner.plan_admission(&admit, loaded)
        };
        let (admission, applied) = self.run(loaded, step).await?;
        if let (Admission::Fresh(view), Some(_)) = (&admission, applied) {
            self.recent.keep(Arc::new(view.clone()));
        }
        Ok(admission)
    }

    async fn advance(&self, advance: Advance) -> Result<Advanced, StoreError> {
        let planner = self.planner.clone();
        let mut loaded = Loaded::at(self.backend.now());
        let known = self.recent.holding(advance.effect);
        if let Some(view) = &known {
            let content = view
                .effects
                .iter()
                .find(|record| record.id == advance.effect)
                .map(|record| record.effect.content());
            loaded.assume(Key::Request(view.request.id), Some(Row::Request(Arc::clone(view))));
            let claims = |content: &EffectV1| {
                let claimed = step::claimed_post(content.kind, &advance.step)?;
                Some((AccountKey::of(content), claimed))
            };
            if let Some((account, claimed)) = content.and_then(claims) {
                loaded.assume_none(Scan::Owners { account, posts: vec![claimed.to_owned()] });
            }
        }
        let known = known.map(|view| view.request.id);
        let step = move |loaded: &Loaded| planner.plan_advance(&advance, known, loaded);
        let ((advanced, after), applied) = self.run(loaded, step).await?;
        if let (Some(after), Some(_)) = (after, applied) {
            self.recent.keep(after);
        }
        Ok(advanced)
    }

    async fn lease(
        &self,
        scope: LeaseScope,
        limit: usize,
        ttl: TimeDelta,
    ) -> Result<Vec<LeaseGrant>, StoreError> {
        let planner = self.planner.clone();
        let step = move |loaded: &Loaded| planner.plan_lease(&scope, limit, ttl, loaded);
        Ok(self.transact(step).await?.0)
    }

    async fn request(&self, key: &RequestKey) -> Result<Option<RequestView>, StoreError> {
        let id = key.request_id();
        self.read(|loaded| Ok(loaded.request(id)?.cloned())).await
    }

    async fn effects(&self, query: &EffectQuery, page: Page) -> Result<Vec<EffectRecord>, StoreError> {
        let scan = Scan::Effects { query: query.clone(), after: page.after, limit: page.limit };
        self.read(|loaded| loaded.effects(&scan)).await
    }

    async fn open_effects(&self, account: &AccountKey) -> Result<Vec<EffectRecord>, StoreError> {
        let scan = Scan::Open { account: account.clone(), target: None, unknown: false, limit: OPEN_EFFECTS };
        self.read(|loaded| loaded.effects(&scan)).await
    }

    async fn owners(&self, account: &AccountKey, ids: &[String]) -> Result<Vec<EffectRecord>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let scan = Scan::Owners { account: account.clone(), posts: ids.to_vec() };
        self.read(|loaded| loaded.effects(&scan)).await
    }

    fn watch(&self, key: &RequestKey) -> Watch {
        Box::pin(Self::watch(self, Watched::Request(key.request_id())))
    }
}
