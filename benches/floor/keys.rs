//! How a request is found by its key: what stands under random keys in the database, and what in memory.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _};

use super::rows::Post;

/// What is indexed under random keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// The hash of the request's key, 64 bits: *lean*.
    One,
    /// That, and the effect's id: *keyed*.
    Two,
    /// Nothing: the hashes stand in a table in order of arrival, and their index in the memory of the writer.
    InMemory,
}

/// The keys of one database, as its writer finds them.
#[derive(Debug)]
pub(super) struct KeyIndex {
    keys: Keys,
    requests: HashMap<i64, u32>,
    newest: i64,
}

/// The tables of every kind of keys; a database fills those of one.
pub(super) const TABLES: &str = "
    CREATE TABLE request_key (
        hash    INTEGER NOT NULL,
        request INTEGER NOT NULL,
        PRIMARY KEY (hash, request)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE effect_key (
        effect_id BLOB    NOT NULL PRIMARY KEY,
        request   INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE arrival (
        request INTEGER PRIMARY KEY,
        hash    INTEGER NOT NULL
    ) STRICT;";

impl Keys {
    /// Adds the keys of a post that has this row.
    pub(super) fn add(self, connection: &Connection, post: &Post, request: i64) -> rusqlite::Result<()> {
        if self == Self::InMemory {
            connection
                .prepare_cached("INSERT INTO arrival (request, hash) VALUES (?1, ?2)")?
                .execute((request, post.hash))?;
            return Ok(());
        }
        connection
            .prepare_cached("INSERT INTO request_key (hash, request) VALUES (?1, ?2)")?
            .execute((post.hash, request))?;
        if self == Self::Two {
            connection
                .prepare_cached("INSERT INTO effect_key (effect_id, request) VALUES (?1, ?2)")?
                .execute((post.effect, request))?;
        }
        Ok(())
    }
}

impl KeyIndex {
    pub(super) fn new(keys: Keys) -> Self {
        Self { keys, requests: HashMap::new(), newest: 0 }
    }

    /// Learns, inside a transaction, of the rows that others wrote.
    pub(super) fn catch_up(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        if self.keys != Keys::InMemory {
            return Ok(());
        }
        let mut newer = connection
            .prepare_cached("SELECT request, hash FROM arrival WHERE request > ?1 ORDER BY request")?;
        let mut rows = newer.query([self.newest])?;
        while let Some(row) = rows.next()? {
            self.note(row.get(0)?, row.get(1)?);
        }
        Ok(())
    }

    /// The request with this key, if there is one.
    pub(super) fn find(&self, connection: &Connection, post: &Post) -> rusqlite::Result<Option<i64>> {
        if self.keys == Keys::InMemory {
            return Ok(self.requests.get(&post.hash).map(|request| i64::from(*request)));
        }
        connection
            .prepare_cached("SELECT request FROM request_key WHERE hash = ?1")?
            .query_row([post.hash], |row| row.get(0))
            .optional()
    }

    /// Adds the keys of a post that has this row.
    pub(super) fn add(&mut self, connection: &Connection, post: &Post, request: i64) -> rusqlite::Result<()> {
        self.keys.add(connection, post, request)?;
        if self.keys == Keys::InMemory {
            self.note(request, post.hash);
        }
        Ok(())
    }

    /// The row of the effect with this id; where ids are not indexed, the row that the caller kept.
    pub(super) fn effect(
        &self,
        connection: &Connection,
        id: [u8; 16],
        request: i64,
    ) -> rusqlite::Result<i64> {
        if self.keys != Keys::Two {
            return Ok(request);
        }
        connection
            .prepare_cached("SELECT request FROM effect_key WHERE effect_id = ?1")?
            .query_row([id], |row| row.get(0))
    }

    fn note(&mut self, request: i64, hash: i64) {
        self.requests.insert(hash, u32::try_from(request).expect("no run writes 2^32 posts"));
        self.newest = request;
    }
}
