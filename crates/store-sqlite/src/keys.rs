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

use crate::error::{StepError, StepResult};

/// So many keys in memory begin to move into the sorted table. The map takes 43 MB for so
/// many: its entries have 40 bytes, and a part of its places is free.
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

    /// The kind is mixed in, so that one id in two roles is two keys, and so are both halves: hosts number their ids, or
    /// begin them with the time.
    fn of(kind: Kind, bytes: &[u8]) -> Self {
        let half = |half: Option<&[u8; 8]>| half.map_or(0, |half| u64::from_be_bytes(*half));
        let first = half(bytes.first_chunk::<8>()) ^ (kind as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let second = half(bytes.get(8..).and_then(<[u8]>::first_chunk::<8>));
        // The finalizer of `SplitMix64`, over each half in turn.
        let mixed = mix(mix(first).wrapping_add(second));
        Self(i64::from_be_bytes(mixed.to_be_bytes()))
    }
}

/// The finalizer of `SplitMix64` (Steele, Lea, Flood: *Fast splittable pseudorandom number generators*, 2014).
const fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The keys in memory, shared by the writer and the reader of one opener.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys(Arc<Mutex<Known>>);

/// Keys by their hash. A transaction holds those of its beginning: they may have moved, and been dropped, by commits that it
/// does not see.
#[derive(Clone, Debug, Default)]
struct Generation(Arc<Mutex<HashMap<i64, Rows>>>);

impl Generation {
    fn keys(&self) -> MutexGuard<'_, HashMap<i64, Rows>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
struct Known {
    /// The number of the last key that was taken in.
    last: i64,
    /// Whether any key stands in the sorted table alone, or may do so with the transaction that is open.
    sorted: bool,
    /// Keys that were taken in since the old ones were.
    young: Generation,
    /// Keys up to `old_up_to`, which are moving into the sorted table, or have moved.
    old: Generation,
    old_up_to: i64,
    /// Those of the old ones that have not moved yet, in descending order: the next ones stand last.
    moving: Vec<(i64, i64)>,
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
}

/// The number of the last key that stands in the sorted table, as do all before it.
fn sorted_up_to(connection: &Connection) -> StepResult<i64> {
    let mut statement = connection.prepare_cached("SELECT number FROM sorted_up_to")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

impl Known {
    /// Takes in what was appended since, by whichever process; within a transaction, before anything is looked up.
    fn catch_up(&mut self, connection: &Connection) -> StepResult<()> {
        let sorted_up_to = sorted_up_to(connection)?;
        if self.last == 0 {
            self.last = sorted_up_to;
        }
        self.sorted |= sorted_up_to > 0;
        let there: i64 = connection
            .prepare_cached("SELECT coalesce(max(number), 0) FROM key")?
            .query_row([], |row| row.get(0))?;
        if there < self.last {
            // A copy was restored over the open file: what was admitted since would be admitted again.
            let message = "the database is behind what this process has seen of it: stop, see which copy is the right \
                           one, and open the store again";
            return Err(StepError::corrupt(message));
        }
        let mut statement = connection
            .prepare_cached("SELECT number, hash, row FROM key WHERE number > ?1 ORDER BY number")?;
        let mut rows = statement.query([self.last])?;
        while let Some(row) = rows.next()? {
            self.take_in(row.get(0)?, row.get(1)?, row.get(2)?);
        }
        // An opener that does not write leaves the moving to those that do.
        if self.young.keys().len() >= MANY.saturating_mul(2) {
            self.turn(sorted_up_to);
        }
        Ok(())
    }

    fn take_in(&mut self, number: i64, hash: i64, row: i64) {
        self.last = self.last.max(number);
        let mut young = self.young.keys();
        young.entry(hash).and_modify(|rows| rows.add(row)).or_insert(Rows::One(row));
    }

    /// The young keys become the old ones, which stand in the sorted table by now; else nothing happens.
    fn turn(&mut self, sorted_up_to: i64) {
        if self.moving.is_empty() && self.old_up_to <= sorted_up_to {
            self.old = std::mem::take(&mut self.young);
            self.old_up_to = self.last;
            self.sorted = true;
        }
    }

    /// Where many keys are in memory, the old ones begin to move, or go on.
    fn begin_to_move(&mut self, many: usize, sorted_up_to: i64) {
        if !self.moving.is_empty() {
            return;
        }
        if self.young.keys().len() >= many {
            self.turn(sorted_up_to);
        }
        if self.old_up_to <= sorted_up_to {
            return;
        }
        let pairs = |(hash, rows): (&i64, &Rows)| match rows {
            Rows::One(row) => vec![(*hash, *row)],
            Rows::Many(rows) => rows.iter().map(|row| (*hash, *row)).collect(),
        };
        self.moving = self.old.keys().iter().flat_map(pairs).collect();
        self.moving.sort_unstable_by(|one, other| other.cmp(one));
        self.sorted = true;
    }
}

/// What one transaction appended, in order and by hash.
#[derive(Debug, Default)]
struct Appended {
    keys: Vec<(i64, i64, i64)>,
    rows: HashMap<i64, Rows>,
}

/// The keys as one transaction sees them: what is known, and what it appended itself. Only what was committed becomes known.
#[derive(Debug)]
pub(crate) struct View<'a> {
    keys: &'a Keys,
    old: Generation,
    young: Generation,
    /// Whether the sorted table has to be asked.
    sorted: bool,
    appended: RefCell<Appended>,
    /// How many keys it moved.
    moved: Cell<usize>,
}

impl<'a> View<'a> {
    /// In a transaction that was begun just now.
    pub(crate) fn of(keys: &'a Keys, connection: &Connection) -> StepResult<Self> {
        let mut known = keys.known();
        // Under the lock, so that the snapshot and the generations are of one moment.
        known.catch_up(connection)?;
        let Known { old, young, sorted, .. } = &*known;
        let (old, young, sorted) = (old.clone(), young.clone(), *sorted);
        Ok(Self { keys, old, young, sorted, appended: RefCell::default(), moved: Cell::new(0) })
    }

