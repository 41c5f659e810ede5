//! [`AuditLedger`] and [`LedgerReader`] in memory.

use std::collections::BTreeMap;
use std::convert::Infallible;

use async_trait::async_trait;
use chimera_audit::merkle::{self, Node};
use chimera_audit::{
    Appended, AuditLedger, Draft, Entry, Head, Kept, LedgerError, LedgerQuery, LedgerReader, LedgerVerdict,
    Page,
};
use chimera_contracts::{Digest, Entropy, EventId, StoreError};
use chrono::{DateTime, Utc};

use super::MemoryStore;

/// The log of one state.
#[derive(Debug, Default)]
pub(super) struct Log {
    entries: Vec<Logged>,
    by_id: BTreeMap<EventId, u64>,
}

#[derive(Debug)]
struct Logged {
    draft: Draft,
    sameness: Digest,
    at: DateTime<Utc>,
    entry: Entry,
}

#[async_trait]
impl AuditLedger for MemoryStore {
    async fn append(&self, drafts: Vec<Draft>) -> Result<Vec<Appended>, LedgerError> {
        let mut state = self.state().map_err(closed)?;
        state.log.append(drafts, self.clock.now(), self.entropy.as_ref())
    }
}

#[async_trait]
impl LedgerReader for MemoryStore {
    async fn head(&self) -> Result<Head, LedgerError> {
        Ok(self.state().map_err(closed)?.log.head())
    }

    async fn entries(&self, from: u64, limit: usize) -> Result<Vec<Entry>, LedgerError> {
        let state = self.state().map_err(closed)?;
        Ok(state.log.from(from).take(limit).map(|logged| logged.entry.clone()).collect())
    }

    async fn find(&self, query: &LedgerQuery, page: Page) -> Result<Vec<Entry>, LedgerError> {
        let state = self.state().map_err(closed)?;
        let found = state.log.from(page.from).filter(|logged| logged.fits(query)).take(page.limit);
        Ok(found.map(|logged| logged.entry.clone()).collect())
    }

    async fn consistency(&self, from: u64, to: u64) -> Result<Vec<Digest>, LedgerError> {
        let state = self.state().map_err(closed)?;
        if to > state.log.size() {
            return Err(LedgerError::refused(format!("the log has no size {to} yet")));
        }
        merkle::consistency_proof(from, to, |node| Ok::<_, Infallible>(state.log.node(node)))
            .map_err(|error| LedgerError::refused(error.to_string()))
    }
}

impl Log {
    /// Appends drafts: all of them or, where one conflicts, none.
    pub(super) fn append(
        &mut self,
        drafts: Vec<Draft>,
        at: DateTime<Utc>,
        entropy: &dyn Entropy,
    ) -> Result<Vec<Appended>, LedgerError> {
        let kept = self.entries.len();
        let mut appended = Vec::with_capacity(drafts.len());
        for draft in drafts {
            match self.push(draft, at, entropy) {
                Ok(one) => appended.push(one),
                Err(error) => {
                    for undone in self.entries.drain(kept..) {
                        self.by_id.remove(&undone.draft.id);
                    }
                    return Err(error);
                }
            }
        }
        Ok(appended)
    }

    fn push(
        &mut self,
        draft: Draft,
        at: DateTime<Utc>,
        entropy: &dyn Entropy,
    ) -> Result<Appended, LedgerError> {
        let sameness = draft.sameness();
        if let Some(index) = self.by_id.get(&draft.id).copied() {
            let stored = self.from(index).next().expect("the index points into the log").sameness;
            return if stored == sameness {
                Ok(Appended::Already { index })
            } else {
                Err(LedgerError::conflict(draft.id, stored, sameness))
            };
        }
        let mut salt = [0; 32];
        entropy
            .fill(&mut salt)
            .map_err(|error| LedgerError::unavailable(LedgerVerdict::NotApplied, error.to_string()))?;
        let leaf = draft.leaf(at, salt).map_err(|error| LedgerError::refused(error.to_string()))?;
        let attachment = draft
            .attachment
            .as_ref()
            .map_or(Kept::None, |attachment| Kept::Present { salt, bytes: attachment.as_bytes().to_vec() });
        let index = self.size();
        self.by_id.insert(draft.id, index);
        let entry = Entry { index, leaf: leaf.bytes, attachment };
        self.entries.push(Logged { draft, sameness, at, entry });
        Ok(Appended::New { index })
    }

    fn size(&self) -> u64 {
        self.entries.len() as u64
    }

    fn head(&self) -> Head {
        let Ok(root) = merkle::root(self.size(), |node| Ok::<_, Infallible>(self.node(node)));
        Head { size: self.size(), root }
    }

    /// The hash of a perfect subtree, from its leaves.
    fn node(&self, node: Node) -> Digest {
        let Some(level) = node.level.checked_sub(1) else {
            return merkle::leaf_hash(&self.from(node.index).next().expect("a leaf of the log").entry.leaf);
        };
        let child = |side| self.node(Node { level, index: node.index * 2 + side });
        merkle::node_hash(&child(0), &child(1))
    }

    fn from(&self, index: u64) -> impl Iterator<Item = &Logged> {
        self.entries.iter().skip(usize::try_from(index).unwrap_or(usize::MAX))
    }
}

impl Logged {
    fn fits(&self, query: &LedgerQuery) -> bool {
        query.namespace.as_ref().is_none_or(|namespace| *namespace == self.draft.namespace)
            && query.kind.as_ref().is_none_or(|kind| *kind == self.draft.kind)
            && query.correlation.is_none_or(|correlation| Some(correlation) == self.draft.correlation)
            && query.since.is_none_or(|since| self.at >= since)
            && query.until.is_none_or(|until| self.at < until)
    }
}

fn closed(error: StoreError) -> LedgerError {
    LedgerError::unavailable(LedgerVerdict::NotApplied, error.message)
}
