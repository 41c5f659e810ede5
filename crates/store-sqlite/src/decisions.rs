//! Decisions, with their revocation and their uses beside them.

use std::collections::BTreeMap;

use chimera_contracts::{DecisionId, Digest, Namespace};
use chimera_governance::Decision;
use chimera_store::DecisionRow;
use chrono::DateTime;
use rusqlite::{Connection, OptionalExtension, Row};

use crate::error::StepResult;
use crate::{json, keys, parse};

/// A decision's row as text: number, document, revocation, uses.
type Raw = (i64, String, Option<i64>, String);

const COLUMNS: &str = "SELECT d.number, d.document, d.revoked_at, d.uses FROM decision d";

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

fn read((_, document, revoked, uses): Raw) -> StepResult<DecisionRow> {
    Ok(DecisionRow {
        decision: parse(&document)?,
        revoked_at: revoked.and_then(DateTime::from_timestamp_micros),
        uses: parse(&uses)?,
    })
}

fn find_raw(connection: &Connection, namespace: &Namespace, id: DecisionId) -> StepResult<Option<Raw>> {
    let sql = format!(
        "{COLUMNS} JOIN decision_key k ON k.decision = d.number
         WHERE k.hash = ?1 AND d.decision_id = ?2 AND d.namespace = ?3"
    );
    let values = (keys::of_id(id.as_uuid()), id.as_uuid().as_bytes(), namespace.as_str());
    Ok(connection.prepare_cached(&sql)?.query_row(values, raw).optional()?)
}

pub(crate) fn find(
    connection: &Connection,
    namespace: &Namespace,
    id: DecisionId,
) -> StepResult<Option<DecisionRow>> {
    find_raw(connection, namespace, id)?.map(read).transpose()
}

/// Writes a decision, new or moved.
pub(crate) fn put(connection: &Connection, row: &DecisionRow) -> StepResult<()> {
    let DecisionRow { decision, revoked_at, uses } = row;
    let revoked = revoked_at.map(|at| at.timestamp_micros());
    let uses = json(uses)?;
    if let Some((number, ..)) = find_raw(connection, &decision.namespace, decision.id)? {
        connection
            .prepare_cached("UPDATE decision SET revoked_at = ?2, uses = ?3 WHERE number = ?1")?
            .execute((number, revoked, uses))?;
        return Ok(());
    }
    let document = json(decision)?;
    connection
        .prepare_cached(
            "INSERT INTO decision (decision_id, namespace, revoked_at, uses, document) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute((
            decision.id.as_uuid().as_bytes(),
            decision.namespace.as_str(),
            revoked,
            uses,
            document,
        ))?;
    index(connection, connection.last_insert_rowid(), decision)
}

/// Makes a decision found by its id, its artifact and the digests that it lists.
pub(crate) fn index(connection: &Connection, number: i64, decision: &Decision) -> StepResult<()> {
    connection
        .prepare_cached("INSERT INTO decision_key (hash, decision) VALUES (?1, ?2)")?
        .execute((keys::of_id(decision.id.as_uuid()), number))?;
    connection
        .prepare_cached("INSERT INTO decision_artifact (hash, decision) VALUES (?1, ?2)")?
        .execute((keys::of_word(&decision.namespace, &decision.artifact), number))?;
    let mut insert = connection
        .prepare_cached("INSERT OR IGNORE INTO decision_digest (hash, decision) VALUES (?1, ?2)")?;
    for digest in &decision.effects {
        insert.execute((keys::of_digest(digest), number))?;
    }
    Ok(())
}

/// Decisions that a table of hashes names.
fn named(connection: &Connection, table: &str, hash: i64) -> StepResult<Vec<DecisionRow>> {
    let sql =
        format!("{COLUMNS} JOIN {table} k ON k.decision = d.number WHERE k.hash = ?1 ORDER BY d.number");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([hash], raw)?.collect::<Result<Vec<_>, _>>()?;
    rows.into_iter().map(read).collect()
}

/// The decisions that list a digest, oldest first.
pub(crate) fn deciding(
    connection: &Connection,
    namespace: &Namespace,
    digest: &Digest,
) -> StepResult<Vec<DecisionRow>> {
    let mut found = named(connection, "decision_digest", keys::of_digest(digest))?;
    found.retain(|row| row.decision.namespace == *namespace && row.decision.effects.contains(digest));
    found.sort_by_key(|row| (row.decision.decided_at, row.decision.id));
    Ok(found)
}

/// A decision about an artifact.
pub(crate) fn about(
    connection: &Connection,
    namespace: &Namespace,
    artifact: &str,
) -> StepResult<Option<DecisionRow>> {
    let hash = keys::of_word(namespace, artifact);
    // One is enough; others under the same hash are about another artifact once in 2^64.
    let sql = format!(
        "{COLUMNS} JOIN decision_artifact k ON k.decision = d.number
         WHERE k.hash = ?1 AND d.namespace = ?2 AND d.document ->> '$.artifact' = ?3 LIMIT 1"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_row((hash, namespace.as_str(), artifact), raw).optional()?;
    found.map(read).transpose()
}

/// A decision as an earlier schema kept it.
pub(crate) fn carry_over(
    connection: &Connection,
    document: &str,
    revoked: Option<i64>,
    uses: &BTreeMap<Digest, chimera_contracts::EffectId>,
) -> StepResult<()> {
    let decision: Decision = parse(document)?;
    connection
        .prepare_cached(
            "INSERT INTO new_decision (decision_id, namespace, revoked_at, uses, document)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute((
            decision.id.as_uuid().as_bytes(),
            decision.namespace.as_str(),
            revoked,
            json(uses)?,
            document,
        ))?;
    index(connection, connection.last_insert_rowid(), &decision)
}
