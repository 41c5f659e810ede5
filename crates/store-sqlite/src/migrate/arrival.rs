//! Rows of the fourth schema become rows in order of arrival.

use std::collections::BTreeMap;

use chimera_contracts::{Currency, DecisionId, Digest, EffectId, Money, RequestId};
use chimera_effect::{Effect, Progress, RequestRecord};
use chimera_governance::{Approver, ApproverRole};
use uuid::Uuid;

use crate::error::{StepError, StepResult};
use crate::keys::{Hash, Kind};
use crate::ledger::{Attached, Content, Step, insert, name};
use crate::requests::{Fixed, Placed};
use crate::session::Tx;
use crate::{decisions, parse, requests};

/// Copies everything; the caller's transaction has the new tables, and drops the old ones.
pub(super) fn copy(connection: &Tx<'_>) -> StepResult<()> {
    copy_requests(connection)?;
    copy_decisions(connection)?;
    copy_proposals(connection)?;
    copy_ledger(connection)
}

fn copy_requests(connection: &Tx<'_>) -> StepResult<()> {
    // The order in which they were admitted; of those of one moment the order of their ids.
    // Without the `Z`, times with fewer digits go before those that go on; without documents, little is sorted.
    let mut requests = connection.prepare(
        "SELECT request_id FROM request ORDER BY rtrim(document ->> '$.admitted_at', 'Z'), request_id",
    )?;
    let mut rows = requests.query([])?;
    while let Some(row) = rows.next()? {
        let id: [u8; 16] = row.get(0)?;
        let document: String = connection
            .prepare_cached("SELECT document FROM request WHERE request_id = ?1")?
            .query_row([id], |row| row.get(0))?;
        let id = RequestId::from_uuid(Uuid::from_bytes(id));
        copy_request(connection, id, &document).map_err(|error| {
            let error = error.into_store();
            StepError::corrupt(format!("request {id} cannot be carried over: {error}"))
        })?;
    }
    Ok(())
}

fn copy_request(connection: &Tx<'_>, id: RequestId, document: &str) -> StepResult<()> {
    let request: RequestRecord = parse(document)?;
    let mut effects = connection.prepare_cached(
        "SELECT effect_id, content, decision_id, approver, approver_role, price_micros, currency, call_key, progress
         FROM effect WHERE request_id = ?1 ORDER BY position",
    )?;
    let mut rows = effects.query([id.as_uuid().as_bytes()])?;
    let mut fixed = Vec::new();
    let mut moving: Vec<(EffectId, Effect, Progress)> = Vec::new();
    while let Some(row) = rows.next()? {
        let uuid = |column: usize| row.get::<_, [u8; 16]>(column).map(Uuid::from_bytes);
        let (content, currency, role): (Vec<u8>, String, String) = (row.get(1)?, row.get(6)?, row.get(4)?);
        let corrupt = |error: String| StepError::corrupt(error);
        let effect = Effect::from_bytes(&content).map_err(|error| corrupt(error.to_string()))?;
        let currency = Currency::try_from(currency).map_err(|error| corrupt(error.to_string()))?;
        let role: ApproverRole = parse(&format!("\"{role}\""))?;
        let call_key: String = row.get(7)?;
        let id = EffectId::from_uuid(uuid(0)?);
        fixed.push(Fixed::new(
            id,
            &effect,
            DecisionId::from_uuid(uuid(2)?),
            Approver { id: row.get(3)?, role },
            Money { micros: row.get(5)?, currency },
            parse(&format!("\"{call_key}\""))?,
        )?);
        moving.push((id, effect, parse(&row.get::<_, String>(8)?)?));
    }
    let number = requests::insert(connection, "new_request", id, &requests::document(&request, fixed)?)?;
    for (position, (effect_id, effect, progress)) in (0..).zip(&moving) {
        let content = effect.content();
        let place = Placed {
            number,
            position,
            account: requests::account_number(connection, content.platform.as_str(), &content.account)?,
            campaign: requests::campaign(connection, content.namespace.as_str(), content.campaign.as_uuid())?,
        };
        let kind = content.kind.as_str();
        requests::insert_effect(connection, "new_effect", &place, effect_id.as_uuid(), kind, progress)?;
    }
    Ok(())
}

