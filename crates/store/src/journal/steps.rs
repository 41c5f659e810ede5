//! Steps of one effect.

use std::sync::Arc;

use chimera_contracts::{RequestId, StoreError};
use chimera_effect::step::{self, BudgetMove, Change, Owner, PauseChange, Verdict};
use chimera_effect::{AccountKey, Advance, Advanced, PauseKey, RequestRecord, RequestView, Step};

use super::{
    Stored, apart, as_decided, corrupt, in_the_way, listed, misuse, replace, same, same_pauses, stopping,
    undone,
};
use crate::backend::Read;
use crate::loaded::Loaded;
use crate::row::{Key, Row};
use crate::scan::{Part, Scan};
use crate::store::{Outcome, Planned, Planner};
use crate::transaction::{BudgetChange, Condition, Transaction, Write};

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

impl Planner {
    pub(super) fn plan_advance(
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
            owners: Some(&owners),
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
}
