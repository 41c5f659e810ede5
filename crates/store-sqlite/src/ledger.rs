//! The ledger: one row for the events of a step, each entry with the hashes that it completes.

use std::borrow::Cow;

use chimera_audit::merkle::{self, Node};
use chimera_audit::{Entry, Kept, LedgerQuery, Subject};
use chimera_contracts::{Digest, EventId};
use chimera_store::{Event, EventRow, Tree};
use chrono::{DateTime, Utc};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::error::{StepError, StepResult};
use crate::keys::{Hash, Kind};
use crate::session::Tx;
use crate::{parse, requests};

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

/// Appends events, all at one time; gives the position of the first. `contents` are those of effects that are written in the
/// same step, by number: an attachment that is one of them is not written twice.
pub(crate) fn append(
    connection: &Tx<'_>,
    tree: &mut Tree,
    events: &[Event],
    at: DateTime<Utc>,
    contents: &[(i64, &[u8])],
) -> StepResult<u64> {
    let first = tree.size();
    for step in events.chunk_by(|one, next| {
        let (one, next) = (one.sealed.draft(), next.sealed.draft());
        one.namespace == next.namespace
            && one.correlation == next.correlation
            && one.subject.map(Subject::whole) == next.subject.map(Subject::whole)
    }) {
        append_step(connection, tree, step, at, contents)?;
    }
    Ok(first)
}

fn append_step(
    connection: &Tx<'_>,
    tree: &mut Tree,
    events: &[Event],
    at: DateTime<Utc>,
    contents: &[(i64, &[u8])],
) -> StepResult<()> {
    let Some(draft) = events.first().map(|event| event.sealed.draft()) else { return Ok(()) };
    let mut step = Step {
        first: tree.size(),
        entries: u64::try_from(events.len()).unwrap_or(u64::MAX),
        at: at.timestamp_micros(),
        namespace: draft.namespace.as_str(),
        correlation: draft.correlation.map(|id| *id.as_uuid().as_bytes()),
        subject: draft.subject.map(bits),
        leaves: String::from("["),
        hashes: Vec::new(),
        attached: None,
    };
    for event in events {
        let leaf = event.sealed.leaf(at).map_err(|error| StepError::misuse(error.to_string()))?;
        let (draft, position) = (event.sealed.draft(), tree.size());
        if let Some(attachment) = &draft.attachment {
            let bytes = attachment.as_bytes();
            let content = match contents.iter().find(|(_, content)| *content == bytes) {
                Some((number, _)) => Content::Of(*number),
                None => Content::Bytes(bytes),
            };
            let attached = Attached { position, salt: event.sealed.salt(), content };
            match step.attached {
                None => step.attached = Some(attached),
                Some(_) => attach(connection, &attached)?,
            }
        }
        if let Some(sameness) = event.sameness {
            name(connection, draft.id.as_uuid(), position, sameness.as_bytes())?;
        }
        for hash in tree.append(merkle::leaf_hash(&leaf.bytes)) {
            step.hashes.extend_from_slice(hash.as_bytes());
        }
        let text = String::from_utf8(leaf.bytes).map_err(|error| StepError::misuse(error.to_string()))?;
        if step.leaves.len() > 1 {
            step.leaves.push(',');
        }
        step.leaves.push_str(&text);
    }
    step.leaves.push(']');
    insert(connection, "ledger", &step)
}

/// One row of the ledger.
pub(crate) struct Step<'a> {
    pub(crate) first: u64,
    pub(crate) entries: u64,
    pub(crate) at: i64,
    pub(crate) namespace: &'a str,
    pub(crate) correlation: Option<[u8; 16]>,
    pub(crate) subject: Option<i32>,
    pub(crate) leaves: String,
    pub(crate) hashes: Vec<u8>,
    pub(crate) attached: Option<Attached<'a>>,
}

