//! The ledger: entries in order, each with the hashes that it completes, so that any root or proof is a few reads.

use async_trait::async_trait;
use chimera_audit::merkle::{Node, completed, consistency_proof, root};
use chimera_audit::{
    Appended, AuditLedger, Draft, Entry, Head, Kept, LedgerError, LedgerQuery, LedgerReader, Page,
};
use chimera_contracts::{Digest, Entropy, StoreError, StoreErrorKind};
use chrono::{DateTime, Utc};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

use crate::error::{StepError, StepResult};
use crate::store::SqliteStore;

/// At most so many entries in one answer, whatever was asked for.
const LARGEST_PAGE: usize = 4096;

/// The head: how many entries there are, and the root over them.
pub(crate) fn head(connection: &Connection) -> StepResult<Head> {
    let size = size(connection)?;
    Ok(Head { size, root: root_at(connection, size)? })
}

/// The root over the first `size` entries.
pub(crate) fn root_at(connection: &Connection, size: u64) -> StepResult<Digest> {
    root(size, |node| stored(connection, node))
}

fn size(connection: &Connection) -> StepResult<u64> {
    let mut statement = connection.prepare_cached("SELECT coalesce(max(position) + 1, 0) FROM ledger")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

fn stored(connection: &Connection, node: Node) -> StepResult<Digest> {
    let (leaf, place) = node.stored_at();
    let mut statement = connection.prepare_cached("SELECT hashes FROM ledger WHERE position = ?1")?;
    let hashes: Option<Vec<u8>> = statement.query_row([leaf], |row| row.get(0)).optional()?;
    let start = usize::from(place).saturating_mul(32);
    hashes
        .as_deref()
        .and_then(|hashes| hashes.get(start..start.saturating_add(32)))
        .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
        .map(Digest::from_bytes)
        .ok_or_else(|| StepError::corrupt(format!("the ledger lacks the hashes of entry {leaf}")))
}

/// Appends drafts within the caller's transaction.
pub(crate) fn append(
    connection: &Connection,
    drafts: &[Draft],
    now: DateTime<Utc>,
    entropy: &dyn Entropy,
) -> StepResult<Vec<Appended>> {
    let mut next = size(connection)?;
    let mut appended = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let sameness = draft.sameness();
        match known(connection, draft, sameness)? {
            Some(index) => appended.push(Appended::Already { index }),
            None => {
                insert(connection, draft, sameness, next, now, entropy)?;
                appended.push(Appended::New { index: next });
                next = next.saturating_add(1);
            }
        }
    }
    Ok(appended)
}

