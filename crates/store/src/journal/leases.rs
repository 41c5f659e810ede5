//! Leases.

use std::collections::BTreeSet;

use chimera_contracts::{InstanceId, RequestId};
use chimera_effect::step::{self, Turn};
use chimera_effect::{EffectRecord, ExecutionPlan, LeaseGrant, LeaseScope};
use chrono::TimeDelta;

use super::corrupt;
use crate::backend::Read;
use crate::loaded::{Loaded, Stop};
use crate::row::{Key, Row};
use crate::scan::{Part, Scan};
use crate::store::{Outcome, Planned, Planner};
use crate::transaction::{Condition, Transaction, Write};

/// At most so many effects in one lease.
const LARGEST_LEASE: usize = 1_024;

impl Planner {
    pub(super) fn plan_lease(
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
