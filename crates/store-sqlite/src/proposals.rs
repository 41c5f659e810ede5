//! Proposals: the first answer to each request, to the byte.

use async_trait::async_trait;
use chimera_contracts::{Digest, Entropy, StoreError};
use chimera_skill_propose::{AdmitProposal, ProposalAdmission, ProposalJournal, ProposalKey, StoredProposal};
use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension};

use crate::error::{StepError, StepResult};
use crate::ledger;
use crate::store::SqliteStore;

fn recall(connection: &Connection, key: &ProposalKey) -> StepResult<Option<StoredProposal>> {
    let mut statement = connection.prepare_cached(
        "SELECT fingerprint, proposal FROM proposal WHERE namespace = ?1 AND request_id = ?2",
    )?;
    let found = statement
        .query_row((key.namespace.as_str(), key.request_id.as_str()), |row| {
            let fingerprint = Digest::from_bytes(row.get(0)?);
            Ok(StoredProposal { fingerprint, proposal: row.get(1)? })
        })
        .optional()?;
    Ok(found)
}

fn admit(
    connection: &Connection,
    asked: &AdmitProposal,
    now: DateTime<Utc>,
    entropy: &dyn Entropy,
) -> StepResult<ProposalAdmission> {
    if let Some(known) = recall(connection, &asked.key)? {
        return Ok(known.answer_to(&asked.fingerprint));
    }
    connection
        .prepare_cached(
            "INSERT INTO proposal (namespace, request_id, fingerprint, proposal, admitted_at)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute((
            asked.key.namespace.as_str(),
            asked.key.request_id.as_str(),
            asked.fingerprint.as_bytes(),
            asked.proposal.as_slice(),
            now.timestamp_micros(),
        ))?;
    ledger::append(connection, &asked.evidence, now, entropy)?;
    Ok(ProposalAdmission::Fresh)
}

#[async_trait]
impl ProposalJournal for SqliteStore {
    async fn admit(&self, asked: AdmitProposal) -> Result<ProposalAdmission, StoreError> {
        let (clock, entropy) = (self.clock(), self.entropy());
        let step = move |connection: &Connection| admit(connection, &asked, clock.now(), entropy.as_ref());
        self.write(step).await.map_err(StepError::into_store)
    }

    async fn recall(&self, key: &ProposalKey) -> Result<Option<StoredProposal>, StoreError> {
        let key = key.clone();
        self.read(move |connection| recall(connection, &key)).await.map_err(StepError::into_store)
    }
}
