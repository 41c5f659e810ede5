//! Proposals: the first answer to each request, to the byte.

use async_trait::async_trait;
use chimera_contracts::StoreError;
use chimera_skill_propose::{AdmitProposal, ProposalAdmission, ProposalJournal, ProposalKey, StoredProposal};

use crate::backend::Backend;
use crate::loaded::Loaded;
use crate::row::{Key, Row};
use crate::store::{Outcome, Planned, Planner, Store};
use crate::transaction::{Condition, Transaction, Write};

impl Planner {
    fn plan_proposal(&self, asked: &AdmitProposal, loaded: &Loaded) -> Planned<ProposalAdmission> {
        if let Some(known) = loaded.proposal(&asked.key)? {
            return Ok(Outcome::Answer(known.clone().answer_to(&asked.fingerprint)));
        }
        let stored = StoredProposal { fingerprint: asked.fingerprint, proposal: asked.proposal.clone() };
        let mut transaction = Transaction {
            conditions: vec![Condition::Revision(Key::Proposal(asked.key.clone()), None)],
            writes: vec![Write::put(Row::Proposal(asked.key.clone(), stored))],
            events: Vec::new(),
        };
        self.tell(&asked.evidence, loaded, &mut transaction)?;
        Ok(Outcome::Write(Box::new(transaction), ProposalAdmission::Fresh))
    }
}

#[async_trait]
impl<B: Backend> ProposalJournal for Store<B> {
    async fn admit(&self, admit: AdmitProposal) -> Result<ProposalAdmission, StoreError> {
        let planner = self.planner.clone();
        let mut loaded = Loaded::at(self.backend.now());
        loaded.assume(Key::Proposal(admit.key.clone()), None);
        for draft in &admit.evidence {
            loaded.assume(Key::Event(draft.id), None);
        }
        Ok(self.run(loaded, move |loaded| planner.plan_proposal(&admit, loaded)).await?.0)
    }

    async fn recall(&self, key: &ProposalKey) -> Result<Option<StoredProposal>, StoreError> {
        self.read(|loaded| Ok(loaded.proposal(key)?.cloned())).await
    }
}
