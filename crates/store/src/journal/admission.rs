//! Admissions.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use chimera_contracts::DecisionId;
use chimera_effect::step::{self};
use chimera_effect::{AccountKey, Admission, Admit, EffectKind, NewEffect, Pause, RequestKey};
use chimera_governance::{BudgetOwner, BudgetScope, Decided, Decision};

use super::{Stored, as_decided, in_the_way, listed, same, same_pauses, stopping, undone};
use crate::backend::{Backend, Read};
use crate::loaded::{Loaded, Stop};
use crate::row::{DecisionRow, Key, Row};
use crate::scan::Scan;
use crate::store::{Outcome, Planned, Planner, Store};
use crate::transaction::{BudgetChange, Condition, Transaction, Write};

/// The budgets that hold for a request, where they are set.
pub(super) fn scopes_of(asked: &Admit) -> Vec<BudgetScope> {
    let scope = |owner| BudgetScope { namespace: asked.key.namespace.clone(), owner };
    asked.budgets().into_iter().map(scope).collect()
}

/// Whether a request costs anything.
pub(super) fn is_priced(asked: &Admit) -> bool {
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

/// The scan of the effects that own the post which an undo names by its target alone.
fn owning_target(new: &NewEffect) -> Option<Scan> {
    let content = new.approved.get().content();
    let names_none = content.kind == EffectKind::Undo && new.undoes.is_none();
    let target = content.target.clone().filter(|_| names_none)?;
    Some(Scan::Owners { account: AccountKey::of(content), posts: vec![target] })
}

impl Planner {
    pub(super) fn plan_admission(&self, asked: &Admit, loaded: &Loaded) -> Planned<Admission> {
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
            owners: Some(&owners),
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
}

impl<B: Backend> Store<B> {
    /// What an admission most likely finds: a key that nobody used, the decision and the budget as they were read last, and
    /// nothing in the way. Its conditions say whether that is so.
    pub(super) fn expected(&self, asked: &Admit) -> Loaded {
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
