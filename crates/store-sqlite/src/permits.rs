//! Permits under rate limits: one row for each account and action.

use chimera_platform::limits::RateKey;
use chimera_store::PermitsRow;
use rusqlite::OptionalExtension;

use crate::error::StepResult;
use crate::session::Tx;
use crate::{json, parse};

fn names(key: &RateKey) -> (&str, &str, &str, &str) {
    (key.namespace.as_str(), key.platform.as_str(), key.account.as_str(), key.kind.as_str())
}

pub(crate) fn find(connection: &Tx<'_>, key: &RateKey) -> StepResult<Option<PermitsRow>> {
    let stored: Option<(String, u64)> = connection
        .prepare_cached(
            "SELECT taken, revision FROM rate_permit
             WHERE namespace = ?1 AND platform = ?2 AND account = ?3 AND kind = ?4",
        )?
        .query_row(names(key), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let row = |(taken, revision): (String, u64)| -> StepResult<PermitsRow> {
        Ok(PermitsRow { key: key.clone(), revision, taken: parse(&taken)? })
    };
    stored.map(row).transpose()
}

pub(crate) fn put(connection: &Tx<'_>, row: &PermitsRow) -> StepResult<()> {
    let (namespace, platform, account, kind) = names(&row.key);
    connection
        .prepare_cached(
            "INSERT INTO rate_permit (namespace, platform, account, kind, taken, revision)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (namespace, platform, account, kind)
             DO UPDATE SET taken = excluded.taken, revision = excluded.revision",
        )?
        .execute((namespace, platform, account, kind, json(&row.taken)?, row.revision))?;
    Ok(())
}
