//! The rows, in order of arrival, and what a backend does with them.

use std::collections::BTreeMap;

use chimera_audit::merkle::Node;
use chimera_audit::{Entry, EventType, Kept, LedgerQuery};
use chimera_contracts::{CorrelationId, Digest, Namespace, StoreError, StoreErrorKind};
use chimera_store::{
    Applied, Checked, Commit, Event, EventRow, Found, Key, Part, Place, Read, Row, Scan, Transaction, Tree,
    Write,
};
use chrono::{DateTime, Utc};

/// Everything that is kept.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// In order of arrival.
    rows: Vec<Row>,
    places: BTreeMap<Key, usize>,
    ledger: Vec<Logged>,
    tree: Tree,
    nodes: BTreeMap<(u8, u64), Digest>,
}

/// An entry of the ledger, with what queries ask for.
#[derive(Debug)]
struct Logged {
    entry: Entry,
    kind: EventType,
    namespace: Namespace,
    correlation: Option<CorrelationId>,
    at: DateTime<Utc>,
}

impl Logged {
    fn fits(&self, query: &LedgerQuery) -> bool {
        query.namespace.as_ref().is_none_or(|namespace| *namespace == self.namespace)
            && query.kind.as_ref().is_none_or(|kind| *kind == self.kind)
            && query.correlation.is_none_or(|correlation| Some(correlation) == self.correlation)
            && query.since.is_none_or(|since| self.at >= since)
            && query.until.is_none_or(|until| self.at < until)
    }
}

impl Rows {
    pub(crate) fn find(&self, read: &Read) -> Found {
        match read {
            Read::Row(key) => Found::Row(self.get(key).cloned().map(Box::new)),
            Read::Rows(scan) => Found::Rows(self.scan(scan)),
            Read::Size => Found::Size(self.tree.size()),
            Read::Dead(_) => Found::Dead(false),
            Read::Nodes(nodes) => Found::Nodes(nodes.iter().filter_map(|node| self.node(*node)).collect()),
        }
    }

    fn get(&self, key: &Key) -> Option<&Row> {
        self.rows.get(*self.places.get(key)?)
    }

    fn node(&self, node: Node) -> Option<Digest> {
        self.nodes.get(&(node.level, node.index)).copied()
    }

    fn scan(&self, scan: &Scan) -> Vec<Row> {
        if let Scan::Entries { query, from, limit } = scan {
            let from = usize::try_from(*from).unwrap_or(usize::MAX);
            let wanted = self.ledger.iter().skip(from).filter(|logged| logged.fits(query));
            return wanted.take(*limit).map(|logged| Row::Entry(logged.entry.clone())).collect();
        }
        let parts = || self.rows.iter().flat_map(|row| scan.parts(row)).enumerate();
        let wanted = parts().filter(|(_, part)| scan.wants(*part));
        let mut found: Vec<((Place, usize), Part<'_>)> =
            wanted.map(|(arrival, part)| ((scan.place(part), arrival), part)).collect();
        found.sort_by_key(|(place, _)| *place);
        // It may not be wanted itself by now.
        let after = scan.after().and_then(|id| parts().find(|(_, part)| part.id() == id));
        let after = after.map(|(arrival, part)| (scan.place(part), arrival));
        let rest = found.into_iter().filter(|(place, _)| after.is_none_or(|after| *place > after));
        rest.map(|(_, part)| part.to_row()).take(scan.limit()).collect()
    }

    /// Applies a transaction, or says what makes it stale.
    pub(crate) fn apply(
        &mut self,
        transaction: Transaction,
        now: DateTime<Utc>,
    ) -> Result<Commit, StoreError> {
        let revision = |key: &Key| Ok(self.get(key).map(Row::revision));
        let budgets = match transaction.check(now, |read| Ok(self.find(read)), revision)? {
            Checked::Holds(budgets) => budgets,
            Checked::Stale(stale) => return Ok(Commit::Stale(stale)),
        };
        let Transaction { writes, events, .. } = transaction;
        let leaves = events
            .iter()
            .map(|event| event.sealed.leaf(now))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| StoreError::not_applied(StoreErrorKind::Misuse, error.to_string()))?;
        let first = self.tree.size();
        for (scope, balance) in budgets {
            self.put(Row::Budget(scope, balance));
        }
        for write in writes {
            match write {
                Write::Put(row) => self.put(row),
                Write::Erase(position) => self.erase(position),
                Write::Budget(..) => {}
            }
        }
        for (event, leaf) in events.into_iter().zip(leaves) {
            self.log(event, leaf.bytes, now);
        }
        Ok(Commit::Applied(Applied { at: now, first }))
    }

    fn put(&mut self, row: Row) {
        let Some(key) = row.key() else { return };
        match self.places.get(&key).and_then(|place| self.rows.get_mut(*place)) {
            Some(known) => *known = row,
            None => {
                self.places.insert(key, self.rows.len());
                self.rows.push(row);
            }
        }
    }

    fn erase(&mut self, position: u64) {
        let logged = usize::try_from(position).ok().and_then(|place| self.ledger.get_mut(place));
        if let Some(logged) = logged.filter(|logged| logged.entry.attachment != Kept::None) {
            logged.entry.attachment = Kept::Erased;
        }
    }

    fn log(&mut self, event: Event, leaf: Vec<u8>, at: DateTime<Utc>) {
        let Event { sealed, sameness } = event;
        let (draft, index) = (sealed.draft(), self.tree.size());
        if let Some(sameness) = sameness {
            self.put(Row::Event(EventRow { id: draft.id, index, sameness }));
        }
        for (level, hash) in (0_u8..).zip(self.tree.append(chimera_audit::merkle::leaf_hash(&leaf))) {
            self.nodes.insert((level, index >> level), hash);
        }
        let attachment = draft.attachment.as_ref().map_or(Kept::None, |attachment| Kept::Present {
            salt: *sealed.salt(),
            bytes: attachment.as_bytes().to_vec(),
        });
        self.ledger.push(Logged {
            entry: Entry { index, leaf, attachment },
            kind: draft.kind.clone(),
            namespace: draft.namespace.clone(),
            correlation: draft.correlation,
            at,
        });
    }
}
