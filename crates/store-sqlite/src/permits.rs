//! Permits under rate limits: a log for each account and action, and a row for each permit that still counts.

use chimera_platform::limits::{RateKey, TakenPermit};
use chimera_store::PermitsRow;
use chrono::{DateTime, Utc};
use rusqlite::OptionalExtension;
use uuid::Uuid;

use crate::error::{StepError, StepResult};
use crate::session::Tx;

fn names(key: &RateKey) -> (&str, &str, &str, &str) {
    (key.namespace.as_str(), key.platform.as_str(), key.account.as_str(), key.kind.as_str())
}

pub(crate) fn find(tx: &Tx<'_>, key: &RateKey) -> StepResult<Option<PermitsRow>> {
    let log: Option<(i64, u64)> = tx
        .prepare_cached(
            "SELECT number, revision FROM rate_log
             WHERE namespace = ?1 AND platform = ?2 AND account = ?3 AND kind = ?4",
        )?
        .query_row(names(key), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((log, revision)) = log else { return Ok(None) };
    let taken = of(tx, log)?.into_iter().map(|(_, permit)| permit).collect();
    Ok(Some(PermitsRow { key: key.clone(), revision, taken }))
}

/// The permits of a log, with their positions, in order.
fn of(tx: &Tx<'_>, log: i64) -> StepResult<Vec<(i64, TakenPermit)>> {
    let mut statement = tx.prepare_cached(
        "SELECT position, taken_by, taken_at FROM rate_permit WHERE log = ?1 ORDER BY position",
    )?;
    let mut rows = statement.query([log])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (position, by, at): (i64, [u8; 16], i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let at = DateTime::from_timestamp_micros(at)
            .ok_or_else(|| StepError::corrupt(format!("a permit was taken at {at} microseconds")))?;
        found.push((position, TakenPermit { by: Uuid::from_bytes(by), at }));
    }
    Ok(found)
}

/// Writes the permits that count now: those that do not any more are deleted, and new ones are appended, so that what a permit
/// writes does not grow with its limit.
pub(crate) fn put(tx: &Tx<'_>, row: &PermitsRow) -> StepResult<()> {
    let (namespace, platform, account, kind) = names(&row.key);
    let log: i64 = tx
        .prepare_cached(
            "INSERT INTO rate_log (namespace, platform, account, kind, revision) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (namespace, platform, account, kind) DO UPDATE SET revision = excluded.revision
             RETURNING number",
        )?
        .query_row((namespace, platform, account, kind, row.revision), |row| row.get(0))?;
    let known = of(tx, log)?;
    let next = known.last().map_or(0, |(position, _)| position.saturating_add(1));
    let mut new = row.taken.as_slice();
    let mut delete = tx.prepare_cached("DELETE FROM rate_permit WHERE log = ?1 AND position = ?2")?;
    for (position, permit) in known {
        match new.split_first() {
            Some((same, rest)) if *same == permit => new = rest,
            _ => {
                delete.execute((log, position))?;
            }
        }
    }
    append(tx, log, next, new)
}

/// Appends permits to a log, the first one at `position`.
pub(crate) fn append(tx: &Tx<'_>, log: i64, position: i64, permits: &[TakenPermit]) -> StepResult<()> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO rate_permit (log, position, taken_by, taken_at) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for (position, permit) in (position..).zip(permits) {
        insert.execute((log, position, permit.by.as_bytes(), whole_micros(permit.at)))?;
    }
    Ok(())
}

/// A permit that cannot be read, so that neither can its log.
pub(crate) fn append_unreadable(tx: &Tx<'_>, log: i64) -> StepResult<()> {
    tracing::error!(log, "the permits of an account and an action cannot be read: none is given");
    tx.prepare_cached("INSERT INTO rate_permit (log, position, taken_by, taken_at) VALUES (?1, 0, x'', 0)")?
        .execute([log])?;
    Ok(())
}

/// Microseconds since 1970, rounded up: rounded down, a permit would end before its window does.
fn whole_micros(at: DateTime<Utc>) -> i64 {
    let begun = i64::from(!at.timestamp_subsec_nanos().is_multiple_of(1_000));
    at.timestamp_micros().saturating_add(begun)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permit_ends_no_earlier_than_its_window() {
        for (nanos, micros) in [(0, 0), (1, 1), (999, 1), (1_000, 1), (1_001, 2), (-1, 0), (-1_000, -1)] {
            assert_eq!(whole_micros(DateTime::from_timestamp_nanos(nanos)), micros, "{nanos}");
        }
    }
}
