//! The ledger: events in order, and the hashes of the tree over them.

use async_trait::async_trait;
use chimera_audit::merkle::{self, Node, ProofError};
use chimera_audit::{
    Appended, AttachmentEraser, AuditLedger, Draft, Entry, Erasure, Head, Kept, LedgerError, LedgerQuery,
    LedgerReader, LedgerVerdict, Page, Subject, Token,
};
use chimera_contracts::{Applied, Digest, EventId, Namespace, StoreError, StoreErrorKind};
use chimera_governance::Principal;

use crate::backend::{Backend, Read};
use crate::loaded::{Loaded, Stop};
use crate::row::{Key, Row};
use crate::scan::Scan;
use crate::store::{Outcome, Planned, Planner, Store};
use crate::transaction::{Condition, Event, Transaction, Write};

/// What becomes of one draft of an append.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// It was appended before, there.
    Known(u64),
    /// It is the n-th new event of the call.
    New(u64),
}

/// Why an append is refused; carried through a step, whose error is the store's.
type Conflicts = Result<Vec<Place>, (EventId, Digest, Digest)>;

impl Planner {
    fn plan_append(&self, drafts: &[Draft], loaded: &Loaded) -> Planned<Conflicts> {
        Ok(match self.listed(drafts, loaded)? {
            Ok((conditions, events, places)) if events.is_empty() => {
                drop(conditions);
                Outcome::Answer(Ok(places))
            }
            Ok((conditions, events, places)) => {
                let transaction = Transaction { conditions, events, ..Transaction::default() };
                Outcome::Write(Box::new(transaction), Ok(places))
            }
            Err(conflict) => Outcome::Answer(Err(conflict)),
        })
    }

    /// The events of drafts that their author may append again, and the conditions that they are new.
    #[expect(clippy::type_complexity, reason = "the parts of a transaction, taken apart at once")]
    fn listed(
        &self,
        drafts: &[Draft],
        loaded: &Loaded,
    ) -> Result<Result<(Vec<Condition>, Vec<Event>, Vec<Place>), (EventId, Digest, Digest)>, Stop> {
        loaded.require(drafts.iter().map(|draft| Read::Row(Key::Event(draft.id))).collect())?;
        let mut conditions = Vec::new();
        let mut events: Vec<Event> = Vec::new();
        let mut places = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let offered = draft.sameness();
            let here = events.iter().position(|event| event.sealed.draft().id == draft.id);
            let known = match (loaded.event(draft.id)?, here) {
                (Some(row), _) => Some((row.sameness, Place::Known(row.index))),
                (None, Some(number)) => {
                    let stored = events.get(number).and_then(|event| event.sameness).unwrap_or(offered);
                    Some((stored, Place::New(u64::try_from(number).unwrap_or(u64::MAX))))
                }
                (None, None) => None,
            };
            match known {
                Some((stored, place)) if stored == offered => places.push(place),
                Some((stored, _)) => return Ok(Err((draft.id, stored, offered))),
                None => {
                    conditions.push(Condition::Revision(Key::Event(draft.id), None));
                    places.push(Place::New(u64::try_from(events.len()).unwrap_or(u64::MAX)));
                    events.push(self.event(draft.clone(), true)?);
                }
            }
        }
        Ok(Ok((conditions, events, places)))
    }

    /// Adds evidence that its author may append again to a transaction.
    pub(crate) fn tell(
        &self,
        drafts: &[Draft],
        loaded: &Loaded,
        transaction: &mut Transaction,
    ) -> Result<(), Stop> {
        match self.listed(drafts, loaded)? {
            Ok((conditions, events, _)) => {
                transaction.conditions.extend(conditions);
                transaction.events.extend(events);
                Ok(())
            }
            Err((id, stored, offered)) => {
                let message = LedgerError::conflict(id, stored, offered).to_string();
                Err(Stop::Failed(StoreError::not_applied(StoreErrorKind::Corrupt, message)))
            }
        }
    }
}

