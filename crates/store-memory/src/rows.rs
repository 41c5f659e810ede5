//! The rows, in order of arrival, and what a backend does with them.

use std::collections::HashMap;

use chimera_audit::merkle::leaf_hash;
use chimera_audit::{Entry, Kept};
use chimera_contracts::{Digest, StoreError};
use chimera_store::{
    Applied, Checked, Commit, Event, EventRow, Found, Key, Read, Row, Scan, Transaction, Tree, Write,
};
use chrono::{DateTime, Utc};

/// Everything that is kept.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// In order of arrival.
    rows: Vec<Row>,
    places: HashMap<Key, usize>,
    ledger: Vec<(Event, Entry, DateTime<Utc>)>,
    tree: Tree,
    nodes: HashMap<(u8, u64), Digest>,
}

impl Rows {
    pub(crate) fn find(&self, read: &Read) -> Found {
        match read {
            Read::Row(key) => Found::Row(self.get(key).cloned().map(Box::new)),
            Read::Rows(scan) => Found::Rows(self.scan(scan)),
            Read::Size => Found::Size(self.tree.size()),
            Read::Nodes(nodes) => {
                let hash = |level, index| self.nodes.get(&(level, index)).copied();
                Found::Nodes(nodes.iter().filter_map(|node| hash(node.level, node.index)).collect())
            }
            // Openers know that; see `Opener`.
            Read::Dead(_) => Found::Dead(false),
        }
    }

    fn get(&self, key: &Key) -> Option<&Row> {
        self.rows.get(*self.places.get(key)?)
    }

    fn scan(&self, scan: &Scan) -> Vec<Row> {
        let Scan::Entries { query, from, limit, .. } = scan else { return scan.select(&self.rows) };
        let from = usize::try_from(*from).unwrap_or(usize::MAX);
        let wanted = self.ledger.iter().skip(from).filter(|(event, _, at)| event.fits(query, *at));
        wanted.take(*limit).map(|(_, entry, _)| Row::Entry(entry.clone())).collect()
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
        let first = self.tree.size();
        // All that can fail comes before the first write.
        let entries = (first..).zip(&transaction.events).map(|(index, event)| event.entry(index, now));
        let entries = entries.collect::<Result<Vec<_>, StoreError>>()?;
        for (scope, balance) in budgets {
            self.put(Row::Budget(scope, balance));
        }
        for write in transaction.writes {
            match write {
                Write::Put(row) => self.put(*row),
                Write::Erase(position) => self.erase(position),
                // Moved above.
                Write::Budget(..) => {}
            }
        }
        for (event, entry) in transaction.events.into_iter().zip(entries) {
            self.log(event, entry, now);
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
        let entry = usize::try_from(position).ok().and_then(|place| self.ledger.get_mut(place));
        if let Some((_, entry, _)) = entry.filter(|(_, entry, _)| entry.attachment != Kept::None) {
            entry.attachment = Kept::Erased;
        }
    }

    fn log(&mut self, event: Event, entry: Entry, at: DateTime<Utc>) {
        if let Some(sameness) = event.sameness {
            let id = event.sealed.draft().id;
            self.put(Row::Event(EventRow { id, index: entry.index, sameness }));
        }
        for (level, hash) in (0_u8..).zip(self.tree.append(leaf_hash(&entry.leaf))) {
            self.nodes.insert((level, entry.index >> level), hash);
        }
        self.ledger.push((event, entry, at));
    }
}
