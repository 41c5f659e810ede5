//! Decisions and their use.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chimera_contracts::{DecisionId, Digest, EffectId, Namespace, StoreError};
use chimera_governance::{ApprovalStore, Decision, Denial, Recorded, Standing, Use, use_of};
use chrono::{DateTime, Utc};

use crate::backend::Backend;
use crate::loaded::{Loaded, Stop};
use crate::row::{DecisionRow, Key, Row};
use crate::scan::Scan;
use crate::store::{Outcome, Planned, Store};
use crate::transaction::{Condition, Transaction, Write};

fn plan_record(decision: &Decision, loaded: &Loaded) -> Planned<Recorded> {
    if let Some(known) = loaded.decision(&decision.namespace, decision.id)? {
        // What was revoked since is still the decision that was recorded, and stays revoked.
        let words = |decision: &Decision| Decision { revoked_at: None, ..decision.clone() };
        let same = words(&known.decision) == words(decision);
        return Ok(Outcome::Answer(if same { Recorded::Already } else { Recorded::Conflict }));
    }
    let key = Key::Decision(decision.namespace.clone(), decision.id);
    let row = DecisionRow { decision: decision.clone(), revoked_at: None, uses: BTreeMap::new() };
    Ok(put(key, None, Row::Decision(row), Recorded::New))
}

fn plan_revocation(
    namespace: &Namespace,
    id: DecisionId,
    at: DateTime<Utc>,
    loaded: &Loaded,
) -> Planned<bool> {
    let Some(known) = loaded.decision(namespace, id)? else { return Ok(Outcome::Answer(false)) };
    if known.revoked_at.or(known.decision.revoked_at).is_some() {
        return Ok(Outcome::Answer(true));
    }
    let key = Key::Decision(namespace.clone(), id);
    let revision = loaded.revision(&key);
    let row = DecisionRow { revoked_at: Some(at), ..known.clone() };
    Ok(put(key, revision, Row::Decision(row), true))
}

fn plan_use(
    namespace: &Namespace,
    id: DecisionId,
    digest: &Digest,
    effect: EffectId,
    loaded: &Loaded,
) -> Planned<Use> {
    let Some(known) = loaded.decision(namespace, id)? else {
        return Ok(Outcome::Answer(Use::Refused(Denial::Unknown)));
    };
    let standing = known.standing(digest);
    let answer = use_of(&standing.decision, namespace, digest, effect, None, standing.used_by, loaded.now());
    if answer != Use::Granted {
        return Ok(Outcome::Answer(answer));
    }
    let key = Key::Decision(namespace.clone(), id);
    let revision = loaded.revision(&key);
    let mut row = known.clone();
    row.uses.insert(*digest, effect);
    let mut planned = Transaction {
        conditions: vec![Condition::Revision(key, revision)],
        writes: vec![Write::put(Row::Decision(row))],
        events: Vec::new(),
    };
    planned.conditions.extend(standing.decision.expires_at.map(Condition::Before));
    Ok(Outcome::Write(Box::new(planned), answer))
}

/// One row in the place of the one with this revision.
pub(crate) fn put<T>(key: Key, revision: Option<u64>, row: Row, answer: T) -> Outcome<T> {
    let transaction = Transaction {
        conditions: vec![Condition::Revision(key, revision)],
        writes: vec![Write::put(row)],
        events: Vec::new(),
    };
    Outcome::Write(Box::new(transaction), answer)
}

fn standings(scan: &Scan, digest: &Digest, loaded: &Loaded) -> Result<Vec<Standing>, Stop> {
    let standing = |row: &Row| match row {
        Row::Decision(row) => Some(row.standing(digest)),
        _ => None,
    };
    Ok(loaded.rows(scan)?.iter().filter_map(standing).collect())
}

#[async_trait]
impl<B: Backend> ApprovalStore for Store<B> {
    async fn record(&self, decision: Decision) -> Result<Recorded, StoreError> {
        let mut loaded = Loaded::at(self.backend.now());
        loaded.assume(Key::Decision(decision.namespace.clone(), decision.id), None);
        Ok(self.run(loaded, move |loaded| plan_record(&decision, loaded)).await?.0)
    }

    async fn revoke(
        &self,
        namespace: &Namespace,
        id: DecisionId,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let namespace = namespace.clone();
        let step = move |loaded: &Loaded| plan_revocation(&namespace, id, at, loaded);
        Ok(self.run(Loaded::at(self.backend.now()), step).await?.0)
    }

    async fn decision(
        &self,
        namespace: &Namespace,
        id: DecisionId,
        digest: &Digest,
    ) -> Result<Option<Standing>, StoreError> {
        let read = |loaded: &Loaded| {
            let row = loaded.decision(namespace, id)?;
            row.iter().for_each(|row| self.recent.keep_decision(row));
            Ok(row.map(|row| row.standing(digest)))
        };
        self.read(read).await
    }

    async fn about_effect(
        &self,
        namespace: &Namespace,
        digest: &Digest,
    ) -> Result<Vec<Standing>, StoreError> {
        let scan = Scan::Deciding { namespace: namespace.clone(), digest: *digest };
        let read = |loaded: &Loaded| {
            for row in loaded.rows(&scan)? {
                if let Row::Decision(row) = row {
                    self.recent.keep_decision(row);
                }
            }
            standings(&scan, digest, loaded)
        };
        self.read(read).await
    }

    async fn knows_artifact(&self, namespace: &Namespace, artifact: &str) -> Result<bool, StoreError> {
        let scan = Scan::Artifact { namespace: namespace.clone(), artifact: artifact.to_owned() };
        self.read(|loaded| Ok(!loaded.rows(&scan)?.is_empty())).await
    }

    async fn use_approval(
        &self,
        namespace: &Namespace,
        id: DecisionId,
        digest: &Digest,
        effect: EffectId,
    ) -> Result<Use, StoreError> {
        let (namespace, digest) = (namespace.clone(), *digest);
        let step = move |loaded: &Loaded| plan_use(&namespace, id, &digest, effect, loaded);
        Ok(self.run(Loaded::at(self.backend.now()), step).await?.0)
    }
}
