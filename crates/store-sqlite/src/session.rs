//! What is read and written through one connection, within a transaction of it.

use std::cell::{Cell, RefCell};
use std::ops::Deref;

use chimera_store::{
    Applied, Checked, Commit, Found, Key, Read, Row, Scan, Transaction, Tree, Write, Written,
};
use chrono::{DateTime, Utc};
use rusqlite::Connection;

use crate::error::StepResult;
use crate::instance::Instance;
use crate::keys::{Hash, Keys, View};
use crate::memo::Memo;
use crate::{budgets, decisions, ledger, pauses, permits, proposals, requests, reviews};

/// A connection within a transaction, with the keys as that sees them.
pub(crate) struct Tx<'a> {
    connection: &'a Connection,
    keys: View<'a>,
    memo: Memo,
    openers: Option<&'a Instance>,
    erased: Cell<bool>,
    written: RefCell<Written>,
}

impl Deref for Tx<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl<'a> Tx<'a> {
    /// A transaction that was begun just now. `openers` tells which of them are dead.
    pub(crate) fn of(
        connection: &'a Connection,
        keys: &'a Keys,
        openers: Option<&'a Instance>,
    ) -> StepResult<Self> {
        let keys = View::of(keys, connection)?;
        let memo = Memo::default();
        Ok(Self { connection, keys, memo, openers, erased: Cell::new(false), written: RefCell::default() })
    }

    /// The numbers of rows that may have this key, oldest first.
    pub(crate) fn find(&self, hash: Hash) -> StepResult<Vec<i64>> {
        self.keys.rows(self.connection, hash)
    }

    /// Gives a row a key.
    pub(crate) fn name(&self, hash: Hash, row: i64) -> StepResult<()> {
        self.keys.append(self.connection, hash, row)
    }

    /// What was looked up already.
    pub(crate) const fn memo(&self) -> &Memo {
        &self.memo
    }

    /// Ends a batch, before its commit: writes the budgets that moved, and moves keys out of memory, where they are many.
    pub(crate) fn finish(&self) -> StepResult<()> {
        for (scope, balance) in self.memo.budgets.take_moved() {
            budgets::put(self, &scope, &balance)?;
        }
        self.keys.move_keys(self.connection)
    }

    /// The transaction was committed. Says whether it erased something, and what it wrote.
    pub(crate) fn committed(self) -> (bool, Written) {
        self.keys.committed();
        (self.erased.get(), self.written.into_inner())
    }
}

pub(crate) fn find(connection: &Tx<'_>, read: &Read) -> StepResult<Found> {
    Ok(match read {
        Read::Dead(opener) => Found::Dead(connection.openers.is_some_and(|openers| openers.is_dead(*opener))),
        Read::Row(key) => Found::Row(row(connection, key)?.map(Box::new)),
        Read::Rows(scan) => Found::Rows(rows(connection, scan)?),
        Read::Size => Found::Size(ledger::size(connection)?),
        Read::Nodes(nodes) => {
            let hashes = nodes.iter().map(|node| ledger::node(connection, *node));
            Found::Nodes(hashes.collect::<StepResult<_>>()?)
        }
    })
}

fn row(connection: &Tx<'_>, key: &Key) -> StepResult<Option<Row>> {
    Ok(match key {
        Key::Request(id) => requests::find(connection, *id)?.map(|view| Row::Request(view.into())),
        Key::Decision(namespace, id) => decisions::find(connection, namespace, *id)?.map(Row::Decision),
        Key::Budget(scope) => {
            let found = connection.memo.budgets.get(scope, || budgets::find(connection, scope))?;
            found.map(|balance| Row::Budget(scope.clone(), balance))
        }
        Key::Review(namespace, id) => {
            reviews::find(connection, namespace, *id)?.map(Box::new).map(Row::Review)
        }
        Key::Proposal(key) => {
            proposals::find(connection, key)?.map(|proposal| Row::Proposal(key.clone(), proposal))
        }
        Key::Permits(key) => permits::find(connection, key)?.map(Row::Permits),
        Key::Pause(key) => pauses::find(connection, key)?.map(Row::Pause),
        Key::Event(id) => ledger::event(connection, *id)?.map(Row::Event),
    })
}

