//! Proposals: the first answer to each request, to the byte.

use chimera_contracts::Digest;
use chimera_skill_propose::{ProposalKey, StoredProposal};
use rusqlite::{Connection, OptionalExtension};

use crate::error::StepResult;
use crate::keys;

pub(crate) fn find(connection: &Connection, key: &ProposalKey) -> StepResult<Option<StoredProposal>> {
    let mut statement = connection.prepare_cached(
        "SELECT p.fingerprint, p.proposal FROM proposal_key k JOIN proposal p ON p.number = k.proposal
         WHERE k.hash = ?1 AND p.namespace = ?2 AND p.request_id = ?3",
    )?;
    let hash = keys::of_word(&key.namespace, &key.request_id);
    let found = statement.query_row((hash, key.namespace.as_str(), key.request_id.as_str()), |row| {
        let fingerprint = Digest::from_bytes(row.get(0)?);
        Ok(StoredProposal { fingerprint, proposal: row.get(1)? })
    });
    Ok(found.optional()?)
}

/// Writes a new proposal; a known one never changes.
pub(crate) fn put(connection: &Connection, key: &ProposalKey, stored: &StoredProposal) -> StepResult<()> {
    connection
        .prepare_cached(
            "INSERT INTO proposal (namespace, request_id, fingerprint, proposal) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute((
            key.namespace.as_str(),
            key.request_id.as_str(),
            stored.fingerprint.as_bytes(),
            stored.proposal.as_slice(),
        ))?;
    connection
        .prepare_cached("INSERT INTO proposal_key (hash, proposal) VALUES (?1, ?2)")?
        .execute((keys::of_word(&key.namespace, &key.request_id), connection.last_insert_rowid()))?;
    Ok(())
}
