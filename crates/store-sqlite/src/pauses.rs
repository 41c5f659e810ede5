//! Switches that keep attempts from beginning.

use chimera_contracts::Namespace;
use chimera_effect::{AccountKey, Pause, PauseKey};
use rusqlite::OptionalExtension;

use crate::error::StepResult;
use crate::session::Tx;
use crate::{json, parse};

/// The switches that stop one tenant in one account, by the index of what is active.
const STOPPING: &str = "SELECT document FROM pause
    WHERE active = 1 AND (scope, first, second) IN (VALUES ('all', '', ''), ('namespace', ?1, ''), ('account', ?2, ?3))
    ORDER BY changed_at, number LIMIT ?4";

pub(crate) fn find(connection: &Tx<'_>, key: &PauseKey) -> StepResult<Option<Pause>> {
    let (first, second) = key.scope.subject();
    let stored: Option<String> = connection
        .prepare_cached(
            "SELECT document FROM pause WHERE scope = ?1 AND first = ?2 AND second = ?3 AND cause = ?4",
        )?
        .query_row((key.scope.kind(), first, second, key.cause.as_str()), |row| row.get(0))
        .optional()?;
    stored.map(|document| parse(&document)).transpose()
}

pub(crate) fn put(connection: &Tx<'_>, pause: &Pause) -> StepResult<()> {
    let PauseKey { scope, cause } = &pause.key;
    let (first, second) = scope.subject();
    connection
        .prepare_cached(
            "INSERT INTO pause (scope, first, second, cause, active, changed_at, document)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (scope, first, second, cause) DO UPDATE SET
                 active = excluded.active, changed_at = excluded.changed_at, document = excluded.document",
        )?
        .execute((
            scope.kind(),
            first,
            second,
            cause.as_str(),
            pause.active,
            pause.changed_at.timestamp_micros(),
            json(pause)?,
        ))?;
    connection.memo().paused.set(None);
    Ok(())
}

/// Whether any switch is active: nearly always none is, and every step that records an attempt asks.
fn is_any_active(connection: &Tx<'_>) -> StepResult<bool> {
    if let Some(known) = connection.memo().paused.get() {
        return Ok(known);
    }
    let any = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM pause WHERE active = 1)")?
        .query_row([], |row| row.get(0))?;
    connection.memo().paused.set(Some(any));
    Ok(any)
}

/// The switches that stop something now; those of one tenant and account where they are given.
pub(crate) fn active(
    connection: &Tx<'_>,
    stopping: Option<&(Namespace, AccountKey)>,
    limit: usize,
) -> StepResult<Vec<Pause>> {
    if !is_any_active(connection)? {
        return Ok(Vec::new());
    }
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let documents: Vec<String> = match stopping {
        Some((namespace, account)) => connection
            .prepare_cached(STOPPING)?
            .query_map((namespace.as_str(), account.platform.as_str(), &account.account, limit), |row| {
                row.get(0)
            })?
            .collect::<Result<_, _>>()?,
        None => connection
            .prepare_cached(
                "SELECT document FROM pause WHERE active = 1 ORDER BY changed_at, number LIMIT ?1",
            )?
            .query_map([limit], |row| row.get(0))?
            .collect::<Result<_, _>>()?,
    };
    documents.iter().map(|document| parse(document)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_active_costs_a_step_nothing() {
        let mut connection = rusqlite::Connection::open_in_memory().unwrap();
        crate::migrate::migrate(&mut connection).unwrap();
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {STOPPING}")).unwrap();
        let plan: Vec<String> = statement
            .query_map(("a", "twitter", "us", 6), |row| row.get(3))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert!(plan.iter().any(|line| line.contains("USING INDEX pause_active")), "{plan:?}");
    }
}