fn known(connection: &Connection, draft: &Draft, offered: Digest) -> StepResult<Option<u64>> {
    let mut statement =
        connection.prepare_cached("SELECT position, sameness FROM ledger WHERE event_id = ?1")?;
    let found: Option<(u64, [u8; 32])> = statement
        .query_row([draft.id.as_uuid().as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match found.map(|(index, sameness)| (index, Digest::from_bytes(sameness))) {
        None => Ok(None),
        Some((index, stored)) if stored == offered => Ok(Some(index)),
        Some((_, stored)) => Err(StepError::Ledger(LedgerError::conflict(draft.id, stored, offered))),
    }
}

fn insert(
    connection: &Connection,
    draft: &Draft,
    sameness: Digest,
    index: u64,
    now: DateTime<Utc>,
    entropy: &dyn Entropy,
) -> StepResult<()> {
    let mut salt = [0; 32];
    if draft.attachment.is_some() {
        entropy.fill(&mut salt).map_err(|error| unavailable(&error.to_string()))?;
    }
    let leaf = draft.leaf(now, salt).map_err(|error| StepError::misuse(error.to_string()))?;
    let hashes: Vec<u8> = completed(index, leaf.hash(), |node| stored(connection, node))?
        .iter()
        .flat_map(|hash| *hash.as_bytes())
        .collect();
    let attachment = draft.attachment.as_ref().map(chimera_audit::Attachment::as_bytes);
    connection
        .prepare_cached(
            "INSERT INTO ledger (position, event_id, type, namespace, correlation, at, sameness, leaf, hashes,
                                 attached, salt, attachment)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(rusqlite::params![
            index,
            draft.id.as_uuid().as_bytes(),
            draft.kind.as_str(),
            draft.namespace.as_str(),
            draft.correlation.map(|id| *id.as_uuid().as_bytes()),
            now.timestamp_micros(),
            sameness.as_bytes(),
            leaf.bytes,
            hashes,
            attachment.is_some(),
            attachment.map(|_| salt),
            attachment,
        ])?;
    Ok(())
}

fn unavailable(message: &str) -> StepError {
    StoreError::not_applied(StoreErrorKind::Unavailable, message).into()
}

const ENTRY: &str = "SELECT position, leaf, attached, salt, attachment FROM ledger";

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let attachment = match (row.get(2)?, row.get(3)?, row.get(4)?) {
        (false, _, _) => Kept::None,
        (true, Some(salt), Some(bytes)) => Kept::Present { salt, bytes },
        (true, _, _) => Kept::Erased,
    };
    Ok(Entry { index: row.get(0)?, leaf: row.get(1)?, attachment })
}

fn find(connection: &Connection, query: &LedgerQuery, page: Page) -> StepResult<Vec<Entry>> {
    let conditions: [(&str, Option<Value>); 5] = [
        ("namespace = ?", query.namespace.as_ref().map(|name| Value::Text(name.as_str().to_owned()))),
        ("type = ?", query.kind.as_ref().map(|kind| Value::Text(kind.as_str().to_owned()))),
        ("correlation = ?", query.correlation.map(|id| Value::Blob(id.as_uuid().as_bytes().to_vec()))),
        ("at >= ?", query.since.map(|since| Value::Integer(since.timestamp_micros()))),
        ("at < ?", query.until.map(|until| Value::Integer(until.timestamp_micros()))),
    ];
    let mut sql = format!("{ENTRY} WHERE position >= ?");
    let mut values = vec![Value::Integer(i64::try_from(page.from).unwrap_or(i64::MAX))];
    for (condition, value) in conditions {
        if let Some(value) = value {
            sql.push_str(" AND ");
            sql.push_str(condition);
            values.push(value);
        }
    }
    sql.push_str(" ORDER BY position LIMIT ?");
    values.push(Value::Integer(limit(page.limit)));
    let mut statement = connection.prepare_cached(&sql)?;
    let entries = statement.query_map(params_from_iter(values), entry)?;
    Ok(entries.collect::<Result<_, _>>()?)
}

fn limit(asked: usize) -> i64 {
    i64::try_from(asked.min(LARGEST_PAGE)).unwrap_or(0)
}

#[async_trait]
impl AuditLedger for SqliteStore {
    async fn append(&self, drafts: Vec<Draft>) -> Result<Vec<Appended>, LedgerError> {
        let (clock, entropy) = (self.clock(), self.entropy());
        let step = move |connection: &Connection| append(connection, &drafts, clock.now(), entropy.as_ref());
        self.write(step).await.map_err(StepError::into_ledger)
    }
}

#[async_trait]
impl LedgerReader for SqliteStore {
    async fn head(&self) -> Result<Head, LedgerError> {
        self.read(head).await.map_err(StepError::into_ledger)
    }

    async fn entries(&self, from: u64, limit: usize) -> Result<Vec<Entry>, LedgerError> {
        let page = Page { from, limit };
        let read = move |connection: &Connection| find(connection, &LedgerQuery::default(), page);
        self.read(read).await.map_err(StepError::into_ledger)
    }

    async fn find(&self, query: &LedgerQuery, page: Page) -> Result<Vec<Entry>, LedgerError> {
        let query = query.clone();
        let read = move |connection: &Connection| find(connection, &query, page);
        self.read(read).await.map_err(StepError::into_ledger)
    }

    async fn consistency(&self, from: u64, to: u64) -> Result<Vec<Digest>, LedgerError> {
        let read = move |connection: &Connection| {
            let size = size(connection)?;
            if to > size {
                return Err(StepError::misuse(format!(
                    "there is no head of size {to}: the ledger holds {size}"
                )));
            }
            consistency_proof(from, to, |node| stored(connection, node)).map_err(|error| match error {
                chimera_audit::merkle::ProofError::Read(error) => error,
                out_of_range => StepError::misuse(format!("{out_of_range:?}")),
            })
        };
        self.read(read).await.map_err(StepError::into_ledger)
    }
}
