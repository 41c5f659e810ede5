//! [`ProposalJournal`] in memory.

use async_trait::async_trait;
use chimera_contracts::StoreError;
use chimera_skill_propose::{AdmitProposal, ProposalAdmission, ProposalJournal, ProposalKey, StoredProposal};

use super::MemoryStore;

#[async_trait]
impl ProposalJournal for MemoryStore {
    async fn admit(&self, admit: AdmitProposal) -> Result<ProposalAdmission, StoreError> {
        let mut state = self.state()?;
        if let Some(known) = state.proposals.get(&admit.key) {
            return Ok(known.clone().answer_to(&admit.fingerprint));
        }
        let AdmitProposal { key, fingerprint, proposal, evidence } = admit;
        self.append(&mut state, evidence)?;
        state.proposals.insert(key, StoredProposal { fingerprint, proposal });
        Ok(ProposalAdmission::Fresh)
    }

    async fn recall(&self, key: &ProposalKey) -> Result<Option<StoredProposal>, StoreError> {
        Ok(self.state()?.proposals.get(key).cloned())
    }
}
