//! A ledger in memory, for tests only.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use chimera_audit::{
    Appended, AttachmentEraser, AuditLedger, Draft, Entry, Erasure, Head, Kept, LedgerError, LedgerQuery,
    LedgerReader, Page, Token, merkle,
};
use chimera_contracts::{Digest, EventId, Namespace};
use chrono::DateTime;

#[derive(Debug, Default)]
pub(crate) struct Memory(Mutex<State>);

#[derive(Debug, Default, Clone)]
struct State {
    entries: Vec<Entry>,
    hashes: Vec<Vec<Digest>>,
    known: HashMap<EventId, (u64, Digest)>,
    /// The byte of every salt; an entry's index where there is none.
    salt: Option<u8>,
}

impl State {
    fn read(&self, node: merkle::Node) -> Result<Digest, LedgerError> {
        let (leaf, position) = node.stored_at();
        let row = usize::try_from(leaf).ok().and_then(|leaf| self.hashes.get(leaf));
        row.and_then(|row| row.get(usize::from(position)))
            .copied()
            .ok_or_else(|| LedgerError::corrupt("no such hash"))
    }

    fn append(&mut self, draft: &Draft) -> Result<Appended, LedgerError> {
        let offered = draft.sameness();
        match self.known.get(&draft.id) {
            Some((index, stored)) if *stored == offered => return Ok(Appended::Already { index: *index }),
            Some((_, stored)) => return Err(LedgerError::conflict(draft.id, *stored, offered)),
            None => {}
        }
        let index = self.entries.len() as u64;
        let salt = [self.salt.unwrap_or(u8::try_from(index % 256).unwrap()); 32];
        let at = DateTime::from_timestamp(1_700_000_000 + i64::try_from(index).unwrap(), 0).unwrap();
        let leaf = draft.leaf(at, salt).unwrap();
        let hashes = merkle::completed(index, leaf.hash(), |node| self.read(node))?;
        let attachment = match &draft.attachment {
            Some(attachment) => Kept::Present { salt, bytes: attachment.as_bytes().to_vec() },
            None => Kept::None,
        };
        self.known.insert(draft.id, (index, offered));
        self.hashes.push(hashes);
        self.entries.push(Entry { index, leaf: leaf.bytes, attachment });
        Ok(Appended::New { index })
    }
}

impl Memory {
    /// A ledger of its own with the same entries.
    pub(crate) fn copy(&self) -> Self {
        Self(Mutex::new(self.0.lock().unwrap().clone()))
    }

    pub(crate) fn salted(byte: u8) -> Self {
        Self(Mutex::new(State { salt: Some(byte), ..State::default() }))
    }

    /// Removes an attachment as someone does who has the database file: no event tells of it.
    pub(crate) fn remove(&self, index: usize) {
        self.0.lock().unwrap().entries[index].attachment = Kept::Erased;
    }
}

#[async_trait]
impl AuditLedger for Memory {
    async fn append(&self, drafts: Vec<Draft>) -> Result<Vec<Appended>, LedgerError> {
        let mut state = self.0.lock().unwrap();
        let mut next = state.clone();
        let appended = drafts.iter().map(|draft| next.append(draft)).collect::<Result<_, _>>()?;
        *state = next;
        Ok(appended)
    }
}

#[async_trait]
impl AttachmentEraser for Memory {
    async fn erase(&self, index: u64, by: &str, reason: &Token) -> Result<Erasure, LedgerError> {
        let mut state = self.0.lock().unwrap();
        if by.trim().is_empty() {
            return Err(LedgerError::refused("an erasure needs a principal"));
        }
        let place = usize::try_from(index).unwrap();
        let event = state.known.iter().find(|(_, (known, _))| *known == index).map(|(id, _)| *id);
        let (Some(event), Some(entry)) = (event, state.entries.get_mut(place)) else {
            return Err(LedgerError::refused("there is no such entry"));
        };
        let before = std::mem::replace(&mut entry.attachment, Kept::Erased);
        let draft = Draft::attachment_erased(Namespace::default(), index, event, by, reason);
        match before {
            Kept::None => {
                entry.attachment = before;
                Err(LedgerError::refused("the entry never had an attachment"))
            }
            Kept::Erased => match state.known.get(&draft.id) {
                Some((event, _)) => Ok(Erasure::Already { event: *event }),
                None => Err(LedgerError::corrupt("the attachment is gone, and no event tells of it")),
            },
            Kept::Present { .. } => Ok(Erasure::Erased { event: state.append(&draft)?.index() }),
        }
    }
}

#[async_trait]
impl LedgerReader for Memory {
    async fn head(&self) -> Result<Head, LedgerError> {
        let state = self.0.lock().unwrap();
        let size = state.entries.len() as u64;
        Ok(Head { size, root: merkle::root(size, |node| state.read(node))? })
    }

    async fn entries(&self, from: u64, limit: usize) -> Result<Vec<Entry>, LedgerError> {
        let from = usize::try_from(from).unwrap();
        Ok(self.0.lock().unwrap().entries.iter().skip(from).take(limit).cloned().collect())
    }

    async fn find(&self, _: &LedgerQuery, page: Page) -> Result<Vec<Entry>, LedgerError> {
        self.entries(page.from, page.limit).await
    }

    async fn consistency(&self, from: u64, to: u64) -> Result<Vec<Digest>, LedgerError> {
        let state = self.0.lock().unwrap();
        merkle::consistency_proof(from, to, |node| state.read(node)).map_err(|error| match error {
            merkle::ProofError::Read(error) => error,
            other => LedgerError::refused(other.to_string()),
        })
    }
}
