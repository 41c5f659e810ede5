//! Finding rows by random ids. A b-tree under random keys dirties a page for each row, however narrow it is, and costs the
//! more the larger it grows. So each key is appended to a table in order of arrival, 64 bits of it, and looked up in
//! memory; when many are in memory, the oldest of them move into a sorted table, in its order and a part at a time, so that
//! its pages are written by the thousand and memory stays bounded. A row that is found is verified by whoever looks.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chimera_contracts::{Digest, Namespace};
use rusqlite::Connection;
use uuid::Uuid;

use crate::error::StepResult;

/// So many keys in memory begin to move into the sorted table. A key takes some 36 bytes in memory.
const MANY: usize = 1 << 19;

/// So many keys move in one transaction.
const SLICE: usize = 4_096;

/// What a key is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A request's id.
    Request,
    /// An effect's id.
    Effect,
    /// A decision's id.
    Decision,
    /// A digest that a decision lists.
    Digest,
    /// The artifact that a decision is about.
    Artifact,
    /// A proposal's request id.
    Proposal,
    /// The id of an event that its author may append again.
    Event,
}

/// The 64 bits under which a row is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hash(i64);

impl Hash {
    /// Of an id, which is random or a digest itself.
    pub(crate) fn id(kind: Kind, id: &Uuid) -> Self {
        Self::of(kind, id.as_bytes())
    }

    /// Of a digest.
    pub(crate) fn digest(kind: Kind, digest: &Digest) -> Self {
        Self::of(kind, digest.as_bytes())
    }

    /// Of a tenant's word.
    pub(crate) fn word(kind: Kind, namespace: &Namespace, word: &str) -> Self {
        Self::words(kind, namespace.as_str(), word)
    }

    pub(crate) fn words(kind: Kind, namespace: &str, word: &str) -> Self {
        let mut bytes = Vec::with_capacity(namespace.len().saturating_add(word.len()).saturating_add(1));
        bytes.extend_from_slice(namespace.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(word.as_bytes());
        Self::digest(kind, &Digest::of(&bytes))
    }

    /// The kind is mixed in, so that one id in two roles is two keys.
    fn of(kind: Kind, bytes: &[u8]) -> Self {
        let first = bytes.first_chunk::<8>().map_or(0, |first| u64::from_be_bytes(*first));
        let mixed = first ^ (kind as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self(i64::from_be_bytes(mixed.to_be_bytes()))
    }
}

/// The keys in memory, shared by the writer and the reader of one opener.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// The number of the last key that was taken in.
    last: i64,
    /// Whether any key is not in memory, or may leave it with the transaction that is open.
    sorted: bool,
    /// Keys that were taken in since the others began to move.
    young: HashMap<i64, Rows>,
    /// Keys that are moving into the sorted table, or have; the next ones to move stand last in `moving`.
    old: HashMap<i64, Rows>,
    moving: Vec<(i64, i64)>,
    moving_up_to: i64,
}

/// The rows under one hash: one, but for chance and for words that many rows share.
#[derive(Debug)]
enum Rows {
    One(i64),
    Many(BTreeSet<i64>),
}

impl Rows {
    fn add(&mut self, row: i64) {
        match self {
            Self::One(known) if *known == row => {}
            Self::One(known) => *self = Self::Many(BTreeSet::from([*known, row])),
            Self::Many(rows) => {
                rows.insert(row);
            }
        }
    }
}

impl Keys {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what was appended since, by whichever process; within a transaction, before anything is looked up.
    pub(crate) fn catch_up(&self, connection: &Connection) -> StepResult<()> {
        let mut known = self.known();
        if known.last == 0 {
            known.last = connection
                .prepare_cached("SELECT number FROM sorted_up_to")?
                .query_row([], |row| row.get(0))?;
            known.sorted = known.last > 0;
        }
        let mut statement = connection
            .prepare_cached("SELECT number, hash, row FROM key WHERE number > ?1 ORDER BY number")?;
        let mut rows = statement.query([known.last])?;
        while let Some(row) = rows.next()? {
            known.take_in(row.get(0)?, row.get(1)?, row.get(2)?);
        }
        Ok(())
    }
}

impl Known {
    fn take_in(&mut self, number: i64, hash: i64, row: i64) {
        self.last = self.last.max(number);
        self.young.entry(hash).and_modify(|rows| rows.add(row)).or_insert(Rows::One(row));
    }

    /// Where many keys are in memory, all of them begin to move.
    fn begin_to_move(&mut self, many: usize) {
        if !self.moving.is_empty() || self.young.len() < many {
            return;
        }
        self.old = std::mem::take(&mut self.young);
        self.moving_up_to = self.last;
        self.sorted = true;
        let pairs = self.old.iter().flat_map(|(hash, rows)| match rows {
            Rows::One(row) => vec![(*hash, *row)],
            Rows::Many(rows) => rows.iter().map(|row| (*hash, *row)).collect(),
        });
        self.moving = pairs.collect();
        self.moving.sort_unstable_by(|one, other| other.cmp(one));
    }
}

/// The keys as one transaction sees them: what is known, and what it appended itself. Only what was committed becomes known.
#[derive(Debug)]
pub(crate) struct View<'a> {
    keys: &'a Keys,
    appended: RefCell<Vec<(i64, i64, i64)>>,
    /// How many keys it moved.
    moved: Cell<usize>,
}

impl<'a> View<'a> {
    pub(crate) const fn of(keys: &'a Keys) -> Self {
        Self { keys, appended: RefCell::new(Vec::new()), moved: Cell::new(0) }
    }

