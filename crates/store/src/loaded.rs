//! What a step has seen.

use std::collections::BTreeMap;

use chimera_audit::merkle::Node;
use chimera_contracts::{
    DecisionId, Digest, EventId, InstanceId, Namespace, RequestId, ReviewId, StoreError, StoreErrorKind,
};
use chimera_effect::{EffectRecord, Pause, PauseKey, RequestView};
use chimera_governance::review::Review;
use chimera_governance::{Balance, BudgetScope};
use chimera_platform::limits::RateKey;
use chimera_skill_propose::{ProposalKey, StoredProposal};
use chrono::{DateTime, Utc};

use crate::backend::{Found, Read, Stale};
use crate::row::{DecisionRow, EventRow, Key, PermitsRow, Row};
use crate::scan::Scan;

/// Rows that were read, and the time by the store's clock.
#[derive(Clone, Debug)]
pub struct Loaded {
    now: DateTime<Utc>,
    rows: BTreeMap<Key, Option<Box<Row>>>,
    scans: Vec<(Scan, Vec<Row>)>,
    size: Option<u64>,
    nodes: BTreeMap<(u8, u64), Digest>,
    dead: BTreeMap<InstanceId, bool>,
    /// How many states of the store it is made of; what was assumed counts as one of its own.
    states: u32,
}

/// More states than one, for what was assumed.
const ASSUMED: u32 = 2;

