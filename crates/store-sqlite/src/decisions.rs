//! Decisions, with their revocation and their uses beside them.

use std::collections::BTreeMap;

use chimera_contracts::{DecisionId, Digest, Namespace};
use chimera_governance::Decision;
use chimera_store::DecisionRow;
use chrono::DateTime;
use rusqlite::{OptionalExtension, Row};

use crate::error::StepResult;
use crate::keys::{Hash, Kind};
use crate::session::Tx;
use crate::{json, parse};

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

fn find_raw(connection: &Tx<'_>, namespace: &Namespace, id: DecisionId) -> StepResult<Option<Raw>> {
    let sql = format!("{COLUMNS} WHERE d.number = ?1 AND d.decision_id = ?2 AND d.namespace = ?3");
    for number in connection.find(Hash::id(Kind::Decision, id.as_uuid()))? {
        let values = (number, id.as_uuid().as_bytes(), namespace.as_str());
        if let Some(found) = connection.prepare_cached(&sql)?.query_row(values, raw).optional()? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The number of a decision, where it is known.
fn number(connection: &Tx<'_>, namespace: &Namespace, id: DecisionId) -> StepResult<Option<i64>> {
    connection.memo().decisions.get((namespace.clone(), id), || look_up_number(connection, namespace, id))
}

fn look_up_number(connection: &Tx<'_>, namespace: &Namespace, id: DecisionId) -> StepResult<Option<i64>> {
    for number in connection.find(Hash::id(Kind::Decision, id.as_uuid()))? {
        let mut statement = connection.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM decision WHERE number = ?1 AND decision_id = ?2 AND namespace = ?3)",
        )?;
        if statement.query_row((number, id.as_uuid().as_bytes(), namespace.as_str()), |row| row.get(0))? {
            return Ok(Some(number));
        }
    }
    Ok(None)
}

/// The number that every write of a decision raises, as [`chimera_store::Row::revision`] counts it.
pub(crate) fn revision(
    connection: &Tx<'_>,
    namespace: &Namespace,
    id: DecisionId,
) -> StepResult<Option<u64>> {
    let Some(number) = number(connection, namespace, id)? else { return Ok(None) };
    let mut statement = connection.prepare_cached(
        "SELECT 2 * (SELECT count(*) FROM json_each(uses)) + (revoked_at IS NOT NULL) FROM decision WHERE number = ?1",
    )?;
    Ok(statement.query_row([number], |row| row.get(0))?)
}

pub(crate) fn find(
    connection: &Tx<'_>,
    namespace: &Namespace,
    id: DecisionId,
) -> StepResult<Option<DecisionRow>> {
    find_raw(connection, namespace, id)?.map(read).transpose()
}

/// Writes a decision, new or moved.
pub(crate) fn put(connection: &Tx<'_>, row: &DecisionRow) -> StepResult<()> {
    let DecisionRow { decision, revoked_at, uses } = row;
    let revoked = revoked_at.map(|at| at.timestamp_micros());
    let uses = json(uses)?;
    if let Some(number) = number(connection, &decision.namespace, decision.id)? {
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
    let number = connection.last_insert_rowid();
    connection.memo().decisions.set((decision.namespace.clone(), decision.id), Some(number));
    index(connection, number, decision)
}

/// Makes a decision found by its id, its artifact and the digests that it lists.
pub(crate) fn index(connection: &Tx<'_>, number: i64, decision: &Decision) -> StepResult<()> {
    connection.name(Hash::id(Kind::Decision, decision.id.as_uuid()), number)?;
    connection.name(Hash::word(Kind::Artifact, &decision.namespace, &decision.artifact), number)?;
    let digests = decision.effects.iter().map(|digest| Hash::digest(Kind::Digest, digest));
    digests.into_iter().try_for_each(|hash| connection.name(hash, number))
}

/// Decisions that may have a key.
fn named(connection: &Tx<'_>, hash: Hash) -> StepResult<Vec<DecisionRow>> {
    let sql = format!("{COLUMNS} WHERE d.number = ?1");
    let mut found = Vec::new();
    for number in connection.find(hash)? {
        let row = connection.prepare_cached(&sql)?.query_row([number], raw).optional()?;
        found.extend(row.map(read).transpose()?);
    }
    Ok(found)
}

/// The decisions that list a digest, oldest first.
pub(crate) fn deciding(
    connection: &Tx<'_>,
    namespace: &Namespace,
    digest: &Digest,
) -> StepResult<Vec<DecisionRow>> {
    let mut found = named(connection, Hash::digest(Kind::Digest, digest))?;
    found.retain(|row| row.decision.namespace == *namespace && row.decision.effects.contains(digest));
    found.sort_by_key(|row| (row.decision.decided_at, row.decision.id));
    Ok(found)
}

/// A decision about an artifact.
pub(crate) fn about(
    connection: &Tx<'_>,
    namespace: &Namespace,
    artifact: &str,
) -> StepResult<Option<DecisionRow>> {
    // One is enough, however many there are; one that is found under the hash and is about another artifact is chance.
    let sql =
        format!("{COLUMNS} WHERE d.number = ?1 AND d.namespace = ?2 AND d.document ->> '$.artifact' = ?3");
    for number in connection.find(Hash::word(Kind::Artifact, namespace, artifact))? {
        let mut statement = connection.prepare_cached(&sql)?;
        let found = statement.query_row((number, namespace.as_str(), artifact), raw).optional()?;
        if let Some(found) = found {
            return read(found).map(Some);
        }
    }
    Ok(None)
}

/// A decision as an earlier schema kept it.
pub(crate) fn carry_over(
    connection: &Tx<'_>,
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