/// What is kept beside an entry.
pub(crate) struct Attached<'a> {
    pub(crate) position: u64,
    pub(crate) salt: &'a [u8],
    pub(crate) content: Content<'a>,
}

/// The bytes of an attachment.
pub(crate) enum Content<'a> {
    /// These.
    Bytes(&'a [u8]),
    /// The content of the effect with this number.
    Of(i64),
}

impl Content<'_> {
    const fn columns(&self) -> (Option<&[u8]>, Option<i64>) {
        match self {
            Self::Bytes(bytes) => (Some(*bytes), None),
            Self::Of(number) => (None, Some(*number)),
        }
    }
}

pub(crate) fn insert(connection: &Tx<'_>, table: &str, step: &Step<'_>) -> StepResult<()> {
    let (bytes, of) = step.attached.as_ref().map_or((None, None), |attached| attached.content.columns());
    connection
        .prepare_cached(&format!(
            "INSERT INTO {table} (first, entries, at, namespace, leaves, hashes, attached, salt, content, content_of)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
        ))?
        .execute((
            step.first,
            step.entries,
            step.at,
            step.namespace,
            step.leaves.as_str(),
            step.hashes.as_slice(),
            step.attached.as_ref().map(|attached| attached.position),
            step.attached.as_ref().map(|attached| attached.salt),
            bytes,
            of,
        ))?;
    let correlation = step.correlation.as_ref().map(<[u8; 16]>::as_slice);
    match (correlation, step.subject) {
        (None, None) => {}
        // A host's own. And while an earlier schema is brought up to date there is no such column yet.
        (Some(correlation), None) => {
            connection
                .prepare_cached("INSERT INTO ledger_trace (first, correlation) VALUES (?1, ?2)")?
                .execute((step.first, correlation))?;
        }
        (correlation, Some(subject)) => {
            connection
                .prepare_cached("INSERT INTO ledger_trace (first, correlation, subject) VALUES (?1, ?2, ?3)")?
                .execute((step.first, correlation.unwrap_or_default(), subject))?;
        }
    }
    Ok(())
}

/// The bits under which the row of a subject is found. So few that a row is narrow: among ten million rows they find a
/// strange one in every four hundredth query, and whoever finds one reads its leaves anyway.
fn bits(subject: Subject) -> i32 {
    let digest = Digest::of(subject.whole().to_string().as_bytes());
    digest.as_bytes().first_chunk::<4>().map_or(0, |bits| i32::from_be_bytes(*bits))
}

/// Keeps what stands beside a further entry of a row.
fn attach(connection: &Tx<'_>, attached: &Attached<'_>) -> StepResult<()> {
    let (bytes, of) = attached.content.columns();
    connection
        .prepare_cached(
            "INSERT INTO attachment (position, salt, content, content_of) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute((attached.position, attached.salt, bytes, of))?;
    Ok(())
}

/// Makes an event found by its id.
pub(crate) fn name(connection: &Tx<'_>, id: &Uuid, position: u64, sameness: &[u8]) -> StepResult<()> {
    connection
        .prepare_cached("INSERT INTO ledger_event (event_id, position, sameness) VALUES (?1, ?2, ?3)")?
        .execute((id.as_bytes(), position, sameness))?;
    connection.name(Hash::id(Kind::Event, id), connection.last_insert_rowid())
}

pub(crate) fn event(connection: &Tx<'_>, id: EventId) -> StepResult<Option<EventRow>> {
    for number in connection.find(Hash::id(Kind::Event, id.as_uuid()))? {
        let mut statement = connection.prepare_cached(
            "SELECT position, sameness FROM ledger_event WHERE number = ?1 AND event_id = ?2",
        )?;
        let found = statement.query_row((number, id.as_uuid().as_bytes()), |row| {
            Ok(EventRow { id, index: row.get(0)?, sameness: Digest::from_bytes(row.get(1)?) })
        });
        if let Some(found) = found.optional()? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Removes what is kept beside an entry. The connection overwrites what it deletes.
pub(crate) fn erase(connection: &Tx<'_>, position: u64) -> StepResult<()> {
    connection
        .prepare_cached(
            "UPDATE ledger SET salt = NULL, content = NULL, content_of = NULL
             WHERE first = (SELECT max(first) FROM ledger WHERE first <= ?1) AND attached = ?1",
        )?
        .execute([position])?;
    connection.prepare_cached("DELETE FROM attachment WHERE position = ?1")?.execute([position])?;
    Ok(())
}

/// What a query asks of an entry itself.
#[derive(Deserialize)]
struct Typed<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default, borrow)]
    subject: Option<Cow<'a, str>>,
}

