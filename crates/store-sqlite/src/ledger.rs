//! The ledger: one row for the events of a step, each entry with the hashes that it completes.

use chimera_audit::merkle::{self, Node};
use chimera_audit::{Entry, Kept, LedgerQuery};
use chimera_contracts::{Digest, EventId};
use chimera_store::{Event, EventRow, Tree};
use chrono::{DateTime, Utc};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::{StepError, StepResult};
use crate::parse;

/// At most so many entries in one answer, whatever was asked for.
const LARGEST_PAGE: usize = 4_096;

/// How many rows are read at a time.
const ROWS: i64 = 512;

/// How an entry with an attachment begins: its members are in the order of their names.
const ATTACHED: &str = r#"{"attachment":""#;

/// How many entries there are.
pub(crate) fn size(connection: &Connection) -> StepResult<u64> {
    let mut statement =
        connection.prepare_cached("SELECT first + entries FROM ledger ORDER BY first DESC LIMIT 1")?;
    Ok(statement.query_row([], |row| row.get(0)).optional()?.unwrap_or(0))
}

/// A stored hash of the tree.
pub(crate) fn node(connection: &Connection, node: Node) -> StepResult<Digest> {
    let (leaf, place) = node.stored_at();
    let lacking = || StepError::corrupt(format!("the ledger lacks the hashes of entry {leaf}"));
    let mut statement = connection
        .prepare_cached("SELECT first, hashes FROM ledger WHERE first <= ?1 ORDER BY first DESC LIMIT 1")?;
    let row: Option<(u64, Vec<u8>)> =
        statement.query_row([leaf], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (first, hashes) = row.ok_or_else(lacking)?;
    // Each entry before it in the row has its own hash and one for each subtree that it completes.
    let before: usize = (first..leaf).map(completes).fold(0, usize::saturating_add);
    let start = before.saturating_add(usize::from(place)).saturating_mul(32);
    let bytes = hashes.get(start..start.saturating_add(32)).and_then(|bytes| bytes.first_chunk::<32>());
    bytes
        .filter(|_| usize::from(place) < completes(leaf))
        .map(|bytes| Digest::from_bytes(*bytes))
        .ok_or_else(lacking)
}

/// How many hashes are stored with an entry.
fn completes(position: u64) -> usize {
    usize::try_from(position.trailing_ones()).unwrap_or(64).saturating_add(1)
}

/// The tree as it stands.
pub(crate) fn tree(connection: &Connection) -> StepResult<Tree> {
    let size = size(connection)?;
    let peaks =
        Tree::nodes(size).into_iter().map(|peak| node(connection, peak)).collect::<StepResult<_>>()?;
    Ok(Tree::of(size, peaks))
}

/// Appends events, all at one time; gives the position of the first.
pub(crate) fn append(
    connection: &Connection,
    tree: &mut Tree,
    events: &[Event],
    at: DateTime<Utc>,
) -> StepResult<u64> {
    let first = tree.size();
    for step in events.chunk_by(|one, next| {
        let (one, next) = (one.sealed.draft(), next.sealed.draft());
        one.namespace == next.namespace && one.correlation == next.correlation
    }) {
        let begin = tree.size();
        let mut leaves = String::from("[");
        let mut hashes = Vec::new();
        for event in step {
            let leaf = event.sealed.leaf(at).map_err(|error| StepError::misuse(error.to_string()))?;
            let position = tree.size();
            keep(connection, event, position)?;
            for hash in tree.append(merkle::leaf_hash(&leaf.bytes)) {
                hashes.extend_from_slice(hash.as_bytes());
            }
            let text = String::from_utf8(leaf.bytes).map_err(|error| StepError::misuse(error.to_string()))?;
            if leaves.len() > 1 {
                leaves.push(',');
            }
            leaves.push_str(&text);
        }
        leaves.push(']');
        let Some(draft) = step.first().map(|event| event.sealed.draft()) else { continue };
        let correlation = draft.correlation.map(|id| *id.as_uuid().as_bytes());
        let row = Step {
            first: begin,
            entries: u64::try_from(step.len()).unwrap_or(u64::MAX),
            at: at.timestamp_micros(),
            namespace: draft.namespace.as_str(),
            correlation: correlation.as_ref(),
            leaves: &leaves,
            hashes: &hashes,
        };
        insert(connection, "ledger", &row)?;
    }
    Ok(first)
}

/// One row of the ledger.
pub(crate) struct Step<'a> {
    pub(crate) first: u64,
    pub(crate) entries: u64,
    pub(crate) at: i64,
    pub(crate) namespace: &'a str,
    pub(crate) correlation: Option<&'a [u8; 16]>,
    pub(crate) leaves: &'a str,
    pub(crate) hashes: &'a [u8],
}

pub(crate) fn insert(connection: &Connection, table: &str, step: &Step<'_>) -> StepResult<()> {
    connection
        .prepare_cached(&format!(
            "INSERT INTO {table} (first, entries, at, namespace, correlation, leaves, hashes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
        ))?
        .execute((
            step.first,
            step.entries,
            step.at,
            step.namespace,
            step.correlation,
            step.leaves,
            step.hashes,
        ))?;
    Ok(())
}