fn rows(connection: &Tx<'_>, scan: &Scan) -> StepResult<Vec<Row>> {
    if let Some(effects) = requests::scan(connection, scan)? {
        return Ok(effects.into_iter().map(Box::new).map(Row::Effect).collect());
    }
    let reviews = |found: Vec<_>| found.into_iter().map(Box::new).map(Row::Review).collect();
    Ok(match scan {
        Scan::Holding(effect) => requests::holding(connection, *effect)?
            .into_iter()
            .map(|view| Row::Request(view.into()))
            .collect(),
        Scan::Deciding { namespace, digest } => {
            decisions::deciding(connection, namespace, digest)?.into_iter().map(Row::Decision).collect()
        }
        Scan::Artifact { namespace, artifact } => {
            decisions::about(connection, namespace, artifact)?.into_iter().map(Row::Decision).collect()
        }
        Scan::Reviews { query, after, limit } => reviews(reviews::list(connection, query, *after, *limit)?),
        Scan::Unsettled { by, after, limit } => reviews(reviews::unsettled(connection, *after, *limit, *by)?),
        Scan::Entries { query, from, limit, attachments } => {
            let found = ledger::find(connection, query, *from, *limit, *attachments)?;
            found.into_iter().map(Row::Entry).collect()
        }
        Scan::Pauses { stopping, limit } => {
            pauses::active(connection, stopping.as_ref(), *limit)?.into_iter().map(Row::Pause).collect()
        }
        Scan::Effects { .. } | Scan::Open { .. } | Scan::Owners { .. } | Scan::Due { .. } => Vec::new(),
    })
}

/// The revision of a row, read as narrowly as can be.
fn revision(connection: &Tx<'_>, key: &Key) -> StepResult<Option<u64>> {
    match key {
        Key::Request(id) => requests::revision(connection, *id),
        Key::Decision(namespace, id) => decisions::revision(connection, namespace, *id),
        key => Ok(row(connection, key)?.as_ref().map(Row::revision)),
    }
}

/// Applies a transaction, or says what makes it stale. Writes nothing before all conditions hold.
pub(crate) fn apply(
    connection: &Tx<'_>,
    tree: &mut Tree,
    transaction: &Transaction,
    now: DateTime<Utc>,
) -> StepResult<Commit> {
    let checked = transaction.check(now, |read| find(connection, read), |key| revision(connection, key))?;
    let budgets = match checked {
        Checked::Holds(budgets) => budgets,
        Checked::Stale(stale) => return Ok(Commit::Stale(stale)),
    };
    for (scope, balance) in &budgets {
        connection.memo.budgets.set(scope, *balance);
    }
    let mut contents = Vec::new();
    for write in &transaction.writes {
        match write {
            Write::Put(row) => match row.as_ref() {
                Row::Request(view) => {
                    let number = requests::put(connection, view)?;
                    contents.extend(view.effects.iter().map(|record| {
                        (requests::effect_number(number, record.position), record.effect.bytes())
                    }));
                }
                row => put(connection, row)?,
            },
            Write::Erase(position) => {
                ledger::erase(connection, *position)?;
                connection.erased.set(true);
            }
            Write::Budget(..) => {}
        }
    }
    let first = ledger::append(connection, tree, &transaction.events, now, &contents)?;
    connection.written.borrow_mut().add(transaction);
    Ok(Commit::Applied(Applied { at: now, first }))
}

fn put(connection: &Tx<'_>, row: &Row) -> StepResult<()> {
    match row {
        Row::Decision(row) => decisions::put(connection, row),
        Row::Budget(scope, balance) => {
            connection.memo.budgets.set(scope, *balance);
            Ok(())
        }
        Row::Review(review) => reviews::put(connection, review),
        Row::Proposal(key, proposal) => proposals::put(connection, key, proposal),
        Row::Permits(row) => permits::put(connection, row),
        Row::Pause(pause) => pauses::put(connection, pause),
        // Written above; parts of rows; rows that the ledger writes.
        Row::Request(_) | Row::Event(_) | Row::Effect(_) | Row::Entry(_) => Ok(()),
    }
}