    /// The rows that may have this key, oldest first.
    pub(crate) fn rows(&self, connection: &Connection, hash: Hash) -> StepResult<Vec<i64>> {
        let mut found = BTreeSet::new();
        let known = self.keys.known();
        if known.sorted {
            let mut statement = connection.prepare_cached("SELECT row FROM sorted_key WHERE hash = ?1")?;
            for row in statement.query_map([hash.0], |row| row.get(0))? {
                found.insert(row?);
            }
        }
        for rows in [&known.old, &known.young].into_iter().filter_map(|keys| keys.get(&hash.0)) {
            match rows {
                Rows::One(row) => {
                    found.insert(*row);
                }
                Rows::Many(rows) => found.extend(rows),
            }
        }
        found.extend(
            self.appended.borrow().iter().filter(|(_, known, _)| *known == hash.0).map(|(.., row)| *row),
        );
        Ok(found.into_iter().collect())
    }

    /// Appends a key for a row.
    pub(crate) fn append(&self, connection: &Connection, hash: Hash, row: i64) -> StepResult<()> {
        connection.prepare_cached("INSERT INTO key (hash, row) VALUES (?1, ?2)")?.execute((hash.0, row))?;
        self.appended.borrow_mut().push((connection.last_insert_rowid(), hash.0, row));
        Ok(())
    }

    /// Moves the next keys into the sorted table, where many are in memory.
    pub(crate) fn move_keys(&self, connection: &Connection) -> StepResult<()> {
        self.move_some(connection, MANY, SLICE)
    }

    fn move_some(&self, connection: &Connection, many: usize, slice: usize) -> StepResult<()> {
        let mut known = self.keys.known();
        known.begin_to_move(many);
        let rest = known.moving.len().saturating_sub(slice);
        let Some(next) = known.moving.get(rest..).filter(|next| !next.is_empty()) else { return Ok(()) };
        let mut insert =
            connection.prepare_cached("INSERT OR IGNORE INTO sorted_key (hash, row) VALUES (?1, ?2)")?;
        for (hash, row) in next.iter().rev() {
            insert.execute((hash, row))?;
        }
        self.moved.set(next.len());
        if rest == 0 {
            connection
                .prepare_cached("UPDATE sorted_up_to SET number = ?1 WHERE number < ?1")?
                .execute([known.moving_up_to])?;
        }
        Ok(())
    }

    /// What the transaction appended and moved is there for good.
    pub(crate) fn committed(self) {
        let mut known = self.keys.known();
        for (number, hash, row) in self.appended.into_inner() {
            known.take_in(number, hash, row);
        }
        if self.moved.get() > 0 {
            let rest = known.moving.len().saturating_sub(self.moved.get());
            known.moving.truncate(rest);
            // Those that moved stay in memory until the next ones begin to: a reader whose snapshot is older than this
            // commit does not see them in the table.
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        crate::migrate::migrate(&mut connection).unwrap();
        connection
    }

    fn hash(number: u64) -> Hash {
        let id = chimera_contracts::derive_uuid("test", &[&number.to_be_bytes()]);
        Hash::id(Kind::Request, &id)
    }

    fn found(connection: &Connection, keys: &Keys, number: u64) -> Vec<i64> {
        keys.catch_up(connection).unwrap();
        View::of(keys).rows(connection, hash(number)).unwrap()
    }

    #[test]
    fn every_key_is_found_while_keys_move_and_by_whoever_opens_later() {
        let connection = database();
        let keys = Keys::default();
        let mut latest = 0;
        for batch in 0..200_u64 {
            keys.catch_up(&connection).unwrap();
            let view = View::of(&keys);
            for number in batch * 10..batch * 10 + 10 {
                view.append(&connection, hash(number), i64::try_from(number).unwrap()).unwrap();
                assert_eq!(
                    view.rows(&connection, hash(number)).unwrap().len(),
                    1,
                    "its own transaction sees it"
                );
                latest = number;
            }
            view.move_some(&connection, 300, 25).unwrap();
            view.committed();
            assert!(keys.known().young.len() <= 450, "memory is bounded");
        }
        let later = Keys::default();
        for number in 0..=latest {
            let row = i64::try_from(number).unwrap();
            assert_eq!(found(&connection, &keys, number), [row]);
            assert_eq!(found(&connection, &later, number), [row]);
        }
        assert!(later.known().young.len() < 900, "an opener does not read what was sorted");
        assert_eq!(found(&connection, &keys, latest + 1), [] as [i64; 0]);
    }

    #[test]
    fn what_was_rolled_back_is_not_found_and_hides_nothing() {
        let connection = database();
        let keys = Keys::default();
        connection.execute_batch("BEGIN").unwrap();
        keys.catch_up(&connection).unwrap();
        let view = View::of(&keys);
        view.append(&connection, hash(1), 1).unwrap();
        drop(view);
        connection.execute_batch("ROLLBACK").unwrap();
        assert_eq!(found(&connection, &keys, 1), [] as [i64; 0]);
        // Another process takes the same number for another key.
        View::of(&Keys::default()).append(&connection, hash(2), 2).unwrap();
        assert_eq!(found(&connection, &keys, 2), [2]);
    }

    #[test]
    fn rows_share_a_hash() {
        let connection = database();
        let keys = Keys::default();
        let view = View::of(&keys);
        for row in [5, 3, 5, 9] {
            view.append(&connection, hash(1), row).unwrap();
        }
        assert_eq!(view.rows(&connection, hash(1)).unwrap(), [3, 5, 9]);
        view.committed();
        assert_eq!(found(&connection, &keys, 1), [3, 5, 9]);
    }
}