    /// The rows that may have this key, oldest first.
    pub(crate) fn rows(&self, connection: &Connection, hash: Hash) -> StepResult<Vec<i64>> {
        let mut found = BTreeSet::new();
        if self.sorted {
            let mut statement = connection.prepare_cached("SELECT row FROM sorted_key WHERE hash = ?1")?;
            for row in statement.query_map([hash.0], |row| row.get(0))? {
                found.insert(row?);
            }
        }
        let mut take = |rows: Option<&Rows>| match rows {
            Some(Rows::One(row)) => {
                found.insert(*row);
            }
            Some(Rows::Many(rows)) => found.extend(rows),
            None => {}
        };
        for keys in [&self.old, &self.young] {
            take(keys.keys().get(&hash.0));
        }
        take(self.appended.borrow().rows.get(&hash.0));
        Ok(found.into_iter().collect())
    }

    /// Appends a key for a row.
    pub(crate) fn append(&self, connection: &Connection, hash: Hash, row: i64) -> StepResult<()> {
        connection.prepare_cached("INSERT INTO key (hash, row) VALUES (?1, ?2)")?.execute((hash.0, row))?;
        let mut appended = self.appended.borrow_mut();
        appended.keys.push((connection.last_insert_rowid(), hash.0, row));
        appended.rows.entry(hash.0).and_modify(|rows| rows.add(row)).or_insert(Rows::One(row));
        Ok(())
    }

    /// Moves the next keys into the sorted table, where many are in memory.
    pub(crate) fn move_keys(&self, connection: &Connection) -> StepResult<()> {
        self.move_some(connection, MANY, SLICE)
    }

    fn move_some(&self, connection: &Connection, many: usize, slice: usize) -> StepResult<()> {
        let sorted_up_to = sorted_up_to(connection)?;
        let mut known = self.keys.known();
        known.begin_to_move(many, sorted_up_to);
        // Never slower than keys come.
        let slice = slice.max(self.appended.borrow().keys.len().saturating_mul(2));
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
                .execute([known.old_up_to])?;
        }
        Ok(())
    }