/// Why a step stops.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It has to see these.
    Needs(Vec<Read>),
    /// It cannot be.
    Failed(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl Loaded {
    /// Nothing but the time.
    #[must_use]
    pub const fn at(now: DateTime<Utc>) -> Self {
        Self {
            now,
            rows: BTreeMap::new(),
            scans: Vec::new(),
            size: None,
            nodes: BTreeMap::new(),
            dead: BTreeMap::new(),
            states: 0,
        }
    }

    /// The time by the store's clock.
    #[must_use]
    pub const fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Adds what was found.
    pub fn add(&mut self, read: Read, found: Found) {
        match (read, found) {
            (Read::Row(key), Found::Row(row)) => {
                self.rows.insert(key, row);
            }
            (Read::Rows(scan), Found::Rows(rows)) => {
                self.scans.retain(|(known, _)| *known != scan);
                self.scans.push((scan, rows));
            }
            (Read::Size, Found::Size(size)) => self.size = Some(size),
            (Read::Nodes(nodes), Found::Nodes(hashes)) => {
                self.nodes.extend(nodes.iter().map(|node| (node.level, node.index)).zip(hashes));
            }
            (Read::Dead(opener), Found::Dead(dead)) => {
                self.dead.insert(opener, dead);
            }
            (read, _) => tracing::error!(?read, "a backend answered another question than was asked"),
        }
    }

    /// Takes a row for what is stored, without reading it. A transaction that rests on it names its revision.
    pub(crate) fn assume(&mut self, key: Key, row: Option<Row>) {
        self.states = ASSUMED;
        self.rows.insert(key, row.map(Box::new));
    }

    /// Takes a scan to give nothing, without asking.
    pub(crate) fn assume_none(&mut self, scan: Scan) {
        self.states = ASSUMED;
        if !self.scans.iter().any(|(known, _)| *known == scan) {
            self.scans.push((scan, Vec::new()));
        }
    }

    /// Whether it shows no state that the store was ever in: parts of it were read at different times, or not at all. A
    /// transaction that rests on it names what it rests on; an answer has to be computed from one state.
    pub(crate) const fn is_mixed(&self) -> bool {
        self.states > 1
    }

    /// Takes in what was read in one snapshot.
    pub(crate) fn add_all(&mut self, found: impl IntoIterator<Item = (Read, Found)>) {
        self.states = self.states.saturating_add(1);
        found.into_iter().for_each(|(read, found)| self.add(read, found));
    }

    /// Everything that it is made of.
    pub(crate) fn reads(&self) -> Vec<Read> {
        let rows = self.rows.keys().cloned().map(Read::Row);
        let scans = self.scans.iter().map(|(scan, _)| Read::Rows(scan.clone()));
        let dead = self.dead.keys().map(|opener| Read::Dead(*opener));
        rows.chain(scans).chain(dead).chain(self.size.map(|_| Read::Size)).collect()
    }

    /// Takes in what a failed condition was about.
    pub(crate) fn refresh(&mut self, stale: Stale) {
        self.now = stale.now;
        self.states = self.states.saturating_add(1);
        if let Some((read, found)) = stale.found {
            self.add(read, found);
        }
    }

    /// Stops a step that lacks one of these.
    pub(crate) fn require(&self, reads: Vec<Read>) -> Result<(), Stop> {
        let lacking: Vec<Read> = reads.into_iter().filter(|read| !self.has(read)).collect();
        if lacking.is_empty() { Ok(()) } else { Err(Stop::Needs(lacking)) }
    }

    fn has(&self, read: &Read) -> bool {
        match read {
            Read::Row(key) => self.rows.contains_key(key),
            Read::Rows(scan) => self.scans.iter().any(|(known, _)| known == scan),
            Read::Size => self.size.is_some(),
            Read::Dead(opener) => self.dead.contains_key(opener),
            Read::Nodes(nodes) => nodes.iter().all(|node| self.nodes.contains_key(&(node.level, node.index))),
        }
    }

    fn row(&self, key: Key) -> Result<Option<&Row>, Stop> {
        match self.rows.get(&key) {
            Some(row) => Ok(row.as_deref()),
            None => Err(Stop::Needs(vec![Read::Row(key)])),
        }
    }

    /// The revision of a row that was read.
    pub(crate) fn revision(&self, key: &Key) -> Option<u64> {
        self.rows.get(key)?.as_deref().map(Row::revision)
    }

    pub(crate) fn rows(&self, scan: &Scan) -> Result<&[Row], Stop> {
        let known = self.scans.iter().find(|(known, _)| known == scan);
        known.map(|(_, rows)| rows.as_slice()).ok_or_else(|| Stop::Needs(vec![Read::Rows(scan.clone())]))
    }

    pub(crate) fn effects(&self, scan: &Scan) -> Result<Vec<EffectRecord>, Stop> {
        let effect = |row: &Row| match row {
            Row::Effect(record) => Ok(record.as_ref().clone()),
            _ => Err(another()),
        };
        self.rows(scan)?.iter().map(effect).collect()
    }

    pub(crate) fn request(&self, id: RequestId) -> Result<Option<&RequestView>, Stop> {
        match self.row(Key::Request(id))? {
            Some(Row::Request(view)) => Ok(Some(view)),
            None => Ok(None),
            Some(_) => Err(another()),
        }
    }

    pub(crate) fn decision(
        &self,
        namespace: &Namespace,
        id: DecisionId,
    ) -> Result<Option<&DecisionRow>, Stop> {
        match self.row(Key::Decision(namespace.clone(), id))? {
            Some(Row::Decision(row)) => Ok(Some(row)),
            None => Ok(None),
            Some(_) => Err(another()),
        }
    }

    pub(crate) fn balance(&self, scope: &BudgetScope) -> Result<Option<Balance>, Stop> {
        match self.row(Key::Budget(scope.clone()))? {
            Some(Row::Budget(_, balance)) => Ok(Some(*balance)),
            None => Ok(None),
            Some(_) => Err(another()),
        }
    }

    pub(crate) fn review(&self, namespace: &Namespace, id: ReviewId) -> Result<Option<&Review>, Stop> {
        match self.row(Key::Review(namespace.clone(), id))? {
            Some(Row::Review(review)) => Ok(Some(review)),
            None => Ok(None),
            Some(_) => Err(another()),
        }
    }

    pub(crate) fn proposal(&self, key: &ProposalKey) -> Result<Option<&StoredProposal>, Stop> {
        match self.row(Key::Proposal(key.clone()))? {
            Some(Row::Proposal(_, proposal)) => Ok(Some(proposal)),
            None => Ok(None),
            Some(_) => Err(another()),
        }
    }

    pub(crate) fn permits(&self, key: &RateKey) -> Result<Option<&PermitsRow>, Stop> {
        match self.row(Key::Permits(key.clone()))? {
            Some(Row::Permits(row)) => Ok(Some(row)),
            None => Ok(None),
            Some(_) => Err(another()),
        }
    }

    pub(crate) fn pause(&self, key: &PauseKey) -> Result<Option<&Pause>, Stop> {
        match self.row(Key::Pause(key.clone()))? {
            Some(Row::Pause(pause)) => Ok(Some(pause)),
            None => Ok(None),
            Some(_) => Err(another()),
        }
    }

    pub(crate) fn pauses(&self, scan: &Scan) -> Result<Vec<Pause>, Stop> {
        let pause = |row: &Row| match row {
            Row::Pause(pause) => Ok(pause.clone()),
            _ => Err(another()),
        };
        self.rows(scan)?.iter().map(pause).collect()
    }

    pub(crate) fn event(&self, id: EventId) -> Result<Option<&EventRow>, Stop> {
        match self.row(Key::Event(id))? {
            Some(Row::Event(row)) => Ok(Some(row)),
            None => Ok(None),
            Some(_) => Err(another()),
        }
    }

    pub(crate) fn is_dead(&self, opener: InstanceId) -> Result<bool, Stop> {
        self.dead.get(&opener).copied().ok_or_else(|| Stop::Needs(vec![Read::Dead(opener)]))
    }

    pub(crate) fn size(&self) -> Result<u64, Stop> {
        self.size.ok_or_else(|| Stop::Needs(vec![Read::Size]))
    }

    pub(crate) fn node(&self, node: Node) -> Option<Digest> {
        self.nodes.get(&(node.level, node.index)).copied()
    }
}

fn another() -> Stop {
    let message = "the store gave another kind of row than was asked for";
    Stop::Failed(StoreError::not_applied(StoreErrorKind::Corrupt, message))
}