fn copy_decisions(connection: &Tx<'_>) -> StepResult<()> {
    let mut known = connection.prepare(
        "SELECT namespace, decision_id FROM decision
         ORDER BY rtrim(document ->> '$.decided_at', 'Z'), decision_id",
    )?;
    let mut rows = known.query([])?;
    while let Some(row) = rows.next()? {
        let (namespace, id): (String, [u8; 16]) = (row.get(0)?, row.get(1)?);
        let mut used = connection.prepare_cached(
            "SELECT digest, used_by FROM decision_effect
             WHERE namespace = ?1 AND decision_id = ?2 AND used_by IS NOT NULL",
        )?;
        let uses = used.query_map((&namespace, id), |row| {
            let effect = EffectId::from_uuid(Uuid::from_bytes(row.get(1)?));
            Ok((Digest::from_bytes(row.get(0)?), effect))
        })?;
        let uses: BTreeMap<Digest, EffectId> = uses.collect::<Result<_, _>>()?;
        let (revoked, document): (Option<i64>, String) = connection
            .prepare_cached(
                "SELECT revoked_at, document FROM decision WHERE namespace = ?1 AND decision_id = ?2",
            )?
            .query_row((&namespace, id), |row| Ok((row.get(0)?, row.get(1)?)))?;
        decisions::carry_over(connection, &document, revoked, &uses)?;
    }
    Ok(())
}

fn copy_proposals(connection: &Tx<'_>) -> StepResult<()> {
    connection.execute(
        "INSERT INTO new_proposal (namespace, request_id, fingerprint, proposal)
         SELECT namespace, request_id, fingerprint, proposal FROM proposal ORDER BY admitted_at, namespace, request_id",
        [],
    )?;
    let mut copied = connection.prepare("SELECT number, namespace, request_id FROM new_proposal")?;
    let mut rows = copied.query([])?;
    while let Some(row) = rows.next()? {
        let (number, namespace, id): (i64, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        connection.name(Hash::words(Kind::Proposal, &namespace, &id), number)?;
    }
    Ok(())
}

/// Each entry keeps a row of its own: which of them were one step is not known any more. Hashes are those that were stored,
/// and every event is found by its id, as before.
fn copy_ledger(connection: &Tx<'_>) -> StepResult<()> {
    let mut entries = connection.prepare(
        "SELECT position, event_id, namespace, correlation, at, sameness, leaf, hashes, salt, attachment
         FROM ledger ORDER BY position",
    )?;
    let mut rows = entries.query([])?;
    while let Some(row) = rows.next()? {
        let (position, namespace): (u64, String) = (row.get(0)?, row.get(2)?);
        let leaf = String::from_utf8(row.get(6)?).map_err(|error| StepError::corrupt(error.to_string()))?;
        let (salt, content): (Option<[u8; 32]>, Option<Vec<u8>>) = (row.get(8)?, row.get(9)?);
        let attached = salt.as_ref().zip(content.as_ref()).map(|(salt, content)| Attached {
            position,
            salt,
            content: Content::Bytes(content),
        });
        let step = Step {
            first: position,
            entries: 1,
            at: row.get(4)?,
            namespace: &namespace,
            correlation: row.get(3)?,
            subject: None,
            leaves: format!("[{leaf}]"),
            hashes: row.get(7)?,
            attached,
        };
        insert(connection, "new_ledger", &step)?;
        let id = Uuid::from_bytes(row.get(1)?);
        name(connection, &id, position, &row.get::<_, [u8; 32]>(5)?)?;
    }
    Ok(())
}