    /// What the transaction appended and moved is there for good.
    pub(crate) fn committed(self) {
        let mut known = self.keys.known();
        for (number, hash, row) in self.appended.into_inner().keys {
            known.take_in(number, hash, row);
        }
        if self.moved.get() > 0 {
            let rest = known.moving.len().saturating_sub(self.moved.get());
            known.moving.truncate(rest);
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
        View::of(keys, connection).unwrap().rows(connection, hash(number)).unwrap()
    }

    #[test]
    fn every_key_is_found_while_keys_move_and_by_whoever_opens_later() {
        let connection = database();
        let keys = Keys::default();
        let mut latest = 0;
        for batch in 0..200_u64 {
            let view = View::of(&keys, &connection).unwrap();
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
            assert!(keys.known().young.keys().len() <= 450, "memory is bounded");
        }
        let later = Keys::default();
        for number in 0..=latest {
            let row = i64::try_from(number).unwrap();
            assert_eq!(found(&connection, &keys, number), [row]);
            assert_eq!(found(&connection, &later, number), [row]);
        }
        assert!(later.known().young.keys().len() < 900, "an opener does not read what was sorted");
        assert_eq!(found(&connection, &keys, latest + 1), [] as [i64; 0]);
    }

    #[test]
    fn what_was_rolled_back_is_not_found_and_hides_nothing() {
        let connection = database();
        let keys = Keys::default();
        connection.execute_batch("BEGIN").unwrap();
        let view = View::of(&keys, &connection).unwrap();
        view.append(&connection, hash(1), 1).unwrap();
        drop(view);
        connection.execute_batch("ROLLBACK").unwrap();
        assert_eq!(found(&connection, &keys, 1), [] as [i64; 0]);
        // Another process takes the same number for another key.
        let other = Keys::default();
        View::of(&other, &connection).unwrap().append(&connection, hash(2), 2).unwrap();
        assert_eq!(found(&connection, &keys, 2), [2]);
    }

    #[test]
    fn a_reader_finds_what_moves_while_it_reads() {
        let connection = database();
        let keys = Keys::default();
        let append = |numbers: std::ops::Range<u64>| {
            let view = View::of(&keys, &connection).unwrap();
            for number in numbers {
                view.append(&connection, hash(number), 7).unwrap();
            }
            view.move_some(&connection, 10, 10).unwrap();
            view.committed();
        };
        append(0..12);
        let reader = View::of(&keys, &connection).unwrap();
        // The last of them move, the next ones take their place in memory; the reader's snapshot is from before.
        append(12..40);
        append(40..80);
        connection.execute("DELETE FROM sorted_key", []).unwrap();
        for number in 0..12 {
            assert_eq!(reader.rows(&connection, hash(number)).unwrap(), [7], "{number}");
        }
    }

    #[test]
    fn a_database_that_goes_back_is_noticed() {
        let connection = database();
        let keys = Keys::default();
        let view = View::of(&keys, &connection).unwrap();
        for number in 0..3 {
            view.append(&connection, hash(number), 1).unwrap();
        }
        view.committed();
        connection.execute("DELETE FROM key WHERE number > 1", []).unwrap();
        let error = View::of(&keys, &connection).unwrap_err().into_store();
        assert_eq!(error.kind, chimera_contracts::StoreErrorKind::Corrupt, "{error}");
    }

    #[test]
    fn numbered_ids_are_spread() {
        let hashes: BTreeSet<i64> =
            (0..1_000).map(|number| Hash::id(Kind::Event, &Uuid::from_u128(number)).0).collect();
        assert_eq!(hashes.len(), 1_000);
        let kinds = [Kind::Request, Kind::Effect, Kind::Decision].map(|kind| Hash::id(kind, &Uuid::nil()).0);
        assert_eq!(BTreeSet::from(kinds).len(), 3);
    }

    #[test]
    fn rows_share_a_hash() {
        let connection = database();
        let keys = Keys::default();
        let view = View::of(&keys, &connection).unwrap();
        for row in [5, 3, 5, 9] {
            view.append(&connection, hash(1), row).unwrap();
        }
        assert_eq!(view.rows(&connection, hash(1)).unwrap(), [3, 5, 9]);
        view.committed();
        assert_eq!(found(&connection, &keys, 1), [3, 5, 9]);
    }
}
