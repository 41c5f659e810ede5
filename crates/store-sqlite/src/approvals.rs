//! Decisions and their use.

use async_trait::async_trait;
use chimera_contracts::{DecisionId, Digest, EffectId, Namespace, StoreError};
use chimera_effect::EffectRecord;
use chimera_governance::{ApprovalStore, Decision, Denial, Recorded, Standing, Use, use_of};
use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::error::{StepError, StepResult};
use crate::rows;
use crate::store::SqliteStore;

/// A decision as recorded, with its revocation, and who used it for the digest of the row.
fn read(row: &Row<'_>) -> rusqlite::Result<(String, Option<i64>, Option<[u8; 16]>)> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn parse((document, revoked, used_by): (String, Option<i64>, Option<[u8; 16]>)) -> StepResult<Standing> {
    let decision: Decision =
        serde_json::from_str(&document).map_err(|error| StepError::corrupt(error.to_string()))?;
    let revoked_at = revoked.and_then(DateTime::from_timestamp_micros).or(decision.revoked_at);
    let used_by = used_by.map(|id| EffectId::from_uuid(uuid::Uuid::from_bytes(id)));
    Ok(Standing { decision: Decision { revoked_at, ..decision }, used_by })
}

/// The decision with this id, towards this digest, whether it lists it or not.
pub(crate) fn standing(
    connection: &Connection,
    namespace: &Namespace,
    id: DecisionId,
    digest: &Digest,
) -> StepResult<Option<Standing>> {
    let mut statement = connection.prepare_cached(
        "SELECT d.document, d.revoked_at, e.used_by FROM decision d
         LEFT JOIN decision_effect e ON e.namespace = d.namespace AND e.digest = ?3 AND e.decision_id = d.decision_id
         WHERE d.namespace = ?1 AND d.decision_id = ?2",
    )?;
    let values = (namespace.as_str(), id.as_uuid().as_bytes(), digest.as_bytes());
    statement.query_row(values, read).optional()?.map(parse).transpose()
}

fn about_effect(
    connection: &Connection,
    namespace: &Namespace,
    digest: &Digest,
) -> StepResult<Vec<Standing>> {
    let mut statement = connection.prepare_cached(
        "SELECT d.document, d.revoked_at, e.used_by FROM decision_effect e
         JOIN decision d ON d.namespace = e.namespace AND d.decision_id = e.decision_id
         WHERE e.namespace = ?1 AND e.digest = ?2",
    )?;
    let found =
        statement.query_map((namespace.as_str(), digest.as_bytes()), read)?.collect::<Result<Vec<_>, _>>()?;
    let mut standings = found.into_iter().map(parse).collect::<StepResult<Vec<_>>>()?;
    standings.sort_by_key(|standing| (standing.decision.decided_at, standing.decision.id));
    Ok(standings)
}