/// What a leaf says that an erasure has to know.
#[derive(serde::Deserialize)]
struct Attached {
    attachment: Option<Digest>,
    id: EventId,
    namespace: Namespace,
    subject: Option<String>,
}

impl Planner {
    fn plan_erasure(
        &self,
        index: u64,
        by: &str,
        reason: &Token,
        loaded: &Loaded,
    ) -> Planned<Option<Erasure>> {
        if Principal::of(by).is_nobody() {
            return Err(refused("whoever erases an attachment has to be named".to_owned()));
        }
        let scan = Scan::Entries { query: LedgerQuery::default(), from: index, limit: 1, attachments: true };
        let found = entries(&scan, loaded)?.into_iter().find(|entry| entry.index == index);
        let Some(entry) = found else { return Err(refused(format!("the ledger has no entry {index}"))) };
        let leaf: Attached = serde_json::from_slice(&entry.leaf)
            .map_err(|error| StoreError::not_applied(StoreErrorKind::Corrupt, error.to_string()))?;
        if leaf.attachment.is_none() {
            return Err(refused(format!("entry {index} never had an attachment")));
        }
        let mut draft = Draft::attachment_erased(leaf.namespace, index, leaf.id, by, reason);
        draft.subject = leaf.subject.and_then(|subject| subject.parse::<Subject>().ok());
        let told = loaded.event(draft.id)?.map(|row| row.index);
        match (entry.attachment, told) {
            (Kept::Erased, Some(event)) => Ok(Outcome::Answer(Some(Erasure::Already { event }))),
            (Kept::Present { .. }, None) => {
                let transaction = Transaction {
                    conditions: vec![Condition::Revision(Key::Event(draft.id), None)],
                    writes: vec![Write::Erase(index)],
                    events: vec![self.event(draft, true)?],
                };
                Ok(Outcome::Write(Box::new(transaction), None))
            }
            _ => {
                let message = format!(
                    "the attachment of entry {index} and the event about its erasure contradict each other"
                );
                Err(StoreError::not_applied(StoreErrorKind::Corrupt, message).into())
            }
        }
    }
}

pub(crate) fn entries(scan: &Scan, loaded: &Loaded) -> Result<Vec<Entry>, Stop> {
    let entry = |row: &Row| match row {
        Row::Entry(entry) => Some(entry.clone()),
        _ => None,
    };
    Ok(loaded.rows(scan)?.iter().filter_map(entry).collect())
}

/// Computes something over the tree: first which hashes it takes, then with them.
fn over_tree<T>(
    loaded: &Loaded,
    mut compute: impl FnMut(&mut dyn FnMut(Node) -> Result<Digest, ()>) -> T,
) -> Result<T, Stop> {
    let mut lacking = Vec::new();
    let answer = compute(&mut |node| {
        Ok(loaded.node(node).unwrap_or_else(|| {
            lacking.push(node);
            merkle::empty_root()
        }))
    });
    if lacking.is_empty() { Ok(answer) } else { Err(Stop::Needs(vec![Read::Nodes(lacking)])) }
}

/// A store's error where the port is the ledger's.
pub(crate) fn ledger(error: StoreError) -> LedgerError {
    let verdict = match error.applied {
        Applied::NotApplied => LedgerVerdict::NotApplied,
        Applied::MaybeApplied => LedgerVerdict::MaybeApplied,
    };
    match error.kind {
        StoreErrorKind::Corrupt if error.applied == Applied::NotApplied => {
            LedgerError::corrupt(error.message)
        }
        StoreErrorKind::Misuse => LedgerError::refused(error.message),
        _ => LedgerError::unavailable(verdict, error.message),
    }
}

fn refused(message: String) -> Stop {
    Stop::Failed(StoreError::not_applied(StoreErrorKind::Misuse, message))
}

