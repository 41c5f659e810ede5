//! Proposals: the first answer to each request, to the byte.

use chimera_contracts::Digest;
use chimera_skill_propose::{ProposalKey, StoredProposal};
use rusqlite::OptionalExtension;

use crate::error::StepResult;
use crate::keys::{Hash, Kind};
use crate::session::Tx;

pub(crate) fn find(connection: &Tx<'_>, key: &ProposalKey) -> StepResult<Option<StoredProposal>> {
    for number in connection.find(Hash::word(Kind::Proposal, &key.namespace, &key.request_id))? {
        let mut statement = connection.prepare_cached(
            "SELECT fingerprint, proposal FROM proposal WHERE number = ?1 AND namespace = ?2 AND request_id = ?3",
        )?;
        let found = statement.query_row((number, key.namespace.as_str(), key.request_id.as_str()), |row| {
            let fingerprint = Digest::from_bytes(row.get(0)?);
            Ok(StoredProposal { fingerprint, proposal: row.get(1)? })
        });
        if let Some(found) = found.optional()? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Writes a new proposal; a known one never changes.
pub(crate) fn put(connection: &Tx<'_>, key: &ProposalKey, stored: &StoredProposal) -> StepResult<()> {
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
    let hash = Hash::word(Kind::Proposal, &key.namespace, &key.request_id);
    connection.name(hash, connection.last_insert_rowid())
}
