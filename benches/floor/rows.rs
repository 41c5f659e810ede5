//! The rows of a post: about the bytes that publish keeps, in tables in order of arrival.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::keys::{KeyIndex, Keys, TABLES};
use crate::campaigns::{CAMPAIGNS, Campaign};
use crate::chance::mixed;

/// Bytes of a request with its effect.
const DOCUMENT: usize = 1_500;

/// Bytes of what changes of an effect.
const PROGRESS: usize = 200;

/// Bytes of the two leaves that one step adds to the ledger.
const LEAVES: usize = 1_200;

/// What a post costs of its campaign's budget.
pub(super) const PRICE: i64 = 1_000;

/// So many posts are filled in within one transaction.
const FILLED_TOGETHER: u64 = 10_000;

/// A post that is asked for.
#[derive(Debug)]
pub(super) struct Post {
    /// Of the request's key.
    pub(super) hash: i64,
    /// The effect's id.
    pub(super) effect: [u8; 16],
    campaign: u8,
    document: String,
    progress: String,
    leaves: String,
}

/// What came of a post.
#[derive(Debug)]
pub(super) struct Outcome {
    effect: [u8; 16],
    campaign: u8,
    progress: String,
    leaves: String,
}

impl Post {
    /// The post with this number; no two numbers have the same key or id.
    pub(super) fn numbered(number: u64) -> Self {
        let [hash, low, high] = [number, number + (1 << 40), number + (2 << 40)].map(mixed);
        let mut effect = [0; 16];
        let random = low.to_be_bytes().into_iter().chain(high.to_be_bytes());
        effect.iter_mut().zip(random).for_each(|(byte, random)| *byte = random);
        let number = usize::try_from(number).unwrap_or_default();
        Self {
            hash: i64::from_be_bytes(hash.to_be_bytes()),
            effect,
            campaign: Campaign::of(number).number(),
            document: text(number, DOCUMENT),
            progress: text(number, PROGRESS),
            leaves: text(number, LEAVES),
        }
    }

    /// The outcome that its caller will report.
    pub(super) fn outcome(&self) -> Outcome {
        let Self { effect, campaign, progress, leaves, .. } = self;
        Outcome { effect: *effect, campaign: *campaign, progress: progress.clone(), leaves: leaves.clone() }
    }
}

/// A text of so many bytes that begins with the number.
fn text(number: usize, bytes: usize) -> String {
    format!("{number:x<bytes$}")
}

/// Opens the database with the settings of the store's writer (`crates/store-sqlite/src/store.rs`).
pub(super) fn open(database: &Path, checkpoint: u32) -> rusqlite::Result<Connection> {
    let connection = Connection::open(database)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "cache_size", -32_768)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", checkpoint, |_| Ok(()))?;
    Ok(connection)
}

/// Makes the tables, and a budget for each campaign.
pub(super) fn lay_out(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(TABLES)?;
    connection.execute_batch(
        "CREATE TABLE request (request INTEGER PRIMARY KEY, document TEXT NOT NULL) STRICT;
         CREATE TABLE progress (request INTEGER PRIMARY KEY, state TEXT NOT NULL, document TEXT NOT NULL) STRICT;
         CREATE TABLE ledger (position INTEGER PRIMARY KEY, leaves TEXT NOT NULL) STRICT;
         CREATE TABLE budget (
             campaign  INTEGER PRIMARY KEY,
             ceiling   INTEGER NOT NULL,
             spent     INTEGER NOT NULL,
             committed INTEGER NOT NULL
         ) STRICT;",
    )?;
    (0..CAMPAIGNS).try_for_each(|campaign| {
        let new = "INSERT INTO budget VALUES (?1, 1000000000000, 0, 0)";
        connection.execute(new, [campaign]).map(drop)
    })
}