/// Entries by position, from `from` on; what is kept beside them where `attachments` says so.
pub(crate) fn find(
    connection: &Tx<'_>,
    query: &LedgerQuery,
    from: u64,
    limit: usize,
    attachments: bool,
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
                    found.push(entry(connection, position, leaf.get(), attachments)?);
                }
            }
        }
    }
    Ok(found)
}

fn is_wanted(query: &LedgerQuery, leaf: &str) -> StepResult<bool> {
    if query.kind.is_none() && query.subject.is_none() {
        return Ok(true);
    }
    let said: Typed<'_> = parse(leaf)?;
    // A subject of a form that a later version wrote is none that this one could ask for.
    let subject = said.subject.and_then(|subject| subject.parse::<Subject>().ok());
    Ok(query.kind.as_ref().is_none_or(|kind| said.kind == kind.as_str())
        && query.subject.is_none_or(|asked| subject.is_some_and(|subject| asked.covers(subject))))
}

/// Rows that hold, or may hold, what a query asks for: where they begin, how many entries they have, and these.
fn steps(connection: &Tx<'_>, query: &LedgerQuery, from: i64) -> StepResult<Vec<(u64, u64, String)>> {
    let conditions: [(&str, Option<Value>); 5] = [
        ("namespace = ?", query.namespace.as_ref().map(|name| Value::Text(name.as_str().to_owned()))),
        (
            "first IN (SELECT first FROM ledger_trace WHERE correlation = ?)",
            query.correlation.map(|id| Value::Blob(id.as_uuid().as_bytes().to_vec())),
        ),
        (
            "first IN (SELECT first FROM ledger_trace WHERE subject = ?)",
            query.subject.map(|subject| Value::Integer(bits(subject).into())),
        ),
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

fn entry(connection: &Tx<'_>, position: u64, leaf: &str, attachments: bool) -> StepResult<Entry> {
    let attached = attachments && leaf.starts_with(ATTACHED);
    let attachment = if attached { kept(connection, position)? } else { Kept::None };
    Ok(Entry { index: position, leaf: leaf.as_bytes().to_vec(), attachment })
}

/// What is kept beside an entry that has, or had, an attachment.
fn kept(connection: &Tx<'_>, position: u64) -> StepResult<Kept> {
    const INLINE: &str = "SELECT salt, content, content_of FROM ledger
                          WHERE first = (SELECT max(first) FROM ledger WHERE first <= ?1) AND attached = ?1
                          AND salt IS NOT NULL";
    const BESIDE: &str = "SELECT salt, content, content_of FROM attachment WHERE position = ?1";
    for sql in [INLINE, BESIDE] {
        let mut statement = connection.prepare_cached(sql)?;
        let row = statement.query_row([position], |row| {
            Ok((row.get::<_, [u8; 32]>(0)?, row.get::<_, Option<Vec<u8>>>(1)?, row.get::<_, Option<i64>>(2)?))
        });
        match row.optional()? {
            Some((salt, Some(bytes), _)) => return Ok(Kept::Present { salt, bytes }),
            Some((salt, None, Some(effect))) => {
                return Ok(Kept::Present { salt, bytes: requests::content(connection, effect)? });
            }
            Some((_, None, None)) | None => {}
        }
    }
    Ok(Kept::Erased)
}