fn record(connection: &Connection, decision: &Decision) -> StepResult<Recorded> {
    let (namespace, id) = (decision.namespace.as_str(), decision.id.as_uuid().as_bytes());
    let document = rows::json(decision)?;
    let known: Option<String> = connection
        .prepare_cached("SELECT document FROM decision WHERE namespace = ?1 AND decision_id = ?2")?
        .query_row((namespace, id), |row| row.get(0))
        .optional()?;
    if let Some(known) = known {
        return Ok(if known == document { Recorded::Already } else { Recorded::Conflict });
    }
    connection
        .prepare_cached(
            "INSERT INTO decision (namespace, decision_id, artifact, document) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute((namespace, id, decision.artifact.as_str(), document))?;
    let mut insert = connection
        .prepare_cached("INSERT INTO decision_effect (namespace, digest, decision_id) VALUES (?1, ?2, ?3)")?;
    for digest in &decision.effects {
        insert.execute((namespace, digest.as_bytes(), id))?;
    }
    Ok(Recorded::New)
}

/// Marks the decision as used by the effect that it allows.
pub(crate) fn mark_used(connection: &Connection, record: &EffectRecord) -> StepResult<()> {
    let namespace = &record.effect.content().namespace;
    set_used(connection, namespace, record.decision, &record.effect.digest(), record.id)
}

fn set_used(
    connection: &Connection,
    namespace: &Namespace,
    decision: DecisionId,
    digest: &Digest,
    effect: EffectId,
) -> StepResult<()> {
    let changed = connection
        .prepare_cached(
            "UPDATE decision_effect SET used_by = ?4
             WHERE namespace = ?1 AND digest = ?2 AND decision_id = ?3 AND used_by IS NULL",
        )?
        .execute((
            namespace.as_str(),
            digest.as_bytes(),
            decision.as_uuid().as_bytes(),
            effect.as_uuid().as_bytes(),
        ))?;
    if changed == 1 { Ok(()) } else { Err(StepError::corrupt("an approval that was free is used")) }
}

fn use_approval(
    connection: &Connection,
    namespace: &Namespace,
    id: DecisionId,
    digest: &Digest,
    effect: EffectId,
    now: DateTime<Utc>,
) -> StepResult<Use> {
    let Some(standing) = standing(connection, namespace, id, digest)? else {
        return Ok(Use::Refused(Denial::Unknown));
    };
    let answer = use_of(&standing.decision, namespace, digest, effect, None, standing.used_by, now);
    if answer == Use::Granted {
        set_used(connection, namespace, id, digest, effect)?;
    }
    Ok(answer)
}

#[async_trait]
impl ApprovalStore for SqliteStore {
    async fn record(&self, decision: Decision) -> Result<Recorded, StoreError> {
        let step = move |connection: &Connection| record(connection, &decision);
        self.write(step).await.map_err(StepError::into_store)
    }

    async fn revoke(
        &self,
        namespace: &Namespace,
        id: DecisionId,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let namespace = namespace.clone();
        let step = move |connection: &Connection| {
            let changed = connection
                .prepare_cached(
                    "UPDATE decision SET revoked_at = coalesce(revoked_at, ?3)
                     WHERE namespace = ?1 AND decision_id = ?2",
                )?
                .execute((namespace.as_str(), id.as_uuid().as_bytes(), at.timestamp_micros()))?;
            Ok(changed == 1)
        };
        self.write(step).await.map_err(StepError::into_store)
    }

    async fn decision(
        &self,
        namespace: &Namespace,
        id: DecisionId,
        digest: &Digest,
    ) -> Result<Option<Standing>, StoreError> {
        let (namespace, digest) = (namespace.clone(), *digest);
        let read = move |connection: &Connection| standing(connection, &namespace, id, &digest);
        self.read(read).await.map_err(StepError::into_store)
    }

    async fn about_effect(
        &self,
        namespace: &Namespace,
        digest: &Digest,
    ) -> Result<Vec<Standing>, StoreError> {
        let (namespace, digest) = (namespace.clone(), *digest);
        let read = move |connection: &Connection| about_effect(connection, &namespace, &digest);
        self.read(read).await.map_err(StepError::into_store)
    }

    async fn knows_artifact(&self, namespace: &Namespace, artifact: &str) -> Result<bool, StoreError> {
        let (namespace, artifact) = (namespace.clone(), artifact.to_owned());
        let read = move |connection: &Connection| {
            let sql = "SELECT EXISTS (SELECT 1 FROM decision WHERE namespace = ?1 AND artifact = ?2)";
            let mut statement = connection.prepare_cached(sql)?;
            Ok(statement.query_row((namespace.as_str(), artifact.as_str()), |row| row.get(0))?)
        };
        self.read(read).await.map_err(StepError::into_store)
    }

    async fn use_approval(
        &self,
        namespace: &Namespace,
        id: DecisionId,
        digest: &Digest,
        effect: EffectId,
    ) -> Result<Use, StoreError> {
        let (namespace, digest, clock) = (namespace.clone(), *digest, self.clock());
        let step = move |connection: &Connection| {
            use_approval(connection, &namespace, id, &digest, effect, clock.now())
        };
        self.write(step).await.map_err(StepError::into_store)
    }
}