impl<B: Backend> Store<B> {
    /// The root over the first `size` entries.
    ///
    /// # Errors
    /// When the ledger has fewer, or the store cannot be read.
    pub async fn root_at(&self, size: u64) -> Result<Digest, LedgerError> {
        let root = self.read(|loaded| {
            let held = loaded.size()?;
            if size > held {
                return Err(refused(format!("the ledger has no size {size}: it holds {held}")));
            }
            over_tree(loaded, |read| merkle::root(size, read))
        });
        root.await.map_err(ledger)?.map_err(|()| LedgerError::corrupt("a hash of the tree is missing"))
    }
}

#[async_trait]
impl<B: Backend> AuditLedger for Store<B> {
    async fn append(&self, drafts: Vec<Draft>) -> Result<Vec<Appended>, LedgerError> {
        let planner = self.planner.clone();
        let step = move |loaded: &Loaded| planner.plan_append(&drafts, loaded);
        let (places, applied) = self.run(Loaded::at(self.backend.now()), step).await.map_err(ledger)?;
        let places = places.map_err(|(id, stored, offered)| LedgerError::conflict(id, stored, offered))?;
        let first = applied.map_or(0, |applied| applied.first);
        let mut seen = 0_u64;
        let appended = places.into_iter().map(|place| match place {
            Place::Known(index) => Appended::Already { index },
            Place::New(number) => {
                let index = first.saturating_add(number);
                // Named twice in one call, it is new once.
                let new = number >= seen;
                seen = seen.max(number.saturating_add(1));
                if new { Appended::New { index } } else { Appended::Already { index } }
            }
        });
        Ok(appended.collect())
    }
}

#[async_trait]
impl<B: Backend> AttachmentEraser for Store<B> {
    async fn erase(&self, index: u64, by: &str, reason: &Token) -> Result<Erasure, LedgerError> {
        let (planner, by, reason) = (self.planner.clone(), by.to_owned(), reason.clone());
        let step = move |loaded: &Loaded| planner.plan_erasure(index, &by, &reason, loaded);
        let (already, applied) = self.run(Loaded::at(self.backend.now()), step).await.map_err(ledger)?;
        match (already, applied) {
            (Some(already), _) => Ok(already),
            (None, Some(applied)) => Ok(Erasure::Erased { event: applied.first }),
            (None, None) => Err(LedgerError::corrupt("an erasure was neither made nor found")),
        }
    }
}

#[async_trait]
impl<B: Backend> LedgerReader for Store<B> {
    async fn head(&self) -> Result<Head, LedgerError> {
        let head = self.read(|loaded| {
            let size = loaded.size()?;
            Ok((size, over_tree(loaded, |read| merkle::root(size, read))?))
        });
        let (size, root) = head.await.map_err(ledger)?;
        let root = root.map_err(|()| LedgerError::corrupt("a hash of the tree is missing"))?;
        Ok(Head { size, root })
    }

    async fn entries(&self, from: u64, limit: usize) -> Result<Vec<Entry>, LedgerError> {
        self.find(&LedgerQuery::default(), Page { from, limit }).await
    }

    async fn find(&self, query: &LedgerQuery, page: Page) -> Result<Vec<Entry>, LedgerError> {
        let Page { from, limit } = page;
        let scan = Scan::Entries { query: query.clone(), from, limit, attachments: true };
        self.read(|loaded| entries(&scan, loaded)).await.map_err(ledger)
    }

    async fn consistency(&self, from: u64, to: u64) -> Result<Vec<Digest>, LedgerError> {
        let proof = self.read(|loaded| {
            let held = loaded.size()?;
            if to > held {
                return Err(refused(format!("there is no head of size {to}: the ledger holds {held}")));
            }
            over_tree(loaded, |read| merkle::consistency_proof(from, to, read))?
                .map_err(|error: ProofError<()>| refused(format!("{error}")))
        });
        proof.await.map_err(ledger)
    }
}