/// Keeps what stands beside an entry.
fn keep(connection: &Connection, event: &Event, position: u64) -> StepResult<()> {
    let draft = event.sealed.draft();
    if let Some(attachment) = &draft.attachment {
        keep_attachment(connection, position, event.sealed.salt(), attachment.as_bytes())?;
    }
    match event.sameness {
        Some(sameness) => name(connection, draft.id.as_uuid().as_bytes(), position, sameness.as_bytes()),
        None => Ok(()),
    }
}

pub(crate) fn keep_attachment(
    connection: &Connection,
    position: u64,
    salt: &[u8],
    content: &[u8],
) -> StepResult<()> {
    connection
        .prepare_cached("INSERT INTO attachment (position, salt, content) VALUES (?1, ?2, ?3)")?
        .execute((position, salt, content))?;
    Ok(())
}

/// Makes an event found by its id.
pub(crate) fn name(connection: &Connection, id: &[u8], position: u64, sameness: &[u8]) -> StepResult<()> {
    connection
        .prepare_cached("INSERT INTO ledger_event (event_id, position, sameness) VALUES (?1, ?2, ?3)")?
        .execute((id, position, sameness))?;
    Ok(())
}

pub(crate) fn event(connection: &Connection, id: EventId) -> StepResult<Option<EventRow>> {
    let mut statement =
        connection.prepare_cached("SELECT position, sameness FROM ledger_event WHERE event_id = ?1")?;
    let found = statement.query_row([id.as_uuid().as_bytes()], |row| {
        Ok(EventRow { id, index: row.get(0)?, sameness: Digest::from_bytes(row.get(1)?) })
    });
    Ok(found.optional()?)
}

/// What a query asks of an entry itself.
#[derive(Deserialize)]
struct Typed<'a> {
    #[serde(rename = "type", borrow)]
    kind: std::borrow::Cow<'a, str>,
}

/// Entries by position, from `from` on.
pub(crate) fn find(
    connection: &Connection,
    query: &LedgerQuery,
    from: u64,
    limit: usize,
) -> StepResult<Vec<Entry>> {
    let limit = limit.min(LARGEST_PAGE);
    let mut found = Vec::new();
    let mut next = i64::try_from(from).unwrap_or(i64::MAX);
    while found.len() < limit {
        let rows = steps(connection, query, next)?;
        let Some((first, entries, _)) = rows.last() else { break };
        next = i64::try_from(first.saturating_add(*entries)).unwrap_or(i64::MAX);
        for (first, _, leaves) in rows {
            let leaves: Vec<Box<RawValue>> = parse(&leaves)?;
            for (position, leaf) in (first..).zip(leaves) {
                if position >= from && found.len() < limit && is_wanted(query, leaf.get())? {
                    found.push(entry(connection, position, leaf.get())?);
                }
            }
        }
    }
    Ok(found)
}

fn is_wanted(query: &LedgerQuery, leaf: &str) -> StepResult<bool> {
    match &query.kind {
        Some(kind) => Ok(parse::<Typed<'_>>(leaf)?.kind == kind.as_str()),
        None => Ok(true),
    }
}

/// Rows that hold, or may hold, what a query asks for: where they begin, how many entries they have, and these.
fn steps(connection: &Connection, query: &LedgerQuery, from: i64) -> StepResult<Vec<(u64, u64, String)>> {
    let conditions: [(&str, Option<Value>); 4] = [
        ("namespace = ?", query.namespace.as_ref().map(|name| Value::Text(name.as_str().to_owned()))),
        ("correlation = ?", query.correlation.map(|id| Value::Blob(id.as_uuid().as_bytes().to_vec()))),
        ("at >= ?", query.since.map(|since| Value::Integer(since.timestamp_micros()))),
        ("at < ?", query.until.map(|until| Value::Integer(until.timestamp_micros()))),
    ];
    // A row that begins before it may reach beyond it.
    let mut sql = "SELECT first, entries, leaves FROM ledger
                   WHERE first >= coalesce((SELECT max(first) FROM ledger WHERE first <= ?1), 0) AND first + entries > ?1"
        .to_owned();
    let mut values = vec![Value::Integer(from)];
    for (condition, value) in conditions {
        if let Some(value) = value {
            sql.push_str(" AND ");
            sql.push_str(condition);
            values.push(value);
        }
    }
    sql.push_str(" ORDER BY first LIMIT ?");
    values.push(Value::Integer(ROWS));
    let mut statement = connection.prepare_cached(&sql)?;
    let rows =
        statement.query_map(params_from_iter(values), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn entry(connection: &Connection, position: u64, leaf: &str) -> StepResult<Entry> {
    let attachment = if leaf.starts_with(ATTACHED) {
        let mut statement =
            connection.prepare_cached("SELECT salt, content FROM attachment WHERE position = ?1")?;
        let kept = statement
            .query_row([position], |row| Ok(Kept::Present { salt: row.get(0)?, bytes: row.get(1)? }));
        kept.optional()?.unwrap_or(Kept::Erased)
    } else {
        Kept::None
    };
    Ok(Entry { index: position, leaf: leaf.as_bytes().to_vec(), attachment })
}