/// The first step of a post: claims the key, keeps the request, holds the price, tells the ledger. Says which row it has.
pub(super) fn admit(connection: &Connection, keys: &mut KeyIndex, post: &Post) -> rusqlite::Result<i64> {
    assert_eq!(keys.find(connection, post)?, None, "no key is used twice");
    let request = insert(connection, post, "attempting")?;
    keys.add(connection, post, request)?;
    tell(connection, &post.leaves)?;
    let held = connection
        .prepare_cached(
            "UPDATE budget SET committed = committed + ?2
             WHERE campaign = ?1 AND spent + committed + ?2 <= ceiling",
        )?
        .execute((post.campaign, PRICE))?;
    assert_eq!(held, 1, "the budget is enough");
    Ok(request)
}

/// The second step: keeps the outcome, settles the price, tells the ledger.
pub(super) fn settle(
    connection: &Connection,
    keys: &KeyIndex,
    request: i64,
    outcome: &Outcome,
) -> rusqlite::Result<()> {
    let request = keys.effect(connection, outcome.effect, request)?;
    let changed = connection
        .prepare_cached("UPDATE progress SET state = 'published', document = ?2 WHERE request = ?1")?
        .execute((request, &outcome.progress))?;
    assert_eq!(changed, 1, "the post was admitted");
    tell(connection, &outcome.leaves)?;
    connection
        .prepare_cached(
            "UPDATE budget SET committed = committed - ?2, spent = spent + ?2 WHERE campaign = ?1",
        )?
        .execute((outcome.campaign, PRICE))?;
    Ok(())
}

fn insert(connection: &Connection, post: &Post, state: &str) -> rusqlite::Result<i64> {
    connection.prepare_cached("INSERT INTO request (document) VALUES (?1)")?.execute([&post.document])?;
    let request = connection.last_insert_rowid();
    connection
        .prepare_cached("INSERT INTO progress (request, state, document) VALUES (?1, ?2, ?3)")?
        .execute((request, state, &post.progress))?;
    Ok(request)
}

fn tell(connection: &Connection, leaves: &str) -> rusqlite::Result<()> {
    connection.prepare_cached("INSERT INTO ledger (leaves) VALUES (?1)")?.execute([leaves]).map(drop)
}

/// Adds something for each number, in large transactions that nothing waits for.
pub(super) fn fill(
    database: &Path,
    keys: Keys,
    numbers: Range<u64>,
    add: impl Fn(&Connection, Keys, u64) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let connection = unhurried(database)?;
    let mut first = numbers.start;
    while first < numbers.end {
        let end = numbers.end.min(first + FILLED_TOGETHER);
        connection.execute_batch("BEGIN IMMEDIATE")?;
        (first..end).try_for_each(|number| add(&connection, keys, number))?;
        connection.execute_batch("COMMIT")?;
        first = end;
    }
    Ok(())
}

/// A connection that does not wait for the disk and holds more in memory.
fn unhurried(database: &Path) -> rusqlite::Result<Connection> {
    let connection = open(database, 32_768)?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update(None, "cache_size", -262_144)?;
    Ok(connection)
}

/// Adds the rows of a post as they are in the end.
pub(super) fn post(connection: &Connection, keys: Keys, number: u64) -> rusqlite::Result<()> {
    let post = Post::numbered(number);
    let request = insert(connection, &post, "published")?;
    keys.add(connection, &post, request)?;
    tell(connection, &post.leaves)?;
    tell(connection, &post.leaves)?;
    connection
        .prepare_cached("UPDATE budget SET spent = spent + ?2 WHERE campaign = ?1")?
        .execute((post.campaign, PRICE))
        .map(drop)
}

/// Adds a key whose post is elsewhere.
pub(super) fn key_alone(connection: &Connection, keys: Keys, number: u64) -> rusqlite::Result<()> {
    let post = Post::numbered(number);
    keys.add(connection, &post, i64::try_from(number + 1).unwrap_or(i64::MAX))
}

/// Lets the next request have the row behind this one.
pub(super) fn go_on_behind(database: &Path, row: u64) -> rusqlite::Result<()> {
    unhurried(database)?.execute("INSERT INTO request (request, document) VALUES (?1, '')", [row]).map(drop)
}
